"""Reads of one tenant's rows: single statements, without a transaction of their own; gets travel together."""

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from rollbook.events import Event
from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.postgres_batches import Batches
from rollbook.storage.engines.postgres_pool import Row
from rollbook.storage.engines.postgres_queries import (
    member_total_sql,
    members_sql,
    page_sql,
    point_sql,
    points_sql,
    total_sql,
    walk_sql,
)
from rollbook.storage.engines.postgres_rows import is_id, stored_of
from rollbook.storage.engines.postgres_transactions import Transactions
from rollbook.storage.records import (
    Edge,
    Feed,
    Member,
    MemberPage,
    MemberQuery,
    Membership,
    Page,
    Position,
    Query,
    Step,
    Stored,
    Stretch,
)
from rollbook.storage.rows import changed_of, event_of, member_page_of, stretch_of, whole_total
from rollbook.storage.sql.compile import Phase, compile_query, index_page, index_sort, point
from rollbook.storage.sql.flavor_postgres import POSTGRES as FLAVOR
from rollbook.storage.sql.keyset import walk_phases
from rollbook.storage.sql.member_list import member_list

BATCH = 64
FLIGHTS = 2
"""Statements that a tenant's gets may have under way. Precedent: measured with 32 callers; see ``postgres_writer``."""

EVENTS = 500
"""Events read at a time."""

_FIRST_ID = "00000000-0000-0000-0000-000000000000"
_LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"
_LAST_VERSION = 2**63 - 1
_PAST_ALL = "~"
"""After every written moment, by code point."""

_WIDTH = len(Stored._fields)

Name = tuple[int, str]


class Point(NamedTuple):
    """A unique value that is asked for (``storage.sql.compile.point``), of one type; ``most`` resources at most."""

    column: str
    type: int
    value: str
    most: int


