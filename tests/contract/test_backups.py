"""A backup of one engine is restored into the other, and back, with nothing lost."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import pytest

from rollbook.clock import SYSTEM_CLOCK
from rollbook.storage.contract import Store
from rollbook.storage.engines.postgres import PostgresStore
from rollbook.storage.engines.sqlite import SqliteStore
from rollbook.storage.errors import StoreError
from rollbook.storage.records import CatalogueChange, Query, Target, Tenant
from rollbook.testing import builders, storage_contract
from rollbook.testing.contract_sessions import activation, auth_key, session

assert storage_contract.__name__, "imported first, because it has its parts rewritten for pytest"

pytestmark = pytest.mark.anyio


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(postgres_url, clock=SYSTEM_CLOCK, connections=2)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(str(tmp_path / "rollbook.db"), clock=SYSTEM_CLOCK)
    await store.open()
    yield store
    await store.close()


async def _fill(store: Store) -> list[Tenant]:
    """Two tenants with everything that there can be, and one that is gone."""
    await store.migrate()
    tenants = [builders.tenant(name) for name in ("acorn", "birch", "cedar")]
    for number, tenant in enumerate(tenants):
        await store.create_tenant(tenant, builders.event())
        handle = store.tenant(tenant.id)
        users = [builders.user(tenant, f"user{n}", external_id=f"x-{n}", title="Ökonom 🔑") for n in range(40)]
        for user in users:
            await handle.apply(user)
        inner = builders.group(tenant, "Inner", members=[user.id for user in users])
        await handle.apply(inner)
        await handle.apply(builders.group(tenant, "Outer", members=[inner.id]))
        await handle.apply(builders.replaced(users[0], builders.user_document("user0", active=False)))
        await handle.apply(builders.deleted(users[1]))
        await handle.create_token(builders.token(tenant, bytes([number]) * 32), builders.event())
        await store.configure_tenant(tenant.id, '{"shop":{"shelves":["Ä🔑"]}}', builders.event())
        digest = bytes([100 + number]) * 32
        await store.sessions.start(session(tenant, builders.START, digest=digest), builders.event())
        await store.sessions.create_auth_key(auth_key(tenant, 10**15 + number), builders.event())
        await store.sessions.invite(activation(tenant, digest=digest), None, ())
        document = b'{"number": %d}' % number
        await handle.change_catalogue(CatalogueChange(0, document, (), builders.START, builders.event()))
    await store.record([builders.event()])
    await store.delete_tenant(tenants[2].id, builders.LATER, builders.event())
    return tenants


async def _whole(store: Store, tenants: list[Tenant]) -> list[Any]:
    whole: list[Any] = [await store.tenants()]
    for number, tenant in enumerate(tenants):
        handle = store.tenant(tenant.id)
        for type in (builders.USER, builders.GROUP):
            page = await handle.query(Query((Target(type),), limit=1000))
            whole.append(page)
            whole.append(await handle.members([row.id for row in page.rows]))
            whole.append(await handle.groups_of([row.id for row in page.rows]))
        whole.append([event async for event in handle.events()])
        whole.append(await handle.tokens())
        whole.append(await store.find_token(bytes([number]) * 32))
        whole.append(await store.sessions.find(bytes([100 + number]) * 32))
        whole.append(await store.sessions.auth_keys(tenant.id))
        whole.append(await store.sessions.find_activation(bytes([100 + number]) * 32))
        whole.append(await store.find_tenant(tenant.id))
        whole.append(await handle.catalogue())
    whole.append(await store.schema_work(builders.LATER))
    return whole


async def test_a_backup_of_each_engine_restores_into_the_other(
    postgres: PostgresStore, sqlite: SqliteStore, tmp_path: Path
) -> None:
    there, back = str(tmp_path / "there"), str(tmp_path / "back")
    tenants = await _fill(sqlite)
    before = await _whole(sqlite, tenants)
    await sqlite.backup(there)
    await postgres.restore(there)
    assert await _whole(postgres, tenants) == before
    await sqlite.tenant(tenants[0].id).apply(builders.user(tenants[0], "late"))
    await postgres.backup(back)
    await sqlite.restore(back)
    assert await _whole(sqlite, tenants) == before
    acorn = sqlite.tenant(tenants[0].id)
    assert (await acorn.query(builders.users_where("title", "sw", "ökonom"))).total == 38


async def test_a_restore_into_postgres_replaces_what_was_there_and_keeps_the_locks(
    postgres: PostgresStore, sqlite: SqliteStore, postgres_url: str, tmp_path: Path
) -> None:
    gone = await _fill(postgres)
    tenants = await _fill(sqlite)
    await sqlite.backup(str(tmp_path / "there"))
    await postgres.restore(str(tmp_path / "there"))
    assert [tenant.id for tenant in await postgres.tenants()] == [tenant.id for tenant in tenants[:2]]
    assert [event async for event in postgres.tenant(gone[0].id).events()] == []
    assert not [problem for problem in await postgres.problems() if "events" in problem or "security" in problem]
    raw = await asyncpg.connect(postgres_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await raw.execute("TRUNCATE event")
    await raw.close()


async def test_a_file_that_is_no_backup_changes_nothing(postgres: PostgresStore, tmp_path: Path) -> None:
    tenants = await _fill(postgres)
    before = await _whole(postgres, tenants)
    wrong = tmp_path / "wrong"
    wrong.write_bytes(b"SQLite format 3\0 but not really" * 40)
    for path in (wrong, tmp_path / "missing"):
        with pytest.raises(StoreError):
            await postgres.restore(str(path))
    assert await _whole(postgres, tenants) == before


async def test_a_backup_with_values_that_do_not_fit_changes_nothing(
    postgres: PostgresStore, sqlite: SqliteStore, tmp_path: Path
) -> None:
    tenants = await _fill(postgres)
    before = await _whole(postgres, tenants)
    await _fill(sqlite)
    path = str(tmp_path / "bent")
    await sqlite.backup(path)
    bent = apsw.Connection(path)
    bent.execute("UPDATE resource SET connection_id = 'x'")
    bent.close()
    with pytest.raises(StoreError):
        await postgres.restore(path)
    assert await _whole(postgres, tenants) == before
