"""The lines of an import file, as NDJSON or CSV: each is a resource that somebody wants, or says why it is none.

Files are read as a stream, however long they are. What is wrong with one line is that line's alone; only a wrong
heading of a table is wrong with all of it.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from rollbook.errors import RollbookError
from rollbook.scim.attributes import Held
from rollbook.scim.csv_form import ID_COLUMN, TYPE_COLUMN, Sheet
from rollbook.scim.errors import InvalidSyntax, InvalidValue, ScimError
from rollbook.scim.json_guard import read_json
from rollbook.scim.limits import Limits
from rollbook.scim.schema import ResourceType
from rollbook.scim.tolerances import shortened

_CELL_BYTES = 64 * 1024 * 1024
"""The longest cell. Precedent: a group of a million members, as ids."""


_UNREADABLE = {
    "expected after": "after the quote that ends a cell comes the next cell or line; a quote in a cell is doubled",
    "unexpected end": "a cell begins with a quote and is not closed",
    "larger than": f"a cell is longer than {_CELL_BYTES} bytes",
    "new-line": "a carriage return stands where no line ends; write it between quotes, and end lines with a line feed",
}
"""What the reader of tables says, in our words."""


class WrongFile(RollbookError):
    """The file as a whole cannot be read: nothing of it was done."""


@dataclass(slots=True)
class Line:
    """A resource to be made or changed. ``number`` counts the file's lines from 1.

    ``columns`` are the attributes that a table names: others of a resource that exists stay as they are. None says that
    the line is the whole resource, and what it does not name is cleared.
    """

    number: int
    type: ResourceType
    id: str | None
    body: dict[str, Any]
    cells: tuple[Sheet, Sequence[str | None], Sequence[str]] | None = None

    def over(self, current: dict[str, Any]) -> dict[str, Any]:
        """The body where ``current`` is what the resource has now."""
        if self.cells is None:
            return self.body
        sheet, names, cells = self.cells
        body = dict(current)
        sheet.put(self.type, names, cells, body)
        return body

    @property
    def names_members(self) -> bool:
        """Whether the line says who the members are."""
        members = self.type.held(Held.MEMBERS)
        if members is None:
            return False
        return self.cells is None or members.name in self.cells[1]


@dataclass(slots=True)
class BadLine:
    """A line that is no resource."""

    number: int
    detail: str = field(default="")


def ndjson_lines(file: BinaryIO, types: Sequence[ResourceType], limits: Limits) -> Iterator[Line | BadLine]:
    """One JSON object on each line; empty lines are nothing. ``meta.resourceType`` or ``schemas`` tell the type."""
    names = {type.name.lower(): type for type in types}
    urns = {type.schema.id.lower(): type for type in types}
    for number, raw in enumerate(_bounded(file, limits.body_bytes), 1):
        if raw is None:
            yield BadLine(number, f"The line is longer than {limits.body_bytes} bytes.")
            continue
        text = raw.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else raw.strip()
        if not text:
            continue
        try:
            body = read_json(text, limits.json_depth)
            yield Line(number, _type_of(body, names, urns), _id(body.get("id")), body)
        except ScimError as error:
            yield BadLine(number, error.detail.replace("The body", "The line", 1).replace("line 1, ", "", 1))


def csv_lines(file: Iterable[str], sheet: Sheet, default: ResourceType | None = None) -> Iterator[Line | BadLine]:
    """A table with a heading, its cells between commas, semicolons or tabs.

    **Rules**: rows without the column ``resourceType`` are of ``default``, else of the first type that has all of the
    columns. **Raises** ``WrongFile`` where the heading is wrong.
    """
    csv.field_size_limit(_CELL_BYTES)
    lines = _Steps(file)
    heading = next(lines, "")
    if "\0" in heading or not heading.strip():
        raise WrongFile("the file is no table: its first line has to name attributes, such as userName,displayName")
    lines.again()
    rows = csv.reader(lines, delimiter=max(",;\t", key=heading.count), strict=True)
    try:
        names = sheet.read_header(next(rows, []))
    except csv.Error as error:
        raise WrongFile(f"the heading of the table is wrong: {_unreadable(error)}.") from None
    except ScimError as error:
        raise WrongFile(f"the heading of the table is wrong: {error}") from None
    types = {type.name.lower(): type for type in sheet.types}
    by_type = names.index(TYPE_COLUMN) if TYPE_COLUMN in names else None
    by_id = names.index(ID_COLUMN) if ID_COLUMN in names else None
    if by_type is None and default is None:
        default = next((type for type in sheet.types if sheet.has(type, names)), None)
        if default is None:
            raise WrongFile("no resource type has all of these columns: add the column resourceType")
    while True:
        number = lines.step()
        try:
            cells = next(rows, None)
        except csv.Error as error:
            # A quote that is not closed runs on into the rows below, which are not to be lost with it.
            lines.again(after=1)
            yield BadLine(number, f"The row cannot be read: {_unreadable(error)}.")
            continue
        if cells is None:
            return
        if not cells:
            continue
        try:
            yield _row(number, sheet, names, cells, types, default, by_type, by_id)
        except ScimError as error:
            yield BadLine(number, error.detail)


def _unreadable(error: csv.Error) -> str:
    return next((words for said, words in _UNREADABLE.items() if said in str(error)), "it is no row of a table")


class _Steps(Iterator[str]):
    """The lines of a table, of which those of the row under way can be read again."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._ahead: deque[str] = deque()
        self._taken: list[str] = []
        self._before = 0

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._lines)
        self._taken.append(line)
        return line

    def step(self) -> int:
        """The number of the next line, with which a row begins."""
        self._before += len(self._taken)
        self._taken.clear()
        return self._before + 1

    def again(self, *, after: int = 0) -> None:
        """Go back to where the row began, or so many lines ``after`` that."""
        self._ahead.extendleft(reversed(self._taken[after:]))
        del self._taken[after:]


