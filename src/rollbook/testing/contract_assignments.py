"""The storage contract: who holds a locker, who has booked one, and what becomes of it when people leave."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from rollbook.events import Kind
from rollbook.ids import new_id, ordered_id
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import LockerRefused, NotFound, VersionConflict
from rollbook.storage.locker_contract import Ground, Wish
from rollbook.storage.locker_records import (
    ACTIVE,
    BLOCKED,
    BOOKED,
    CLOSED,
    FIXED,
    HOLDER,
    SHARED,
    Assignment,
    Booking,
    Listing,
    LockerGroup,
    Pin,
)
from rollbook.storage.records import Delete, Tenant, Update
from rollbook.testing.builders import (
    LATER,
    LATER_STILL,
    USER,
    content,
    event,
    group,
    user,
    user_document,
)
from rollbook.testing.locker_builders import House, act, house

NOON, EVENING = "2026-01-31T12:00:00.000Z", "2026-01-31T18:00:00.000Z"


async def refused(work: Any) -> str:
    """The code of a refusal."""
    with pytest.raises(LockerRefused) as error:
        await work
    return error.value.code


def left(there: House, name: str, at: str = LATER_STILL, version: int = 1) -> Update:
    told = event(Kind.RESOURCE_MODIFIED, at, resource=there.users[name], status=200)
    made = content(USER, user_document(name, active=False))
    return Update(USER.number, there.users[name], version, at, told, made, [], leaves=True)


def deletion(there: House, id: str, type: int = USER.number, at: str = LATER_STILL) -> Delete:
    return Delete(type, id, None, at, event(Kind.RESOURCE_DELETED, at, resource=id), {2: "Group"})


async def told(handle: TenantStore, last: int = 100, **where: str) -> list[str]:
    return [one.kind for one in (await handle.lockers.events(None, 500, where)).events][-last:]


@pytest.mark.anyio
class Assignments:
    async def test_a_locker_is_given_and_given_back(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        door = there.lockers[0]
        held = await there.give("ann", door, note="badge at the desk")
        assert (held.locker_id, held.user_id, held.slot, held.kind) == (door.id, there.users["ann"], HOLDER, "day")
        assert await handle.lockers.find(Assignment, held.id) == held
        assert await handle.lockers.holders([door.id, "no id"], LATER) == {door.id: [held]}
        assert await refused(there.give("bo", door)) == "lockerTaken"
        assert await refused(there.give("ann", door)) == "alreadyHeld"
        back = await handle.lockers.release(held.id, "released", act(LATER_STILL), version=1)
        assert (back.slot, back.ended, back.reason, back.version) == (None, LATER_STILL, "released", 2)
        assert await refused(handle.lockers.release(held.id, "released", act(LATER_STILL))) == "ended"
        await there.give("bo", door, LATER_STILL)
        history = await handle.lockers.listed(Assignment, Listing({"locker_id": door.id}))
        assert [one.user_id for one in history] == [there.users["ann"], there.users["bo"]]
        open_ones = await handle.lockers.listed(Assignment, Listing({"locker_id": door.id, "open": True}))
        assert [one.user_id for one in open_ones] == [there.users["bo"]]
        assert await told(handle, 3) == ["assignment:create", "assignment:end", "assignment:create"]

    async def test_who_is_not_there_or_not_active_gets_none(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        there.users["stranger"] = new_id()
        assert await refused(there.give("stranger")) == "noUser"
        there.users["group"] = there.staff
        assert await refused(there.give("group")) == "noUser"
        there.users["odd"] = "no id"
        with pytest.raises(NotFound):
            await there.give("odd")
        with pytest.raises(NotFound):
            await there.give("ann", Wish(locker_id=new_id()))
        await handle.apply(left(there, "ann"))
        assert await refused(there.give("ann")) == "userInactive"
        assert await handle.lockers.is_active(there.users["ann"]) is False
        assert await handle.lockers.is_active(there.users["bo"]) is True
        assert await handle.lockers.is_active(new_id()) is None

    async def test_what_is_out_of_service_is_not_given(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn, doors=1)
        door = there.lockers[0]
        blocked = await handle.lockers.set_state(door.id, BLOCKED, "a broken lock", act(LATER))
        assert (blocked.state, blocked.state_reason, blocked.version) == (BLOCKED, "a broken lock", 2)
        assert await refused(there.give("ann", door)) == "lockerBlocked"
        assert await refused(there.give("ann")) == "noFreeLocker"
        await handle.lockers.set_state(door.id, ACTIVE, "", act(LATER))
        bank: Any = there.bank
        for wrong in ({"published": False}, {"service_mode": True}, {"state": CLOSED}):
            bank = await handle.lockers.change(replace(bank, **wrong), act(LATER))
            assert await refused(there.give("ann", door)) == "lockerClosed"
            assert await refused(there.give("ann")) == "noFreeLocker"
            right = {"published": True, "service_mode": False, "state": ACTIVE}
            bank = await handle.lockers.change(replace(bank, **right), act(LATER))
        await handle.lockers.change(replace(there.location, state=CLOSED), act(LATER))
        assert await refused(there.give("ann", door)) == "lockerClosed"
        assert await handle.lockers.free(Wish(), LATER, None, 10) == []

    async def test_a_wish_is_fulfilled_by_any_that_fits(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        big = await handle.lockers.change(replace(there.lockers[2], size="L", accessible=True, kind=FIXED), act(LATER))
        for wish in (Wish(size="L"), Wish(accessible=True), Wish(kind=FIXED)):
            held = await there.give("ann", wish)
            assert (held.locker_id, held.kind) == (big.id, FIXED)
            await handle.lockers.release(held.id, "released", act(LATER))
        given = [await there.give("ann", Wish(group_id=there.group.id, seed=seed)) for seed in (3, 0, 0, 7)]
        assert {one.locker_id for one in given} == {one.id for one in there.lockers}
        for wish in (Wish(location_id=there.location.id), Wish(section_id=there.section.id), Wish(group_id=new_id())):
            assert await refused(there.give("bo", wish)) == "noFreeLocker"

    async def test_of_many_who_want_the_last_locker_one_gets_it(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn, doors=1)
        asked = [there.give(name, wish) for name in ("ann", "bo", "cleo") for wish in (None, there.lockers[0], None)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        given = [one for one in outcomes if isinstance(one, Assignment)]
        assert len(given) == 1
        codes = {one.code for one in outcomes if isinstance(one, LockerRefused)}
        assert codes <= {"lockerTaken", "noFreeLocker", "alreadyHeld"}
        assert len(outcomes) - 1 == sum(isinstance(one, LockerRefused) for one in outcomes)
        assert len((await handle.lockers.holders([there.lockers[0].id], LATER))[there.lockers[0].id]) == 1

    async def test_what_has_expired_is_over_in_lists(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        short = await there.give("ann", there.lockers[0], expires=NOON)
        long = await there.give("ann", there.lockers[1])
        ended = await there.give("bo", there.lockers[2])
        ended = await handle.lockers.release(ended.id, "released", act(LATER))

        async def listed(name: str, at: str) -> set[str]:
            return {one.id for one in await handle.lockers.listed(Assignment, Listing({name: at}))}

        assert (await listed("open_at", LATER), await listed("over_at", LATER)) == ({short.id, long.id}, {ended.id})
        assert (await listed("open_at", NOON), await listed("over_at", NOON)) == ({long.id}, {short.id, ended.id})
        booked = await there.book("bo", NOON, EVENING)
        assert await handle.lockers.listed(Booking, Listing({"over_at": NOON})) == []
        assert await handle.lockers.listed(Booking, Listing({"over_at": EVENING})) == [booked]

    async def test_many_who_come_at_once_get_a_locker_each(
        self, store: Store, handle: TenantStore, acorn: Tenant
    ) -> None:
        there = await house(handle, acorn, doors=8)
        for n in range(10):
            person = user(acorn, f"user{n}")
            await handle.apply(person)
            there.users[f"user{n}"] = person.id
        asked = [there.give(f"user{n}", Wish(bank_id=there.bank.id, seed=n)) for n in range(10)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        given = [one for one in outcomes if isinstance(one, Assignment)]
        assert len({one.locker_id for one in given}) == len(given) == 8
        assert sum(isinstance(one, LockerRefused) and one.code == "noFreeLocker" for one in outcomes) == 2

    async def test_nobody_gets_more_than_he_may_hold_by_asking_twice(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)

        def one_only(grounds: Sequence[Ground]) -> str | None:
            return "quota" if any(ground.held >= 1 for ground in grounds) else None

        asked = [there.give("ann", Wish(bank_id=there.bank.id, seed=n), judge=one_only) for n in range(4)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(one, Assignment) for one in outcomes) == 1
        assert {one.code for one in outcomes if isinstance(one, LockerRefused)} == {"quota"}

    async def test_grounds_are_the_links_by_which_user_and_locker_meet(
        self, handle: TenantStore, acorn: Tenant
    ) -> None:
        there = await house(handle, acorn)
        door = there.lockers[0]
        (ground,) = await handle.lockers.grounds(there.users["ann"], door.id, LATER)
        assert ground == Ground(there.link, "Europe/Berlin", 0)  # type: ignore[arg-type]
        assert await handle.lockers.grounds(there.users["cleo"], door.id, LATER) == []
        inner = group(acorn, "Inner", members=[there.users["cleo"]])
        outer = group(acorn, "Outer", members=[inner.id])
        await handle.apply(inner)
        await handle.apply(outer)
        assert there.link is not None
        wide = await handle.lockers.create(replace(there.link, id=ordered_id(), user_group_id=outer.id), act())
        held = await there.give("cleo", door, expires=NOON)
        await there.give("cleo", there.lockers[1])
        assert await handle.lockers.grounds(there.users["cleo"], door.id, LATER) == [Ground(wide, "Europe/Berlin", 2)]
        assert await handle.lockers.grounds(there.users["cleo"], door.id, NOON) == [Ground(wide, "Europe/Berlin", 1)]
        assert held.expires == NOON
        await handle.lockers.change_group(there.group.id, [], [door.id], act(LATER))
        assert await handle.lockers.grounds(there.users["cleo"], door.id, LATER) == []

        def any_ground(grounds: Sequence[Ground]) -> str | None:
            return None if grounds else "noLink"

        assert await refused(there.give("bo", door, NOON, judge=any_ground)) == "noLink"
        assert (await there.give("bo", at=NOON, judge=any_ground)).locker_id != door.id

    async def test_what_is_over_is_given_to_the_next(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn, doors=1)
        held = await there.give("ann", expires=NOON)
        assert await refused(there.give("bo", at=LATER_STILL)) == "noFreeLocker"
        assert await handle.lockers.holders([held.locker_id], NOON) == {}
        assert await there.give("bo", there.lockers[0], NOON)
        over = await handle.lockers.find(Assignment, held.id)
        assert over is not None
        assert (over.slot, over.ended, over.reason) == (None, NOON, "expired")

    async def test_what_is_over_can_be_tidied(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        for name, until in (("ann", NOON), ("bo", EVENING), ("cleo", None)):
            await there.give(name, expires=until)
        assert await handle.lockers.expire(10, act(LATER)) == 0
        assert await handle.lockers.expire(10, act(NOON)) == 1
        assert await handle.lockers.expire(1, act(EVENING)) == 1
        assert len(await handle.lockers.listed(Assignment, Listing({"open": True}))) == 1

    async def test_a_holder_shares_his_locker(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        ann, bo, cleo = (there.users[name] for name in ("ann", "bo", "cleo"))
        door = there.lockers[0]
        held = await there.give("ann", door)
        shared = await handle.lockers.share(door.id, ann, bo, ordered_id(), act(LATER))
        assert (shared.slot, shared.shared_by, shared.user_id) == (bo, held.id, bo)
        assert await refused(handle.lockers.share(door.id, ann, bo, ordered_id(), act(LATER))) == "alreadyHeld"
        assert await refused(handle.lockers.share(door.id, bo, cleo, ordered_id(), act(LATER))) == "notHeld"
        third = await handle.lockers.share(door.id, ann, cleo, ordered_id(), act(LATER))
        await handle.lockers.release(third.id, "unshared", act(LATER_STILL))
        assert [one.user_id for one in (await handle.lockers.holders([door.id], LATER))[door.id]] == [ann, bo]
        await handle.lockers.release(held.id, "released", act(LATER_STILL))
        assert await handle.lockers.holders([door.id], LATER) == {}
        await handle.lockers.change(replace(door, shareable=False), act(LATER_STILL))
        await there.give("ann", door)
        assert await refused(handle.lockers.share(door.id, ann, bo, ordered_id(), act(LATER))) == "notShareable"

    async def test_a_shared_locker_has_many_holders(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        door = await handle.lockers.change(replace(there.lockers[0], kind=SHARED), act(LATER))
        for name in ("ann", "bo"):
            assert (await there.give(name, door)).slot == there.users[name]
        assert await refused(there.give("ann", door)) == "alreadyHeld"
        assert await refused(there.give("cleo", door, kind=FIXED)) == "lockerTaken"

    async def test_a_locker_is_handed_on(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        ann, bo, cleo = (there.users[name] for name in ("ann", "bo", "cleo"))
        held = await there.give("ann", expires=NOON)
        shared = await handle.lockers.share(held.locker_id, ann, cleo, ordered_id(), act(LATER))
        assert await refused(handle.lockers.transfer(shared.id, bo, ordered_id(), act(LATER))) == "notHeld"
        given = await handle.lockers.transfer(held.id, bo, ordered_id(), act(LATER_STILL))
        assert (given.user_id, given.slot, given.expires, given.started) == (bo, HOLDER, NOON, LATER_STILL)
        assert (await handle.lockers.holders([held.locker_id], LATER_STILL))[held.locker_id] == [given]
        assert await refused(handle.lockers.transfer(held.id, cleo, ordered_id(), act(LATER_STILL))) == "ended"
        with pytest.raises(NotFound):
            await handle.lockers.transfer(new_id(), bo, ordered_id(), act(LATER_STILL))

    async def test_an_assignment_gets_another_end(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn, doors=1)
        held = await there.give("ann", expires=NOON)
        await there.book("bo", "2026-01-31T14:00:00.000Z", EVENING)
        longer = await handle.lockers.extend(replace(held, expires="2026-01-31T13:00:00.000Z", note="n"), act(LATER))
        assert (longer.version, longer.note) == (2, "n")
        with pytest.raises(VersionConflict):
            await handle.lockers.extend(held, act(LATER))
        assert await refused(handle.lockers.extend(replace(longer, expires=EVENING), act(LATER))) == "lockerBooked"
        assert await refused(handle.lockers.extend(replace(longer, expires=None), act(LATER))) == "lockerBooked"

    async def test_a_locker_is_unlocked(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        door, ann = there.lockers[0], there.users["ann"]
        assert await handle.lockers.unlock(door.id, None, None, act(LATER)) == 5
        assert await refused(handle.lockers.unlock(door.id, ann, 9, act(LATER))) == "notHeld"
        await there.give("ann", door)
        assert await handle.lockers.unlock(door.id, ann, 9, act(LATER)) == 9
        events = (await handle.lockers.events(None, 100, {"locker_id": door.id})).events
        assert (events[-1].kind, events[-1].user_id, events[-1].data) == ("locker:unlock", ann, {"seconds": 9})
        await handle.lockers.set_state(door.id, BLOCKED, "", act(LATER))
        assert await refused(handle.lockers.unlock(door.id, ann, 9, act(LATER))) == "lockerBlocked"
        assert await handle.lockers.unlock(door.id, None, 3, act(LATER)) == 3

    async def test_a_bank_is_counted(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        await there.give("ann", there.lockers[0], expires=NOON)
        await handle.lockers.set_state(there.lockers[1].id, BLOCKED, "", act(LATER))
        for at, held in ((LATER, {("active", True): 1, ("active", False): 2}), (NOON, {("active", False): 3})):
            counts = await handle.lockers.status(there.bank.id, at)
            for group_id, name in ((None, None), (there.group.id, "Doors of all")):
                mine = [one for one in counts if one.group_id == group_id]
                assert {one.group_name for one in mine} == {name}
                assert {(one.state, one.held): one.lockers for one in mine} == {**held, ("blocked", False): 1}
        assert await handle.lockers.status(new_id(), LATER) == []

    async def test_a_locker_is_booked(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn, doors=1)
        door = there.lockers[0]
        booked = await there.book("ann", NOON, EVENING)
        assert await handle.lockers.find(Booking, booked.id) == booked
        assert await refused(there.book("bo", "2026-01-31T17:59:00.000Z", "2026-02-01T00:00:00.000Z")) == "noFreeLocker"
        assert await refused(there.book("bo", NOON, EVENING, Wish(locker_id=door.id))) == "lockerBooked"
        later = await there.book("bo", EVENING, "2026-01-31T19:00:00.000Z")
        assert await handle.lockers.bookings_between([door.id], NOON, EVENING) == [booked]
        assert await handle.lockers.free(Wish(), LATER, NOON, 10) == [door]
        assert await handle.lockers.free(Wish(), LATER, EVENING, 10) == []
        assert await refused(there.give("bo", door, LATER)) == "lockerBooked"
        assert await refused(there.give("bo", door, NOON, expires=EVENING)) == "lockerBooked"
        day = await there.give("bo", door, LATER, expires=NOON)
        assert await refused(there.give("ann", door, LATER_STILL, expires=EVENING)) == "lockerTaken"
        held = await there.give("ann", door, NOON, expires=EVENING)
        assert (held.kind, held.booking_id, held.expires) == (BOOKED, booked.id, EVENING)
        used = await handle.lockers.find(Booking, booked.id)
        assert used is not None
        assert used.state == "used"
        over = await handle.lockers.find(Assignment, day.id)
        assert over is not None
        assert over.reason == "expired"
        cancelled = await handle.lockers.cancel(later.id, act(LATER))
        assert (cancelled.state, cancelled.version) == ("cancelled", 2)
        assert await refused(handle.lockers.cancel(later.id, act(LATER))) == "ended"

    async def test_of_many_who_book_one_locker_one_does(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn, doors=1)
        asked = [there.book(name, NOON, EVENING) for name in ("ann", "bo", "cleo") for _ in range(3)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(one, Booking) for one in outcomes) == 1
        assert sum(isinstance(one, LockerRefused) for one in outcomes) == 8

    async def test_only_what_is_bookable_is_booked(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn, doors=1)
        door = there.lockers[0]
        group_now = await handle.lockers.find(LockerGroup, there.group.id)
        assert group_now is not None
        await handle.lockers.change(replace(group_now, bookable=False), act(LATER))
        assert await refused(there.book("ann", NOON, EVENING, Wish(locker_id=door.id))) == "notBookable"
        assert await refused(there.book("ann", NOON, EVENING)) == "noFreeLocker"

    async def test_pins_are_counted_wrong_and_forgiven(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        ann = there.users["ann"]
        lockers = handle.lockers
        assert await lockers.pin("user", ann, "pin") is None
        await lockers.set_pin(Pin("user", ann, "pin", "$hash"), act(LATER, Kind.PIN_CHANGED))
        for _ in range(2):
            assert await lockers.count_pin_failure("user", ann, "pin", None) in (1, 2)
        assert await lockers.count_pin_failure("user", ann, "pin", NOON) == 3
        found = await lockers.pin("user", ann, "pin")
        assert found == Pin("user", ann, "pin", "$hash", 3, NOON, LATER)
        assert "$hash" not in repr(found)
        await lockers.uncount_pin_failure("user", ann, "pin")
        assert await lockers.count_pin_failure("user", ann, "pin", None) == 3
        await lockers.forgive_pin("user", ann, "pin")
        again = await lockers.pin("user", ann, "pin")
        assert again is not None
        assert (again.failures, again.locked_until) == (0, None)
        await lockers.drop_pin("user", ann, "pin", act(LATER, Kind.PIN_CHANGED))
        with pytest.raises(NotFound):
            await lockers.drop_pin("user", ann, "pin", act(LATER, Kind.PIN_CHANGED))
        for subject, id in (("locker", there.lockers[0].id), ("bank", there.bank.id)):
            await lockers.set_pin(Pin(subject, id, "master", "$hash"), act(LATER, Kind.PIN_CHANGED))
        with pytest.raises(NotFound):
            await lockers.set_pin(Pin("locker", new_id(), "pin", "$hash"), act(LATER, Kind.PIN_CHANGED))
