"""What the two databases spell differently. Each engine's spelling is one module (``flavor_sqlite``,
``flavor_postgres``); everything else in this folder is common to both.

**Rules**: A flavor never sees a value. Names that come from schemas (keys, URNs, resource types) are written as
literals of SQL, quoted here and nowhere else; values are parameters.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from rollbook.scim.attributes import Type
from rollbook.scim.binding import Operand
from rollbook.scim.filter import Operator


class Kind(StrEnum):
    """How a value is compared in SQL."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ID = "id"
    """A resource id: a native identifier on engines that have such a type, text where it is ordered or searched."""


KINDS: Mapping[Type, Kind] = {
    Type.BOOLEAN: Kind.BOOLEAN,
    Type.DECIMAL: Kind.NUMBER,
    Type.INTEGER: Kind.NUMBER,
}
"""All other simple types are compared as text (dateTimes are written with a fixed width)."""


def kind_of(type: Type) -> Kind:
    """How values of a simple type are compared."""
    return KINDS.get(type, Kind.TEXT)


SIGNS: Mapping[Operator, str] = {
    Operator.EQ: "=",
    Operator.NE: "<>",
    Operator.GT: ">",
    Operator.GE: ">=",
    Operator.LT: "<",
    Operator.LE: "<=",
}
"""The operators that SQL has too; ``co``, ``sw`` and ``ew`` are functions."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """An SQL expression of one value, NULL where it is missing. ``column`` says that it is a plain column (whose
    collation is right, and which an index may serve); ``required`` that it is never NULL."""

    sql: str
    kind: Kind
    column: bool = False
    required: bool = False


Keys = tuple[str | int, ...]
"""The way down from a JSON value: keys of objects, positions in lists."""

Convert = Callable[[Operand], object]
"""Makes an operand what the driver takes."""


class Flavor(Protocol):
    """One database's spelling. ``base`` is an SQL expression of a JSON value, ``keys`` lead down from there."""

    def __hash__(self) -> int: ...

    @property
    def name(self) -> str: ...

    @property
    def converters(self) -> Mapping[Kind, Convert | None]:
        """By the kind of the placeholder; None where the operand can go as it is."""

    def placeholder(self, number: int, kind: Kind) -> str:
        """The parameter of that number, as an expression that can be compared with a Scalar of that kind."""

    def literal(self, text: str) -> str:
        """A text of ours or of a schema, quoted."""

    def value(self, base: str, keys: Keys, kind: Kind) -> str:
        """The scalar at ``keys``; without keys ``base`` itself."""

    def exists(self, base: str, keys: Keys) -> str:
        """Whether something stands at ``keys``, empty or not. Never NULL."""

    def is_true(self, base: str, keys: Keys) -> str:
        """Whether ``true`` stands at ``keys``. Never NULL."""

    def elements(self, base: str, keys: Keys, alias: str) -> str:
        """The list at ``keys`` as an item for FROM; no rows where there is none."""

    def element(self, alias: str) -> str:
        """One element of such a list, as a JSON value."""

    def position(self, alias: str) -> str:
        """Its position in the list."""

    def id_text(self, sql: str) -> str:
        """An id as text."""

    def unindexed(self, sql: str) -> str:
        """A column for ORDER BY that should not make the planner read an index in that order."""

    def compare(self, scalar: Scalar, operator: Operator, operand: str) -> str:
        """A comparison; NULL where the scalar is. ``operand`` is a placeholder of the scalar's kind."""

    def ordered(self, scalar: Scalar, *, descending: bool) -> str:
        """An item for ORDER BY: missing values last when ascending, first when descending."""

    def edge(self, number: int, kind: Kind) -> str:
        """The parameter of that number where it is what ``edge_value`` gave (or an id)."""

    def edge_value(self, scalar: Scalar) -> str:
        """A value that sorts a row, in a form that JSON can hold and that comes back as a parameter (``edge``)."""
