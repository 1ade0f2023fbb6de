"""The second lock on PostgreSQL: what a connection sees and may do that is not, or not rightly, told whose it is."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.support.postgres import with_database

from rollbook.clock import SYSTEM_CLOCK
from rollbook.ids import new_id
from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.postgres import PostgresStore
from rollbook.storage.engines.postgres_queries import page_sql
from rollbook.storage.engines.postgres_rows import updates_arguments
from rollbook.storage.errors import SchemaMismatch
from rollbook.storage.migrations import latest, migrations
from rollbook.storage.records import Tenant
from rollbook.testing import builders

pytestmark = pytest.mark.anyio

TABLES = ("connection", "resource", "member", "attribute_index", "event")
MAIL = next(n for n, path in enumerate(builders.USER.index_paths) if "emails" in str(path))
BE = "SELECT set_config('app.tenant', $1, true)"


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(postgres_url, clock=SYSTEM_CLOCK, connections=2)
    await store.open()
    await store.migrate()
    yield store
    await store.close()


@pytest.fixture
async def acorn(store: PostgresStore) -> Tenant:
    """With a user, a group of that user, and their index rows and events."""
    return await _tenant(store, "acorn")


@pytest.fixture
async def birch(store: PostgresStore) -> Tenant:
    return await _tenant(store, "birch")


async def _tenant(store: PostgresStore, name: str) -> Tenant:
    tenant = builders.tenant(name)
    await store.create_tenant(tenant, builders.event())
    ann = builders.user(tenant, "ann")
    await store.tenant(tenant.id).apply(ann)
    await store.tenant(tenant.id).apply(builders.group(tenant, members=[ann.id]))
    return tenant


@pytest.fixture
async def raw(postgres_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of the role that serves, outside the store."""
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


async def _counts(raw: "asyncpg.Connection[asyncpg.Record]") -> list[int]:
    return [await raw.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES]


async def test_without_a_tenant_nothing_is_seen(acorn: Tenant, raw: "asyncpg.Connection[asyncpg.Record]") -> None:
    assert await _counts(raw) == [0, 0, 0, 0, 0]
    await raw.execute("SELECT set_config('app.tenant', '', false)")
    assert await _counts(raw) == [0, 0, 0, 0, 0]


