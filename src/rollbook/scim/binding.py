"""Filters bound to a resource type: every path is a place in its schema, every literal is a value in search form.

**Rules** (RFC 7644 §3.4.2.2, §3.10; ``protocol.md`` 14):

- A multi-valued attribute is compared by any of its elements; without a sub-attribute a complex one is compared by its
  ``value``. So is a complex single one that has a ``value`` (``manager eq "…"``, which Entra sends).
- What may never be read back (``Attribute.secret``) may not be asked about either.
- A bound tree refers to literals by position too; so binding, like parsing, is done once for each shape.
"""

from collections.abc import Callable
from dataclasses import dataclass

from rollbook.scim.filter import Literal, Operator
from rollbook.scim.schema import Place, ResourceType

Operand = str | bool | int | float
"""A literal in search form (``values.search_value``), ready to be compared."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Matches no resource: an attribute that this type does not have, in a search over several types."""


@dataclass(frozen=True, slots=True)
class BoundPresent:
    """``pr``: a non-empty value is there (RFC 7644 Table 3). ``place`` may end at a complex attribute."""

    place: Place


@dataclass(frozen=True, slots=True)
class BoundComparison:
    """``place`` ends at a simple attribute; ``operand`` is a position in ``BoundFilter.operands``.

    Inside a ``BoundElement`` the comparison is about that element; elsewhere it is true when it is so for any value.
    """

    place: Place
    operator: Operator
    operand: int


@dataclass(frozen=True, slots=True)
class BoundElement:
    """One element of a multi-valued attribute (or the one value of a complex single one) satisfies ``filter`` whole."""

    place: Place
    filter: "BoundNode"


@dataclass(frozen=True, slots=True)
class BoundNot:
    filter: "BoundNode"


@dataclass(frozen=True, slots=True)
class BoundAnd:
    filters: tuple["BoundNode", ...]


@dataclass(frozen=True, slots=True)
class BoundOr:
    filters: tuple["BoundNode", ...]


BoundNode = Nothing | BoundPresent | BoundComparison | BoundElement | BoundNot | BoundAnd | BoundOr


@dataclass(frozen=True, slots=True, eq=False)
class BoundShape:
    """A shape bound to one resource type: made once and kept, so it is compared by identity (and keys SQL caches).

    ``converters[i]`` makes literal ``i`` an operand; it raises ``InvalidFilter`` where the literal does not fit.
    """

    type: ResourceType
    node: BoundNode
    converters: tuple[Callable[[Literal], Operand], ...]


@dataclass(frozen=True, slots=True)
class BoundFilter:
    shape: BoundShape
    operands: tuple[Operand, ...]
