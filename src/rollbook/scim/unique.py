"""Which values of a resource are unique in its tenant, besides the key of its type (RFC 7643 §7, ``uniqueness``).

The key has a column in the store; the values here have rows. They may be of an extension, have many values, or be parts
of a complex attribute. Compiled once for each resource type; a type without any is ``None``.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rollbook.scim.attributes import Held, Type, Uniqueness
from rollbook.scim.compiled import kept_on_type
from rollbook.scim.errors import InvalidValue
from rollbook.scim.limits import Limits
from rollbook.scim.schema import Place, ResourceType
from rollbook.scim.search_form import texts_at
from rollbook.scim.values import NAME_BYTES

Values = Callable[[Mapping[str, Any], Limits], list[tuple[str, str]]]

_TEXTS = (Type.STRING, Type.REFERENCE)
_NOTHING: Mapping[str, Any] = {}


@kept_on_type
def unique_places(type: ResourceType) -> tuple[Place, ...]:
    """The places of a type whose values are unique in the tenant, the key left out."""
    return tuple(_places(type))


def unique_values(type: ResourceType) -> Values:
    """The function that lists the unique values of a type's search documents.

    **Shape**: (path, value), each once. **Raises** ``InvalidValue`` where one resource has a value twice, or one longer
    than a name may be (no index could hold it).
    """
    places = [
        (place, place.name, place.extension.id if place.extension else None, place.attribute.name)
        for place in unique_places(type)
    ]

    def values(search: Mapping[str, Any], limits: Limits) -> list[tuple[str, str]]:
        listed: list[tuple[str, str]] = []
        for place, path, urn, name in places:
            holder = search if urn is None else search.get(urn, _NOTHING)
            found = list(texts_at(place, holder[name])) if name in holder else []
            if len(set(found)) < len(found):
                raise InvalidValue(f"{path} has to be unique; the same value stands here twice. Give it once.")
            for text in found:
                _check_length(text, path, limits.name_length)
            listed += [(path, text) for text in found]
        return listed

    return values


def _check_length(text: str, path: str, most: int) -> None:
    if len(text) > most:
        raise InvalidValue(f"{path} has to be unique, so it may have {most} characters at most.")
    if not text.isascii() and len(text.encode("utf-8", "surrogatepass")) > NAME_BYTES:
        raise InvalidValue(f"{path} has to be unique, so it may have {NAME_BYTES} bytes in UTF-8 at most.")


def _places(type: ResourceType) -> Iterator[Place]:
    for top in type.places():
        attribute = top.attribute
        if attribute.held is not Held.DOCUMENT or attribute.secret or (attribute is type.key and not top.extension):
            continue
        places = (Place(attribute, sub, top.extension) for sub in attribute.sub_attributes)
        for place in places if attribute.complex else (top,):
            leaf = place.leaf
            if leaf.uniqueness is not Uniqueness.NONE and leaf.type in _TEXTS and not leaf.secret:
                yield place