def _row(
    number: int,
    sheet: Sheet,
    names: Sequence[str | None],
    cells: Sequence[str],
    types: dict[str, ResourceType],
    default: ResourceType | None,
    by_type: int | None,
    by_id: int | None,
) -> Line:
    if len(cells) != len(names):
        raise InvalidValue(f"The row has {len(cells)} cells, and the heading has {len(names)}.")
    for cell in cells:
        if "\0" in cell or (not cell.isprintable() and any("\ud800" <= c <= "\udfff" for c in cell)):
            raise InvalidValue("The row has bytes that are not UTF-8, or a NUL character.")
    type = default
    if by_type is not None and (cells[by_type] or default is None):
        type = types.get(cells[by_type].strip().lower())
        if type is None:
            raise InvalidValue(f"There is no resource type {shortened(cells[by_type])!r}; {_known(types)}.")
    assert type is not None
    body: dict[str, Any] = {"schemas": [type.schema.id]}
    sheet.put(type, names, cells, body)
    id = _id(cells[by_id] or None) if by_id is not None else None
    return Line(number, type, id, body, (sheet, names, cells))


def _type_of(body: dict[str, Any], names: dict[str, ResourceType], urns: dict[str, ResourceType]) -> ResourceType:
    meta = body.get("meta")
    named = meta.get("resourceType") if isinstance(meta, dict) else None
    if isinstance(named, str):
        type = names.get(named.lower())
        if type is None:
            raise InvalidValue(f"meta.resourceType: there is no {shortened(named)!r}; {_known(names)}.")
        return type
    schemas = body.get("schemas")
    for urn in schemas if isinstance(schemas, list) else ():
        if isinstance(urn, str) and (type := urns.get(urn.lower())):
            return type
    raise InvalidSyntax(
        'The line does not say what it is: give "schemas" with the URN of its core schema, or meta.resourceType.'
    )


def _known(types: dict[str, ResourceType]) -> str:
    return "there are " + ", ".join(type.name for type in types.values())


def _id(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _is_uuid(value):
        raise InvalidValue("id is no UUID, as our ids are; leave it out for a new resource.")
    return value.lower()


def _is_uuid(text: str) -> bool:
    pieces = text.split("-")
    return [len(piece) for piece in pieces] == [8, 4, 4, 4, 12] and all(
        character in "0123456789abcdefABCDEF" for piece in pieces for character in piece
    )


def _bounded(file: BinaryIO, limit: int) -> Iterator[bytes | None]:
    """The lines of a file; None for one that is longer than ``limit`` bytes, of which no more is held."""
    while True:
        line = file.readline(limit + 1)
        if not line:
            return
        if len(line) <= limit or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(limit)
        yield None
