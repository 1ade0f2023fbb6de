"""Pages that go on from a row (RFC 9865): the conditions "after this row" under any order, and never an OFFSET.

A step of a walk is read in *phases*, one after another, until the page is full. Where an index keeps the order (the id,
a column, an indexed path), the phases are stretches of it: rows that tie with the edge, rows beyond it, rows without a
value. Else there is one, with a condition that says the same.

**Rules**: Rows are compared by what sorts them and by id, nothing else; so a row that stays as it is keeps its place,
whatever comes and goes around it. A text sorts by its first ``EDGE_LIMIT`` characters here, since a cursor has to fit
into a URL. Walking back is the same with every direction turned.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from rollbook.scim.binding import Operand
from rollbook.scim.filter import Operator
from rollbook.storage.records import INDEX_VALUE_LIMIT, Query, Step
from rollbook.storage.sql.compile import Part, are_kept, contexts_of, parts_of, where_of
from rollbook.storage.sql.conditions import joined
from rollbook.storage.sql.flavor import Flavor, Kind, Scalar
from rollbook.storage.sql.ordering import is_by_id, order_items, sort_scalar
from rollbook.storage.sql.slots import Slots, Source, parameters, shortened

EDGE_LIMIT: Final = 1_000
"""Characters of a text that sort it. Precedent: names may have 1,024, and a URL 8 KiB."""

_TEXTS = 1_024
"""How many texts are kept: for each shape there are some four."""

_ID: Final = -1
"""In place of an item's position: the edge's id."""

_STRETCHES: Final = frozenset(("r.unique_key", "r.external_id", "r.last_modified"))
"""The columns that have an index of their own."""


class WalkPhase(NamedTuple):
    """One statement's parts: ``source`` is what FROM takes (``r`` is in it), ``keys`` are the values that sort a row,
    to make an edge of. Every parameter of ``params`` stands in ``where`` or ``order``, numbered from ``first``."""

    source: str
    where: str
    order: str
    keys: tuple[str, ...]
    params: list[object]


class _Direction(NamedTuple):
    descending: bool
    back: bool

    @property
    def falling(self) -> bool:
        """Whether greater values come first; then what has no value comes before them all."""
        return self.descending != self.back

    @property
    def beyond(self) -> Operator:
        return Operator.LT if self.falling else Operator.GT

    @property
    def id_sign(self) -> str:
        return "<" if self.back else ">"

    def id_order(self, id: str = "r.id") -> str:
        return f"{id} DESC" if self.back else id


class _Text(NamedTuple):
    source: str
    where: str
    order: str
    keys: tuple[str, ...]
    sources: tuple[Source, ...]
    edges: tuple[tuple[int, Callable[[Operand], Operand] | None], ...]
    """For each parameter after those of ``sources``: which of the edge's values it is, and its form."""


class _Shape(NamedTuple):
    """What an edge's text depends on: which of its values are missing, which are beyond what an index keeps."""

    missing: tuple[bool, ...]
    long: tuple[bool, ...]


def walk_phases(query: Query, step: Step, flavor: Flavor, *, tenant: str, first: int) -> list[WalkPhase]:
    """The phases of a step, in order; ``tenant`` and ``first`` as for ``compile_query``. ``query.offset`` is ignored.

    **Raises** ``ValueError`` where the edge is of another order.
    """
    parts = parts_of(query)
    edge = step.edge
    shape = None
    if edge is not None:
        long = tuple(isinstance(value, str) and len(value) >= INDEX_VALUE_LIMIT for value in edge.values)
        shape = _Shape(tuple(value is None for value in edge.values), long)
    make = _remembered if are_kept(parts) else _texts
    direction = _Direction(query.descending, step.back)
    phases = []
    for text in make(parts, query.sorted, direction, shape, flavor, tenant, first):
        params = parameters(query, text.sources)
        if edge is not None:
            for position, form in text.edges:
                value = edge.id if position == _ID else edge.values[position]
                assert value is not None
                params.append(form(value) if form else value)
        phases.append(WalkPhase(text.source, text.where, text.order, text.keys, params))
    return phases