class Reader:
    def __init__(self, transactions: Transactions) -> None:
        self._read = transactions.read
        self._gets: Batches[Name, Stored | None] = Batches(self._get_all, flights=FLIGHTS, limit=BATCH)
        self._points: Batches[Point, list[Stored]] = Batches(self._find_all, flights=FLIGHTS, limit=BATCH)

    async def finish(self) -> None:
        """Wait until nothing is under way."""
        await self._gets.finish()
        await self._points.finish()

    async def get(self, tenant: str, type: int, id: str) -> Stored | None:
        return await self._gets.submit(tenant, (type, id)) if is_id(id) else None

    async def _get_all(self, tenant: str, names: Sequence[Name]) -> list[Stored | None]:
        if len(names) == 1:
            rows = await self._read(sql.GET, tenant, *names[0])
            return [stored_of(rows[0]) if rows else None]
        rows = await self._read(sql.GET_MANY, tenant, [type for type, _ in names], [id for _, id in names])
        if len(rows) == len(names):  # they come in the order asked for
            return [stored_of(row) for row in rows]
        found = {(stored.type, stored.id): stored for stored in map(stored_of, rows)}
        return [found.get(name) for name in names]

    async def _find_all(self, tenant: str, points: Sequence[Point]) -> list[list[Stored]]:
        """What is found by each of some unique values: in one statement for each column."""
        if len(points) == 1:
            column, type, value, most = points[0]
            return [[stored_of(row) for row in await self._read(point_sql(column), tenant, type, value, most, 0)]]
        found: dict[Point, list[Stored]] = {one: [] for one in points}
        for column in {one.column for one in found}:
            asked = [one for one in found if one.column == column]
            lists = ([one.type for one in asked], [one.value for one in asked], [one.most for one in asked])
            for row in await self._read(points_sql(column), tenant, *lists):
                values = tuple(row)
                found[asked[values[_WIDTH] - 1]].append(stored_of(values[:_WIDTH]))
        return [found[one] for one in points]

    async def query(self, tenant: str, query: Query) -> Page:
        """A page, and the total: counted only where the page does not tell it."""
        asked = point(query)
        if asked is not None and query.limit > 0 and query.offset == 0:
            column, value = asked
            if isinstance(value, str) and (column != "id" or is_id(value)):
                asked_for = Point(column, query.targets[0].type.number, value, query.limit)
                found = await self._points.submit(tenant, asked_for)
                if len(found) < query.limit:
                    return Page(len(found), found)
        found = await self._page(tenant, query) if query.limit > 0 else []
        if len(found) < query.limit and (found or query.offset == 0):
            return Page(query.offset + len(found), found)
        return Page(await self._whole(tenant, query), found)

    async def _whole(self, tenant: str, query: Query) -> int:
        """How many rows a query finds in all."""
        alone = index_page(query, FLAVOR, tenant=sql.TENANT, first=2)
        if alone is not None:
            phase, params = alone
            return await self._total(tenant, phase.source, phase.where, params)
        whole = compile_query(query, FLAVOR, tenant=sql.TENANT, first=2)
        return await self._total(tenant, "resource r", whole.where, whole.params)

    async def _page(self, tenant: str, query: Query) -> list[Stored]:
        """The rows of the page. Where the order is an index's, first of those that it has, then of the others."""
        driven = index_sort(query, FLAVOR, tenant=sql.TENANT, first=2)
        alone = index_page(query, FLAVOR, tenant=sql.TENANT, first=2) if driven is None else None
        if alone is not None:
            return await self._rows(tenant, *alone, query.limit, query.offset)
        if driven is None:
            whole = compile_query(query, FLAVOR, tenant=sql.TENANT, first=2)
            phase = Phase("resource r", whole.where, whole.order)
            return await self._rows(tenant, phase, [*whole.params, *whole.order_params], query.limit, query.offset)
        first, second = driven.phases
        found = await self._rows(tenant, first, driven.params, query.limit, query.offset)
        if len(found) == query.limit:
            return found
        skipped = query.offset
        if not found and query.offset:
            skipped = min(skipped, await self._total(tenant, first.source, first.where, driven.params))
        offset = query.offset - skipped
        return found + await self._rows(tenant, second, driven.params, query.limit - len(found), offset)

    async def _rows(self, tenant: str, phase: Phase, params: Sequence[object], limit: int, offset: int) -> list[Stored]:
        statement = page_sql(phase.source, phase.where, phase.order, 2 + len(params))
        return [stored_of(row) for row in await self._read(statement, tenant, *params, limit, offset)]

    async def _total(self, tenant: str, source: str, where: str, params: Sequence[object]) -> int:
        ((total,),) = await self._read(total_sql(source, where), tenant, *params)
        return int(total)

    async def walk(self, tenant: str, query: Query, step: Step) -> Stretch:
        """One step of a walk, a statement for each phase that is needed."""
        found: list[tuple[Stored, Edge]] = []
        for phase in walk_phases(query, step, FLAVOR, tenant=sql.TENANT, first=2):
            wanted = query.limit + 1 - len(found)  # one more tells whether there are more
            if wanted > 0:
                statement = walk_sql(phase.source, phase.where, phase.order, phase.keys, 2 + len(phase.params))
                rows = await self._read(statement, tenant, *phase.params, wanted)
                found += [_edged(row) for row in rows]
        total = None
        if step.count and (total := whole_total(query, step, len(found))) is None:
            total = await self._whole(tenant, query)
        return stretch_of(query, step, found, total)

    async def count(self, tenant: str, type: int) -> int:
        ((count,),) = await self._read(sql.COUNT, tenant, type)
        return int(count)

    async def members(self, tenant: str, groups: Sequence[str]) -> dict[str, list[Member]]:
        members: dict[str, list[Member]] = {group: [] for group in groups}
        asked = [group for group in members if is_id(group)]
        for group, id, type, display in await self._read(sql.MEMBERS, tenant, asked) if asked else ():
            members[str(group)].append(Member(str(id), type, display))
        return members

    async def member_page(self, tenant: str, query: MemberQuery) -> MemberPage:
        if not is_id(query.group):
            return MemberPage([], False, 0)
        source, where, edge, order, params = member_list(query, FLAVOR, tenant=sql.TENANT, first=2)
        beyond, values = (where, params) if query.edge is None else (f"{where} AND {edge}", [*params, query.edge])
        statement = members_sql(source, beyond, order, 2 + len(values))
        rows = await self._read(statement, tenant, *values, query.limit + 1, query.offset)
        page = member_page_of(query, [Member(str(id), type, display) for id, type, display in rows])
        if page.total is not None or not query.count:
            return page
        ((total,),) = await self._read(member_total_sql(source, where), tenant, *params)
        return page._replace(total=total)

    async def groups_of(self, tenant: str, ids: Sequence[str]) -> dict[str, list[Membership]]:
        groups: dict[str, list[Membership]] = {id: [] for id in ids}
        asked = [id for id in groups if is_id(id)]
        for member, id, display, direct in await self._read(sql.GROUPS_OF, tenant, asked) if asked else ():
            groups[str(member)].append(Membership(str(id), display, direct))
        return groups

    async def member_counts(self, tenant: str, groups: Sequence[str]) -> dict[str, int]:
        rows = await self._read(sql.MEMBER_COUNTS, tenant, list(groups)) if groups else ()
        return {str(group): count for group, count in rows}

    async def types_of(self, tenant: str, ids: Sequence[str]) -> dict[str, int]:
        asked = [id for id in ids if is_id(id)]
        rows = await self._read(sql.TYPES_OF, tenant, asked) if asked else ()
        return {str(id): type for id, type in rows}

    async def changes(self, tenant: str, after: Position, limit: int) -> Feed:
        rows = await self._read(sql.CHANGES, tenant, *after, limit + 1)
        epoch, bound = rows[0][0], rows[0][1]
        changes = [changed_of(tuple(row)[2:]) for row in rows if row[2] is not None]
        return Feed(epoch, changes[:limit], len(changes) > limit, Position(bound - 1, _LAST_VERSION, _LAST_ID))

    async def events(self, tenant: str, since: str | None, until: str | None) -> AsyncIterator[Event]:
        after, last = since or "", _FIRST_ID
        while True:
            rows = await self._read(sql.EVENTS, tenant, after, last, until or _PAST_ALL, EVENTS)
            for row in rows:
                yield event_of(row)
            if len(rows) < EVENTS:
                return
            last, after = rows[-1][:2]


def _edged(row: Row) -> tuple[Stored, Edge]:
    values = tuple(row)
    stored = stored_of(values[:_WIDTH])
    return stored, Edge(values[_WIDTH:], stored.id)
