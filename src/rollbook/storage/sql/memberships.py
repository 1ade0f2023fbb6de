"""Conditions on memberships, which are rows: the members of a group, the groups of a resource (direct and indirect).

A condition on ``groups`` that does not ask about ``type`` is turned round: from the groups that satisfy it down to all
who are in them. So it costs what those groups hold, not a walk for every resource of the tenant. ``UNION`` keeps each
group once, so every walk ends on cycles. Joins are written CROSS JOIN, which SQLite takes as the order to join in;
without statistics it would read all memberships of the tenant at every step.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from rollbook.scim.attributes import Attribute, Compare
from rollbook.scim.binding import (
    BoundAnd,
    BoundComparison,
    BoundElement,
    BoundNode,
    BoundNot,
    BoundOr,
    BoundPresent,
)
from rollbook.scim.catalog_reader import GROUP_NUMBER, USER_NUMBER, standard_types
from rollbook.scim.filter import Operator
from rollbook.scim.schema import Place
from rollbook.storage.sql.context import Context, Predicate, Scope
from rollbook.storage.sql.flavor import Kind, Scalar

_Scalars = Mapping[str, Callable[[Attribute], Scalar]]
"""The sub-attributes by name. They are made when they are asked for: each may take parameters."""

Inner = Callable[[Scope], str]
"""Makes the condition on one membership."""

GROUP: Final = next(t for t in standard_types() if t.number == GROUP_NUMBER)
MEMBER_TYPES: Final = tuple(t for t in standard_types() if t.number in (USER_NUMBER, GROUP_NUMBER))


@dataclass
class _Rows:
    """The row of one membership; ``scalars`` are its sub-attributes. Notes whether the resource at its other end is
    needed, for what is shown of it."""

    scalars: _Scalars
    needs_resource: bool = field(default=False, init=False)

    def any_value(self, place: Place, predicate: Predicate) -> str:
        sub = place.sub
        if sub is None or sub.name not in self.scalars:
            return "FALSE"
        self.needs_resource = self.needs_resource or sub.name == "display"
        return predicate(self.scalars[sub.name](sub))


DIRECT: Final = "direct"
"""The ``type`` of a membership that needs no walk."""


def has_members(context: Context, inner: Inner | None, *, by_member: bool = False) -> str:
    """Whether a group has a member that satisfies the condition; ``by_member`` says that it names the member, so that
    the groups are found from there."""
    m, x = context.alias("m"), context.alias("x")
    rows = _Rows(_member_scalars(context, m, x))
    condition = f" AND {inner(rows)}" if inner else ""
    source = f"member {m}"
    if rows.needs_resource:
        source, condition = f"{source} CROSS JOIN resource {x}", f" AND {_is_member(context, m, x)}{condition}"
    if by_member:
        return f"r.id IN (SELECT {m}.group_id FROM {source} WHERE {m}.tenant_id = {context.tenant}{condition})"
    of_group = f"{m}.tenant_id = {context.tenant} AND {m}.group_id = r.id"
    return f"EXISTS (SELECT 1 FROM {source} WHERE {of_group}{condition})"


def member_rows(context: Context, m: str, x: str) -> tuple[_Rows, str]:
    """The scope of a condition on the rows ``m`` of one group, and how ``x``, a member's resource, is joined to them
    where that is needed."""
    return _Rows(_member_scalars(context, m, x)), _is_member(context, m, x)


def in_groups(context: Context, inner: Inner) -> str:
    """Whether a resource is, directly or not, in a group that satisfies a condition that asks not for ``type``."""
    d, m, x = context.alias("d"), context.alias("m"), context.alias("x")
    condition = inner(_Rows(_group_scalars(context, x, x)))
    tenant = context.tenant
    members = f"{d} CROSS JOIN member {m} WHERE {m}.tenant_id = {tenant} AND {m}.group_id = {d}.id"
    return (
        f"r.id IN (WITH RECURSIVE {d}(id) AS ("
        f"SELECT {x}.id FROM resource {x} WHERE {x}.tenant_id = {tenant} AND {x}.type = {GROUP_NUMBER} AND {condition}"
        f" UNION SELECT {m}.member_id FROM {members} AND {m}.member_type = {GROUP_NUMBER}"
        f") SELECT {m}.member_id FROM {members})"
    )


def has_groups(context: Context, inner: Inner) -> str:
    """Whether a resource is in a group that satisfies a condition, by walking up from the resource."""
    g, x = context.alias("g"), context.alias("x")
    rows = _Rows(_group_scalars(context, g, x))
    condition = inner(rows)
    source = g
    if rows.needs_resource:
        source, condition = f"{g} CROSS JOIN resource {x}", f"{_is_group(context, g, x)} AND {condition}"
    return f"EXISTS ({_walk(context, g)} SELECT 1 FROM {source} WHERE {condition})"


def in_groups_directly(context: Context, inner: Inner) -> str:
    """Whether a resource is itself a member of a group that satisfies a condition that asks not for ``type``."""
    m, g, x = context.alias("m"), context.alias("g"), context.alias("x")
    rows = _Rows(_group_scalars(context, g, x))
    condition = inner(rows)
    source = (
        f"(SELECT {m}.group_id AS id FROM member {m} WHERE {m}.tenant_id = {context.tenant}"
        f" AND {m}.member_id = r.id) {g}"
    )
    if rows.needs_resource:
        source, condition = f"{source} CROSS JOIN resource {x}", f"{_is_group(context, g, x)} AND {condition}"
    return f"EXISTS (SELECT 1 FROM {source} WHERE {condition})"


def in_any_group(context: Context) -> str:
    """Whether a resource is in a group at all."""
    m = context.alias("m")
    return f"EXISTS (SELECT 1 FROM member {m} WHERE {m}.tenant_id = {context.tenant} AND {m}.member_id = r.id)"


def first_member(context: Context, place: Place) -> Scalar:
    """The value that sorts a group by its members: of the first that has one, by id."""
    m, x = context.alias("m"), context.alias("x")
    value = _text(context, _member_scalars(context, m, x), place.leaf)
    return Scalar(
        f"(SELECT {value} FROM member {m} CROSS JOIN resource {x}"
        f" WHERE {m}.tenant_id = {context.tenant} AND {m}.group_id = r.id AND {_is_member(context, m, x)}"
        f" AND {value} IS NOT NULL ORDER BY {m}.member_id LIMIT 1)",
        Kind.TEXT,
    )


def first_group(context: Context, place: Place) -> Scalar:
    """The value that sorts a resource by its groups: of the first that has one, by id."""
    g, x = context.alias("g"), context.alias("x")
    value = _text(context, _group_scalars(context, g, x), place.leaf)
    return Scalar(
        f"({_walk(context, g)} SELECT {value} FROM {g} CROSS JOIN resource {x}"
        f" WHERE {_is_group(context, g, x)} AND {value} IS NOT NULL ORDER BY {g}.id LIMIT 1)",
        Kind.TEXT,
    )


def asks(node: BoundNode) -> Iterator[BoundComparison | BoundPresent]:
    """The questions in a filter, whatever they are joined by."""
    match node:
        case BoundAnd(filters) | BoundOr(filters):
            for part in filters:
                yield from asks(part)
        case BoundNot(filter) | BoundElement(_, filter):
            yield from asks(filter)
        case BoundComparison() | BoundPresent():
            yield node


def names_value(node: BoundNode) -> bool:
    """Whether a filter on one element can hold for one ``value`` only."""
    match node:
        case BoundAnd(filters):
            return any(names_value(part) for part in filters)
        case BoundComparison(place, Operator.EQ, _):
            return place.leaf.name == "value"
    return False


def _member_scalars(context: Context, m: str, x: str) -> _Scalars:
    return {
        "value": lambda _: Scalar(f"{m}.member_id", Kind.ID, column=True, required=True),
        "display": lambda _: Scalar(f"{x}.display_key", Kind.TEXT, column=True),
        "type": lambda sub: Scalar(_member_type(context, m, sub), Kind.TEXT),
        "$ref": lambda _: Scalar(_member_location(context, m), Kind.TEXT),
    }


def _group_scalars(context: Context, g: str, x: str) -> _Scalars:
    """Of the group ``g.id``; ``x`` is its resource."""
    return {
        "value": lambda _: Scalar(f"{g}.id", Kind.ID, column=True, required=True),
        "display": lambda _: Scalar(f"{x}.display_key", Kind.TEXT, column=True),
        "type": lambda _: Scalar(_direct(context, g), Kind.TEXT, required=True),
        "$ref": lambda _: Scalar(context.location(GROUP.endpoint, f"{g}.id"), Kind.TEXT, required=True),
    }


def _text(context: Context, scalars: _Scalars, sub: Attribute) -> str:
    if sub.name not in scalars:
        return "NULL"
    scalar = scalars[sub.name](sub)
    return context.flavor.id_text(scalar.sql) if scalar.kind is Kind.ID else scalar.sql


def _walk(context: Context, g: str) -> str:
    """All groups of ``r``, each once."""
    m, n = context.alias("m"), context.alias("m")
    tenant = context.tenant
    return (
        f"WITH RECURSIVE {g}(id) AS ("
        f"SELECT {m}.group_id FROM member {m} WHERE {m}.tenant_id = {tenant} AND {m}.member_id = r.id"
        f" UNION SELECT {n}.group_id FROM {g} CROSS JOIN member {n}"
        f" WHERE {n}.tenant_id = {tenant} AND {n}.member_id = {g}.id)"
    )


def _is_member(context: Context, m: str, x: str) -> str:
    return f"{x}.tenant_id = {context.tenant} AND {x}.type = {m}.member_type AND {x}.id = {m}.member_id"


def _is_group(context: Context, g: str, x: str) -> str:
    return f"{x}.tenant_id = {context.tenant} AND {x}.type = {GROUP_NUMBER} AND {x}.id = {g}.id"


def _direct(context: Context, g: str) -> str:
    m = context.alias("m")
    row = f"{m}.tenant_id = {context.tenant} AND {m}.group_id = {g}.id AND {m}.member_id = r.id"
    return f"(CASE WHEN EXISTS (SELECT 1 FROM member {m} WHERE {row}) THEN '{DIRECT}' ELSE 'indirect' END)"


def _member_type(context: Context, m: str, sub: Attribute) -> str:
    exact = sub.compare is Compare.EXACT
    names = ((t.number, t.name if exact else t.name.lower()) for t in MEMBER_TYPES)
    cases = " ".join(f"WHEN {number} THEN {context.flavor.literal(name)}" for number, name in names)
    return f"(CASE {m}.member_type {cases} END)"


def _member_location(context: Context, m: str) -> str:
    cases = " ".join(f"WHEN {t.number} THEN {context.location(t.endpoint, f'{m}.member_id')}" for t in MEMBER_TYPES)
    return f"(CASE {m}.member_type {cases} END)"
