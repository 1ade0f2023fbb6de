"""The order of resources (RFC 7644 §3.4.2.3): what value a resource is sorted by, and the order that follows.

This is the meaning of ``sortBy``; the databases follow it. A multi-valued attribute sorts by the value of its primary
element, else by its first value. Texts sort by code point of their search form. Resources without a value come last
ascending and first descending; ties are by id, ascending in either order.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rollbook.scim.schema import Place
from rollbook.scim.values import Simple, search_value


def sort_value(place: Place, resource: Mapping[str, Any]) -> Simple | None:
    """The search form of the value that sorts a canonical resource, or None where it has none."""
    holder = resource.get(place.extension.id, {}) if place.extension else resource
    value = preferred(place, holder.get(place.attribute.name))
    return None if value is None else search_value(place.leaf, value)


def preferred(place: Place, value: Any) -> Any:
    """Of an attribute's value, the one simple value that sorts; None where there is none.

    **Shape**: ``value`` is what stands under ``place.attribute``, canonical or in search form. **Rules**: a primary
    element that lacks the sub-attribute gives way to the first that has it; ``place`` ends at a simple attribute.
    """
    elements: Sequence[Any] = value if isinstance(value, list) else () if value is None else (value,)
    if place.sub is None:
        return elements[0] if elements else None
    name = place.sub.name
    first = None
    for element in elements:
        part = element.get(name)
        if isinstance(part, list):
            part = part[0] if part else None
        if part is None:
            continue
        if element.get("primary") is True:
            return part
        if first is None:
            first = part
    return first


def in_order(
    place: Place | None, resources: Iterable[Mapping[str, Any]], *, descending: bool = False
) -> list[Mapping[str, Any]]:
    """Canonical resources with their ids, in order of ``place`` (None: by id alone)."""
    by_id = sorted(resources, key=lambda resource: str(resource["id"]))
    if place is None:
        return by_id
    valued = [(sort_value(place, resource), resource) for resource in by_id]
    missing = [resource for value, resource in valued if value is None]
    # A stable sort keeps the order of ids among equals, also when it is reversed.
    present = sorted(((v, r) for v, r in valued if v is not None), key=lambda pair: pair[0], reverse=descending)
    return [*missing, *(r for _, r in present)] if descending else [*(r for _, r in present), *missing]
