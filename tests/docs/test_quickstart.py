"""The quickstart works when it is pasted, block after block, into one shell."""

import re
from pathlib import Path

import pytest
from tests.support.page import blocks, run_page
from tests.support.server import ROOT


@pytest.fixture(scope="module")
def transcript(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the whole page prints."""
    page = ROOT / "docs" / "quickstart.md"
    assert len(blocks(page)) >= 8
    return run_page(page, tmp_path_factory.mktemp("quickstart"))


@pytest.mark.parametrize(
    "fragment",
    [
        '"userName":"ann@acorn.example"',
        '"totalResults":1',
        '"title":"Head of archery"',
        '"display":"Archers","type":"direct"',
        "resource:modify",
        '"scimType":"invalidFilter"',
    ],
)
def test_the_quickstart_does_what_it_says(transcript: str, fragment: str) -> None:
    assert fragment in transcript


def test_the_page_names_only_documents_that_exist() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")]:
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} points at {target}"


def test_the_readme_is_at_most_two_screens() -> None:
    lines = Path(ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) <= 100