async def test_a_tenant_sees_its_own_rows_alone(
    acorn: Tenant, birch: Tenant, raw: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with raw.transaction():
        await raw.execute(BE, acorn.id)
        assert await _counts(raw) == [1, 2, 1, 4, 3]
        for table in TABLES:
            assert {row[0] for row in await raw.fetch(f"SELECT tenant_id::text FROM {table}")} == {acorn.id}
    assert await _counts(raw) == [0, 0, 0, 0, 0]


async def test_no_row_is_written_for_another_tenant(
    acorn: Tenant, birch: Tenant, raw: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with raw.transaction():
        await raw.execute(BE, acorn.id)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with raw.transaction():
                await raw.execute("INSERT INTO member VALUES ($1, $2, $2, 1)", birch.id, new_id())
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with raw.transaction():
                await raw.execute("UPDATE resource SET tenant_id = $1", birch.id)
        assert await raw.execute("DELETE FROM member WHERE tenant_id = $1", birch.id) == "DELETE 0"


async def test_the_log_of_events_is_only_ever_added_to(
    acorn: Tenant, raw: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    for statement in ("UPDATE event SET actor = 'x'", "DELETE FROM event", "TRUNCATE event"):
        await raw.execute(sql.begin(acorn.id))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await raw.execute(statement)
        await raw.execute("ROLLBACK")


async def test_the_tenant_does_not_stay_on_a_connection(store: PostgresStore, acorn: Tenant) -> None:
    handle = store.tenant(acorn.id)
    ann = builders.user(acorn, "bo")
    await handle.apply(ann)
    await handle.get(1, ann.id)
    await handle.apply(builders.replaced(ann, builders.user_document("bo")))
    await handle.apply(builders.deleted(ann))
    for _ in range(4):
        async with store._pool.link() as link:
            rows = await link.fetch("SELECT coalesce(current_setting('app.tenant', true), '')")
            assert rows[0][0] == ""


async def test_a_role_made_for_serving_is_no_problem(store: PostgresStore) -> None:
    assert not [problem for problem in await store.problems() if "role" in problem or "security" in problem]


async def test_a_superuser_is_a_problem(store: PostgresStore, postgres_url: str, postgres_admin_url: str) -> None:
    database = postgres_url.rpartition("/")[2]
    admin = PostgresStore(postgres_admin_url.rpartition("/")[0] + "/" + database, clock=SYSTEM_CLOCK)
    await admin.open()
    try:
        assert any("superuser" in problem for problem in await admin.problems())
    finally:
        await admin.close()


async def test_row_level_security_that_was_lifted_is_a_problem(
    store: PostgresStore, raw: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await raw.execute("ALTER TABLE member NO FORCE ROW LEVEL SECURITY")
    assert any("row-level security" in problem for problem in await store.problems())


async def test_a_right_to_change_events_is_a_problem(
    store: PostgresStore, raw: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await raw.execute("GRANT DELETE ON event TO CURRENT_USER")
    assert any("events" in problem for problem in await store.problems())


async def test_a_role_that_owns_nothing_can_serve(
    store: PostgresStore, postgres_url: str, postgres_admin_url: str
) -> None:
    role = f"app_{new_id()[:8]}"
    admin = await asyncpg.connect(postgres_admin_url)
    await admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'pw' NOSUPERUSER NOBYPASSRLS")
    database = postgres_url.rpartition("/")[2]
    served = PostgresStore(with_database(postgres_url, database, role, "pw"), clock=SYSTEM_CLOCK)
    try:
        await store.migrate(grant_to=role)
        await served.open()
        assert not [
            problem for problem in await served.problems() if "fsync" not in problem and "commit" not in problem
        ]
        acorn = await _tenant(served, "acorn")
        handle = served.tenant(acorn.id)
        cleo = builders.user(acorn, "cleo")
        await handle.apply(cleo)
        await handle.apply(builders.deleted(cleo))
        assert await handle.get(1, cleo.id) is None
        await served.delete_tenant(acorn.id, builders.LATER, builders.event())
        connection = await asyncpg.connect(with_database(postgres_url, database, role, "pw"))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("GRANT DELETE ON event TO CURRENT_USER; DELETE FROM event")
        await connection.close()
    finally:
        await served.close()
        await store.close()
        owner = await asyncpg.connect(postgres_url)
        await owner.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
        await owner.close()
        await admin.execute(f"DROP ROLE {role}")
        await admin.close()


HOSTILE = (
    "enable_nestloop = off",
    "enable_hashjoin = off",
    "enable_material = off",
    "enable_indexscan = off",
    "enable_bitmapscan = off",
    "enable_indexonlyscan = off",
    "enable_memoize = off",
)


async def test_no_plan_looks_at_rows_before_it_knows_the_tenant(
    store: PostgresStore, acorn: Tenant, birch: Tenant, raw: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """Were the tables read before the setting is made, a statement would find nothing, or fail to write."""
    handle = store.tenant(acorn.id)
    users = [builders.user(acorn, f"user{n}") for n in range(300)]
    for user in users:
        await handle.apply(user)
    ids = [user.id for user in users]
    await raw.execute("ANALYZE")
    page = page_sql("resource r", "r.type = 1 AND r.created >= ''", "r.id", 2)
    for mode in ("force_generic_plan", "force_custom_plan"):
        await raw.execute(f"SET plan_cache_mode = {mode}")
        for setting in ("jit = off", *HOSTILE):
            await raw.execute(f"SET {setting}")
            assert len(await raw.fetch(page, acorn.id, 1000, 0)) == 301
            assert len(await raw.fetch(sql.GET_MANY, acorn.id, [1] * 300, ids)) == 300
            assert len(await raw.fetch(sql.GET, acorn.id, 1, ids[0])) == 1
            assert await raw.fetchval(sql.COUNT, acorn.id, 1) == 301
            assert len(await raw.fetch(sql.TYPES_OF, acorn.id, ids)) == 300
            assert len(await raw.fetch(sql.EVENTS, acorn.id, "", new_id(), "~", 1000)) == 303
            assert len(await raw.fetch(sql.TENANTS)) == 2
            assert all(row[5] is not None for row in await raw.fetch(sql.TENANTS))
        for setting in HOSTILE:
            await raw.execute(f"RESET {setting.split()[0]}")


async def test_no_plan_of_an_update_looks_at_rows_before_it_knows_the_tenant(
    store: PostgresStore, acorn: Tenant, birch: Tenant, raw: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    handle = store.tenant(acorn.id)
    users = [builders.user(acorn, f"user{n}") for n in range(100)]
    for user in users:
        await handle.apply(user)
    await raw.execute("ANALYZE")
    version = 1
    for mode in ("force_generic_plan", "force_custom_plan"):
        await raw.execute(f"SET plan_cache_mode = {mode}")
        for setting in ("jit = off", *HOSTILE):
            await raw.execute(f"SET {setting}")
            names = [f"user{n}-{version}" for n in range(100)]
            documents = [builders.user_document(name) for name in names]
            changes = [builders.replaced(*each, version) for each in zip(users, documents, strict=True)]
            rows = await raw.fetch(sql.UPDATES, *updates_arguments(acorn.id, changes))
            version += 1
            assert [row[1] for row in rows] == [version] * 100
            assert not await raw.fetch(sql.UPDATES, *updates_arguments(acorn.id, [changes[0]]))
            async with raw.transaction():
                await raw.execute(BE, acorn.id)
                mails = {row[0] for row in await raw.fetch("SELECT value FROM attribute_index WHERE path = $1", MAIL)}
                assert await raw.fetchval("SELECT count(*) FROM event WHERE resource <> ''") >= 100 * version
            assert {mail for mail in mails if mail.startswith("user")} == {f"{name}@acorn.example" for name in names}
        for setting in HOSTILE:
            await raw.execute(f"RESET {setting.split()[0]}")


async def test_two_hosts_may_bring_up_one_database(postgres_url: str) -> None:
    stores = [PostgresStore(postgres_url, clock=SYSTEM_CLOCK, connections=1) for _ in range(4)]
    for store in stores:
        await store.open()
    try:
        ran = await asyncio.gather(*(store.migrate() for store in stores))
        assert sorted(name for names in ran for name in names) == [m.name for m in migrations("postgres")]
        assert {await store.schema_version() for store in stores} == {latest("postgres")}
    finally:
        for store in stores:
            await store.close()


async def test_a_database_of_another_release_is_refused(
    store: PostgresStore, raw: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await raw.execute("INSERT INTO rollbook_schema VALUES (99, '0099_later', '')")
    with pytest.raises(SchemaMismatch):
        await store.ping()
    with pytest.raises(SchemaMismatch):
        await store.migrate()


async def test_what_is_read_all_day_is_not_planned_each_time(
    store: PostgresStore, acorn: Tenant, birch: Tenant
) -> None:
    of_lists = (sql.GROUPS_OF, sql.MEMBERS, sql.TYPES_OF)
    async with store._pool.link() as link:
        for many in (2, 1, 3, 2, 1, 2, 3, 1):
            ids = [new_id() for _ in range(many)]
            await link.fetch(sql.GET, acorn.id, 1, ids[0])
            await link.fetch(sql.GET_MANY, acorn.id, [1] * many, ids)
            for statement in of_lists:
                await link.fetch(statement, acorn.id, ids)
        texts = [sql.GET, sql.GET_MANY, *of_lists]
        rows = await link.fetch(
            "SELECT statement, generic_plans FROM pg_prepared_statements WHERE statement = ANY($1)", texts
        )
    assert dict(map(tuple, rows)) == dict.fromkeys(texts, 3)


@pytest.mark.parametrize("name", ["GET", "GET_MANY", "UPDATE", "TOUCH", "LOCK", "LOCK_TO_DELETE", "DELETE", "FOUND"])
async def test_single_rows_are_found_by_the_primary_key_from_the_first_row_on(
    store: PostgresStore, acorn: Tenant, name: str
) -> None:
    """Before there are statistics all indexes seem alike; a wrong one would make each write slower than the last."""
    async with store._pool.link() as link:
        await link.run("SET plan_cache_mode = force_generic_plan")  # or it would be planned for those NULLs
        statement = await link.connection.prepare(getattr(sql, name), name="it")
        nothing = ", ".join(["NULL"] * len(statement.get_parameters()))
        plan = [row[0] for row in await link.connection.fetch(f"EXPLAIN EXECUTE it({nothing})")]
    assert any("resource_pkey" in line for line in plan)
    assert not any("resource_" in line and "resource_pkey" not in line for line in plan)
