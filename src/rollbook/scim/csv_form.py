"""Resources as rows of a table, without loss: what ``rollbook export --format csv`` writes and ``import`` reads.

A column is an attribute, or a sub-attribute of a single complex one (``name.givenName``,
``urn:…:User:manager.value``). A multi-valued attribute is one cell: a JSON list; members are ids between spaces. One
sheet holds resources of several types, told apart by the column ``resourceType``.

Two things that a table lacks are written with a leading apostrophe, which reading takes away again: an empty text
(``'`` alone; an empty cell is no value), and a text that a spreadsheet would take for a formula (CWE-1236).
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from rollbook.scim.attributes import EXTERNAL_ID, Attribute, Held, Mutability, Type
from rollbook.scim.errors import InvalidValue
from rollbook.scim.schema import Place, ResourceType
from rollbook.scim.tolerances import shortened

TYPE_COLUMN = "resourceType"
ID_COLUMN = "id"
_FORMULA = frozenset("=+-@\t\r'")
_IGNORED = ("meta", "schemas", "groups")


@dataclass(frozen=True, slots=True)
class Column:
    """One attribute of one resource type as a cell: ``keys`` lead to it in a document."""

    name: str
    keys: tuple[str, ...]
    attribute: Attribute

    def cell(self, document: Mapping[str, Any]) -> str:
        """The cell of a document, ``""`` where it has no value."""
        value: Any = document
        for key in self.keys:
            value = value.get(key)
            if value is None:
                return ""
        if self.attribute.held is Held.MEMBERS:
            return " ".join(member["value"] for member in value)
        if value.__class__ is str:
            return value if value and value[0] not in _FORMULA else f"'{value}"
        return orjson.dumps(value).decode()

    def put(self, cell: str, body: dict[str, Any]) -> None:
        """Set what a cell says in a body; an empty cell unassigns. **Raises** ``InvalidValue``."""
        level = body
        for key in self.keys[:-1]:
            inner = level.get(key)
            inner = dict(inner) if isinstance(inner, dict) else {}
            level[key] = inner
            level = inner
        level[self.keys[-1]] = self._value(cell) if cell else None

    def _value(self, cell: str) -> Any:
        attribute = self.attribute
        if attribute.multi_valued:
            return self._values(cell)
        if cell[0] == "'" and (len(cell) == 1 or cell[1] in _FORMULA):
            return cell[1:]
        if attribute.type is Type.BOOLEAN:
            return {"true": True, "false": False}.get(cell.lower(), cell)
        if attribute.type in (Type.INTEGER, Type.DECIMAL):
            try:
                return orjson.loads(cell)
            except orjson.JSONDecodeError:
                return cell
        return cell

    def _values(self, cell: str) -> list[Any]:
        if cell[0] in "[{":
            try:
                value = orjson.loads(cell)
            except orjson.JSONDecodeError:
                raise InvalidValue(f"{self.name}: the cell is no JSON list; write [{{…}}, {{…}}].") from None
            return value if isinstance(value, list) else [value]
        if self.attribute.held is Held.MEMBERS:
            return [{"value": id} for id in cell.split()]
        text = cell[1:] if cell[0] == "'" and cell[1:2] in _FORMULA else cell
        if not self.attribute.complex:
            return [text]
        primary = {"primary": True} if self.attribute.sub("primary") else {}
        return [{"value": text, **primary}]


class Sheet:
    """The columns of some resource types, those of the first before those that only a later one has."""

    def __init__(self, types: Sequence[ResourceType]) -> None:
        self.types = tuple(types)
        spelled: dict[str, str] = {}  # one spelling for what several types spell in different letter cases
        self._by_type = {
            type.name: {spelled.setdefault(name.lower(), name): column for name, column in _columns(type).items()}
            for type in types
        }
        names = dict.fromkeys(name for columns in self._by_type.values() for name in columns)
        self._shown = [name for name in names if any(_readable(c, name) for c in self._by_type.values())]
        self._lower = {name.lower(): name for name in (TYPE_COLUMN, ID_COLUMN, *names)}

    @property
    def header(self) -> list[str]:
        """The heading that is written."""
        return [TYPE_COLUMN, ID_COLUMN, *self._shown]

    def row(self, type: ResourceType, document: Mapping[str, Any]) -> list[str]:
        """The cells of a resource as it is answered."""
        columns = self._by_type[type.name]
        cells = [columns[name].cell(document) if name in columns else "" for name in self._shown]
        return [type.name, document["id"], *cells]

    def read_header(self, cells: Sequence[str]) -> list[str | None]:
        """The columns of a heading in any order and letter case; None for one that is the server's own to set.

        **Raises** ``InvalidValue`` for a column that no type has, or that stands twice.
        """
        found: list[str | None] = []
        for cell in cells:
            name = cell.strip()
            known = self._lower.get(name.lower())
            if known is None:
                if name.partition(".")[0].lower() in _IGNORED:
                    found.append(None)
                    continue
                near = difflib.get_close_matches(name.lower(), self._lower, 1, 0.5)
                hint = f" Did you mean {self._lower[near[0]]}?" if near else ""
                raise InvalidValue(f"There is no attribute for the column {shortened(name)!r}.{hint}")
            if known in found:
                raise InvalidValue(f"The column {known} stands twice.")
            found.append(known)
        return found

    def has(self, type: ResourceType, names: Sequence[str | None]) -> bool:
        """Whether a type has all of these columns."""
        columns = self._by_type[type.name]
        return all(name is None or name == ID_COLUMN or name in columns for name in names)

    def put(self, type: ResourceType, names: Sequence[str | None], cells: Sequence[str], body: dict[str, Any]) -> None:
        """Set what a row says in a body of that type. **Raises** ``InvalidValue``."""
        columns = self._by_type[type.name]
        for name, cell in zip(names, cells, strict=True):
            if name is None or name in (TYPE_COLUMN, ID_COLUMN):
                continue
            column = columns.get(name)
            if column is not None:
                column.put(cell, body)
            elif cell:
                raise InvalidValue(f"A {type.name} has no {name}; leave the cell empty.")


def _columns(type: ResourceType) -> dict[str, Column]:
    places = [Place(EXTERNAL_ID, None, None), *type.places()]
    columns: dict[str, Column] = {}

    def add(name: str, keys: tuple[str, ...], attribute: Attribute) -> None:
        if name.lower() == TYPE_COLUMN.lower():
            name = f"{type.schema.id}:{name}"  # the plain name tells the type of a row
        columns[name] = Column(name, keys, attribute)

    for place in places:
        attribute = place.attribute
        if attribute.mutability is Mutability.READ_ONLY:
            continue
        if attribute.complex and not attribute.multi_valued:
            inner = [Place(attribute, sub, place.extension) for sub in attribute.sub_attributes]
            for p in inner:
                if p.leaf.mutability is not Mutability.READ_ONLY:
                    add(p.name, p.keys, p.leaf)
        else:
            add(place.name, place.keys, attribute)
    return columns


def _readable(columns: Mapping[str, Column], name: str) -> bool:
    column = columns.get(name)
    return column is not None and column.attribute.mutability is not Mutability.WRITE_ONLY
