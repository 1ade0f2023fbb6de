"""The storage contract: groups said from the side of a member."""

import asyncio
from collections.abc import Sequence

import pytest

from rollbook.events import Kind
from rollbook.ids import new_id
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import AlreadyExists, MissingGroups, NotFound, OneRefused, VersionConflict
from rollbook.storage.records import FIRST_POSITION, GroupChange, Insert, Tenant, Update
from rollbook.testing.builders import (
    LATER,
    START,
    deleted,
    event,
    group,
    members_changed,
    replaced,
    user,
    user_document,
)
from rollbook.testing.contract_members import groups, ids_in, version_of
from rollbook.testing.contract_resources import kinds


async def three_groups(handle: TenantStore, acorn: Tenant) -> tuple[Insert, Insert, Insert]:
    made = group(acorn, "Diggers"), group(acorn, "Gardeners"), group(acorn, "Sowers")
    for one in made:
        await handle.apply(one)
    return made


def in_groups(insert: Insert, *to: Insert) -> Insert:
    insert.groups = GroupChange(add=[one.id for one in to])
    return insert


def regrouped(
    insert: Insert,
    *,
    add: Sequence[Insert] = (),
    remove: Sequence[Insert] = (),
    clear: bool = False,
    version: int | None = None,
) -> Update:
    """The resource of that insert comes into groups and leaves some."""
    told = event(Kind.RESOURCE_MODIFIED, LATER, resource=insert.id, status=200, attributes=("groups",))
    change = GroupChange(clear, [one.id for one in remove], [one.id for one in add])
    return Update(insert.type, insert.id, version, LATER, told, groups=change)


