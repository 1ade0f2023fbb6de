"""The reference of the config, made of the code: every table, every key, every function of the map.

What is said of a key is the text that stands below its field.
"""

import ast
import inspect
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from rollbook.transfer.capabilities import PRESETS
from rollbook.transfer.mapping.functions import FUNCTIONS
from rollbook.transfer.mapping.mapper import GroupRule
from rollbook.transfer.policy import Brakes, Limit, Policy, Report, Run
from rollbook.transfer.secret import Secret
from rollbook.transfer.source_settings import (
    CsvSource,
    FileSource,
    JsonSource,
    LdapSource,
    LdifSource,
    ScimSource,
    SheetSource,
    SourceSettings,
    SqlSource,
)
from rollbook.transfer.target_settings import Login, TargetSettings

_NOTE = "<!-- Made of the code: change it there, then run `make reference`. -->"
_BEGIN = """\
The config of `rollbook transfer` is one TOML file, `transfer.toml` where `-c` names no other. A key that is
not known is refused, with the nearest that is; paths are relative to the file. How it is used tells [the
how-to](../howto/transfer.md).

`state = "FOLDER"` at the top names the folder in which links, journal and reports are kept; without it,
`transfer.state` beside `transfer.toml`. `timezone = "Europe/Amsterdam"` says where a day begins, for date
windows; without it, it is the zone of the machine.

A *secret* never stands in the text: `{ env = "NAME" }` reads the environment, `{ file = "path" }` a file, `{
keyring = "service/name" }` the platform's keyring (`pip install 'rollbook[transfer]'`). It is read when it is
needed. What is no secret may be kept in the same ways."""
_MAP = """\
A line is an attribute and what it becomes. The attribute is a name (`userName`), a part (`"name.givenName"`),
one of an extension (`department`, or `"urn:…:User:department"`), an element of a list (`'phoneNumbers[type eq
"mobile"].value'`), or a list: `emails = "mail"` makes one primary work address of a text, `badges =
["badge1", "badge2"]` a list of several columns, and `emails = [{ value = "mail", type = "work", primary =
true }]` says each part (`type` and `primary` as they stand). `groups = "…"` names groups; `"groups.value"`
their ids. A list that is mapped is managed as a whole.

What it becomes is a column (`mail`), an *expression* (`lower(login)`), a *template* with expressions in
braces (`{first} {last}`), or a constant (`"'Guest'"`, `true`). A column with an odd name stands between
backticks; `hr.mail` is the column of the source `hr`. Conditions know `==`, `!=`, `and`, `or`, `not` and
brackets. A text in quotes is a template too, a quote within it is written twice, and `{{` is a brace. What is
mapped and empty is emptied in the target; what is not mapped is left alone."""
_LOOKUP = """\
`[lookup.sites]` with lines such as `HR = "Leeds"` (or a list of texts) is a table for `lookup(department,
'sites')`. Exactly the three keys `file`, `key` and `value` make it a CSV file and two of its columns; a key
that stands there more than once has several values."""


def config_page() -> str:
    """The page."""
    lines = ["# The config of a transfer", "", _NOTE, "", _BEGIN, ""]
    lines += ["## `[source]`", "", "`[[source]]` for several.", "", *_table(SourceSettings, ())]
    lines += ["### Files", "", *_table(FileSource, (SourceSettings,))]
    for kind in (CsvSource, SheetSource, JsonSource, LdifSource, LdapSource, SqlSource, ScimSource):
        lines += [f"### {_kinds(kind)}", "", _about(kind), "", *_table(kind, (SourceSettings, FileSource))]
    lines += ["## `[target]`", "", "`[[target]]` for several; then each needs a `name`.", ""]
    lines += [
        f"`dialect` is one of {_listed(PRESETS)}.",
        "",
        *_table(TargetSettings, (), ("login", "policy", "brakes", "run", "report")),
    ]
    lines += ["### Logins", "", _logins(), "", *_table(Login, (), ("kind",))]
    lines += ["## `[map]`", "", _MAP, "", "| function | what it gives |", "| --- | --- |"]
    lines += [f"| `{one.call}` | {one.about} |" for one in FUNCTIONS.values()]
    lines += ["", "## `[[groups]]`", "", "Rules beside the map: who is in which groups.", "", *_table(GroupRule, ())]
    lines += ["## `[lookup.…]`", "", _LOOKUP, ""]
    for name, part in (("policy", Policy), ("brakes", Brakes), ("run", Run), ("report", Report)):
        head = f"`[{name}]`, and `[target.{name}]` for one target"
        lines += [f"## {head}", "", *_table(part, ())]
    return "\n".join(lines)


