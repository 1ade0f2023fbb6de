"""A document in search form: what is compared, and nothing else. Compiled once for each resource type.

The search document has the structure and the keys of the canonical one, with every value in its search form
(``values``). Left out are secrets (what may never be asked about) and what is kept beside the document: ``id``,
``externalId``, ``meta``, ``members``, ``groups``. ``schemas`` stays.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rollbook.scim.attributes import Held, Type
from rollbook.scim.compiled import kept_on_type
from rollbook.scim.schema import Place, ResourceType
from rollbook.scim.search_code import compiled
from rollbook.scim.sort import preferred

Json = dict[str, Any]

_INDEXED = (Type.STRING, Type.REFERENCE, Type.DATE_TIME)
_NOTHING: Mapping[str, Any] = {}
_GREATEST_ORDINAL = 2**15 - 1
"""Precedent: a smallint ends there, and only ordinal 0 has a meaning."""


@kept_on_type
def search_form(resource_type: ResourceType) -> Callable[[Mapping[str, Any]], Json]:
    """The function that makes search documents of a type's canonical documents."""
    return compiled(resource_type)


def index_rows(resource_type: ResourceType, limit: int) -> Callable[[Mapping[str, Any]], list[tuple[int, str, int]]]:
    """The function that lists what a type's search documents put into the store's index.

    **Shape**: (position in ``ResourceType.index_paths``, value cut to ``limit`` characters, ordinal).
    **Rules**: ordinal 0 is the value that sorts the resource (``sort.preferred``), the others follow in their order; a
    value is listed once. Ordinals fit into 16 bits: those of more values are all the greatest.
    """
    paths = [
        (number, place, place.extension.id if place.extension else None, place.attribute.name, place.leaf.name)
        for number, path in enumerate(resource_type.index_paths)
        if path
        for place in (_indexed(resource_type, path),)
    ]

    def rows(search: Mapping[str, Any]) -> list[tuple[int, str, int]]:
        listed: list[tuple[int, str, int]] = []
        for number, place, urn, name, leaf in paths:
            holder = search if urn is None else search.get(urn, _NOTHING)
            value = holder.get(name)
            if value is None:
                continue
            # One text is what most paths have.
            only = value[0] if value.__class__ is list and len(value) == 1 else value
            text = only.get(leaf) if only.__class__ is dict else only
            if text.__class__ is str:
                listed.append((number, text[:limit], 0))
                continue
            first = preferred(place, value)
            if first is None:
                continue
            values = dict.fromkeys([text[:limit] for text in (first, *texts_at(place, value))])
            listed += [(number, text, min(ordinal, _GREATEST_ORDINAL)) for ordinal, text in enumerate(values)]
        return listed

    return rows


def _indexed(resource_type: ResourceType, path: str) -> Place:
    place = index_place(resource_type, path)
    if place is None:
        raise ValueError(f"index path {path!r} of {resource_type.name} names no text of its schemas")
    return place


def index_place(resource_type: ResourceType, path: str) -> Place | None:
    """The place of an index path (``emails.value``, ``urn:…:User:badge``); None for what can have no index rows."""
    urn, _, rest = path.rpartition(":")
    name, _, sub = rest.partition(".")
    place = resource_type.place(urn or None, name, sub or None)
    if place is None or place.leaf.type not in _INDEXED or place.attribute.held is not Held.DOCUMENT:
        return None
    return None if place.attribute.secret or place.leaf.secret else place


def texts_at(place: Place, value: Any) -> Iterable[str]:
    """The texts of a place in a search document; ``value`` is what stands under its top-level attribute."""
    for element in value if isinstance(value, list) else (value,):
        part = element if place.sub is None else element.get(place.sub.name)
        if isinstance(part, list):
            yield from part
        elif part is not None:
            yield part
