"""The connections of a tenant: found, made, set, deleted; each change with its event."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.stores import HandClock, sqlite_store

from rollbook.identity import static_tokens
from rollbook.scim.presets import InvalidPreset
from rollbook.scim.terms_settings import InvalidSetting
from rollbook.storage.contract import Store
from rollbook.storage.records import Tenant
from rollbook.tenancy import connections, lifecycle

pytestmark = pytest.mark.anyio


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(tmp_path: Path, hand: HandClock) -> AsyncIterator[Store]:
    async with sqlite_store(tmp_path, hand.clock) as store:
        yield store


@pytest.fixture
async def acorn(store: Store, hand: HandClock) -> Tenant:
    return await lifecycle.create(store, hand.clock, "acorn", "standard", ("standard",))


async def kinds(store: Store, tenant: Tenant) -> list[str]:
    return [str(event.kind) async for event in store.tenant(tenant.id).events()][1:]


async def test_a_tenant_starts_with_default(store: Store, acorn: Tenant) -> None:
    found = await connections.find(store, acorn, "DEFAULT")
    assert (found.id, found.preset, found.settings) == (acorn.connection, "standard", {})


async def test_a_connection_is_made_with_preset_and_settings(store: Store, hand: HandClock, acorn: Tenant) -> None:
    made = await connections.create(
        store, hand.clock, acorn, "Okta", preset="okta", settings={"page_size": "50"}, dialects=("standard",)
    )
    assert (made.dialect, made.preset, made.settings) == ("standard", "okta", {"page_size": 50})
    assert await connections.find(store, acorn, "okta") == made == await connections.find(store, acorn, made.id)
    assert await kinds(store, acorn) == ["connection:create"]


async def test_what_cannot_be_made_leaves_nothing(store: Store, hand: HandClock, acorn: Tenant) -> None:
    async def make(name: str, **more: object) -> None:
        await connections.create(store, hand.clock, acorn, name, **more)  # type: ignore[arg-type]

    with pytest.raises(lifecycle.InvalidName, match="a connection's name"):
        await make("a b")
    with pytest.raises(lifecycle.NameTaken):
        await make("Default")
    with pytest.raises(lifecycle.NoSuchDialect):
        await make("okta", dialect="klingon", dialects=("standard",))
    with pytest.raises(InvalidPreset):
        await make("okta", preset="okat")
    with pytest.raises(InvalidSetting):
        await make("okta", settings={"rate": "much"})
    await lifecycle.delete(store, hand.clock, acorn.id)
    with pytest.raises(lifecycle.NoSuchTenant):
        await make("okta")
    assert await kinds(store, acorn) == ["tenant:delete"]


async def test_settings_are_put_over_those_there_are(store: Store, hand: HandClock, acorn: Tenant) -> None:
    async def change(**settings: str) -> dict[str, object]:
        found = await connections.change(store, hand.clock, acorn, "default", settings)
        return {"preset": found.preset, **found.settings}

    assert await change(preset="okta", rate="5") == {"preset": "okta", "rate": 5.0}
    assert await change(delete="deactivate") == {"preset": "okta", "delete": "deactivate", "rate": 5.0}
    assert await change(rate="", preset="") == {"preset": "standard", "delete": "deactivate"}
    assert await change(delete="deactivate") == {"preset": "standard", "delete": "deactivate"}
    assert await kinds(store, acorn) == ["connection:change"] * 3


async def test_default_stays_and_others_go_with_their_tokens(store: Store, hand: HandClock, acorn: Tenant) -> None:
    with pytest.raises(connections.ConnectionNeeded):
        await connections.delete(store, hand.clock, acorn, "default")
    okta = await connections.create(store, hand.clock, acorn, "okta")
    issued = await static_tokens.issue(store, hand.clock, acorn, connection=okta)
    assert issued.token.connection == okta.id
    await connections.delete(store, hand.clock, acorn, "okta")
    assert await store.find_token(issued.token.digest) is None
    assert [token.revoked is not None for token in await store.tenant(acorn.id).tokens()] == [True]
    with pytest.raises(connections.NoSuchConnection):
        await connections.delete(store, hand.clock, acorn, "okta")
