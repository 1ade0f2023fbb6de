"""Bound filters as conditions of SQL (RFC 7644 §3.4.2.2). What ``scim.match`` says of a document, they say of a row.

**Rules**: A comparison with a missing value is false, so that ``not`` of it is true. SQL calls it NULL, which a WHERE
takes for false; so ``IS TRUE`` stands only under a ``not``, and elsewhere a plain comparison lets indexes serve.
"""

from collections.abc import Sequence

from rollbook.scim.attributes import Held
from rollbook.scim.binding import (
    BoundAnd,
    BoundComparison,
    BoundElement,
    BoundNode,
    BoundNot,
    BoundOr,
    BoundPresent,
    Nothing,
)
from rollbook.scim.filter import Operator
from rollbook.scim.schema import Place
from rollbook.storage.sql.context import ROOT, Context, Element, Predicate, Resource, Scope
from rollbook.storage.sql.flavor import SIGNS, Kind, Scalar
from rollbook.storage.sql.memberships import (
    DIRECT,
    asks,
    has_groups,
    has_members,
    in_any_group,
    in_groups,
    in_groups_directly,
    names_value,
)
from rollbook.storage.sql.slots import after_prefix

_FLAT = 64
"""How many conditions are joined side by side. Precedent: SQLite's expressions may be 1,000 deep, and it nests a chain
of ANDs to the left."""


def condition(context: Context, node: BoundNode, scope: Scope | None = None, *, negated: bool = False) -> str:
    """The condition that holds for the rows that satisfy ``node``. Under ``negated`` it is never NULL."""
    scope = scope or Resource(context)
    match node:
        case Nothing():
            return "FALSE"
        case BoundAnd(filters):
            return joined("AND", [condition(context, part, scope, negated=negated) for part in filters])
        case BoundOr(filters):
            return joined("OR", [condition(context, part, scope, negated=negated) for part in filters])
        case BoundNot(filter):
            return f"(NOT {condition(context, filter, scope, negated=True)})"
        case BoundElement(place, filter):
            return _element(context, place, filter, scope, negated=negated)
        case BoundPresent(place):
            sql = _present(context, place, scope)
        case BoundComparison(place, _, _):
            sql = _any_value(context, place, scope, _comparison(context, node), named=names_value(node))
            if isinstance(scope, Resource) and _asks_type(node):
                sql = _unless_direct(context, node, in_any_group(context), sql)
    return f"({sql} IS TRUE)" if negated else sql


def joined(word: str, parts: Sequence[str]) -> str:
    """Conditions joined by AND or OR, many of them as a tree that is not deep."""
    if len(parts) == 1:
        return parts[0]
    if len(parts) > _FLAT:
        half = len(parts) // 2
        parts = (joined(word, parts[:half]), joined(word, parts[half:]))
    return "(" + f" {word} ".join(parts) + ")"


def _comparison(context: Context, node: BoundComparison) -> Predicate:
    operator, position = node.operator, node.operand
    flavor = context.flavor

    def compare(scalar: Scalar) -> str:
        if scalar.kind is Kind.ID and operator is not Operator.EQ:
            scalar = Scalar(flavor.id_text(scalar.sql), Kind.TEXT, required=True)
        if scalar.kind in (Kind.NUMBER, Kind.BOOLEAN) and operator not in SIGNS:
            return "FALSE"
        operand = context.operand(position, scalar.kind)
        if scalar.column and operator is Operator.SW:
            end = context.operand(position, Kind.TEXT, after_prefix)
            return f"({scalar.sql} >= {operand} AND {scalar.sql} < {end})"
        return flavor.compare(scalar, operator, operand)

    return compare