class _Maker:
    """Makes the texts of one step's phases; each has its own parameters."""

    def __init__(self, parts: tuple[Part, ...], flavor: Flavor, tenant: str, first: int) -> None:
        self._parts = parts
        self._flavor = flavor
        self._tenant = tenant
        self._first = first

    def begin(self) -> None:
        """A new phase."""
        self.slots = Slots(self._flavor, self._first)
        self.contexts = contexts_of(self._parts, self.slots, self._flavor, self._tenant)
        self._edges: list[tuple[int, Callable[[Operand], Operand] | None]] = []
        wheres = [where_of(context, part) for context, part in zip(self.contexts, self._parts, strict=True)]
        self.where = joined("OR", wheres) if wheres else "FALSE"

    def edge(self, position: int, kind: Kind, form: Callable[[Operand], Operand] | None = None) -> str:
        """The placeholder of one of the edge's values. No parameter of another kind may come after it."""
        number = self._first + self.slots.count + len(self._edges)
        self._edges.append((position, form))
        return self._flavor.edge(number, kind)

    def text(self, conditions: Sequence[str], order: str, keys: Sequence[str], source: str = "resource r") -> _Text:
        where = " AND ".join((self.where, *conditions))
        return _Text(source, where, order, tuple(keys), tuple(self.slots.sources), tuple(self._edges))


def _texts(
    parts: tuple[Part, ...],
    is_sorted: bool,
    direction: _Direction,
    shape: _Shape | None,
    flavor: Flavor,
    tenant: str,
    first: int,
) -> tuple[_Text, ...]:
    maker = _Maker(parts, flavor, tenant, first)
    maker.begin()
    if len(parts) == 1 and is_sorted and parts[0].sort is not None:
        context = maker.contexts[0]
        if context.index_path(parts[0].sort) is not None:
            return _by_index(maker, parts[0], direction, shape, flavor, tenant)
        scalar = sort_scalar(context, parts[0].sort)
        if scalar.sql in _STRETCHES:
            return _by_column(maker, scalar, direction, shape, flavor)
    return (_by_condition(maker, parts, is_sorted, direction, shape, flavor),)


_remembered = lru_cache(_TEXTS)(_texts)


def _by_condition(
    maker: _Maker,
    parts: tuple[Part, ...],
    is_sorted: bool,
    direction: _Direction,
    shape: _Shape | None,
    flavor: Flavor,
) -> _Text:
    """One phase for any order: the edge's row comes before those that differ from it in the right way."""
    items = order_items(maker.contexts, [part.sort for part in parts]) if is_sorted and maker.contexts else []
    id, by_id = "r.id", is_by_id(items)
    if by_id:
        items = items[:-1]
        if direction.descending:  # the id is no tie here but the order itself
            direction = _Direction(False, not direction.back)
    elif not items and len(maker.contexts) == 1 and maker.contexts[0].unique:
        id = flavor.unindexed(id)
    items = [_cut(item) for item in items]
    order = [flavor.ordered(item, descending=direction.falling) for item in items]
    conditions = []
    if shape is not None:
        if len(shape.missing) != len(items):
            raise ValueError("the edge is of another order")
        after, equal = [], list[str]()
        for position, item in enumerate(items):
            if shape.missing[position]:
                if direction.falling:
                    after.append(" AND ".join((*equal, f"{item.sql} IS NOT NULL")))
                equal.append(f"{item.sql} IS NULL")
                continue
            value = maker.edge(position, item.kind)
            farther = flavor.compare(item, direction.beyond, value)
            if not direction.falling and not item.required:
                farther = f"({farther} OR {item.sql} IS NULL)"
            after.append(" AND ".join((*equal, farther)))
            equal.append(flavor.compare(item, Operator.EQ, value))
        after.append(" AND ".join((*equal, f"{id} {direction.id_sign} {maker.edge(_ID, Kind.ID)}")))
        conditions.append(joined("OR", [f"({part})" for part in after]) if len(after) > 1 else after[0])
    return maker.text(conditions, ", ".join((*order, direction.id_order(id))), _keys(items, flavor))


