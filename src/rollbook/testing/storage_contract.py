"""The storage contract as a test suite: what ``storage.contract`` promises, every engine has to show.

An engine's tests are one subclass that provides ``new_store``::

    class TestMyEngine(StorageContract):
        @pytest.fixture
        def new_store(self, tmp_path):
            return lambda: MyStore(tmp_path / "store")

``new_store`` makes handles, not yet open, on one and the same database, which is empty at the start of each test.
"""

from collections.abc import AsyncIterator, Callable

import pytest

pytest.register_assert_rewrite(
    *(
        f"rollbook.testing.contract_{part}"
        for part in (
            "assignments",
            "connections",
            "entrance",
            "events",
            "feed",
            "groups",
            "identity",
            "isolation",
            "leavers",
            "lockers",
            "manners",
            "many",
            "members",
            "numbered",
            "passwords",
            "queries",
            "resources",
            "schemas",
            "sessions",
            "tenants",
            "unique",
            "upkeep",
            "walks",
            "writers",
        )
    )
)

from rollbook.events import Kind  # noqa: E402
from rollbook.storage.contract import Store, TenantStore  # noqa: E402
from rollbook.storage.records import Tenant  # noqa: E402
from rollbook.testing import builders  # noqa: E402
from rollbook.testing.contract_assignments import Assignments  # noqa: E402
from rollbook.testing.contract_connections import Connections  # noqa: E402
from rollbook.testing.contract_entrance import Ways  # noqa: E402
from rollbook.testing.contract_events import Events  # noqa: E402
from rollbook.testing.contract_feed import FeedOfChanges, MemberPages  # noqa: E402
from rollbook.testing.contract_groups import GroupsOfAMember  # noqa: E402
from rollbook.testing.contract_identity import Identity  # noqa: E402
from rollbook.testing.contract_isolation import Isolation  # noqa: E402
from rollbook.testing.contract_leavers import LockersAndPeople  # noqa: E402
from rollbook.testing.contract_lockers import Structure  # noqa: E402
from rollbook.testing.contract_manners import Manners  # noqa: E402
from rollbook.testing.contract_many import Many  # noqa: E402
from rollbook.testing.contract_members import Members  # noqa: E402
from rollbook.testing.contract_numbered import NumberedPages, WholeBanks  # noqa: E402
from rollbook.testing.contract_passwords import Passwords  # noqa: E402
from rollbook.testing.contract_queries import Queries  # noqa: E402
from rollbook.testing.contract_resources import Resources  # noqa: E402
from rollbook.testing.contract_schemas import Schemas  # noqa: E402
from rollbook.testing.contract_sessions import SessionsAndKeys  # noqa: E402
from rollbook.testing.contract_tenants import Tenants  # noqa: E402
from rollbook.testing.contract_unique import UniqueValues  # noqa: E402
from rollbook.testing.contract_upkeep import Upkeep  # noqa: E402
from rollbook.testing.contract_walks import Walks  # noqa: E402
from rollbook.testing.contract_writers import Writers  # noqa: E402

NewStore = Callable[[], Store]


class StorageContract(
    Resources,
    Writers,
    Many,
    Members,
    GroupsOfAMember,
    Passwords,
    UniqueValues,
    Queries,
    Walks,
    FeedOfChanges,
    MemberPages,
    Events,
    Tenants,
    Identity,
    Ways,
    SessionsAndKeys,
    Connections,
    Schemas,
    Isolation,
    Structure,
    Assignments,
    LockersAndPeople,
    NumberedPages,
    WholeBanks,
    Manners,
    Upkeep,
):
    """Every promise of a store. See the module."""

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    def new_store(self) -> NewStore:
        raise NotImplementedError("the engine's tests say how a store is made")

    @pytest.fixture
    async def store(self, new_store: NewStore) -> AsyncIterator[Store]:
        """An open store with its schema."""
        store = new_store()
        await store.open()
        await store.migrate()
        yield store
        await store.close()

    @pytest.fixture
    async def acorn(self, store: Store) -> Tenant:
        return await new_tenant(store, "acorn")

    @pytest.fixture
    async def birch(self, store: Store) -> Tenant:
        return await new_tenant(store, "birch")

    @pytest.fixture
    async def handle(self, store: Store, acorn: Tenant) -> TenantStore:
        """The handle on acorn."""
        return store.tenant(acorn.id)


async def new_tenant(store: Store, name: str) -> Tenant:
    tenant = builders.tenant(name)
    await store.create_tenant(tenant, builders.event(Kind.TENANT_CREATED))
    return tenant
