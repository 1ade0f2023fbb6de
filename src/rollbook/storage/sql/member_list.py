"""The members of one group as SQL: a page in order of their ids, from the primary key of ``member``, whatever the size
of the group. A filter is about one member; one on ``value`` is answered by the same key."""

from functools import lru_cache
from typing import NamedTuple

from rollbook.scim.binding import BoundShape
from rollbook.scim.schema import ResourceType
from rollbook.storage.records import MemberQuery, Query, Target
from rollbook.storage.sql.conditions import condition
from rollbook.storage.sql.context import Context
from rollbook.storage.sql.flavor import Flavor, Kind
from rollbook.storage.sql.memberships import member_rows
from rollbook.storage.sql.slots import Slots, Source, parameters

_TEXTS = 512


class MemberList(NamedTuple):
    """``source`` is what FROM takes, with ``m`` in it; ``where`` stands for tenant, group and filter and ``edge`` for
    what lies beyond the edge, which is the parameter after ``params``. The group is the first parameter."""

    source: str
    where: str
    edge: str
    order: str
    params: list[object]


def member_list(query: MemberQuery, flavor: Flavor, *, tenant: str, first: int) -> MemberList:
    """Make the parts of a page; ``tenant`` and ``first`` as for ``compile_query``."""
    filter = query.filter
    make = _remembered if filter is None or filter.shape.kept else _text
    source, where, sources = make(query.type, filter.shape if filter else None, flavor, tenant, first)
    whole = Query((Target(query.type, filter),), location_base=query.location_base)
    params = [query.group, *parameters(whole, sources)]
    sign, order = ("<", "m.member_id DESC") if query.back else (">", "m.member_id")
    edge = f"m.member_id {sign} {flavor.edge(first + len(params), Kind.ID)}"
    return MemberList(source, where, edge, order, params)


def _text(
    type: ResourceType, shape: BoundShape | None, flavor: Flavor, tenant: str, first: int
) -> tuple[str, str, tuple[Source, ...]]:
    slots = Slots(flavor, first + 1)
    context = Context(flavor, tenant, slots, 0, type)
    where = f"m.tenant_id = {tenant} AND m.group_id = {flavor.edge(first, Kind.ID)}"
    source = "member m"
    if shape is not None:
        rows, joined = member_rows(context, "m", "x")
        where += f" AND {condition(context, shape.node, rows)}"
        if rows.needs_resource:
            source, where = f"{source} CROSS JOIN resource x", f"{joined} AND {where}"
    return source, where, tuple(slots.sources)


_remembered = lru_cache(_TEXTS)(_text)
