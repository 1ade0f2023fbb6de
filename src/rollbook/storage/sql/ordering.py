"""Sort orders as ORDER BY (RFC 7644 §3.4.2.3). What ``scim.sort`` says of documents, they say of rows."""

from collections.abc import Sequence

from rollbook.scim.attributes import Held, Type
from rollbook.scim.schema import Place
from rollbook.storage.sql.context import ROOT, Context, column
from rollbook.storage.sql.flavor import Keys, Kind, Scalar, kind_of
from rollbook.storage.sql.memberships import first_group, first_member


def order_by(contexts: Sequence[Context], sorts: Sequence[Place | None], *, descending: bool) -> str:
    """The order of resources of one or more types; ties are by id, ascending in either direction."""
    flavor = contexts[0].flavor
    scalars = order_items(contexts, sorts)
    items = [flavor.ordered(scalar, descending=descending) for scalar in scalars]
    return ", ".join(items if is_by_id(scalars) else [*items, "r.id"])


def order_items(contexts: Sequence[Context], sorts: Sequence[Place | None]) -> list[Scalar]:
    """The values that sort resources of one or more types, the most significant first.

    **Rules**: Where types keep values of different kinds under one name, each kind is an item of its own. What would
    follow the id is left out.
    """
    scalars = [sort_scalar(context, place) if place else None for context, place in zip(contexts, sorts, strict=True)]
    items: list[Scalar] = []
    for kind in Kind:
        of_kind = [(c.type.number, s) for c, s in zip(contexts, scalars, strict=True) if s and s.kind is kind]
        if not of_kind:
            continue
        first = of_kind[0][1]
        if len(of_kind) == len(contexts) and all(s.sql == first.sql for _, s in of_kind):
            scalar = first
        else:
            cases = " ".join(f"WHEN {number} THEN {scalar.sql}" for number, scalar in of_kind)
            scalar = Scalar(f"(CASE r.type {cases} END)", kind)
        items.append(scalar)
        if is_by_id(items):
            break
    return items


def is_by_id(items: Sequence[Scalar]) -> bool:
    """Whether the last item is the id, so that nothing is left to decide."""
    return bool(items) and items[-1].sql == "r.id"


def sort_scalar(context: Context, place: Place) -> Scalar:
    """The value that sorts a resource by a place, in SQL."""
    if place.attribute.held is Held.MEMBERS:
        return first_member(context, place)
    if place.attribute.held is Held.GROUPS:
        return first_group(context, place)
    return column(context, place) or _of_document(context, place)


def _of_document(context: Context, place: Place) -> Scalar:
    flavor = context.flavor
    kind = kind_of(place.leaf.type)
    first: Keys = (0,) if place.leaf.multi_valued else ()
    if place.sub is None or not place.attribute.multi_valued:
        return Scalar(flavor.value(ROOT, (*place.keys, *first), kind), kind)
    alias = context.alias("e")
    element = flavor.element(alias)
    value = flavor.value(element, (place.sub.name, *first), kind)
    order = flavor.position(alias)
    primary = place.attribute.sub("primary")
    if primary is not None and primary.type is Type.BOOLEAN:
        order = f"{flavor.is_true(element, (primary.name,))} DESC, {order}"
    elements = flavor.elements(ROOT, place.keys[:-1], alias)
    return Scalar(f"(SELECT {value} FROM {elements} WHERE {value} IS NOT NULL ORDER BY {order} LIMIT 1)", kind)
