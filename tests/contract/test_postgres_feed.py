"""The feed of changes on PostgreSQL, where transactions end in another order than they began."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from rollbook.clock import SYSTEM_CLOCK
from rollbook.events import Kind
from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.postgres import PostgresStore
from rollbook.storage.engines.postgres_rows import event_rows
from rollbook.storage.records import FIRST_POSITION, Tenant
from rollbook.testing.builders import GROUP, LATER, event, group, members_changed, user
from rollbook.testing.storage_contract import new_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(postgres_url, clock=SYSTEM_CLOCK)
    await store.open()
    await store.migrate()
    yield store
    await store.close()


@pytest.fixture
async def acorn(store: PostgresStore) -> Tenant:
    return await new_tenant(store, "acorn")


@pytest.fixture
async def beside(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of another worker."""
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


async def test_who_waited_for_a_lock_comes_after_the_one_he_waited_for(
    store: PostgresStore, acorn: Tenant, beside: asyncpg.Connection
) -> None:
    handle = store.tenant(acorn.id)
    ann, bo, club = user(acorn, "ann"), user(acorn, "bo"), group(acorn)
    for insert in (ann, bo, club):
        await handle.apply(insert)
    start = (await handle.changes(FIRST_POSITION, 10)).changes[-1].position

    await beside.execute(sql.begin(acorn.id))
    await beside.fetch(sql.LOCK_MEMBERS, acorn.id, [ann.id])
    first = await beside.fetchval("SELECT pg_current_xact_id_if_assigned()::text::bigint")
    assert first is not None  # it has its number now, before it gets to the group

    assert (await handle.apply(members_changed(club, add=[bo.id]))).version == 2
    waiting = await handle.changes(start, 10)
    assert waiting.changes == []  # something may still come before it
    assert not waiting.more
    assert waiting.newest.place < first

    await beside.fetch(sql.LOCK, acorn.id, GROUP.number, club.id)
    await beside.execute(sql.MEMBERS_COME, acorn.id, club.id, [ann.id], [ann.type])
    ((version, _, _),) = await beside.fetch(sql.TOUCH, acorn.id, GROUP.number, club.id, LATER)
    told = event_rows([event(Kind.RESOURCE_MODIFIED, LATER, resource=club.id)])
    await beside.fetch(sql.FOLLOW_UPDATE, acorn.id, GROUP.number, club.id, False, "[]", told, version)
    await beside.execute("COMMIT")

    changes = (await handle.changes(start, 10)).changes
    assert [change.version for change in changes] == [2, 3]
    assert (await handle.changes(changes[0].position, 10)).changes == changes[1:]


async def test_a_change_waits_for_whoever_may_come_before_it(
    store: PostgresStore, acorn: Tenant, beside: asyncpg.Connection
) -> None:
    handle = store.tenant(acorn.id)
    await beside.execute(sql.begin(acorn.id))
    await beside.fetch(sql.INSERT_EVENTS, acorn.id, event_rows([event(Kind.WRITE_REFUSED)]))
    ann = user(acorn, "ann")
    await handle.apply(ann)
    page = await handle.changes(FIRST_POSITION, 10)
    assert page.changes == []
    await beside.execute("ROLLBACK")
    assert [change.id for change in (await handle.changes(page.newest, 10)).changes] == [ann.id]
    assert [change.id for change in (await handle.changes(FIRST_POSITION, 10)).changes] == [ann.id]


async def test_the_feed_is_read_along_its_index(
    store: PostgresStore, acorn: Tenant, beside: asyncpg.Connection
) -> None:
    await store.tenant(acorn.id).apply(user(acorn, "ann"))
    await beside.execute("SET enable_seqscan = off")
    statement = sql.CHANGES
    for number, value in ((5, "10"), (4, f"'{FIRST_POSITION.id}'"), (3, "0"), (2, "0"), (1, f"'{acorn.id}'")):
        statement = statement.replace(f"${number}", value)
    plan = "\n".join(row[0] for row in await beside.fetch(f"EXPLAIN {statement}"))
    assert "event_feed" in plan
    assert "Sort" not in plan, plan
