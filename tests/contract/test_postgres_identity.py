"""How a token's standing is read on PostgreSQL: by any plan, and without the role that owns the tables."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.support.postgres import with_database

from rollbook.clock import SYSTEM_CLOCK
from rollbook.ids import new_id
from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.postgres import PostgresStore
from rollbook.storage.records import Tenant
from rollbook.testing import builders
from rollbook.testing.contract_identity import client, link

pytestmark = pytest.mark.anyio

HOSTILE = ("nestloop", "hashjoin", "mergejoin", "indexscan", "bitmapscan", "indexonlyscan", "material", "memoize")


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(postgres_url, clock=SYSTEM_CLOCK, connections=2)
    await store.open()
    await store.migrate()
    yield store
    await store.close()


@pytest.fixture
async def acorn(store: PostgresStore) -> Tenant:
    tenant = builders.tenant()
    await store.create_tenant(tenant, builders.event())
    return tenant


async def test_no_plan_of_a_standing_looks_at_the_connection_before_it_knows_the_tenant(
    store: PostgresStore, acorn: Tenant, postgres_url: str
) -> None:
    made = client()
    await store.identity.create_client(made, None, [link(made, acorn)], ())
    raw = await asyncpg.connect(postgres_url)
    try:
        for mode in ("force_generic_plan", "force_custom_plan"):
            await raw.execute(f"SET plan_cache_mode = {mode}")
            for setting in HOSTILE:
                await raw.execute(f"SET enable_{setting} = off")
                (row,) = await raw.fetch(sql.STANDING, acorn.id, made.id, None, None, "jti")
                assert str(row[-6]) == acorn.connection
            for setting in HOSTILE:
                await raw.execute(f"RESET enable_{setting}")
    finally:
        await raw.close()


async def test_a_role_that_owns_nothing_can_give_tokens(
    store: PostgresStore, acorn: Tenant, postgres_url: str, postgres_admin_url: str
) -> None:
    role = f"app_{new_id()[:8]}"
    admin = await asyncpg.connect(postgres_admin_url)
    await admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'pw' NOSUPERUSER NOBYPASSRLS")
    database = postgres_url.rpartition("/")[2]
    served = PostgresStore(with_database(postgres_url, database, role, "pw"), clock=SYSTEM_CLOCK)
    try:
        await store.migrate(grant_to=role)
        await served.open()
        made = client()
        await served.identity.create_client(made, None, [link(made, acorn)], ())
        assert await served.identity.standing(acorn.id, made.id, None, None, "jti") is not None
        assert await served.identity.use_assertion("c", "j", 1)
        await served.identity.sweep(builders.LATER, 1)
        assert await served.identity.use_assertion("c", "j", 1)
    finally:
        await served.close()
        await store.close()
        owner = await asyncpg.connect(postgres_url)
        await owner.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
        await owner.close()
        await admin.execute(f"DROP ROLE {role}")
        await admin.close()