def _any_value(context: Context, place: Place, scope: Scope, predicate: Predicate, *, named: bool = False) -> str:
    """Whether any value at a place satisfies the predicate, wherever it is held."""
    if not isinstance(scope, Resource) or place.attribute.held not in (Held.MEMBERS, Held.GROUPS):
        return scope.any_value(place, predicate)
    if place.attribute.held is Held.MEMBERS:
        return has_members(context, lambda row: row.any_value(place, predicate), by_member=named and not context.unique)
    walk = has_groups if place.leaf.name == "type" else in_groups
    return walk(context, lambda row: row.any_value(place, predicate))


def _element(context: Context, place: Place, filter: BoundNode, scope: Scope, *, negated: bool) -> str:
    attribute = place.attribute

    def inner(row: Scope) -> str:
        return condition(context, filter, row)

    if attribute.held is Held.MEMBERS:
        return has_members(context, inner, by_member=names_value(filter) and not context.unique)
    if attribute.held is Held.GROUPS:
        return _group_element(context, filter)
    if attribute.multi_valued:
        alias = context.alias("e")
        elements = context.flavor.elements(ROOT, place.keys, alias)
        element = Element(context, context.flavor.element(alias))
        return f"EXISTS (SELECT 1 FROM {elements} WHERE {inner(element)})"
    of_one = condition(context, filter, scope, negated=negated)
    if attribute.held is Held.COMMON:
        return of_one
    return f"({context.flavor.exists(ROOT, place.keys)} AND {of_one})"


def _group_element(context: Context, filter: BoundNode) -> str:
    """One group satisfies ``filter``. What of it does not ask for ``type`` is enough to come from the groups' side."""
    parts = filter.filters if isinstance(filter, BoundAnd) else (filter,)
    plain = tuple(p for p in parts if all(question.place.leaf.name != "type" for question in asks(p)))
    typed = [p for p in parts if p not in plain]

    def all_plain(row: Scope) -> str:
        return condition(context, BoundAnd(plain), row)

    found = []
    if plain:
        found.append(in_groups(context, all_plain))
    if typed:
        walk = has_groups(context, lambda row: condition(context, filter, row))
        (first, *others) = typed
        if not others and isinstance(first, BoundComparison) and _asks_type(first):
            near = in_groups_directly(context, all_plain) if plain else in_any_group(context)
            walk = _unless_direct(context, first, near, walk)
        found.append(walk)
    return joined("AND", found)


def _asks_type(node: BoundComparison) -> bool:
    """Whether it is ``groups.type eq …``."""
    place = node.place
    return place.attribute.held is Held.GROUPS and place.leaf.name == "type" and node.operator is Operator.EQ


def _unless_direct(context: Context, node: BoundComparison, near: str, walk: str) -> str:
    """What ``type eq "direct"`` asks is one step away; all else is walked to."""
    operand = context.operand(node.operand, Kind.TEXT)
    return f"(CASE WHEN {operand} = '{DIRECT}' THEN {near} ELSE {walk} END)"


def _present(context: Context, place: Place, scope: Scope) -> str:
    """``pr`` (RFC 7644 Table 3): there is a value, and it is not empty."""
    attribute = place.attribute
    if not place.leaf.complex:
        return _any_value(context, place, scope, _filled)
    match attribute.held:
        case Held.COMMON:
            return "TRUE"
        case Held.MEMBERS:
            return has_members(context, None)
        case Held.GROUPS:
            return in_any_group(context)
    parts = [Place(attribute, sub, place.extension) for sub in attribute.sub_attributes if not sub.secret]
    if not attribute.multi_valued:
        return _any_present(parts, scope)
    alias = context.alias("e")
    element = Element(context, context.flavor.element(alias))
    elements = context.flavor.elements(ROOT, place.keys, alias)
    return f"EXISTS (SELECT 1 FROM {elements} WHERE {_any_present(parts, element)})"


def _any_present(parts: Sequence[Place], scope: Scope) -> str:
    return joined("OR", [scope.any_value(part, _filled) for part in parts]) if parts else "FALSE"


def _filled(scalar: Scalar) -> str:
    return f"({scalar.sql} <> '')" if scalar.kind is Kind.TEXT else f"({scalar.sql} IS NOT NULL)"
