"""Queries as SQL: the conditions and the order of a page, for an engine to put into its statement.

An engine writes ``SELECT … FROM resource r WHERE r.tenant_id = {tenant} AND {where} ORDER BY {order}``. Here are no
statements, no connections and no values: the text depends on the shape of a filter alone, so it is made once and kept,
and each query only makes its list of parameters. No word of a client stands in it.
"""

from functools import lru_cache
from typing import NamedTuple

from rollbook.scim.attributes import EXTERNAL_ID, ID
from rollbook.scim.binding import BoundComparison, BoundShape, Operand
from rollbook.scim.filter import Operator
from rollbook.scim.schema import Place, ResourceType
from rollbook.storage.records import INDEX_VALUE_LIMIT, Query
from rollbook.storage.sql.conditions import joined
from rollbook.storage.sql.context import Context, is_key
from rollbook.storage.sql.flavor import Flavor, Kind, Scalar
from rollbook.storage.sql.lookups import conjunction, index_alone
from rollbook.storage.sql.ordering import order_by, sort_scalar
from rollbook.storage.sql.slots import Slots, Source, parameters

_TEXTS = 1024
"""How many shapes are kept compiled."""


class Fragment(NamedTuple):
    """The parts of a statement: ``where`` stands for type and filter, not for the tenant; ``order`` is a list for ORDER
    BY.

    ``where`` uses ``params``, whose placeholders are numbered from the ``first`` that was asked for; ``order`` may use
    those and ``order_params``, which follow. So a statement that only counts goes without the latter.
    """

    where: str
    order: str
    params: list[object]
    order_params: list[object]


class Phase(NamedTuple):
    """One part of a page that is read in the order of an index: ``source`` is what FROM takes instead of ``resource
    r``, which is in it."""

    source: str
    where: str
    order: str


class IndexSort(NamedTuple):
    """A page in the order of an indexed path: all rows of the first phase come before those of the second.

    The rows of both together are those that ``Fragment.where`` finds. So, where a page begins in the second phase, its
    offset there is the query's offset less the number of rows in the first.
    """

    phases: tuple[Phase, Phase]
    params: list[object]


class Part(NamedTuple):
    """What the text of one target depends on, and nothing else."""

    type: ResourceType
    shape: BoundShape | None
    sort: Place | None
    long: frozenset[int]


class _Text(NamedTuple):
    where: str
    order: str
    sources: tuple[Source, ...]
    order_sources: tuple[Source, ...]


class _AloneText(NamedTuple):
    select: str
    sources: tuple[Source, ...]


class _IndexText(NamedTuple):
    phases: tuple[Phase, Phase]
    sources: tuple[Source, ...]


def compile_query(query: Query, flavor: Flavor, *, tenant: str, first: int) -> Fragment:
    """Make the conditions and the order of a query.

    **Shape**: ``tenant`` is the SQL expression of the tenant's id (``$1``), ``first`` the number of the first parameter
    that is free. The row of the resource is called ``r``.
    """
    parts = parts_of(query)
    make = _remembered_text if are_kept(parts) else _text
    text = make(parts, query.sorted, query.descending, flavor, tenant, first)
    order_params = parameters(query, text.order_sources)
    return Fragment(text.where, text.order, parameters(query, text.sources), order_params)


def index_sort(query: Query, flavor: Flavor, *, tenant: str, first: int) -> IndexSort | None:
    """Make a query that is driven by the index, where one type is sorted by an indexed path; else None."""
    if not query.sorted or len(query.targets) != 1 or query.targets[0].sort is None:
        return None
    parts = parts_of(query)
    make = _remembered_index_text if are_kept(parts) else _index_text
    text = make(parts[0], query.descending, flavor, tenant, first)
    return IndexSort(text.phases, parameters(query, text.sources)) if text else None


def index_page(query: Query, flavor: Flavor, *, tenant: str, first: int) -> tuple[Phase, list[object]] | None:
    """The page of a query that an index answers alone, in the order of ids; else None.

    **Shape**: in the phase, ``r`` has ``tenant_id``, ``type`` and ``id`` only, of the rows that the query finds and no
    others. So no resource is looked for but those of the page, however many there are to be counted.
    """
    if query.sorted or len(query.targets) != 1 or query.targets[0].filter is None:
        return None
    parts = parts_of(query)
    make = _remembered_alone_text if are_kept(parts) else _alone_text
    text = make(parts[0], flavor, tenant, first)
    return (Phase(f"({text.select}) r", "TRUE", "r.id"), parameters(query, text.sources)) if text else None


