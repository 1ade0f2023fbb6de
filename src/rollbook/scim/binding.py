"""Filters bound to a resource type: every path is a place in its schema, every literal is a value in search form.

**Rules** (RFC 7644 §3.4.2.2, §3.10; ``protocol.md`` 14):

- A multi-valued attribute is compared by any of its elements; without a sub-attribute a complex one is compared by its
  ``value``. So is a complex single one that has a ``value`` (``manager eq "…"``, which Entra sends).
- What may never be read back (``Attribute.secret``) may not be asked about either.
- A bound tree refers to literals by position too; so binding, like parsing, is done once for each shape.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from rollbook.scim.attributes import Attribute, Type
from rollbook.scim.errors import InvalidFilter, InvalidValue
from rollbook.scim.filter import (
    And,
    AttributePath,
    Comparison,
    Filter,
    Literal,
    Node,
    Not,
    Operator,
    Or,
    Present,
    ValuePath,
)
from rollbook.scim.filter_parser import parse_attribute_path, position
from rollbook.scim.recent import Recent
from rollbook.scim.schema import Place, ResourceType
from rollbook.scim.values import canonical, search_value

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
    kept: bool = True
    """Whether the same shape comes again with the same filter; what is made of another is not worth keeping."""


@dataclass(frozen=True, slots=True)
class BoundFilter:
    shape: BoundShape
    operands: tuple[Operand, ...]


def bind(
    filter: Filter,
    resource_type: ResourceType,
    *,
    mixed: bool = False,
    boolean_text: bool = False,
    short_names: bool = False,
) -> BoundFilter:
    """Bind a filter to a resource type.

    **Rules**: an attribute that the type does not have is refused, or matches nothing where ``mixed`` (a search over
    several types). ``boolean_text`` admits ``"True"`` for ``true``, as some identity providers send it; ``short_names``
    an attribute of an extension without its URN, where the core has none of that name and one extension only has.
    **Raises** ``InvalidFilter`` with the position and the attribute, never with a value.
    """
    return _bind(filter, resource_type, None, mixed, boolean_text, short_names)


def bind_element(
    filter: Filter, element: Place, resource_type: ResourceType, *, boolean_text: bool = False
) -> BoundFilter:
    """Bind the filter in the brackets of a PATCH path: its paths are relative to an element of the attribute there.

    **Rules** and **Raises** as ``bind``; the tree is about one element (``match.matches_element``).
    """
    return _bind(filter, resource_type, element, False, boolean_text)


def bind_sort(sort_by: str, resource_type: ResourceType) -> Place | None:
    """The place that ``sortBy`` names, or None where the type has no such attribute (RFC 7644 §3.4.2.3).

    **Rules**: a complex attribute is sorted by its ``value``.
    **Raises** ``InvalidValue`` for no attribute path, for a secret, and for a complex attribute without ``value``.
    """
    path = parse_attribute_path(sort_by)
    if path is None:
        raise InvalidValue("sortBy has to be one attribute, such as userName or name.familyName.")
    place = resource_type.place(path.urn, path.name, path.sub)
    if place is None:
        return None
    if _secret(place):
        raise InvalidValue(f"sortBy may not be {place.name}: its value is never shown.")
    simple = _simple(place)
    if simple is None:
        raise InvalidValue(f"sortBy has to be one of the sub-attributes of {place.name}.")
    return simple


_KEPT = 512
_LONGEST_KEPT = 512  # characters: longer filters are rare, and keeping them would let clients fill the memory
_bound: Recent[tuple[object, ...], tuple[Node, BoundShape]] = Recent(_KEPT)


def _bind(
    filter: Filter,
    resource_type: ResourceType,
    element: Place | None,
    mixed: bool,
    boolean_text: bool,
    short_names: bool = False,
) -> BoundFilter:
    key = (id(filter.shape), resource_type, element and element.name, mixed, boolean_text, short_names)
    known = _bound.get(key)
    if known is not None and known[0] is filter.shape:  # the entry keeps its shape, so the id is not another's
        shape = known[1]
    else:
        binder = _Binder(filter, resource_type, mixed, boolean_text, short_names)
        node = binder.node(filter.shape, element)
        kept = len(filter.text) <= _LONGEST_KEPT
        shape = BoundShape(resource_type, node, tuple(binder.converters), kept)
        if kept:
            _bound.put(key, (filter.shape, shape))
    try:
        operands = [convert(value) for convert, value in zip(shape.converters, filter.literals, strict=True)]
    except _Unfit as unfit:
        _refuse(filter, unfit.at, unfit.detail)
    return BoundFilter(shape, tuple(operands))


def _refuse(filter: Filter, at: int, why: str) -> NoReturn:
    raise InvalidFilter(f"The filter is wrong at position {position(filter.text, at)}: {why}.") from None


class _Unfit(InvalidFilter):
    """A literal does not fit its attribute; ``at`` is the token where the comparison begins."""

    def __init__(self, detail: str, at: int) -> None:
        super().__init__(detail)
        self.at = at


_EQUALITY = frozenset((Operator.EQ, Operator.NE))
_PARTS = frozenset((Operator.CO, Operator.SW, Operator.EW))
_ORDER = frozenset((Operator.GT, Operator.GE, Operator.LT, Operator.LE))
_ALLOWED = {  # RFC 7644 Table 3; parts of numbers and moments have no meaning
    Type.STRING: _EQUALITY | _PARTS | _ORDER,
    Type.REFERENCE: _EQUALITY | _PARTS | _ORDER,
    Type.BINARY: _EQUALITY | _PARTS,
    Type.BOOLEAN: _EQUALITY,
    Type.INTEGER: _EQUALITY | _ORDER,
    Type.DECIMAL: _EQUALITY | _ORDER,
    Type.DATE_TIME: _EQUALITY | _ORDER,
}
_WORDS = {
    Type.STRING: "a string in double quotes",
    Type.REFERENCE: "a URI in double quotes",
    Type.BINARY: "base64 in double quotes",
    Type.BOOLEAN: "true or false, without quotes",
    Type.INTEGER: "a whole number of at most 64 bits, without quotes",
    Type.DECIMAL: "a number, without quotes",
    Type.DATE_TIME: 'a dateTime in double quotes, such as "2026-01-31T08:00:00Z"',
}
_BOOLEAN_TEXTS = {"true": True, "false": False}


class _Binder:
    """Binds one shape; the converters are gathered on the way, one for each literal."""

    def __init__(
        self, filter: Filter, resource_type: ResourceType, mixed: bool, boolean_text: bool, short_names: bool
    ) -> None:
        self.filter = filter
        self.type = resource_type
        self.mixed = mixed
        self.boolean_text = boolean_text
        self.short_names = short_names
        self.converters: list[Callable[[Literal], Operand]] = [_unused] * len(filter.literals)

    def node(self, node: Node, element: Place | None) -> BoundNode:
        """``element`` is where the brackets stand that the node is in, or None outside of brackets."""
        match node:
            case Comparison():
                return self.comparison(node, element)
            case Present(path):
                place = self.place(path, element)
                return BoundPresent(place) if place else Nothing()
            case ValuePath(path, inner):
                place = self.place(path, element)
                if place is None:
                    return Nothing()
                if not (place.attribute.multi_valued or place.attribute.complex):
                    self.refuse(path, f"{place.name} has one simple value, so it takes no brackets")
                return BoundElement(place, self.node(inner, place))
            case Not(inner):
                return BoundNot(self.node(inner, element))
            case And(inner):
                return BoundAnd(tuple([self.node(each, element) for each in inner]))
            case Or(inner):
                return BoundOr(tuple([self.node(each, element) for each in inner]))

    def comparison(self, node: Comparison, element: Place | None) -> BoundNode:
        place = self.place(node.path, element)
        if place is None:
            return Nothing()
        simple = place if element is not None and not element.attribute.complex else _simple(place)
        if simple is None:
            self.refuse(node.path, f"{place.name} is complex, so one of its sub-attributes has to be compared")
        type = simple.leaf.type
        if node.operator not in _ALLOWED[type]:
            self.refuse(node.path, f"{simple.name} is of type {type}, which {node.operator} cannot compare")
        self.converters[node.literal] = _converter(simple, node, self.boolean_text)
        return BoundComparison(simple, node.operator, node.literal)

    def place(self, path: AttributePath, element: Place | None) -> Place | None:
        """What a path names; None for what the type lacks, where that matches nothing."""
        place = self.type.place(path.urn, path.name, path.sub) if element is None else _inner(path, element)
        if place is None and element is None and path.urn is None and self.short_names:
            inside = [self.type.place(e.schema.id, path.name, path.sub) for e in self.type.extensions]
            named = [place for place in inside if place is not None]
            place = named[0] if len(named) == 1 else None
        if place is None:
            if self.mixed:
                return None
            owner = self.type.name if element is None else element.name
            self.refuse(path, f"{owner} has no attribute {_spelled(path)}")
        if _secret(place):
            self.refuse(path, f"{place.name} is never shown, so it cannot be asked about")
        return place

    def refuse(self, path: AttributePath, why: str) -> NoReturn:
        _refuse(self.filter, path.at, why)


def _inner(path: AttributePath, element: Place) -> Place | None:
    """A path inside of brackets: a sub-attribute, or ``value`` for the simple value itself (erratum 7322)."""
    if path.urn is not None or path.sub is not None:
        return None
    if not element.attribute.complex:
        return element if path.name.lower() == "value" else None
    sub = element.attribute.sub(path.name)
    return Place(element.attribute, sub, element.extension) if sub else None


def _simple(place: Place) -> Place | None:
    """The simple value that a path to a complex attribute stands for, if it stands for one."""
    if not place.leaf.complex:
        return place
    value = place.attribute.sub("value") if place.sub is None else None
    return Place(place.attribute, value, place.extension) if value and not value.secret else None


def _secret(place: Place) -> bool:
    return place.attribute.secret or place.leaf.secret


def _spelled(path: AttributePath) -> str:
    name = path.name + (f".{path.sub}" if path.sub else "")
    return (f"{path.urn}:{name}" if path.urn else name)[:200]


def _unused(_: Literal) -> Operand:
    return ""


def _converter(place: Place, node: Comparison, boolean_text: bool) -> Callable[[Literal], Operand]:
    attribute = place.leaf
    read = _boolean_reader if boolean_text and attribute.type is Type.BOOLEAN else _reader
    unfit = f"{place.name} is compared with {_WORDS[attribute.type]}"

    def convert(value: Literal) -> Operand:
        try:
            return read(attribute, value)
        except InvalidValue:
            raise _Unfit(unfit, node.path.at) from None

    return convert


def _reader(attribute: Attribute, value: Literal) -> Operand:
    # A text is compared whatever it holds: also one that the attribute itself would refuse, or a part of a value.
    if attribute.type in (Type.STRING, Type.REFERENCE, Type.BINARY):
        if not isinstance(value, str):
            raise InvalidValue("")
        return search_value(attribute, value)
    return search_value(attribute, canonical(attribute, value, attribute.name))


def _boolean_reader(attribute: Attribute, value: Literal) -> Operand:
    return _reader(attribute, _BOOLEAN_TEXTS.get(value.lower(), value) if isinstance(value, str) else value)
