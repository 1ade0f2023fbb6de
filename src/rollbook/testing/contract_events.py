"""The storage contract: events, which come with their changes and stay."""

import pytest

from rollbook.events import Event, Kind
from rollbook.ids import ordered_id
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.records import Tenant
from rollbook.testing.builders import deleted, event, moment, replaced, user, user_document
from rollbook.testing.contract_resources import kinds


async def all_of(handle: TenantStore, since: str | None = None, until: str | None = None) -> list[Event]:
    return [found async for found in handle.events(since, until)]


@pytest.mark.anyio
class Events:
    async def test_each_change_leaves_its_event(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        changes = (ann, replaced(ann, user_document("ann")), deleted(ann))
        for change in changes:
            await handle.apply(change)
        assert await kinds(handle) == ["resource:create", "resource:replace", "resource:delete"]
        assert (await all_of(handle))[1:] == [change.event for change in changes]

    async def test_every_field_of_an_event_is_kept(self, handle: TenantStore) -> None:
        full = Event(
            id=ordered_id(),
            at=moment(5),
            kind=Kind.WRITE_REFUSED,
            actor="token:42d7cfdf-73a0-45e0-b796-234a88625f87",
            peer="2001:db8::7",
            request="r-17 ✓",
            resource_type="User",
            resource="not a uuid: 名前",
            status=409,
            scim_type="uniqueness",
            attributes=("userName", "urn:example:a'b\"c", "名前"),
            tolerances=("boolean text: active",),
            repeats=17,
        )
        bare = Event(id=ordered_id(), at=moment(6), kind=Kind.LOGIN_REFUSED, actor="anonymous")
        await handle.record([full, bare])
        assert (await all_of(handle))[1:] == [full, bare]

    async def test_events_come_oldest_first_whatever_order_they_went_in(self, handle: TenantStore) -> None:
        made = [event(Kind.WRITE_REFUSED, moment(n % 5)) for n in range(20)]
        await handle.record(made[10:])
        await handle.record(made[:10])
        assert (await all_of(handle))[1:] == sorted(made, key=lambda e: (e.at, e.id))

    async def test_events_are_asked_for_from_a_time_up_to_before_another(self, handle: TenantStore) -> None:
        made = [event(Kind.WRITE_REFUSED, moment(n)) for n in range(1, 10)]
        await handle.record(made)
        assert await all_of(handle, since=moment(1)) == made
        assert await all_of(handle, moment(3), moment(6)) == made[2:5]
        assert await all_of(handle, until=moment(2)) == [*(await all_of(handle))[:1], made[0]]
        assert await all_of(handle, moment(6), moment(3)) == []

    async def test_many_events_are_streamed(self, handle: TenantStore) -> None:
        made = [event(Kind.WRITE_REFUSED, moment(1 + n // 700)) for n in range(2_100)]
        await handle.record(made)
        assert (await all_of(handle))[1:] == made
        stream = handle.events()
        assert (await anext(stream)).kind is Kind.TENANT_CREATED
        assert await anext(stream) == made[0]

    async def test_no_events_are_recorded_in_silence(self, handle: TenantStore) -> None:
        await handle.record([])
        assert await kinds(handle) == []

    async def test_events_of_no_tenant_are_seen_by_no_tenant(
        self, store: Store, acorn: Tenant, handle: TenantStore
    ) -> None:
        refused = event(Kind.LOGIN_REFUSED)
        await store.record([refused])
        await store.record([])
        assert await kinds(handle) == []
        assert [found async for found in store.events()] == [refused]
