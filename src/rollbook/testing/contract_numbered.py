"""The storage contract: lockers by page numbers, events by their ids, and banks as a whole."""

from dataclasses import replace

import pytest

from rollbook.events import Kind
from rollbook.ids import new_id, ordered_id
from rollbook.storage.contract import TenantStore
from rollbook.storage.errors import LockerRefused, NotFound
from rollbook.storage.locker_contract import Wish
from rollbook.storage.locker_records import Assignment, Bank, Booking, Locker, LockerGroup, Pin
from rollbook.storage.records import Tenant
from rollbook.testing.builders import LATER, LATER_STILL, START
from rollbook.testing.locker_builders import act, house


@pytest.mark.anyio
class NumberedPages:
    async def test_pages_by_number_have_a_total_and_end(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        numbered = handle.lockers.numbered
        where = {"bank_id": there.bank.id}
        first = await numbered.page(Locker, where, 0, 3)
        rest = await numbered.page(Locker, where, 3, 3)
        beyond = await numbered.page(Locker, where, 6, 3)
        assert (first.total, rest.total, beyond.total) == (4, 4, 4)
        assert [one.id for one in (*first.rows, *rest.rows)] == sorted(one.id for one in there.lockers)
        assert list(beyond.rows) == []
        assert (await numbered.page(Locker, {"bank_id": new_id()}, 0, 3)).total == 0
        assert (await numbered.page(Locker, {"bank_id": "no id"}, 0, 3)).total == 0

    async def test_what_stands_in_a_bank_is_found_from_either_side(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        lockers = handle.lockers
        empty = await lockers.create(LockerGroup(id=ordered_id(), name="Empty"), act())
        other = await lockers.create(Bank(id=ordered_id(), section_id=there.section.id, name="B"), act())
        page = lockers.numbered.page
        assert [one.id for one in (await page(LockerGroup, {"bank_id": there.bank.id}, 0, 9)).rows] == [there.group.id]
        assert [one.id for one in (await page(Bank, {"group_id": there.group.id}, 0, 9)).rows] == [there.bank.id]
        assert (await page(LockerGroup, {"bank_id": other.id}, 0, 9)).total == 0
        assert (await page(Bank, {"group_id": empty.id}, 0, 9)).total == 0

    async def test_banks_are_found_by_what_stands_in_their_attributes(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        lockers = handle.lockers
        says = {"note": '"offlineSince":', "offline": "no"}
        await lockers.create(Bank(id=ordered_id(), section_id=there.section.id, name="B", attributes=says), act())
        lost = await lockers.change(replace(there.bank, attributes={"offlineSince": START}), act(LATER))
        found = await lockers.numbered.page(Bank, {"attributes_like": '%"offlineSince":%'}, 0, 9)
        assert [one.id for one in found.rows] == [lost.id]

    async def test_what_has_a_pin_is_found(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        lockers, page = handle.lockers, handle.lockers.numbered.page
        other = await lockers.create(Bank(id=ordered_id(), section_id=there.section.id, name="B"), act())
        assert (await page(Locker, {"has_pin": 1}, 0, 9)).total == (await page(Bank, {"has_pin": 1}, 0, 9)).total == 0
        await lockers.set_pin(Pin("locker", there.lockers[1].id, "pin", "1$x$y"), act(LATER))
        assert [one.id for one in (await page(Locker, {"has_pin": 1}, 0, 9)).rows] == [there.lockers[1].id]
        assert [one.id for one in (await page(Bank, {"has_pin": 1}, 0, 9)).rows] == [there.bank.id]
        await lockers.set_pin(Pin("bank", other.id, "master", "1$x$y"), act(LATER))
        assert (await page(Bank, {"has_pin": 1}, 0, 9)).total == 2

    async def test_bookings_that_are_over_can_be_left_out(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        await there.book("ann", START, LATER)
        page = handle.lockers.numbered.page
        where = {"user_id": there.users["ann"], "state": "open"}
        assert (await page(Booking, where, 0, 9)).total == 1
        assert (await page(Booking, {**where, "ends_after": LATER}, 0, 9)).total == 0

    async def test_events_follow_the_one_that_was_read_last(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        await there.give("ann", there.lockers[0])
        await there.give("bo", there.lockers[1])
        numbered = handle.lockers.numbered
        every = await numbered.told(("assignment:",), None, 9)
        assert every is not None
        assert [one.kind for one in every] == ["assignment:create"] * 2
        rest = await numbered.told(("assignment:", "pin:"), every[0].id, 9)
        assert rest is not None
        assert [one.id for one in rest] == [every[1].id]
        assert await numbered.told(("assignment:",), every[1].id, 9) == []
        assert await numbered.told(("pin:",), None, 9) == []
        assert await numbered.told(("assignment:",), new_id(), 9) is None
        assert await numbered.told(("assignment:",), "no id", 9) is None


@pytest.mark.anyio
class WholeBanks:
    async def test_doors_that_change_places_do_not_meet_on_the_way(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        a, b, *_ = there.lockers
        banks = handle.lockers.banks
        assert await banks.renumber(there.bank.id, {a.id: "002", b.id: "001"}, act(LATER)) == 2
        found = [await handle.lockers.find(Locker, one.id) for one in (a, b)]
        assert [(one.number, one.version) for one in found if one] == [("002", 2), ("001", 2)]
        assert await banks.renumber(there.bank.id, {a.id: "002"}, act(LATER)) == 0
        kinds = [one.kind for one in (await handle.lockers.events(None, 500, {"locker_id": a.id})).events]
        assert kinds.count("locker:change") == 1

    async def test_two_doors_never_get_one_number(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        a, b, *_ = there.lockers
        banks = handle.lockers.banks
        with pytest.raises(LockerRefused) as refused:
            await banks.renumber(there.bank.id, {a.id: "002"}, act(LATER))
        assert refused.value.code == "taken"
        for bank, numbers in ((there.bank.id, {new_id(): "9"}), (new_id(), {}), ("no id", {})):
            with pytest.raises(NotFound):
                await banks.renumber(bank, numbers, act(LATER))
        assert [(await handle.lockers.find(Locker, one.id)) for one in (a, b)] == [a, b]

    async def test_lockers_go_all_or_none(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        held = await there.give("ann", there.lockers[3])
        ids = [one.id for one in there.lockers]
        with pytest.raises(LockerRefused) as refused:
            await handle.lockers.banks.remove(there.bank.id, ids, act(LATER))
        assert refused.value.code == "inUse"
        assert len(await handle.lockers.locker_ids(there.group.id)) == 4
        with pytest.raises(NotFound):
            await handle.lockers.banks.remove(there.bank.id, [new_id()], act(LATER))
        await handle.lockers.release(held.id, "released", act(LATER, Kind.ASSIGNMENT_ENDED))
        await handle.lockers.banks.remove(there.bank.id, ids, act(LATER_STILL))
        assert await handle.lockers.locker_ids(there.group.id) == []
        ended = await handle.lockers.find(Assignment, held.id)
        assert ended is not None
        assert ended.slot is None

    async def test_what_is_over_keeps_no_locker_from_going(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        one, other = there.lockers[:2]
        over = [await there.give("ann", door, expires=LATER_STILL) for door in (one, other)]
        await there.book("bo", LATER, LATER_STILL, Wish(locker_id=there.lockers[2].id))

        async def alone(at: str) -> None:
            await handle.lockers.delete(Locker, one.id, None, act(at))

        async def together(at: str) -> None:
            await handle.lockers.banks.remove(there.bank.id, [other.id, there.lockers[2].id], act(at))

        for remove in (alone, together):
            with pytest.raises(LockerRefused):
                await remove(LATER)
            await remove(LATER_STILL)
        for held in over:
            ended = await handle.lockers.find(Assignment, held.id)
            assert ended is not None
            assert (ended.slot, ended.ended, ended.reason) == (None, LATER_STILL, "expired")

    async def test_only_a_controller_can_be_told_something(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        banks = handle.lockers.banks
        with pytest.raises(LockerRefused) as refused:
            await banks.call(there.bank.id, "redetect", act(LATER))
        assert refused.value.code == "noController"
        with pytest.raises(NotFound):
            await banks.call(new_id(), "redetect", act(LATER))
        await handle.lockers.change(replace(there.bank, controller="box 7"), act(LATER))
        await banks.call(there.bank.id, "redetect", act(LATER))
        found = await handle.lockers.numbered.told(("locker_bank:redetect",), None, 9)
        assert found is not None
        (told,) = found
        assert (told.subject, told.subject_id) == ("locker_bank", there.bank.id)