def point(query: Query) -> tuple[str, Operand] | None:
    """The column and the value, where a query asks for one resource type by one unique value and nothing else.

    **Shape**: the column is ``id``, ``external_id`` or ``unique_key``; the value is in search form.
    """
    if len(query.targets) != 1:
        return None
    bound = query.targets[0].filter
    if bound is None:
        return None
    node = bound.shape.node
    if not isinstance(node, BoundComparison) or node.operator is not Operator.EQ:
        return None
    place = node.place
    if place.attribute is ID:
        return "id", bound.operands[node.operand]
    if place.attribute is EXTERNAL_ID:
        return "external_id", bound.operands[node.operand]
    if place.sub is None and is_key(query.targets[0].type, place):
        return "unique_key", bound.operands[node.operand]
    return None


def parts_of(query: Query) -> tuple[Part, ...]:
    parts = []
    for target in query.targets:
        bound = target.filter
        long = frozenset[int]()
        if bound is not None:
            long = frozenset(
                position
                for position, operand in enumerate(bound.operands)
                if isinstance(operand, str) and len(operand) >= INDEX_VALUE_LIMIT
            )
        sort = target.sort if query.sorted else None
        parts.append(Part(target.type, bound.shape if bound else None, sort, long))
    return tuple(parts)


def are_kept(parts: tuple[Part, ...]) -> bool:
    return all(part.shape is None or part.shape.kept for part in parts)


def _text(parts: tuple[Part, ...], is_sorted: bool, descending: bool, flavor: Flavor, tenant: str, first: int) -> _Text:
    slots = Slots(flavor, first)
    contexts = contexts_of(parts, slots, flavor, tenant)
    wheres = [where_of(context, part) for context, part in zip(contexts, parts, strict=True)]
    where = joined("OR", wheres) if wheres else "FALSE"
    count = len(slots.sources)
    order = flavor.unindexed("r.id") if len(contexts) == 1 and contexts[0].unique else "r.id"
    if is_sorted and contexts:
        order = order_by(contexts, [part.sort for part in parts], descending=descending)
    return _Text(where, order, tuple(slots.sources[:count]), tuple(slots.sources[count:]))


def _index_text(part: Part, descending: bool, flavor: Flavor, tenant: str, first: int) -> _IndexText | None:
    slots = Slots(flavor, first)
    context = contexts_of((part,), slots, flavor, tenant)[0]
    path = context.index_path(part.sort) if part.sort else None
    if part.sort is None or path is None:
        return None
    where = where_of(context, part)
    key = f"a.tenant_id = {tenant} AND a.type = {part.type.number} AND a.path = {path} AND a.ordinal = 0"
    direction = " DESC" if descending else ""
    # Among values that the index has cut alike, the document decides.
    whole = f"(CASE WHEN length(a.value) >= {INDEX_VALUE_LIMIT} THEN {sort_scalar(context, part.sort).sql} END)"
    cut = flavor.ordered(Scalar(whole, Kind.TEXT, required=True), descending=descending)
    held = Phase(
        f"attribute_index a JOIN resource r ON r.tenant_id = {tenant} AND r.type = a.type AND r.id = a.id",
        f"{key} AND {where}",
        f"a.value{direction}, {cut}, r.id",
    )
    # Most often none is missing: comparing two counts of index entries is cheaper than looking for each row.
    indexed = f"(SELECT count(*) FROM attribute_index a WHERE {key})"
    existing = f"(SELECT count(*) FROM resource k WHERE k.tenant_id = {tenant} AND k.type = {part.type.number})"
    none = f"NOT EXISTS (SELECT 1 FROM attribute_index a WHERE {key} AND a.id = r.id)"
    missing = Phase("resource r", f"{where} AND {indexed} < {existing} AND {none}", "r.id")
    phases = (missing, held) if descending else (held, missing)
    return _IndexText(phases, tuple(slots.sources))


def _alone_text(part: Part, flavor: Flavor, tenant: str, first: int) -> _AloneText | None:
    slots = Slots(flavor, first)
    context = contexts_of((part,), slots, flavor, tenant)[0]
    select = index_alone(context, part.shape.node) if part.shape else None
    return _AloneText(select, tuple(slots.sources)) if select else None


_remembered_text = lru_cache(_TEXTS)(_text)
_remembered_alone_text = lru_cache(_TEXTS)(_alone_text)
_remembered_index_text = lru_cache(_TEXTS)(_index_text)


def contexts_of(parts: tuple[Part, ...], slots: Slots, flavor: Flavor, tenant: str) -> list[Context]:
    return [
        Context(flavor, tenant, slots, position, part.type, part.long, alone=len(parts) == 1)
        for position, part in enumerate(parts)
    ]


def where_of(context: Context, part: Part) -> str:
    of_type = f"r.type = {part.type.number}"
    return f"({of_type} AND {conjunction(context, part.shape.node)})" if part.shape else of_type