@pytest.mark.anyio
class GroupsOfAMember:
    async def test_a_resource_comes_with_its_groups(self, handle: TenantStore, acorn: Tenant) -> None:
        diggers, gardeners, sowers = await three_groups(handle, acorn)
        ann = in_groups(user(acorn, "ann"), gardeners, sowers)
        assert (await handle.apply(ann)).version == 1
        assert await groups(handle, ann) == {"Gardeners": True, "Sowers": True}
        assert await ids_in(handle, sowers) == [ann.id]
        assert await version_of(handle, diggers) == (1, START)
        assert await version_of(handle, gardeners) == (2, START)
        feed = await handle.changes(FIRST_POSITION, 10)
        assert sorted((c.id, c.version) for c in feed.changes[3:]) == sorted(
            [(ann.id, 1), (gardeners.id, 2), (sowers.id, 2)]
        )
        told = [e async for e in handle.events()]
        assert {(e.kind, e.resource_type, e.attributes) for e in told if e.resource == sowers.id} == {
            (Kind.RESOURCE_CREATED, "", ()),
            (Kind.RESOURCE_MODIFIED, "Group", ("members",)),
        }

    async def test_a_resource_comes_and_goes(self, handle: TenantStore, acorn: Tenant) -> None:
        diggers, gardeners, sowers = await three_groups(handle, acorn)
        ann = in_groups(user(acorn, "ann"), diggers)
        await handle.apply(ann)
        applied = await handle.apply(regrouped(ann, add=[gardeners], remove=[diggers, sowers]))
        assert (applied.version, applied.last_modified, applied.changed) == (2, LATER, True)
        assert await groups(handle, ann) == {"Gardeners": True}
        assert await version_of(handle, diggers) == (3, LATER)
        assert await version_of(handle, gardeners) == (2, LATER)
        assert await version_of(handle, sowers) == (1, START)

    async def test_clear_and_add_leave_exactly_those(self, handle: TenantStore, acorn: Tenant) -> None:
        diggers, gardeners, sowers = await three_groups(handle, acorn)
        ann = in_groups(user(acorn, "ann"), diggers, gardeners)
        await handle.apply(ann)
        await handle.apply(regrouped(ann, clear=True, add=[gardeners, sowers]))
        assert await groups(handle, ann) == {"Gardeners": True, "Sowers": True}
        assert [(await version_of(handle, one))[0] for one in (diggers, gardeners, sowers)] == [3, 2, 2]
        await handle.apply(regrouped(ann, clear=True))
        assert await groups(handle, ann) == {}

    async def test_what_changes_nothing_is_no_change(self, handle: TenantStore, acorn: Tenant) -> None:
        diggers, gardeners, _ = await three_groups(handle, acorn)
        ann = in_groups(user(acorn, "ann"), diggers)
        await handle.apply(ann)
        before = await kinds(handle)
        for nothing in (
            regrouped(ann, add=[diggers]),
            regrouped(ann, remove=[gardeners]),
            regrouped(ann, clear=True, add=[diggers]),
            regrouped(ann, add=[diggers], remove=[diggers]),
        ):
            applied = await handle.apply(nothing)
            assert (applied.version, applied.changed) == (1, False)
        assert (await version_of(handle, diggers))[0] == 2
        assert await kinds(handle) == before

    async def test_content_and_groups_change_together(self, handle: TenantStore, acorn: Tenant) -> None:
        diggers, gardeners, _ = await three_groups(handle, acorn)
        ann = in_groups(user(acorn, "ann"), diggers)
        await handle.apply(ann)
        both = replaced(ann, user_document("ann", title="Sower"))
        both.groups = GroupChange(clear=True, add=[gardeners.id])
        assert (await handle.apply(both)).version == 2
        assert await groups(handle, ann) == {"Gardeners": True}
        plain = replaced(ann, user_document("ann", title="Digger"), 2)
        plain.groups = GroupChange(clear=True, add=[gardeners.id])
        assert (await handle.apply(plain)).version == 3
        assert (await version_of(handle, gardeners))[0] == 2

    async def test_only_groups_can_be_joined(self, handle: TenantStore, acorn: Tenant) -> None:
        diggers, _, _ = await three_groups(handle, acorn)
        ann, bo = user(acorn, "ann"), user(acorn, "bo")
        await handle.apply(ann)
        for odd in (new_id(), "Diggers", ann.id):
            for change in (regrouped(ann), in_groups(bo)):
                change.groups = GroupChange(add=[diggers.id, odd])
                with pytest.raises(MissingGroups) as refused:
                    await handle.apply(change)
                assert refused.value.ids == (odd,)
        assert await handle.get(bo.type, bo.id) is None
        assert await version_of(handle, diggers) == (1, START)

    async def test_what_is_refused_changes_no_group(self, handle: TenantStore, acorn: Tenant) -> None:
        diggers, _, _ = await three_groups(handle, acorn)
        ann = user(acorn, "ann")
        await handle.apply(ann)
        with pytest.raises(AlreadyExists):
            await handle.apply(in_groups(user(acorn, "ann"), diggers))
        with pytest.raises(VersionConflict):
            await handle.apply(regrouped(ann, add=[diggers], version=9))
        with pytest.raises(NotFound):
            await handle.apply(regrouped(user(acorn, "bo"), add=[diggers]))
        assert await version_of(handle, diggers) == (1, START)
        assert await ids_in(handle, diggers) == []

    async def test_groups_of_groups_are_left_alone(self, handle: TenantStore, acorn: Tenant) -> None:
        diggers, gardeners, _ = await three_groups(handle, acorn)
        await handle.apply(members_changed(gardeners, add=[diggers.id]))
        ann = in_groups(user(acorn, "ann"), diggers)
        await handle.apply(ann)
        assert await groups(handle, ann) == {"Diggers": True, "Gardeners": False}
        await handle.apply(regrouped(ann, remove=[gardeners]))
        assert await groups(handle, ann) == {"Diggers": True, "Gardeners": False}
        await handle.apply(regrouped(ann, clear=True))
        assert await groups(handle, ann) == {}
        assert (await version_of(handle, gardeners))[0] == 2

    async def test_each_of_several_changes_sees_to_its_groups(self, handle: TenantStore, acorn: Tenant) -> None:
        diggers, gardeners, _ = await three_groups(handle, acorn)
        ann, bo = in_groups(user(acorn, "ann"), diggers), in_groups(user(acorn, "bo"), diggers)
        lost = user(acorn, "lost")
        lost.groups = GroupChange(add=[new_id()])
        moved = regrouped(ann, clear=True, add=[gardeners])
        outcomes = await handle.apply_each([ann, bo, moved, deleted(diggers), lost, user(acorn, "late")])
        assert len(outcomes) == 5
        assert isinstance(outcomes[4], MissingGroups)
        assert await groups(handle, ann) == {"Gardeners": True}
        assert await groups(handle, bo) == {}

    async def test_those_who_come_together_can_name_a_group_that_comes_too(
        self, handle: TenantStore, acorn: Tenant
    ) -> None:
        both = group(acorn, "Both")
        ann, bo = in_groups(user(acorn, "ann"), both), user(acorn, "bo")
        both.members = [bo.id]
        await handle.apply_together([ann, bo, both])
        assert sorted(await ids_in(handle, both)) == sorted([ann.id, bo.id])
        cleo, dee = in_groups(user(acorn, "cleo"), both), user(acorn, "dee")
        dee.groups = GroupChange(add=[new_id()])
        with pytest.raises(OneRefused) as refused:
            await handle.apply_together([cleo, dee])
        assert refused.value.at == 1
        assert isinstance(refused.value.error, MissingGroups)
        assert await handle.get(cleo.type, cleo.id) is None

    async def test_many_come_into_one_group_at_once(self, handle: TenantStore, acorn: Tenant) -> None:
        diggers, gardeners, sowers = await three_groups(handle, acorn)
        people = [in_groups(user(acorn, f"user{n}"), diggers, gardeners) for n in range(12)]
        await asyncio.gather(*map(handle.apply, people))
        moves = [regrouped(one, clear=True, add=[sowers] if n % 2 else []) for n, one in enumerate(people)]
        sides = [members_changed(sowers, add=[one.id]) for one in people]
        await asyncio.gather(*map(handle.apply, (*moves, *sides)))
        assert await ids_in(handle, diggers) == []
        assert (await version_of(handle, diggers))[0] == 1 + 12 + 12
        feed = await handle.changes(FIRST_POSITION, 1000)
        of_diggers = [change.version for change in feed.changes if change.id == diggers.id]
        assert of_diggers == list(range(1, 26))

    async def test_groups_of_another_tenant_are_none(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        here, there = store.tenant(acorn.id), store.tenant(birch.id)
        theirs = group(birch, "Theirs")
        await there.apply(theirs)
        with pytest.raises(MissingGroups):
            await here.apply(in_groups(user(acorn, "ann"), theirs))
        ann = user(acorn, "ann")
        await here.apply(ann)
        with pytest.raises(MissingGroups):
            await here.apply(regrouped(ann, add=[theirs]))
        assert (await version_of(there, theirs))[0] == 1
