"""Pages of resources: the statements around what ``storage.sql`` compiles.

**Rules**: Rows are chosen by their rowids first and joined with their documents afterwards, so that no document is read
for a row that a page skips. Rows are counted only where the page itself does not tell how many there are.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import apsw

from rollbook.scim.recent import Recent
from rollbook.storage.engines.sqlite_connection import refusing, rows
from rollbook.storage.engines.sqlite_rows import STORED_COLUMNS, Row, stored_of
from rollbook.storage.records import Edge, Member, MemberPage, MemberQuery, Page, Query, Step, Stored, Stretch
from rollbook.storage.rows import member_page_of, stretch_of, whole_total
from rollbook.storage.sql.compile import Fragment, Phase, compile_query, index_sort, point
from rollbook.storage.sql.flavor_sqlite import SQLITE
from rollbook.storage.sql.keyset import WalkPhase, walk_phases
from rollbook.storage.sql.member_list import member_list

PATIENCE = 0.001
"""Seconds that a query may hold the event loop: some ten requests' worth."""

STEPS = 1_000
"""Steps of SQLite's machine between two looks at the clock: some 0.1 ms of comparing JSON, 0.02 ms of an index."""

SKIPS = 30
"""How often a query that was slow goes straight to a reader, before it is tried again: it may have had bad luck."""

SLOW = 2_000
"""Queries (tenant and shape) that are remembered as slow."""

Values = tuple[Any, ...]

R = TypeVar("R")

STORED_WIDTH = len(Stored._fields)

_POINTS = {
    column: (
        f"SELECT {STORED_COLUMNS} FROM resource r WHERE r.tenant_id = ? AND r.type = ? AND r.{column} = ? ORDER BY r.id"
    )
    for column in ("id", "external_id", "unique_key")
}


class QuickPages:
    """Reads pages on the event loop's own thread, as long as that is quick.

    Handing a read to another thread and back costs ten times what a find by an index does, and whether a query is such
    a find only the database knows. So each is begun here, and broken off when it takes longer than ``PATIENCE``; which
    queries did is remembered.
    """

    def __init__(self, connection: apsw.Connection, elapsed: Callable[[], float]) -> None:
        self._connection = connection
        self._elapsed = elapsed
        self._slow: Recent[Hashable, int] = Recent(SLOW)

    def read(self, tenant: str, query: Query) -> Page | None:
        """The page; None where somebody with more time must read it."""
        page = point_page(self._connection, tenant, query)
        if page is not None:
            return page
        fragment = compile_query(query, SQLITE, tenant="?1", first=2)
        key = (tenant, fragment.where, fragment.order)
        return self.attempt(key, lambda connection: read_page(connection, tenant, query, fragment))

    def walk(self, tenant: str, query: Query, step: Step) -> Stretch | None:
        """A step of a walk; None where somebody with more time must make it."""
        phases = walk_phases(query, step, SQLITE, tenant="?1", first=2)
        key = (tenant, step.count, *(phase[:3] for phase in phases))
        return self.attempt(key, lambda connection: read_stretch(connection, tenant, query, step, phases))

    def attempt(self, key: Hashable, read: Callable[[apsw.Connection], R]) -> R | None:
        """What ``read`` finds, as long as it is quick; None where it is not, or was not lately. ``key`` names it."""
        if skips := self._slow.get(key):
            self._slow.put(key, skips - 1)
            return None
        end = self._elapsed() + PATIENCE
        self._connection.set_progress_handler(lambda: self._elapsed() > end, STEPS)
        try:
            with refusing():
                self._connection.execute("BEGIN")
                return read(self._connection)
        except apsw.InterruptError:
            self._slow.put(key, SKIPS)
            return None
        finally:
            self._connection.set_progress_handler(None)
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def point_page(connection: apsw.Connection, tenant: str, query: Query) -> Page | None:
    """The page of a query for one unique value; None where the query is no such query."""
    asked = point(query)
    if asked is None:
        return None
    column, value = asked
    found = rows(connection, _POINTS[column], (tenant, query.targets[0].type.number, value))
    page = found[query.offset : query.offset + query.limit]
    return Page(len(found), [stored_of(row) for row in page])


def read_page(connection: apsw.Connection, tenant: str, query: Query, fragment: Fragment | None = None) -> Page:
    """The page of any query. ``connection`` is in a transaction, so that page and total are of one moment."""
    if fragment is None:
        fragment = compile_query(query, SQLITE, tenant="?1", first=2)
    plain = Phase("resource r", fragment.where, fragment.order)
    phases: tuple[Phase, ...] = (plain,)
    values = (tenant, *fragment.params, *fragment.order_params)
    if (by_index := index_sort(query, SQLITE, tenant="?1", first=2)) is not None:
        phases, values = by_index.phases, (tenant, *by_index.params)
    found, total = _read_phases(connection, phases, values, query.limit, query.offset)
    if total is None:
        total = _count(connection, plain, (tenant, *fragment.params))
    return Page(total, [stored_of(row) for row in found])


