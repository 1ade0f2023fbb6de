"""A file of a structure, read as entries: one for each thing that it names, with where it stands in the file.

JSON is nested as the structure is; members of a thing are those of its form, and ``lockers`` may name many doors at
once (``"numbers": "001-120"``). A table (CSV) has a row for a door or a range of doors, with the columns of
``COLUMNS``; what stands in a row about its bank, section or location holds for these. ``door`` is for the number of one
door that reads like a range (``1-01``).
"""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rollbook.lockers.ranges import expanded
from rollbook.lockers.work import Malformed
from rollbook.storage.locker_records import Bank, Link, Location, Locker, LockerGroup, Section

MEMBER = "member"
"""An entry that puts a locker into a locker group."""

COLUMNS: Mapping[str, tuple[type, str]] = {
    "location": (Location, "name"),
    "timeZone": (Location, "timeZone"),
    "address": (Location, "address"),
    "section": (Section, "name"),
    "floor": (Section, "floor"),
    "lockerBank": (Bank, "name"),
    "description": (Bank, "description"),
    "number": (Locker, "numbers"),
    "door": (Locker, "number"),
    "size": (Locker, "size"),
    "kind": (Locker, "kind"),
    "accessible": (Locker, "accessible"),
    "externalId": (Locker, "externalId"),
    "lockerGroups": (LockerGroup, "names"),
}
FORMULA = frozenset("=+-@\t\r'")
"""What a cell begins with that spreadsheets take for a formula, and the apostrophe that keeps them from it."""

_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Entry(NamedTuple):
    """``path`` are the names from the location down (of a member: the group's before them; of a link: the user group's
    and the locker group's), ``fields`` are a form's but for names and parents."""

    kind: Any
    where: str
    path: tuple[str, ...]
    fields: dict[str, Any]


def of_json(document: Any) -> Iterator[Entry]:
    """**Raises** ``Malformed``."""
    for where, location in _list(document, "locations", ""):
        name, fields, place = _named(location, where, "sections")
        yield Entry(Location, where, (name,), fields)
        for at, section in _list(location, "sections", where):
            sname, fields, splace = _named(section, at, "lockerBanks")
            yield Entry(Section, at, (*place, sname), fields)
            for bank_at, bank in _list(section, "lockerBanks", at):
                bname, fields, _ = _named(bank, bank_at, "lockers")
                path = (*place, *splace, bname)
                yield Entry(Bank, bank_at, path, fields)
                for locker_at, locker in _list(bank, "lockers", bank_at):
                    for number, rest in _doors(locker, locker_at):
                        yield Entry(Locker, locker_at, (*path, number), rest)
    for where, group in _list(document, "lockerGroups", ""):
        name, fields, _ = _named(group, where, "lockers")
        yield Entry(LockerGroup, where, (name,), fields)
        for at, doors in _list(group, "lockers", where):
            at_bank = [_text(doors, part, at) for part in ("location", "section", "lockerBank")]
            for number, _ in _doors({k: v for k, v in doors.items() if k in ("number", "numbers")}, at):
                yield Entry(MEMBER, at, (name, *at_bank, number), {})
    for where, link in _list(document, "links", ""):
        ends = (_text(link, "userGroup", where), _text(link, "lockerGroup", where))
        yield Entry(Link, where, ends, {k: v for k, v in link.items() if k not in ("userGroup", "lockerGroup")})
    if isinstance(document, dict):
        for name in document.keys() - {"locations", "lockerGroups", "links", "format"}:
            raise Malformed(f"/{name} is not known here.", ((f"/{name}", "This is not known here."),))


def of_csv(text: str) -> Iterator[Entry]:
    """Commas, semicolons or tabs stand between cells. **Raises** ``Malformed``."""
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    first = lines.readline()
    lines.seek(0)
    table = csv.reader(lines, delimiter=max(",;\t", key=first.count), strict=True)
    rows = _rows(table)
    header = [name.strip() for name in next(rows, [])]
    known = {name.lower(): name for name in COLUMNS}
    columns = [known.get(name.lower(), "") for name in header]
    for name, column in zip(header, columns, strict=True):
        if not column:
            raise Malformed(f"line 1: the column {name[:40]!r} is not known. Known are {', '.join(COLUMNS)}.")
        if columns.count(column) > 1:
            raise Malformed(f"line 1: the column {column} stands there twice.")
    for needed in ("location", "section", "lockerBank", "number"):
        if needed not in columns and not (needed == "number" and "door" in columns):
            raise Malformed(f"line 1: the column {needed} is needed.")
    seen: set[tuple[str, ...]] = set()
    for cells in rows:
        where = f"line {table.line_num}"
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            raise Malformed(f"{where} has {len(cells)} cells, and the first line has {len(columns)}.")
        yield from _row({c: _cell(cell) for c, cell in zip(columns, cells, strict=True) if cell.strip()}, where, seen)


