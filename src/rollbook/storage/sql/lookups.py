"""Index lookups: the parts of a condition that an index can answer, put where the planner can start from them.

A lookup is a SELECT of ids. Where it says all that its comparison says, it stands in its place; where it only narrows
(the operand is longer than what the index keeps, or the comparison is about one element), it stands beside the exact
condition. Lookups stand in the outermost conjunction only: there they are joins.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rollbook.scim.attributes import Held
from rollbook.scim.binding import BoundAnd, BoundComparison, BoundElement, BoundNode, BoundOr
from rollbook.scim.filter import Operator
from rollbook.storage.sql.conditions import condition, joined
from rollbook.storage.sql.context import Context, column
from rollbook.storage.sql.flavor import SIGNS, Kind, Scalar
from rollbook.storage.sql.memberships import asks
from rollbook.storage.sql.slots import after_prefix, shortened

_ROWS: Final = frozenset((Held.MEMBERS, Held.GROUPS))
_UNIQUE: Final = frozenset(("r.id", "r.unique_key", "r.external_id"))
_BRANCHES = 32
"""How many lookups one OR may be made of."""

_NARROW: Final = frozenset((Operator.EQ, Operator.SW))
_LONG: Final[Mapping[Operator, str]] = {
    Operator.EQ: "=",
    Operator.SW: "=",
    Operator.GT: ">=",
    Operator.GE: ">=",
    Operator.LT: "<=",
    Operator.LE: "<=",
}
"""What a comparison with a text that the index has cut is in the index: never too little."""


@dataclass(frozen=True, slots=True)
class _Lookup:
    """``where`` is about the rows ``alias`` of the index table."""

    alias: str
    where: str
    exact: bool

    @property
    def select(self) -> str:
        return f"SELECT {self.alias}.id FROM attribute_index {self.alias} WHERE {self.where}"


def index_alone(context: Context, node: BoundNode) -> str | None:
    """The rows ``tenant_id, type, id`` of all resources that a whole filter finds, as a SELECT from the index table;
    None where that alone cannot tell."""
    if not isinstance(node, BoundComparison):
        return None
    lookup = _by_index(context, node)
    if lookup is None or not lookup.exact:
        return None
    a, place = lookup.alias, node.place
    several = place.attribute.multi_valued or place.leaf.multi_valued
    columns = f"{a}.tenant_id, {a}.type, {a}.id"
    return f"SELECT {'DISTINCT ' if several else ''}{columns} FROM attribute_index {a} WHERE {lookup.where}"


def conjunction(context: Context, node: BoundNode) -> str:
    """The condition of a whole filter, with lookups where they help."""
    parts = node.filters if isinstance(node, BoundAnd) else (node,)
    context.unique = any(_by_unique_column(context, part) for part in parts)
    return joined("AND", _conjuncts(context, node))


def _conjuncts(context: Context, node: BoundNode) -> list[str]:
    match node:
        case BoundAnd(filters):
            return [part for filter in filters for part in _conjuncts(context, filter)]
        case BoundComparison():
            lookup = _by_index(context, node) if context.lookups > 0 else None
            if lookup is None:
                return [_held_back(context, node)]
            context.lookups -= 1
            narrowed = f"r.id IN ({lookup.select})"
            return [narrowed] if lookup.exact else [narrowed, condition(context, node)]
        case BoundElement() | BoundOr() if context.lookups > 0:
            selects = _narrowing(context, node)
            if not selects:
                return [_held_back(context, node)]
            context.lookups -= 1
            return [f"r.id IN ({' UNION ALL '.join(selects)})", condition(context, node)]
    return [_held_back(context, node)]


def _held_back(context: Context, node: BoundNode) -> str:
    """A condition that is no lookup. On memberships it would be a join too, were it not for ``IS TRUE``."""
    sql = condition(context, node)
    if not any(question.place.attribute.held in _ROWS for question in asks(node)):
        return sql
    context.lookups -= 1
    return sql if context.lookups >= 0 else f"({sql} IS TRUE)"


def _narrowing(context: Context, node: BoundNode) -> list[str]:
    """Lookups that together find every row that can satisfy ``node``; none where no index can tell."""
    match node:
        case BoundComparison(_, operator, _) if operator in _NARROW:
            lookup = _by_index(context, node)
            return [lookup.select] if lookup else _by_column(context, node)
        case BoundAnd(filters):
            return next((found for part in filters if (found := _narrowing(context, part))), [])
        case BoundElement(place, filter) if place.attribute.held is Held.DOCUMENT:
            return _narrowing(context, filter)
        case BoundOr(filters):
            if len(filters) > _BRANCHES:
                return []
            before = context.slots.count
            branches = [_narrowing(context, part) for part in filters]
            if not all(branches):
                context.slots.forget(before)  # a parameter that no text uses would have no type
                return []
            return [select for branch in branches for select in branch]
    return []


def _by_index(context: Context, node: BoundComparison) -> _Lookup | None:
    """A lookup in the index table. Ranges may find very many rows: they are worth it only as a join."""
    path = context.index_path(node.place)
    if path is None or node.operator not in _LONG or not (context.alone or node.operator is Operator.EQ):
        return None
    a = context.alias("a")
    position, long = node.operand, node.operand in context.long
    if long:
        found = f"{a}.value {_LONG[node.operator]} {context.operand(position, Kind.TEXT, shortened)}"
    elif node.operator is Operator.SW:
        end = context.operand(position, Kind.TEXT, after_prefix)
        found = f"{a}.value >= {context.operand(position, Kind.TEXT)} AND {a}.value < {end}"
    else:
        found = f"{a}.value {SIGNS[node.operator]} {context.operand(position, Kind.TEXT)}"
    key = f"{a}.tenant_id = {context.tenant} AND {a}.type = {context.type.number} AND {a}.path = {path}"
    return _Lookup(a, f"{key} AND {found}", exact=not long)


def _by_unique_column(context: Context, node: BoundNode) -> bool:
    """Whether unique indexes alone find the rows."""
    if isinstance(node, BoundOr):
        return all(_by_unique_column(context, part) for part in node.filters)
    return isinstance(node, BoundComparison) and _unique_column(context, node) is not None


def _unique_column(context: Context, node: BoundComparison) -> Scalar | None:
    scalar = column(context, node.place)
    return scalar if scalar and node.operator is Operator.EQ and scalar.sql in _UNIQUE else None


def _by_column(context: Context, node: BoundComparison) -> list[str]:
    """A lookup in a unique index, for a comparison that stands in an OR (in a conjunction it needs none)."""
    scalar = column(context, node.place)
    if (
        scalar is None
        or node.operator is not Operator.EQ
        or scalar.sql not in ("r.id", "r.unique_key", "r.external_id")
    ):
        return []
    k = context.alias("k")
    key = f"{k}.tenant_id = {context.tenant} AND {k}.type = {context.type.number}"
    equal = f"{k}.{scalar.sql.removeprefix('r.')} = {context.operand(node.operand, scalar.kind)}"
    return [f"SELECT {k}.id FROM resource {k} WHERE {key} AND {equal}"]
