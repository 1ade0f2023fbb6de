"""Writes ``docs/reference/``: settings, commands, refusals. Run it (``make reference``) after changing one of them; a
test fails while the pages are not current.
"""

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import typer.main

from rollbook.app import house_dialects
from rollbook.cli.main import app
from rollbook.clock import SYSTEM_CLOCK
from rollbook.config import Settings
from rollbook.config.settings import PREFIX, describe
from rollbook.dialects import pages as dialect_pages
from rollbook.dialects.keys import editor_schema
from rollbook.dialects.model import Dialect
from rollbook.dialects.starter import SCHEMA_FILE
from rollbook.releezme_face import pages as releezme_face
from rollbook.scim import errors, presets, tolerances
from rollbook.scim.terms_settings import SETTINGS
from rollbook.storage.records import Tenant
from rollbook.system_api.reference import page as system_api_page
from rollbook.system_api.system import SystemApi
from rollbook.transfer.pages import config_page

HERE = Path(__file__).parent / "reference"
_NOTE = "<!-- Made by docs/reference.py: change the code, then run `make reference`. -->\n"
_SOURCES = (
    "The command line comes first, then the environment, then the TOML file, then the default. `--config FILE` or "
    "`ROLLBOOK_CONFIG` names the file; without either, `rollbook.toml` in the platform's config folder is read where "
    "there is one. `rollbook doctor` shows what is set."
)
_EXITS = (
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage. Errors stand on standard error. TENANT is a name or an id."
    " The verbs of `rollbook transfer` have more: 3 stopped by a brake, 4 some entries failed, 5 target unreachable or "
    "login refused, 10 something to do (`plan --detailed-exitcode`)."
)
_ERRORS = (
    "Every refusal is a SCIM Error (RFC 7644 §3.12): `status` is a string, `scimType` stands where the RFC has one, "
    "`detail` says what was wrong, where, and what would be right."
)


