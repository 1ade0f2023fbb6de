"""A document in search form: what is compared, and nothing else. Compiled once for each resource type.

The search document has the structure and the keys of the canonical one, with every value in its search form
(``values``). Left out are secrets (what may never be asked about) and what is kept beside the document: ``id``,
``externalId``, ``meta``, ``members``, ``groups``. ``schemas`` stays.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rollbook.scim.attributes import SCHEMAS, Attribute, Compare, Held, Type
from rollbook.scim.compiled import kept_on_type
from rollbook.scim.folding import folder
from rollbook.scim.schema import Place, ResourceType
from rollbook.scim.sort import preferred

Json = dict[str, Any]
_Form = Callable[[Any], Any]

_INDEXED = (Type.STRING, Type.REFERENCE, Type.DATE_TIME)
_NOTHING: Mapping[str, Any] = {}
_GREATEST_ORDINAL = 2**15 - 1
"""Precedent: a smallint ends there, and only ordinal 0 has a meaning."""


@kept_on_type
def search_form(resource_type: ResourceType) -> Callable[[Mapping[str, Any]], Json]:
    """The function that makes search documents of a type's canonical documents."""
    forms = {SCHEMAS.name: _attribute_form(SCHEMAS), **_forms(resource_type.schema.attributes)}
    for extension in resource_type.extensions:
        forms[extension.schema.id] = _object_form(_forms(extension.schema.attributes))
    return _object_form(forms)


def index_rows(resource_type: ResourceType, limit: int) -> Callable[[Mapping[str, Any]], list[tuple[int, str, int]]]:
    """The function that lists what a type's search documents put into the store's index.

    **Shape**: (position in ``ResourceType.index_paths``, value cut to ``limit`` characters, ordinal).
    **Rules**: ordinal 0 is the value that sorts the resource (``sort.preferred``), the others follow in their order; a
    value is listed once. Ordinals fit into 16 bits: those of more values are all the greatest.
    """
    paths = [(number, _indexed(resource_type, path)) for number, path in enumerate(resource_type.index_paths) if path]

    def rows(search: Mapping[str, Any]) -> list[tuple[int, str, int]]:
        listed: list[tuple[int, str, int]] = []
        for number, place in paths:
            holder = search if place.extension is None else search.get(place.extension.id, _NOTHING)
            value = holder.get(place.attribute.name)
            if value is None:
                continue
            first = preferred(place, value)
            if first is None:
                continue
            values = dict.fromkeys(text[:limit] for text in (first, *_texts(place, value)))
            listed += [(number, text, min(ordinal, _GREATEST_ORDINAL)) for ordinal, text in enumerate(values)]
        return listed

    return rows


def _forms(attributes: Iterable[Attribute]) -> dict[str, _Form]:
    return {a.name: _attribute_form(a) for a in attributes if not a.secret and a.held is Held.DOCUMENT}


def _attribute_form(attribute: Attribute) -> _Form:
    form = _object_form(_forms(attribute.sub_attributes)) if attribute.complex else _simple_form(attribute)
    if not attribute.multi_valued or form is _same:
        return form
    return lambda values: [form(value) for value in values]


def _object_form(forms: Mapping[str, _Form]) -> Callable[[Mapping[str, Any]], Json]:
    def form(value: Mapping[str, Any]) -> Json:
        return {key: forms[key](part) for key, part in value.items() if key in forms}

    return form


def _simple_form(attribute: Attribute) -> _Form:
    """As ``values.search_value``, with the type already looked at."""
    if attribute.type in (Type.STRING, Type.REFERENCE) and attribute.compare is not Compare.EXACT:
        return folder(attribute.compare)
    if attribute.type is Type.DECIMAL:
        return lambda value: float(value) + 0.0
    return _same


def _same(value: Any) -> Any:
    return value


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


def _texts(place: Place, value: Any) -> Iterable[str]:
    for element in value if isinstance(value, list) else (value,):
        part = element if place.sub is None else element.get(place.sub.name)
        if isinstance(part, list):
            yield from part
        elif part is not None:
            yield part
