"""What a store promises about lockers when people change: who leaves, who is deleted, and whose groups are."""

import asyncio

import pytest

from rollbook.events import Kind
from rollbook.ids import ordered_id
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import NotFound, StoreError
from rollbook.storage.locker_contract import Wish
from rollbook.storage.locker_records import (
    BLOCKED,
    Assignment,
    Booking,
    Listing,
    LockerGroup,
    Pin,
)
from rollbook.storage.records import Tenant
from rollbook.testing.builders import (
    GROUP,
    LATER,
    LATER_STILL,
)
from rollbook.testing.contract_assignments import EVENING, NOON, deletion, left, refused, told
from rollbook.testing.locker_builders import act, house


@pytest.mark.anyio
class LockersAndPeople:
    async def test_who_leaves_keeps_his_locker_and_is_listed(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        held = await there.give("ann")
        await there.give("bo")
        assert await handle.lockers.leavers(10) == []
        await handle.apply(left(there, "ann"))
        (leaver,) = await handle.lockers.leavers(10)
        assert (leaver.assignment, leaver.user_name, leaver.since) == (held, "ann", LATER_STILL)
        assert await handle.lockers.leavers(10, held.id) == []
        assert (await told(handle, 1, user_id=there.users["ann"])) == ["user:leave"]
        await handle.lockers.release(held.id, "released", act(LATER_STILL))
        assert await handle.lockers.leavers(10) == []

    async def test_leaving_is_told_however_the_change_comes(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        await there.give("ann")
        await there.give("bo")
        outcomes = await handle.apply_each([left(there, "ann"), left(there, "bo")])
        assert not any(isinstance(one, StoreError) for one in outcomes)
        assert await told(handle, 2) == ["user:leave", "user:leave"]
        await handle.apply(left(there, "cleo"))
        assert await told(handle, 1) == ["user:leave"]
        assert len(await handle.lockers.leavers(10)) == 2

    async def test_who_is_deleted_gives_his_lockers_back(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        ann, bo = there.users["ann"], there.users["bo"]
        held = await there.give("ann")
        shared = await handle.lockers.share(held.locker_id, ann, bo, ordered_id(), act(LATER))
        booked = await there.book("ann", NOON, EVENING)
        await handle.lockers.set_pin(Pin("user", ann, "pin", "$hash"), act(LATER, Kind.PIN_CHANGED))
        await handle.apply(deletion(there, ann))
        for id in (held.id, shared.id):
            after = await handle.lockers.find(Assignment, id)
            assert after is not None
            assert (after.slot, after.ended, after.reason) == (None, LATER_STILL, "userDeleted")
        booking = await handle.lockers.find(Booking, booked.id)
        assert booking is not None
        assert booking.state == "cancelled"
        assert await handle.lockers.pin("user", ann, "pin") is None
        assert await told(handle, 3) == ["assignment:end", "assignment:end", "booking:cancel"]
        assert await there.give("bo", there.lockers[0], LATER_STILL)

    async def test_a_deleted_group_takes_its_links_along(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        assert len(await handle.lockers.grounds(there.users["ann"], there.lockers[0].id, LATER)) == 1
        await handle.apply_each([deletion(there, there.staff, GROUP.number)])
        assert await handle.lockers.grounds(there.users["ann"], there.lockers[0].id, LATER) == []
        assert await told(handle, 1) == ["access_link:delete"]
        await handle.lockers.delete(LockerGroup, there.group.id, None, act(LATER))

    async def test_a_deletion_and_an_allocation_at_once_leave_nothing_behind(
        self, handle: TenantStore, acorn: Tenant
    ) -> None:
        there = await house(handle, acorn)
        for name in ("ann", "bo", "cleo"):
            work = [there.give(name), handle.apply(deletion(there, there.users[name])), there.give(name)]
            await asyncio.gather(*work, return_exceptions=True)
        assert await handle.lockers.listed(Assignment, Listing({"open": True})) == []

    async def test_people_of_another_tenant_mean_nothing(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        ours, theirs = await house(store.tenant(acorn.id), acorn), await house(store.tenant(birch.id), birch)
        held = await ours.give("ann")
        ours.users["stranger"] = theirs.users["ann"]
        assert await refused(ours.give("stranger")) == "noUser"
        with pytest.raises(NotFound):
            await ours.give("ann", theirs.lockers[0])
        assert await refused(ours.give("ann", Wish(bank_id=theirs.bank.id))) == "noFreeLocker"
        for work in (
            theirs.handle.lockers.release(held.id, "released", act(LATER)),
            theirs.handle.lockers.transfer(held.id, theirs.users["bo"], ordered_id(), act(LATER)),
            theirs.handle.lockers.set_state(held.locker_id, BLOCKED, "", act(LATER)),
            theirs.handle.lockers.unlock(held.locker_id, None, None, act(LATER)),
            theirs.handle.lockers.set_pin(Pin("locker", held.locker_id, "pin", "$hash"), act(LATER)),
        ):
            with pytest.raises(NotFound):
                await work
        assert await theirs.handle.lockers.holders([held.locker_id], LATER) == {}
        assert await theirs.handle.lockers.grounds(ours.users["ann"], ours.lockers[0].id, LATER) == []
        assert await theirs.handle.lockers.leavers(10) == []
        assert await theirs.handle.lockers.status(ours.bank.id, LATER) == []
