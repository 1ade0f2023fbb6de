"""The life of a tenant, each step with its event."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.stores import HandClock, sqlite_store

from rollbook.events import Event, Kind
from rollbook.ids import new_id
from rollbook.storage.contract import Store
from rollbook.tenancy import lifecycle
from rollbook.tenancy.lifecycle import InvalidName, NameTaken, NoSuchDialect, NoSuchTenant, WrongStatus, check_name

pytestmark = pytest.mark.anyio
DIALECTS = ("standard", "strict")


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(tmp_path: Path, hand: HandClock) -> AsyncIterator[Store]:
    async with sqlite_store(tmp_path, hand.clock) as opened:
        yield opened


async def events_of(store: Store, tenant_id: str) -> list[Event]:
    return [event async for event in store.tenant(tenant_id).events()]


@pytest.mark.parametrize("name", ["a", "Acorn", "acorn-2_B", "-", "_", "0", "x" * 63])
def test_letters_digits_hyphen_and_underscore_make_a_name(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "empty"),
        ("x" * 64, "64"),
        ("acorn inc", "' '"),
        ("acorn.example", "'.'"),
        ("a/b", "'/'"),
        ("äcorn", "'ä'"),
        ("acorn\n", r"'\n'"),
        ("..", "'.'"),
        ("42d7cfdf-73a0-45e0-b796-234a88625f87", "id"),
        ("42D7CFDF-73A0-45E0-B796-234A88625F87", "id"),
    ],
)
def test_what_is_no_name_is_refused_with_what_is_wrong(name: str, told: str) -> None:
    with pytest.raises(InvalidName, match=r"name") as refused:
        check_name(name)
    assert told in refused.value.detail


async def test_a_tenant_starts_active_with_its_connection_and_an_event(store: Store, hand: HandClock) -> None:
    tenant = await lifecycle.create(store, hand.clock, "Acorn", "standard", DIALECTS)
    assert (tenant.name, tenant.dialect, tenant.status) == ("Acorn", "standard", "active")
    assert tenant.created == "2026-01-31T08:00:00.000Z"
    assert await lifecycle.find(store, "ACORN") == await lifecycle.find(store, tenant.id) == tenant
    (event,) = await events_of(store, tenant.id)
    assert (event.kind, event.actor, event.at) == (Kind.TENANT_CREATED, "operator", tenant.created)
    assert (event.resource_type, event.resource) == ("Tenant", tenant.id)


async def test_a_name_is_taken_in_every_letter_case(store: Store, hand: HandClock) -> None:
    await lifecycle.create(store, hand.clock, "acorn", "standard", DIALECTS)
    with pytest.raises(NameTaken, match="'ACORN'"):
        await lifecycle.create(store, hand.clock, "ACORN", "standard", DIALECTS)
    assert len(await store.tenants()) == 1


async def test_an_unknown_dialect_is_refused_with_those_there_are(store: Store, hand: HandClock) -> None:
    with pytest.raises(NoSuchDialect, match="choose standard or strict"):
        await lifecycle.create(store, hand.clock, "acorn", "klingon", DIALECTS)


async def test_who_is_not_there_is_not_found(store: Store) -> None:
    for name in ("acorn", new_id(), ""):
        with pytest.raises(NoSuchTenant):
            await lifecycle.find(store, name)


async def test_suspending_and_resuming_leave_an_event_only_when_something_changed(
    store: Store, hand: HandClock
) -> None:
    tenant = await lifecycle.create(store, hand.clock, "acorn", "standard", DIALECTS)
    hand.move(timedelta(minutes=1))
    assert (await lifecycle.suspend(store, hand.clock, "acorn")).status == "suspended"
    assert (await lifecycle.suspend(store, hand.clock, "acorn")).status == "suspended"
    assert (await lifecycle.resume(store, hand.clock, tenant.id)).status == "active"
    assert (await lifecycle.resume(store, hand.clock, tenant.id)).status == "active"
    kinds = [event.kind for event in await events_of(store, tenant.id)]
    assert kinds == [Kind.TENANT_CREATED, Kind.TENANT_SUSPENDED, Kind.TENANT_RESUMED]


async def test_a_deleted_tenant_keeps_its_events_and_frees_its_name(store: Store, hand: HandClock) -> None:
    tenant = await lifecycle.create(store, hand.clock, "acorn", "standard", DIALECTS)
    await lifecycle.delete(store, hand.clock, "acorn")
    with pytest.raises(NoSuchTenant):
        await lifecycle.find(store, "acorn")
    assert (await lifecycle.find(store, tenant.id)).status == "deleted"
    assert (await events_of(store, tenant.id))[-1].kind is Kind.TENANT_DELETED
    second = await lifecycle.create(store, hand.clock, "acorn", "standard", DIALECTS)
    assert second.id != tenant.id


async def test_a_deleted_tenant_does_not_come_back(store: Store, hand: HandClock) -> None:
    tenant = await lifecycle.create(store, hand.clock, "acorn", "standard", DIALECTS)
    await lifecycle.delete(store, hand.clock, "acorn")
    for step in (lifecycle.suspend, lifecycle.resume, lifecycle.delete):
        with pytest.raises(WrongStatus, match="deleted"):
            await step(store, hand.clock, tenant.id)