def _kinds(kind: type) -> str:
    return _listed(get_args(get_type_hints(kind)["type"]))


def _listed(names: Sequence[str] | Mapping[str, Any]) -> str:
    *others, last = (f"`{name}`" for name in names)
    return f"{', '.join(others)} and {last}" if others else last


def _about(kind: type) -> str:
    """What a class says of itself, behind its first words."""
    text = " ".join((inspect.getdoc(kind) or "").split())
    told = text.partition("`: ")[2] or text
    return told[0].upper() + told[1:]


def _logins() -> str:
    """Which keys make which login, from the table in the class's own text."""
    rows: list[str] = []
    for line in (inspect.getdoc(Login) or "").splitlines():
        if line.startswith("``"):
            rows.append(line)
        elif rows and line.startswith(" "):
            rows[-1] += " " + line.strip()
    table = [f"| `{row.split('``')[1]}` | {row.split('``', 2)[2].strip().replace('``', '`')} |" for row in rows]
    head = '`login = "…"` picks one; without it, the keys that are given do.'
    return "\n".join([head, "", "| login | what it is |", "| --- | --- |", *table])


def _table(kind: type, without: Sequence[type], hidden: Sequence[str] = ()) -> list[str]:
    told = dict(_documented(kind))
    before = {one.name: one.default for other in without for one in fields(other)}
    hints = get_type_hints(kind)
    rows = [
        f"| `{one.name}` | {_type(hints[one.name])} | {_default(one)} | {told.get(one.name, '')} |"
        for one in fields(kind)
        if one.init
        and one.name not in hidden
        and (one.name not in before or (one.name != "type" and before[one.name] != one.default))
    ]
    head = ["| key | what stands there | default | what it is |", "| --- | --- | --- | --- |"]
    return [*head, *rows, ""] if rows else []


def _documented(kind: type) -> Iterator[tuple[str, str]]:
    """The fields that have a text below them, with that text."""
    for part in reversed(kind.__mro__[:-1]):
        (body,) = ast.parse(inspect.getsource(part)).body
        assert isinstance(body, ast.ClassDef)
        for statement, below in zip(body.body, body.body[1:], strict=False):
            text = below.value if isinstance(below, ast.Expr) else None
            if isinstance(statement, ast.AnnAssign) and isinstance(text, ast.Constant):
                assert isinstance(statement.target, ast.Name)
                said = " ".join(str(text.value).split())
                yield statement.target.id, said.replace("``", "`").replace("|", "\\|")


def _type(hint: Any) -> str:
    choices = get_args(hint)
    if hint == Secret:
        return "secret"
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_type(one) for one in choices if one is not type(None)))
    if get_origin(hint) is Literal:
        return ", ".join(f"`{one}`" for one in choices)
    if get_origin(hint) is tuple:
        return "list of texts"
    if get_origin(hint) is Mapping:
        return "table of texts"
    if hint is Limit:
        return "number, or `{ share, least, most }`"
    return {str: "text", bool: "`true`, `false`", int: "whole number", float: "number"}.get(hint, "table")


def _default(one: "Field[Any]") -> str:
    if one.default is MISSING:
        return "needed" if one.default_factory is MISSING else "none"
    value = one.default
    if value in ("", (), None):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Limit):
        parts = {"share": value.share, "least": value.least, "most": value.most}
        return "`{ " + ", ".join(f"{name} = {part:g}" for name, part in parts.items() if part) + " }`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