def settings() -> str:
    """The page of all settings."""
    plain = Settings().model_dump()
    rows = [
        f"| `{name}` | `{PREFIX}{name.upper()}` | {_default(name, plain[name])} | {what} |"
        for name, (what, _) in describe().items()
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            _NOTE,
            _SOURCES,
            "",
            "| in the file | in the environment | default | what it is |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _default(name: str, value: object) -> str:
    if name == "database":
        return "a file in the platform's data folder"
    if value in ("", (), None):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def commands() -> str:
    """The page of all commands: what ``--help`` says."""
    lines = [
        "# Commands",
        "",
        _NOTE,
        _EXITS,
        "",
    ]
    for path, command in _walk("rollbook", typer.main.get_command(app)):
        lines += [f"## `{path}`", ""]
        help_text = (command.help or "").split("\b")
        lines += [" ".join(help_text[0].split()), ""]
        for example in help_text[1:]:
            lines += ["```text", *(line.strip() for line in example.strip().splitlines()), "```", ""]
        options = [p for p in command.params if p.name not in ("help", "install_completion", "show_completion")]
        for parameter in options:
            if isinstance(parameter, click.Option) or hasattr(parameter, "help"):
                told = getattr(parameter, "help", None) or ""
            else:
                told = ""
            names = ", ".join(f"`{opt}`" for opt in parameter.opts) if parameter.param_type_name == "option" else ""
            names = names or f"`{(parameter.metavar or parameter.name or '').upper()}`"
            lines.append(f"- {names}: {told}".rstrip(": "))
        lines.append("")
    return "\n".join(lines)


def _walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, sub in inner.items():
        yield from _walk(f"{path} {name}", sub)


def refusals() -> str:
    """The page of what the protocol may refuse."""
    found = [
        e
        for e in vars(errors).values()
        if isinstance(e, type) and issubclass(e, errors.ScimError) and e is not errors.ScimError
    ]
    rows = [
        f"| {error.status} | {f'`{error.scim_type}`' if error.scim_type else ''} | `{error.__name__}` |"
        for error in sorted(found, key=lambda e: (e.status, e.scim_type or "", e.__name__))
    ]
    return "\n".join(
        [
            "# Refusals",
            "",
            _NOTE,
            _ERRORS,
            "",
            "| status | scimType | in the code |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


_PRESETS = (
    "A connection's preset says what is tolerated of its client and what some of its requests mean "
    "(`rollbook connection create TENANT NAME --preset PRESET`). A setting changes one of its terms "
    "(`rollbook connection set TENANT NAME key=value`). What a tolerance rewrote or dropped stands in the event of the "
    "write (`rollbook audit TENANT`), by name and without values; a read leaves no event."
)
_ALWAYS = (
    "Every preset, `strict` too, accepts what the RFCs leave open or ask for: `op` and names in any letter case, URN "
    "paths, `null` for what is unassigned, query parameters that it does not know, a closing `&`, `?` or `/`, "
    "`application/json`, `add` of a single value that is there, repeated `add` and `remove`, `id` and `meta` in the "
    "body of a POST or PUT (ignored)."
)


def preset_tables() -> str:
    """The page of presets: which has what, and the settings of a connection."""
    names = list(presets.PRESETS)
    lines = ["# Presets and settings of a connection", "", _NOTE, _PRESETS, "", "| preset | for |", "| --- | --- |"]
    lines += [f"| `{name}` | {presets.FOR_WHOM[name]} |" for name in names]
    lines += ["", "## Tolerances", "", _ALWAYS, ""]
    lines += [f"| tolerance | {' | '.join(names)} | what it accepts |", f"| --- |{' --- |' * len(names)} --- |"]
    for name, about in _documented(tolerances.Tolerances):
        marks = " | ".join(_mark(getattr(presets.PRESETS[preset].tolerances, name)) for preset in names)
        lines.append(f"| `{name}` | {marks} | {about} |")
    lines += [
        "",
        "## Terms",
        "",
        f"| term | {' | '.join(names)} | what it says |",
        f"| --- |{' --- |' * len(names)} --- |",
    ]
    for name, about in _documented(presets.Terms):
        marks = " | ".join(_mark(getattr(presets.PRESETS[preset], name)) for preset in names)
        lines.append(f"| `{name}` | {marks} | {about} |")
    lines += ["", "## Settings", "", "| setting | values | what it says |", "| --- | --- | --- |"]
    lines += [f"| `{setting.name}` | {setting.values} | {setting.about} |" for setting in SETTINGS.values()]
    return "\n".join([*lines, ""])


def _documented(kind: type) -> Iterator[tuple[str, str]]:
    """The fields of a dataclass that have a text below them, with that text."""
    (body,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(body, ast.ClassDef)
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            assert isinstance(field.target, ast.Name)
            yield field.target.id, " ".join(str(text.value.value).split()).replace("``", "`")


def _mark(value: object) -> str:
    return "yes" if value is True else "–" if value in (False, None) else f"{value}"


def system_api() -> str:
    """The page of the System API."""
    return system_api_page(SystemApi(SYSTEM_CLOCK, _nobodys, bytes).app, _NOTE)


async def _nobodys(tenant: Tenant) -> Dialect:
    raise AssertionError("nothing is asked here")


PAGES = {
    "settings.md": settings,
    "commands.md": commands,
    "refusals.md": refusals,
    "presets.md": preset_tables,
    "transfer-config.md": config_page,
    "releezme-face.md": releezme_face.page,
    "system-api.md": system_api,
}


def dialects() -> dict[str, str]:
    """The pages about dialects, as `rollbook dialect doc --all` writes them."""
    found = house_dialects()
    return {f"{one.name}.md": dialect_pages.page(one) for one in found} | {"README.md": dialect_pages.index(found)}


EDITOR_SCHEMA = HERE.parent.parent / "src" / "rollbook" / "dialects" / SCHEMA_FILE


def schema_for_editors() -> str:
    """The JSON Schema of dialect files."""
    return json.dumps(editor_schema(), indent=2) + "\n"


def main() -> int:
    (HERE / "dialects").mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), "utf-8")
    for name, text in dialects().items():
        (HERE / "dialects" / name).write_text(text, "utf-8")
    EDITOR_SCHEMA.write_text(schema_for_editors(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
