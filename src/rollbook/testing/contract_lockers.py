"""The storage contract: the structure of lockers: what is made, found, listed, changed and deleted."""

from dataclasses import replace
from pathlib import Path

import pytest

from rollbook.events import Kind
from rollbook.ids import new_id, ordered_id
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import (
    AnsweredBefore,
    KeyReused,
    LockerRefused,
    NotFound,
    Rehearsed,
    VersionConflict,
)
from rollbook.storage.locker_records import (
    Answered,
    Bank,
    Company,
    Link,
    Listing,
    Location,
    Locker,
    LockerGroup,
    Manner,
    Once,
    Section,
    Thing,
)
from rollbook.storage.records import Tenant
from rollbook.testing.builders import LATER, LATER_STILL, START, event
from rollbook.testing.locker_builders import act, house


def once(key: str = "k", digest: str = "d", answer: str = "made", at: str = START) -> Manner:
    return Manner(Once(key, digest, at, LATER, lambda made: Answered(201, answer, '"1"', f"/{made.id}")))


@pytest.mark.anyio
class Structure:
    async def test_what_is_made_is_found(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        made: list[Thing] = [there.location, there.section, there.bank, *there.lockers, there.group]
        for thing in made:
            assert thing.version == 1
            found = await handle.lockers.find(type(thing), thing.id)
            assert found is not None
            if not isinstance(thing, LockerGroup):
                assert found == thing
        assert there.bank.location_id == there.location.id
        assert await handle.lockers.find(Location, new_id()) is None
        assert await handle.lockers.find(Location, "no id") is None
        assert await handle.lockers.find(Link, there.link.id if there.link else "") == there.link

    async def test_what_a_thing_has_of_its_own_is_kept(self, handle: TenantStore) -> None:
        own = {"cost centre": "4711", "ö": "ü"}
        made = await handle.lockers.create(Location(id=ordered_id(), name="Ä", external_id="x1", attributes=own), act())
        assert await handle.lockers.find(Location, made.id) == made
        assert made.attributes == own

    async def test_a_company_is_one_of_its_tenant(
        self, store: Store, handle: TenantStore, acorn: Tenant, birch: Tenant, tmp_path: Path
    ) -> None:
        said = Company(id=acorn.id, external_id="C-1", time_zone="Europe/Amsterdam", language="nl")
        made = await handle.lockers.create(said, act())
        with pytest.raises(LockerRefused):
            await handle.lockers.create(said, act())
        assert await handle.lockers.listed(Company, Listing()) == [made]
        other = store.tenant(birch.id).lockers
        assert (await other.listed(Company, Listing()), await other.find(Company, acorn.id)) == ([], None)
        await store.backup(str(tmp_path / "backup"))
        await store.restore(str(tmp_path / "backup"))
        assert await handle.lockers.find(Company, acorn.id) == made
        await store.delete_tenant(acorn.id, LATER, event(Kind.TENANT_DELETED))
        assert await handle.lockers.find(Company, acorn.id) is None

    async def test_siblings_have_names_of_their_own(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        lockers = handle.lockers
        twins: list[Thing] = [
            Location(id=ordered_id(), name="HEAD office"),
            Section(id=ordered_id(), location_id=there.location.id, name="ground FLOOR"),
            Locker(id=ordered_id(), bank_id=there.bank.id, number="001"),
            LockerGroup(id=ordered_id(), name="doors of ALL"),
        ]
        for twin in twins:
            with pytest.raises(LockerRefused) as refused:
                await lockers.create(twin, act())
            assert refused.value.code == "taken"
        await lockers.create(Locker(id=ordered_id(), bank_id=there.bank.id, number="1"), act())
        other = await lockers.create(Section(id=ordered_id(), location_id=there.location.id, name="Roof"), act())
        await lockers.create(Bank(id=ordered_id(), section_id=other.id, name="A"), act())
        with pytest.raises(LockerRefused):
            await lockers.change(replace(other, name="Ground Floor"), act(LATER))

    async def test_external_ids_are_unique_among_a_kind(self, handle: TenantStore) -> None:
        lockers = handle.lockers
        one = await lockers.create(Location(id=ordered_id(), name="One", external_id="x"), act())
        with pytest.raises(LockerRefused):
            await lockers.create(Location(id=ordered_id(), name="Two", external_id="x"), act())
        two = await lockers.create(Location(id=ordered_id(), name="Two"), act())
        with pytest.raises(LockerRefused):
            await lockers.change(replace(two, external_id="x"), act())
        await lockers.create(Section(id=ordered_id(), location_id=one.id, name="S", external_id="x"), act())

    async def test_a_thing_needs_its_parent(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        orphans: list[Thing] = [
            Section(id=ordered_id(), location_id=new_id(), name="S"),
            Bank(id=ordered_id(), section_id=there.location.id, name="B"),
            Locker(id=ordered_id(), bank_id=new_id(), number="9"),
            Link(id=ordered_id(), user_group_id=there.users["ann"], locker_group_id=there.group.id),
            Link(id=ordered_id(), user_group_id=there.staff, locker_group_id=new_id()),
        ]
        for orphan in orphans:
            with pytest.raises(LockerRefused) as refused:
                await handle.lockers.create(orphan, act())
            assert refused.value.code == "noParent"
            assert await handle.lockers.find(type(orphan), orphan.id) is None

    async def test_a_change_needs_the_version_that_was_read(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        lockers = handle.lockers
        after = await lockers.change(replace(there.bank, name="B", published=False), act(LATER))
        assert (after.version, after.created, after.last_modified) == (2, START, LATER)
        assert await lockers.find(Bank, there.bank.id) == after
        with pytest.raises(VersionConflict):
            await lockers.change(replace(there.bank, name="C"), act(LATER))
        assert await lockers.change(replace(after), act(LATER_STILL)) == after
        with pytest.raises(NotFound):
            await lockers.change(replace(after, id=new_id()), act(LATER))

    async def test_a_bank_is_where_its_section_is(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        lockers = handle.lockers
        away = await lockers.create(Location(id=ordered_id(), name="Away"), act())
        await lockers.change(replace(there.section, location_id=away.id), act(LATER))
        bank = await lockers.find(Bank, there.bank.id)
        assert bank is not None
        assert bank.location_id == away.id
        whereabouts = await lockers.whereabouts([there.lockers[0].id, new_id(), "no id"])
        assert [one.location.id for one in whereabouts.values()] == [away.id]

    async def test_what_something_hangs_on_stays(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn, doors=1)
        lockers = handle.lockers
        assert there.link is not None
        ladder: list[Thing] = [there.link, there.lockers[0], there.bank, there.section, there.location]
        parents: list[Thing] = [there.location, there.section, there.bank, there.group]
        for thing in parents:
            with pytest.raises(LockerRefused) as refused:
                await lockers.delete(type(thing), thing.id, None, act())
            assert refused.value.code == "inUse"
        with pytest.raises(VersionConflict):
            await lockers.delete(Link, there.link.id, 7, act())
        for thing in ladder:
            await lockers.delete(type(thing), thing.id, thing.version, act())
            assert await lockers.find(type(thing), thing.id) is None
            with pytest.raises(NotFound):
                await lockers.delete(type(thing), thing.id, None, act())
        assert await lockers.locker_ids(there.group.id) == []

    async def test_things_are_listed_page_by_page(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn, doors=5)
        lockers = handle.lockers
        ids = sorted(one.id for one in there.lockers)
        first = await lockers.listed(Locker, Listing(limit=3))
        rest = await lockers.listed(Locker, Listing(limit=3, after=(first[-1].id,)))
        assert [one.id for one in (*first, *rest)] == ids
        for where in (
            {"bank_id": there.bank.id},
            {"location_id": there.location.id},
            {"section_id": there.section.id},
            {"group_id": there.group.id},
            {"kind": "day", "accessible": False, "external_id": None},
        ):
            assert len(await lockers.listed(Locker, Listing(where))) == 5
        assert [one.number for one in await lockers.listed(Locker, Listing({"number": "002"}))] == ["002"]
        assert [one.id for one in await lockers.listed(Bank, Listing({"name": "a"}))] == [there.bank.id]
        assert await lockers.listed(Locker, Listing({"bank_id": new_id()})) == []
        assert await lockers.listed(Locker, Listing({"bank_id": "no id"})) == []
        assert await lockers.listed(Locker, Listing(after=("no id",))) == []

    async def test_what_has_changed_since_is_listed_in_order(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        lockers = handle.lockers
        for number, at in ((1, LATER_STILL), (2, LATER)):
            await lockers.change(replace(there.lockers[number], size="M"), act(at))
        changed = await lockers.listed(Locker, Listing(updated_since=LATER))
        assert [one.number for one in changed] == ["003", "002"]
        after = (changed[0].last_modified, changed[0].id)
        again = await lockers.listed(Locker, Listing(updated_since=LATER, after=after))
        assert [one.number for one in again] == ["002"]

    async def test_lockers_come_into_a_group_and_go(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn)
        lockers = handle.lockers
        ids = [one.id for one in there.lockers]
        assert await lockers.locker_ids(there.group.id) == sorted(ids)
        assert await lockers.locker_ids(there.group.id, sorted(ids)[1], 1) == [sorted(ids)[2]]
        assert await lockers.group_ids(ids[0]) == [there.group.id]
        assert await lockers.change_group(there.group.id, [], [ids[0], new_id(), "no id"], act(LATER)) == 1
        assert await lockers.change_group(there.group.id, [ids[1]], [], act(LATER)) == 0
        assert await lockers.group_ids(ids[0]) == []
        with pytest.raises(LockerRefused):
            await lockers.change_group(there.group.id, [new_id()], [], act())
        with pytest.raises(NotFound):
            await lockers.change_group(new_id(), [ids[0]], [], act())

    async def test_many_things_come_at_once_or_none(self, handle: TenantStore) -> None:
        lockers = handle.lockers
        location = Location(id=ordered_id(), name="L", version=0)
        section = Section(id=ordered_id(), location_id=location.id, name="S", version=0)
        bank = Bank(id=ordered_id(), section_id=section.id, name="B", version=0)
        doors = [Locker(id=ordered_id(), bank_id=bank.id, number=f"{n:03d}", version=0) for n in range(1, 131)]
        twin = Locker(id=ordered_id(), bank_id=bank.id, number="007", version=0)
        with pytest.raises(LockerRefused):
            await lockers.bring([location, section, bank, *doors, twin], act())
        assert await lockers.find(Location, location.id) is None
        await lockers.bring([location, section, bank, *doors], act())
        assert len(await lockers.listed(Locker, Listing({"bank_id": bank.id}, limit=500))) == 130
        await lockers.bring([replace(doors[0], size="L", version=1)], act(LATER))
        found = await lockers.find(Locker, doors[0].id)
        assert found is not None
        assert (found.size, found.version) == ("L", 2)

    async def test_a_rehearsal_changes_nothing(self, handle: TenantStore) -> None:
        made = Location(id=ordered_id(), name="L")
        with pytest.raises(Rehearsed) as rehearsed:
            await handle.lockers.create(made, act(), Manner(rehearse=True))
        assert isinstance(rehearsed.value.result, Location)
        assert await handle.lockers.find(Location, made.id) is None
        assert [one.kind async for one in handle.events()] == [Kind.TENANT_CREATED]

    async def test_a_request_with_a_key_is_done_once(self, handle: TenantStore) -> None:
        first = await handle.lockers.create(Location(id=ordered_id(), name="L"), act(), once())
        with pytest.raises(AnsweredBefore) as again:
            await handle.lockers.create(Location(id=ordered_id(), name="M"), act(), once())
        assert again.value.answered == Answered(201, "made", '"1"', f"/{first.id}")
        with pytest.raises(KeyReused):
            await handle.lockers.create(Location(id=ordered_id(), name="M"), act(), once(digest="other"))
        with pytest.raises(LockerRefused):
            await handle.lockers.create(Location(id=ordered_id(), name="L"), act(), once("other"))
        await handle.lockers.create(Location(id=ordered_id(), name="N"), act(), once("other"))
        await handle.lockers.create(Location(id=ordered_id(), name="O"), act(), once(at=LATER))
        assert len(await handle.lockers.listed(Location, Listing())) == 3

    async def test_what_happens_is_told_in_its_order(self, handle: TenantStore, acorn: Tenant) -> None:
        there = await house(handle, acorn, doors=2)
        happened = await handle.lockers.events(None, 3)
        assert [one.kind for one in happened.events] == ["location:create", "section:create", "locker_bank:create"]
        assert happened.more
        rest = await handle.lockers.events(happened.last, 100)
        assert [one.kind for one in rest.events] == [
            "locker_group:create",
            "locker:create",
            "locker:create",
            "locker_group:add",
            "locker_group:add",
            "access_link:create",
        ]
        assert not rest.more
        assert (await handle.lockers.events(rest.last, 10)).events == ()
        assert (await handle.lockers.events(rest.last, 10)).last == rest.last
        ours = await handle.lockers.events(None, 10, {"locker_id": there.lockers[0].id})
        assert [one.kind for one in ours.events] == ["locker:create", "locker_group:add"]
        assert (await handle.lockers.events(None, 10, {"user_id": "no id"})).events == ()
        audit = [one.kind async for one in handle.events() if one.kind is Kind.STRUCTURE_CREATED]
        assert len(audit) == 8

    async def test_tenants_do_not_meet(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        here, there = store.tenant(acorn.id), store.tenant(birch.id)
        ours = await house(here, acorn, doors=1)
        for thing in (ours.location, ours.section, ours.bank, ours.lockers[0], ours.group, ours.link):
            assert thing is not None
            assert await there.lockers.find(type(thing), thing.id) is None
            assert await there.lockers.listed(type(thing), Listing()) == []
            with pytest.raises(NotFound):
                await there.lockers.change(thing, act())
            with pytest.raises((NotFound, LockerRefused)):
                await there.lockers.delete(type(thing), thing.id, None, act())
        assert (await there.lockers.events(None, 10)).events == ()
        assert await there.lockers.whereabouts([ours.lockers[0].id]) == {}
        assert await there.lockers.locker_ids(ours.group.id) == []
        await house(there, birch, doors=1)
        assert len(await here.lockers.listed(Locker, Listing())) == 1

    async def test_a_backup_brings_lockers_back(
        self, store: Store, acorn: Tenant, handle: TenantStore, tmp_path: Path
    ) -> None:
        there = await house(handle, acorn)
        held = await there.give("ann")
        before = await handle.lockers.events(None, 100)
        await store.backup(str(tmp_path / "copy.db"))
        await handle.lockers.release(held.id, "released", act(LATER_STILL))
        await store.restore(str(tmp_path / "copy.db"))
        assert (await handle.lockers.holders([held.locker_id], LATER))[held.locker_id] == [held]
        after = await handle.lockers.events(None, 100)
        assert after.events == before.events
        assert after.epoch != before.epoch
        await handle.lockers.release(held.id, "released", act(LATER_STILL))
        assert (await handle.lockers.events(after.last, 10)).events[0].kind == "assignment:end"

    async def test_a_deleted_tenant_leaves_no_lockers(
        self, store: Store, acorn: Tenant, birch: Tenant, handle: TenantStore
    ) -> None:
        there = await house(handle, acorn)
        await there.give("ann")
        other = await house(store.tenant(birch.id), birch)
        await store.delete_tenant(acorn.id, LATER, event(Kind.TENANT_DELETED))
        for kind in (Location, Section, Bank, Locker, LockerGroup, Link):
            assert await handle.lockers.listed(kind, Listing()) == []
            assert await other.handle.lockers.listed(kind, Listing())
        assert (await handle.lockers.events(None, 10)).events == ()
