"""How much of a resource the client sees (RFC 7643 §2.2 ``returned``; RFC 7644 §3.9; ``protocol.md`` 6, 19).

A projection is made once for each resource type and request form, and kept. It works on the whole resource as the
client would see it (``answer.Locations.whole``). No projection (None) is the default form of a type whose documents can
be answered as they are stored (``is_plain``).

=========  ==================  ====================  =======================
returned   by default          with ``attributes``   ``excludedAttributes``
=========  ==================  ====================  =======================
always     shown               shown                 shown
default    shown               where named           where not named
request    where just given    where named           not shown
never      not shown           not shown             not shown
=========  ==================  ====================  =======================
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from rollbook.scim.attributes import COMMON, Attribute, Held, Returned
from rollbook.scim.errors import InvalidValue
from rollbook.scim.schema import ResourceType, Schema

_LONGEST_KEPT = 4096
"""Characters of all names. Longer lists are rare, and keeping them would let clients fill the memory."""

Shape = dict[str, "Shape | None"]
"""What is kept, by key: None is the whole value, a shape is a part of an object or of each object in a list."""


class Named(NamedTuple):
    """One name that a client gave, found in the schemas: an extension, one of its attributes, or a sub-attribute."""

    extension: Schema | None
    attribute: Attribute | None
    sub: Attribute | None


class Projection:
    """What one request wants to see of resources of one type."""

    __slots__ = ("_shape", "_type")

    def __init__(self, type: ResourceType, shape: Shape) -> None:
        self._type = type
        self._shape = shape

    def apply(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """The part of a whole resource that is shown; what becomes empty by it is left out."""
        return _cut(resource, self._shape)

    def wants(self, held: Held) -> bool:
        """Whether what is held so is shown, and must be loaded."""
        attribute = self._type.held(held)
        return attribute is not None and attribute.name in self._shape


def projection(type: ResourceType, attributes: tuple[str, ...], excluded: tuple[str, ...]) -> Projection | None:
    """The projection that ``attributes`` or ``excludedAttributes`` asks for; None is the plain default form.

    **Rules**: names in any letter case, with or without URN; a URN alone is a whole extension; unknown names are
    ignored. **Raises** ``InvalidValue`` where both are given (RFC 7644 §3.9).
    """
    if attributes and excluded:
        raise InvalidValue('"attributes" and "excludedAttributes" exclude each other; give one of them.')
    if not attributes and not excluded and is_plain(type):
        return None
    if sum(map(len, attributes)) + sum(map(len, excluded)) > _LONGEST_KEPT:
        return _make(type, attributes, excluded)
    return _made(type, attributes, excluded)


def projection_of_given(type: ResourceType, names: Iterable[str]) -> Projection | None:
    """The default form, with what is shown on request only where it stands among ``names``: what a change has given
    (RFC 7643 §7, ``returned``). None as in ``projection``."""
    if is_plain(type):
        return None
    return Projection(type, _excluding(type, [], frozenset(_found(type, names))))


@lru_cache(256)
def is_plain(type: ResourceType) -> bool:
    """Whether stored documents of this type can be answered as they are: none holds what is not shown by default."""
    return all(
        leaf.returned in (Returned.ALWAYS, Returned.DEFAULT) or leaf.secret  # secrets are never in a document
        for place in type.places()
        if place.attribute.held is Held.DOCUMENT
        for leaf in place.attribute.walk()
    )


@lru_cache(256)
def default_wants(type: ResourceType, held: Held) -> bool:
    """Whether the default form shows what is held so."""
    attribute = type.held(held)
    return attribute is not None and attribute.returned in (Returned.ALWAYS, Returned.DEFAULT)


def _make(type: ResourceType, attributes: tuple[str, ...], excluded: tuple[str, ...]) -> Projection:
    if attributes:
        return Projection(type, _including(type, _found(type, attributes)))
    return Projection(type, _excluding(type, _found(type, excluded)))


_made = lru_cache(1024)(_make)


def _found(type: ResourceType, names: Iterable[str]) -> list[Named]:
    return list(dict.fromkeys(named for name in dict.fromkeys(names) for named in _find(type, name.strip())))


def _find(type: ResourceType, name: str) -> Iterator[Named]:
    """What a name means; nothing where it means nothing here."""
    if type.aliases:
        name = type.unaliased(name)
    if extension := type.extension(name):
        yield Named(extension, None, None)
        return
    if name.lower() == type.schema.id.lower():
        yield from (Named(None, attribute, None) for attribute in type.schema.attributes)
        return
    urn, colon, rest = name.rpartition(":")
    first, dot, second = rest.partition(".")
    place = type.place(urn if colon else None, first, second if dot else None)
    if place is not None:
        yield Named(place.extension, place.attribute, place.sub)


def _whole(attribute: Attribute, *, also: frozenset[Attribute] = frozenset()) -> Shape | None:
    """The default form of one attribute, with some sub-attributes that are shown on request."""
    if all(sub.returned in (Returned.ALWAYS, Returned.DEFAULT) for sub in attribute.sub_attributes):
        return None
    return {
        sub.name: None
        for sub in attribute.sub_attributes
        if not sub.secret and (sub.returned in (Returned.ALWAYS, Returned.DEFAULT) or sub in also)
    }


def _part(attribute: Attribute, wanted: frozenset[Attribute]) -> Shape:
    return {
        sub.name: None
        for sub in attribute.sub_attributes
        if not sub.secret and (sub in wanted or sub.returned is Returned.ALWAYS)
    }


def _including(type: ResourceType, names: list[Named]) -> Shape:
    shape: Shape = {}
    for extension, attributes in _levels(type):
        level: Shape = {}
        whole_extension = Named(extension, None, None) in names if extension else False
        for attribute in attributes:
            if attribute.secret:
                continue
            whole = Named(extension, attribute, None) in names
            subs = frozenset(n.sub for n in names if n.extension is extension and n.attribute is attribute and n.sub)
            by_default = attribute.returned is Returned.ALWAYS or (
                whole_extension and attribute.returned is Returned.DEFAULT
            )
            if whole or by_default:
                level[attribute.name] = _whole(attribute, also=subs)
            elif subs:
                level[attribute.name] = _part(attribute, subs)
        _hang(shape, extension, level)
    return shape


def _excluding(type: ResourceType, names: list[Named], given: frozenset[Named] = frozenset()) -> Shape:
    shape: Shape = {}
    for extension, attributes in _levels(type):
        level: Shape = {}
        without_extension = Named(extension, None, None) in names if extension else False
        for attribute in attributes:
            whole = Named(extension, attribute, None) in given
            subs = attribute.sub_attributes if whole else [n.sub for n in given if n.attribute is attribute and n.sub]
            if attribute.secret or (attribute.returned is Returned.REQUEST and not (whole or subs)):
                continue
            named = without_extension or Named(extension, attribute, None) in names
            if named and attribute.returned is not Returned.ALWAYS:
                continue
            dropped = {n.sub for n in names if n.extension is extension and n.attribute is attribute and n.sub}
            level[attribute.name] = (
                {
                    sub.name: None
                    for sub in attribute.sub_attributes
                    if not sub.secret
                    and (sub.returned is Returned.ALWAYS or (sub.returned is Returned.DEFAULT and sub not in dropped))
                }
                if dropped
                else _whole(attribute, also=frozenset(subs))
            )
        _hang(shape, extension, level)
    return shape


def _levels(type: ResourceType) -> Iterator[tuple[Schema | None, tuple[Attribute, ...]]]:
    yield None, (*COMMON, *type.schema.attributes)
    for e in type.extensions:
        yield e.schema, e.schema.attributes


def _hang(shape: Shape, extension: Schema | None, level: Shape) -> None:
    if extension is None:
        shape.update(level)
    elif level:
        shape[extension.id] = level


def _cut(value: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, item in value.items():
        if key not in shape:
            continue
        part = shape[key]
        if part is None:
            shown[key] = item
        elif isinstance(item, list):
            if elements := [cut for element in item if (cut := _cut(element, part))]:
                shown[key] = elements
        elif cut := _cut(item, part):
            shown[key] = cut
    return shown