def _by_column(
    maker: _Maker, scalar: Scalar, direction: _Direction, shape: _Shape | None, flavor: Flavor
) -> tuple[_Text, ...]:
    """Stretches of a column's index."""
    order = f"{scalar.sql}{' DESC' if direction.falling else ''}, {direction.id_order()}"
    keys = _keys([scalar], flavor)

    def held() -> _Text:
        maker.begin()
        return maker.text(() if scalar.required else (f"{scalar.sql} IS NOT NULL",), order, keys)

    def missing(*, after: bool = False) -> list[_Text]:
        if scalar.required:
            return []
        maker.begin()
        beyond = (f"r.id {direction.id_sign} {maker.edge(_ID, Kind.ID)}",) if after else ()
        return [maker.text((f"{scalar.sql} IS NULL", *beyond), direction.id_order(), keys)]

    if shape is None:
        return (*missing(), held()) if direction.falling else (held(), *missing())
    if shape.missing[0]:
        return (*missing(after=True), *([held()] if direction.falling else []))
    maker.begin()
    tie = flavor.compare(scalar, Operator.EQ, maker.edge(0, Kind.TEXT))
    ties = maker.text((tie, f"r.id {direction.id_sign} {maker.edge(_ID, Kind.ID)}"), direction.id_order(), keys)
    maker.begin()
    beyond = maker.text((flavor.compare(scalar, direction.beyond, maker.edge(0, Kind.TEXT)),), order, keys)
    return (ties, beyond, *([] if direction.falling else missing()))


def _by_index(
    maker: _Maker, part: Part, direction: _Direction, shape: _Shape | None, flavor: Flavor, tenant: str
) -> tuple[_Text, ...]:
    """Stretches of the index of paths. Among values that it has cut alike, the document decides."""
    assert part.sort is not None
    sort = part.sort
    path = maker.contexts[0].index_path(sort)
    key = f"a.tenant_id = {tenant} AND a.type = {part.type.number} AND a.path = {path} AND a.ordinal = 0"
    source = f"attribute_index a JOIN resource r ON r.tenant_id = {tenant} AND r.type = a.type AND r.id = a.id"
    sign = "<" if direction.falling else ">"

    def whole() -> Scalar:
        """The value where the index has cut it, else NULL."""
        value = _cut(sort_scalar(maker.contexts[0], sort)).sql
        return Scalar(f"(CASE WHEN length(a.value) >= {INDEX_VALUE_LIMIT} THEN {value} END)", Kind.TEXT, required=True)

    def held(conditions: Callable[[Scalar], Sequence[str]] = lambda _: ()) -> _Text:
        maker.begin()
        cut = whole()
        order = f"a.value{' DESC' if direction.falling else ''}, {flavor.ordered(cut, descending=direction.falling)}"
        keys = (f"coalesce({cut.sql}, a.value)",)
        return maker.text((key, *conditions(cut)), f"{order}, {direction.id_order()}", keys, source)

    def missing(*, after: bool = False) -> _Text:
        maker.begin()
        none = f"NOT EXISTS (SELECT 1 FROM attribute_index a WHERE {key} AND a.id = r.id)"
        if after:
            beyond = f"r.id {direction.id_sign} {maker.edge(_ID, Kind.ID)}"
        else:  # most often none is missing: comparing two counts of index entries is cheaper than looking for each row
            indexed = f"(SELECT count(*) FROM attribute_index a WHERE {key})"
            existing = f"(SELECT count(*) FROM resource k WHERE k.tenant_id = {tenant} AND k.type = {part.type.number})"
            beyond = f"{indexed} < {existing}"
        return maker.text((beyond, none), direction.id_order(), (_NOTHING,))

    def ties(cut: Scalar) -> Sequence[str]:
        assert shape is not None
        same = f"a.value = {maker.edge(0, Kind.TEXT, shortened)}"
        if not shape.long[0]:
            return same, f"a.id {direction.id_sign} {maker.edge(_ID, Kind.ID)}"
        value = maker.edge(0, Kind.TEXT)
        beyond, equal = (flavor.compare(cut, operator, value) for operator in (direction.beyond, Operator.EQ))
        return same, f"({beyond} OR ({equal} AND a.id {direction.id_sign} {maker.edge(_ID, Kind.ID)}))"

    if shape is None:
        return (missing(), held()) if direction.falling else (held(), missing())
    if shape.missing[0]:
        return (missing(after=True), *([held()] if direction.falling else []))
    beyond = held(lambda _: (f"a.value {sign} {maker.edge(0, Kind.TEXT, shortened)}",))
    return (held(ties), beyond, *([] if direction.falling else [missing()]))


_NOTHING: Final = "CAST(NULL AS text)"


def _cut(item: Scalar) -> Scalar:
    """As much of a text as an edge keeps. Columns are never longer."""
    if item.kind is not Kind.TEXT or item.column:
        return item
    return Scalar(f"substr({item.sql}, 1, {EDGE_LIMIT})", Kind.TEXT, required=item.required)


def _keys(items: Sequence[Scalar], flavor: Flavor) -> tuple[str, ...]:
    return tuple(flavor.edge_value(item) for item in items)
