"""The reference pages say what the code says."""

import importlib.util
from types import ModuleType

import pytest
from tests.support.server import ROOT


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["settings.md", "commands.md", "refusals.md", "presets.md", "transfer-config.md"])
def test_a_reference_page_is_current(page: str) -> None:
    made = _generator().PAGES[page]()
    assert (ROOT / "docs" / "reference" / page).read_text("utf-8") == made, "run `make reference`"


def test_the_pages_about_dialects_are_current() -> None:
    made = _generator().dialects()
    folder = ROOT / "docs" / "reference" / "dialects"
    assert {file.name for file in folder.iterdir()} == set(made)
    for name, text in made.items():
        assert (folder / name).read_text("utf-8") == text, f"{name}: run `make reference`"


def test_the_schema_for_editors_is_current() -> None:
    generator = _generator()
    assert generator.EDITOR_SCHEMA.read_text("utf-8") == generator.schema_for_editors(), "run `make reference`"


def test_every_setting_and_every_command_says_what_it_is_for() -> None:
    generator = _generator()
    for line in generator.settings().splitlines():
        assert not line.startswith("| `") or len(line.split("|")[4].strip()) > 10, line
    for line in generator.commands().splitlines():
        assert not line.startswith("- `") or ": " in line, line