def _rows(table: Any) -> Iterator[list[str]]:
    """**Raises** ``Malformed`` for what is no table."""
    while True:
        try:
            cells: list[str] = next(table)
        except StopIteration:
            return
        except csv.Error:
            raise Malformed(
                f"line {table.line_num}: a quotation mark is not closed or stands in the middle of a cell, or a cell "
                "is longer than any can be."
            ) from None
        yield cells


def _row(row: dict[str, str], where: str, seen: set[tuple[str, ...]]) -> Iterator[Entry]:
    fields: dict[Any, dict[str, Any]] = {}
    for column, cell in row.items():
        kind, name = COLUMNS[column]
        fields.setdefault(kind, {})[name] = cell
    path: tuple[str, ...] = ()
    for kind, column in ((Location, "location"), (Section, "section"), (Bank, "lockerBank")):
        name = fields.get(kind, {}).pop("name", None)
        if name is None:
            raise Malformed(f"{where}: the {column} is not named.")
        path = (*path, name)
        if path not in seen or fields[kind]:
            seen.add(path)
            yield Entry(kind, where, path, fields[kind])
    locker = fields.get(Locker, {})
    if "accessible" in locker:
        truth = _TRUTH.get(locker["accessible"].lower())
        if truth is None:
            raise Malformed(f"{where}: accessible is yes or no.")
        locker["accessible"] = truth
    groups = names_of(fields.get(LockerGroup, {}).get("names", ""))
    for name in groups:
        if ("", name) not in seen:
            seen.add(("", name))
            yield Entry(LockerGroup, where, (name,), {})
    if "numbers" not in locker and "number" not in locker:
        raise Malformed(f"{where}: the number is missing.")
    if "numbers" in locker and "number" in locker:
        raise Malformed(f"{where}: either number or door is filled in, not both.")
    for number, rest in _doors(locker, where):
        yield Entry(Locker, where, (*path, number), rest)
        for name in groups:
            yield Entry(MEMBER, where, (name, *path, number), {})


def names_of(cell: str) -> list[str]:
    """The names of locker groups in a cell, with bars between them; a bar in a name is written twice.

    >>> names_of("All | North||South")
    ['All', 'North|South']
    """
    parts = cell.replace("||", "\0").split("|")
    return [name for part in parts if (name := part.replace("\0", "|").strip())]


def _cell(text: str) -> str:
    """An apostrophe before them keeps spreadsheets from taking some signs for a formula, and is not meant there."""
    text = text.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text


def _list(holder: Any, name: str, where: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(holder, dict):
        raise _wrong(where, "This has to be an object.")
    items = holder.get(name, [])
    if not isinstance(items, list):
        raise _wrong(f"{where}/{name}", "This has to be a list.")
    for n, item in enumerate(items):
        at = f"{where}/{name}/{n}"
        if not isinstance(item, dict):
            raise _wrong(at, "This has to be an object.")
        yield at, item


def _named(thing: dict[str, Any], where: str, children: str) -> tuple[str, dict[str, Any], tuple[str]]:
    name = _text(thing, "name", where)
    return name, {k: v for k, v in thing.items() if k not in ("name", children)}, (name,)


def _text(thing: dict[str, Any], name: str, where: str) -> str:
    value = thing.get(name)
    if not isinstance(value, str) or not value:
        raise _wrong(f"{where}/{name}", "This is needed, as a text.")
    return value


def _doors(locker: dict[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each door with its fields, a copy for each."""
    rest = {k: v for k, v in locker.items() if k not in ("number", "numbers")}
    if ("number" in locker) == ("numbers" in locker):
        raise _wrong(f"{where}/number", "Either number or numbers is needed.")
    if "number" in locker:
        yield _text(locker, "number", where), rest
        return
    try:
        numbers = expanded(_text(locker, "numbers", where))
    except ValueError as error:
        raise _wrong(f"{where}/numbers", f"{error}.") from None
    if len(numbers) > 1 and "externalId" in rest:
        raise _wrong(f"{where}/externalId", "Only one door can have it.")
    for number in numbers:
        yield number, dict(rest)


def _wrong(where: str, why: str) -> Malformed:
    return Malformed(f"{where or 'The whole'}: {why}", ((where, why),))
