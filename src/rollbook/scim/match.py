"""The meaning of filters: whether a bound filter is true of a canonical resource (RFC 7644 §3.4.2.2, Tables 3 and 4).

The databases evaluate the same filters over search documents; where they differ from this, they are wrong.

- A comparison with a missing value is false, ``ne`` too; its ``not`` is true.
- A multi-valued attribute is compared by any of its values: ``ne`` is true when some value differs.
- ``pr`` asks for something that is not empty: null, ``""``, ``[]`` and ``{}`` are empty; ``false`` and ``0`` are not.
  A multi-valued attribute is present when one of its values is, a complex value when one of its sub-attributes is;
  secret ones do not count, since they cannot be asked about.
- Inside brackets everything is about one element: ``pr`` of a sub-attribute is its presence in that element, and
  ``not`` is about that element too. Brackets are true when they are so for some element, so never where there is none.
- Texts are ordered by code point of their search form.
- The resource is whole: ``id``, ``externalId``, ``meta``, ``schemas``, and ``members`` or ``groups`` stand in it.
"""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rollbook.scim.attributes import Attribute
from rollbook.scim.binding import (
    BoundAnd,
    BoundComparison,
    BoundElement,
    BoundFilter,
    BoundNode,
    BoundNot,
    BoundOr,
    BoundPresent,
    Nothing,
    Operand,
)
from rollbook.scim.filter import Operator
from rollbook.scim.schema import Place
from rollbook.scim.values import search_value


def matches(bound: BoundFilter, resource: Mapping[str, Any]) -> bool:
    """Whether a whole canonical resource satisfies the filter."""
    return _holds(bound.shape.node, bound.operands, lambda place: _values(place, resource))


def matches_element(bound: BoundFilter, element: Any) -> bool:
    """Whether one canonical element satisfies a filter that was bound for its attribute (``binding.bind_element``)."""
    return _holds(bound.shape.node, bound.operands, lambda place: _parts(place, element))


_Values = Callable[[Place], Iterator[Any]]
"""The values at a place: of a whole resource, or of one element."""

_TRUE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.CO: lambda value, part: part in value,
    Operator.SW: str.startswith,
    Operator.EW: str.endswith,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
}


def _holds(node: BoundNode, operands: Sequence[Operand], values: _Values) -> bool:
    match node:
        case BoundComparison(place, compared, number):
            true, operand, leaf = _TRUE[compared], operands[number], place.leaf
            return any(true(search_value(leaf, value), operand) for value in values(place))
        case BoundPresent(place):
            return any(_present(place.leaf, value) for value in values(place))
        case BoundElement(place, inner):
            return any(_holds(inner, operands, _of(element)) for element in values(place))
        case BoundNot(inner):
            return not _holds(inner, operands, values)
        case BoundAnd(inner):
            return all(_holds(each, operands, values) for each in inner)
        case BoundOr(inner):
            return any(_holds(each, operands, values) for each in inner)
        case Nothing():
            return False


def _of(element: Any) -> _Values:
    return lambda place: _parts(place, element)


def _values(place: Place, resource: Mapping[str, Any]) -> Iterator[Any]:
    holder = resource.get(place.extension.id) if place.extension else resource
    if holder:
        for element in _each(holder.get(place.attribute.name)):
            yield from _parts(place, element)


def _parts(place: Place, element: Any) -> Iterator[Any]:
    return _each(element if place.sub is None else element.get(place.sub.name))


def _each(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value


def _present(attribute: Attribute, value: Any) -> bool:
    if not attribute.complex:
        return value is not None and value != ""
    return any(
        _present(sub, part) for sub in attribute.sub_attributes if not sub.secret for part in _each(value.get(sub.name))
    )