def read_stretch(
    connection: apsw.Connection, tenant: str, query: Query, step: Step, phases: Sequence[WalkPhase] | None = None
) -> Stretch:
    """The rows of one step of a walk. ``connection`` is in a transaction."""
    if phases is None:
        phases = walk_phases(query, step, SQLITE, tenant="?1", first=2)
    found: list[tuple[Stored, Edge]] = []
    for phase in phases:
        wanted = query.limit + 1 - len(found)  # one more tells whether there are more
        if wanted > 0:
            found += [_edged(row) for row in rows(connection, *_stretch_sql(tenant, phase, wanted))]
    total = None
    if step.count and (total := whole_total(query, step, len(found))) is None:
        fragment = compile_query(query, SQLITE, tenant="?1", first=2)
        total = _count(connection, Phase("resource r", fragment.where, ""), (tenant, *fragment.params))
    return stretch_of(query, step, found, total)


def read_members(connection: apsw.Connection, tenant: str, query: MemberQuery) -> MemberPage:
    """A page of one group's members. ``connection`` is in a transaction."""
    source, where, edge, order, params = member_list(query, SQLITE, tenant="?1", first=2)
    beyond = "" if query.edge is None else f" AND {edge}"
    values: Values = (tenant, *params, query.edge, query.limit + 1, query.offset)
    last = len(values)
    sql = (
        f"SELECT p.id, p.type, r.display FROM (SELECT m.member_id AS id, m.member_type AS type FROM {source}"
        f" WHERE {where}{beyond} ORDER BY {order} LIMIT ?{last - 1} OFFSET ?{last}) p"
        " CROSS JOIN resource r ON r.tenant_id = ?1 AND r.type = p.type AND r.id = p.id"
    )
    page = member_page_of(query, [Member(*row) for row in rows(connection, sql, values)])
    if page.total is not None or not query.count:
        return page
    count = f"SELECT count(*) FROM {source} WHERE {where} LIMIT ?{len(params) + 2}"
    return page._replace(total=rows(connection, count, (tenant, *params, 1))[0][0])


def _stretch_sql(tenant: str, phase: WalkPhase, limit: int) -> tuple[str, Values]:
    keys = "".join(f", {key} AS k{number}" for number, key in enumerate(phase.keys))
    shown = "".join(f", page.k{number}" for number in range(len(phase.keys)))
    sql = (
        f"SELECT {STORED_COLUMNS}{shown} FROM (SELECT r.rowid AS row{keys} FROM {phase.source} WHERE r.tenant_id = ?1"
        f" AND {phase.where} ORDER BY {phase.order} LIMIT ?{len(phase.params) + 2}) page"
        " CROSS JOIN resource r ON r.rowid = page.row"
    )
    return sql, (tenant, *phase.params, limit)


def _edged(row: Row) -> tuple[Stored, Edge]:
    stored = stored_of(row[:STORED_WIDTH])
    return stored, Edge(tuple(row[STORED_WIDTH:]), stored.id)


def _read_phases(
    connection: apsw.Connection, phases: Sequence[Phase], values: Values, limit: int, offset: int
) -> tuple[list[Row], int | None]:
    """The rows of a page that may reach over several phases, and how many rows all of them have, where that is known
    without counting."""
    found: list[Row] = []
    total = 0
    for phase in phases:
        wanted = limit - len(found)
        part = _select(connection, phase, values, wanted, offset) if wanted > 0 else []
        found += part
        if len(part) == wanted:
            return found, None
        size = offset + len(part) if part or offset == 0 else _count(connection, phase, values)
        total += size
        offset = max(0, offset - size)
    return found, total


def _select(connection: apsw.Connection, phase: Phase, values: Values, limit: int, offset: int) -> list[Row]:
    # CROSS JOIN makes SQLite take the rows of the page in their order and look each document up.
    free = len(values) + 1
    sql = (
        f"SELECT {STORED_COLUMNS} FROM (SELECT r.rowid AS row FROM {phase.source} WHERE r.tenant_id = ?1"
        f" AND {phase.where} ORDER BY {phase.order} LIMIT ?{free} OFFSET ?{free + 1}) page"
        " CROSS JOIN resource r ON r.rowid = page.row"
    )
    return rows(connection, sql, (*values, limit, offset))


def _count(connection: apsw.Connection, phase: Phase, values: Values) -> int:
    # The limit does nothing but name the last parameter, so that a phase may leave out some of the values.
    sql = f"SELECT count(*) FROM {phase.source} WHERE r.tenant_id = ?1 AND {phase.where} LIMIT ?{len(values) + 1}"
    return int(rows(connection, sql, (*values, 1))[0][0])
