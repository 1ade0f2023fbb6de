"""PostgreSQL fails: what was acknowledged stays, what was not is whole or absent, and all goes on without a new
store."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest
from tests.support.postgres import fresh_database
from tests.support.proxy import Loss, proxied

from rollbook.clock import SYSTEM_CLOCK
from rollbook.events import Kind
from rollbook.storage.engines.postgres import PostgresStore
from rollbook.storage.errors import Busy, Unavailable
from rollbook.storage.records import Query, Target, Tenant
from rollbook.testing import builders
from rollbook.testing.postgres import PostgresServer, start_postgres

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def opened(url: str, connections: int = 4) -> AsyncIterator[tuple[PostgresStore, Tenant]]:
    store = PostgresStore(url, clock=SYSTEM_CLOCK, connections=connections)
    await store.open()
    try:
        await store.migrate()
        acorn = builders.tenant("acorn")
        await store.create_tenant(acorn, builders.event(Kind.TENANT_CREATED))
        yield store, acorn
    finally:
        await store.close()


@pytest.fixture
def own_server() -> Iterator[tuple[PostgresServer, str]]:
    """A server that a test may kill, and a database on it."""
    with start_postgres(settings={"synchronous_commit": "on"}) as server, fresh_database(server.url) as url:
        yield server, url


async def _created(store: PostgresStore, tenant: Tenant) -> set[str]:
    """The resources that the events tell of."""
    events = [event async for event in store.tenant(tenant.id).events()]
    return {event.resource for event in events if event.kind is Kind.RESOURCE_CREATED and event.resource}


async def _all(store: PostgresStore, tenant: Tenant) -> dict[str, int]:
    """The resources that there are, with their versions."""
    found: dict[str, int] = {}
    while True:
        page = await store.tenant(tenant.id).query(Query((Target(builders.USER),), offset=len(found), limit=500))
        found |= {row.id: row.version for row in page.rows}
        if len(found) == page.total:
            return found


async def test_a_killed_database_loses_nothing_that_was_acknowledged(own_server: tuple[PostgresServer, str]) -> None:
    server, url = own_server
    async with opened(url) as (store, acorn):
        handle = store.tenant(acorn.id)
        versions: dict[str, int] = {}
        tried: set[str] = set()
        refusals = 0
        down, enough = asyncio.Event(), asyncio.Event()

        async def write(writer: int) -> None:
            nonlocal refusals
            number = 0
            while not enough.is_set():
                number += 1
                user = builders.user(acorn, f"user{writer}-{number}")
                tried.add(user.id)
                try:
                    versions[user.id] = (await handle.apply(user)).version
                    applied = await handle.apply(builders.replaced(user, builders.user_document(f"u{writer}-{number}")))
                    versions[user.id] = applied.version
                except (Busy, Unavailable):
                    refusals += 1
                    down.set()
                    await asyncio.sleep(0.01)

        async def until(count: int) -> None:
            while len(versions) < count:
                await asyncio.sleep(0.005)

        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            for writer in range(8):
                tasks.create_task(write(writer))
            for _ in range(2):
                await until(len(versions) + 100)
                down.clear()
                await asyncio.to_thread(server.kill)
                await down.wait()
                await asyncio.to_thread(server.start)
            await until(len(versions) + 100)
            enough.set()

        assert refusals > 0
        there = await _all(store, acorn)
        assert {id for id in versions if there.get(id, 0) < versions[id]} == set()
        assert set(there) <= tried
        assert await _created(store, acorn) == set(there)


async def test_while_the_database_is_away_every_call_says_so(own_server: tuple[PostgresServer, str]) -> None:
    server, url = own_server
    async with opened(url) as (store, acorn):
        handle = store.tenant(acorn.id)
        ann = builders.user(acorn, "ann")
        await handle.apply(ann)
        server.kill()
        for _ in range(3):
            with pytest.raises(Unavailable):
                await handle.get(1, ann.id)
            with pytest.raises(Unavailable):
                await handle.apply(builders.user(acorn, "bo"))
            with pytest.raises(Unavailable):
                await store.ping()
        server.start()
        await store.ping()
        assert await handle.get(1, ann.id) is not None


async def test_a_reset_connection_is_replaced_and_a_read_is_made_again(postgres_url: str) -> None:
    async with proxied(postgres_url) as (proxy, url), opened(url, connections=2) as (store, acorn):
        handle = store.tenant(acorn.id)
        ann = builders.user(acorn, "ann")
        await handle.apply(ann)
        for _ in range(3):
            proxy.lose(Loss.ANSWER, UUID(ann.id).bytes)
            assert await handle.get(1, ann.id) is not None
            assert proxy.lost.is_set()
        proxy.reset()
        assert await handle.get(1, ann.id) is not None


async def test_an_insert_whose_answer_is_lost_is_answered_with_the_truth(postgres_url: str) -> None:
    async with proxied(postgres_url) as (proxy, url), opened(url) as (store, acorn):
        handle = store.tenant(acorn.id)
        ann, bo = builders.user(acorn, "ann"), builders.user(acorn, "bo")
        proxy.lose(Loss.ANSWER, ann.event.id.encode())
        assert (await handle.apply(ann)).version == 1
        assert proxy.lost.is_set()
        proxy.lose(Loss.REQUEST, bo.event.id.encode())
        with pytest.raises(Unavailable):
            await handle.apply(bo)
        assert proxy.lost.is_set()
        assert set(await _all(store, acorn)) == await _created(store, acorn) == {ann.id}
        assert (await handle.apply(bo)).version == 1


@pytest.mark.parametrize("with_members", [False, True])
async def test_an_update_whose_answer_is_lost_is_answered_with_the_truth(postgres_url: str, with_members: bool) -> None:
    async with proxied(postgres_url) as (proxy, url), opened(url) as (store, acorn):
        handle = store.tenant(acorn.id)
        ann, gardeners = builders.user(acorn, "ann"), builders.group(acorn)
        await handle.apply(ann)
        await handle.apply(gardeners)
        change = (
            builders.members_changed(gardeners, add=[ann.id])
            if with_members
            else builders.replaced(ann, builders.user_document("cleo"))
        )
        sign = b"COMMIT\0" if with_members else change.event.id.encode()
        proxy.lose(Loss.REQUEST, sign)
        with pytest.raises(Unavailable):
            await handle.apply(change)
        assert proxy.lost.is_set()
        assert (await handle.members([gardeners.id]))[gardeners.id] == []
        proxy.lose(Loss.ANSWER, sign)
        assert (await handle.apply(change)).version == 2
        assert proxy.lost.is_set()
        stored = await handle.get(change.type, change.id)
        assert stored is not None
        assert stored.version == 2
        assert len(await _events(store, acorn)) == 4


async def _events(store: PostgresStore, tenant: Tenant) -> list[str]:
    return [event.id async for event in store.tenant(tenant.id).events()]


async def test_when_every_connection_is_taken_callers_are_told_to_come_back(postgres_url: str) -> None:
    async with opened(postgres_url, connections=2) as (store, acorn):
        handle = store.tenant(acorn.id)
        ann = builders.user(acorn, "ann")
        await handle.apply(ann)
        links = [await store._pool.acquire() for _ in range(2)]
        with pytest.raises(Busy):
            await handle.get(1, ann.id)
        with pytest.raises(Busy):
            await handle.apply(builders.user(acorn, "bo"))
        for link in links:
            store._pool.release(link)
        assert await handle.get(1, ann.id) is not None
        assert (await handle.apply(builders.user(acorn, "bo"))).version == 1


async def test_a_row_that_somebody_holds_is_not_waited_for_long(postgres_url: str) -> None:
    async with opened(postgres_url) as (store, acorn):
        handle = store.tenant(acorn.id)
        ann = builders.user(acorn, "ann")
        await handle.apply(ann)
        holder = await asyncpg.connect(postgres_url)
        async with holder.transaction():
            await holder.execute("SELECT set_config('app.tenant', $1, true)", acorn.id)
            await holder.execute("SELECT 1 FROM resource FOR UPDATE")
            with pytest.raises(Busy):
                await handle.apply(builders.replaced(ann, builders.user_document("bo")))
            assert await handle.get(1, ann.id) is not None
        await holder.close()
        assert (await handle.apply(builders.replaced(ann, builders.user_document("bo")))).version == 2


async def test_a_server_that_became_a_standby_is_left(postgres_url: str) -> None:
    """A demoted server goes on to answer reads; whoever writes must notice, and look for the new one."""
    async with opened(postgres_url, connections=2) as (store, acorn):
        handle = store.tenant(acorn.id)
        name = postgres_url.rpartition("/")[2]
        raw = await asyncpg.connect(postgres_url)
        async with store._pool.link() as link:
            await link.run("SET default_transaction_read_only = on")
        await raw.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        with pytest.raises(Unavailable):
            await handle.apply(builders.user(acorn, "bo"))
        with pytest.raises(Unavailable):
            await handle.get(1, acorn.id)
        await raw.execute(f"SET default_transaction_read_only = off; ALTER DATABASE {name} RESET ALL")
        await raw.close()
        assert (await handle.apply(builders.user(acorn, "ann"))).version == 1


async def test_a_caller_who_gives_up_leaves_a_whole_change(postgres_url: str) -> None:
    async with opened(postgres_url, connections=1) as (store, acorn):
        handle = store.tenant(acorn.id)
        ann, gardeners = builders.user(acorn, "ann"), builders.group(acorn)
        await handle.apply(ann)
        await handle.apply(gardeners)
        for change in (
            builders.replaced(ann, builders.user_document("ann")),
            builders.members_changed(gardeners, add=[ann.id]),
        ):
            task = asyncio.ensure_future(handle.apply(change))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            while (stored := await handle.get(change.type, change.id)) and stored.version == 1:
                await asyncio.sleep(0.001)
        assert [member.id for member in (await handle.members([gardeners.id]))[gardeners.id]] == [ann.id]
        assert len(await _events(store, acorn)) == 5
