"""The storage contract: who is in which group."""

import asyncio

import pytest

from rollbook.ids import new_id
from rollbook.storage.contract import TenantStore
from rollbook.storage.errors import MissingMembers, NotFound, VersionConflict
from rollbook.storage.records import Insert, MemberChange, Tenant
from rollbook.testing.builders import (
    GROUP,
    LATER,
    LATER_STILL,
    START,
    USER,
    deleted,
    group,
    group_document,
    members_changed,
    replaced,
    user,
    user_document,
)
from rollbook.testing.contract_resources import kinds


async def cast(handle: TenantStore, acorn: Tenant) -> tuple[Insert, Insert, Insert]:
    """Ann, bo and cleo, in the order of their ids."""
    ids = sorted(new_id() for _ in range(3))
    ann, bo, cleo = (user(acorn, name, id=id) for name, id in zip(("ann", "bo", "cleo"), ids, strict=True))
    for made in (ann, bo, cleo):
        await handle.apply(made)
    return ann, bo, cleo


async def put(handle: TenantStore, acorn: Tenant, name: str, *members: Insert) -> Insert:
    made = group(acorn, name, members=[member.id for member in members])
    await handle.apply(made)
    return made


async def ids_in(handle: TenantStore, made: Insert) -> list[str]:
    return [member.id for member in (await handle.members([made.id])).get(made.id, [])]


async def version_of(handle: TenantStore, made: Insert) -> tuple[int, str]:
    stored = await handle.get(made.type, made.id)
    assert stored is not None
    return stored.version, stored.last_modified


async def groups(handle: TenantStore, made: Insert) -> dict[str, bool]:
    """The groups of a resource: by name, whether it is in it itself."""
    return {str(g.display): g.direct for g in (await handle.groups_of([made.id])).get(made.id, [])}


@pytest.mark.anyio
class Members:
    async def test_members_come_with_type_and_display_in_the_order_of_ids(
        self, handle: TenantStore, acorn: Tenant
    ) -> None:
        ann, bo, cleo = await cast(handle, acorn)
        inner = await put(handle, acorn, "Sowers")
        gardeners = await put(handle, acorn, "Gardeners", cleo, inner, ann, bo)
        found = (await handle.members([gardeners.id]))[gardeners.id]
        wanted = [
            (ann.id, USER.number, "Ann Aster"),
            (bo.id, USER.number, "Bo Birch"),
            (cleo.id, USER.number, "Cleo Clover"),
            (inner.id, GROUP.number, "Sowers"),
        ]
        assert found == sorted(wanted)

    async def test_members_of_many_groups_come_at_once(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo, cleo = await cast(handle, acorn)
        one, two, none = (
            await put(handle, acorn, "One", ann, bo),
            await put(handle, acorn, "Two", bo, cleo),
            await put(handle, acorn, "None"),
        )
        found = await handle.members([two.id, none.id, one.id, new_id(), "no uuid"])
        assert {id: [m.id for m in members] for id, members in found.items() if members} == {
            one.id: [ann.id, bo.id],
            two.id: [bo.id, cleo.id],
        }
        assert await handle.members([]) == {}

    async def test_a_large_group_is_read_whole(self, handle: TenantStore, acorn: Tenant) -> None:
        users = [user(acorn, f"user{n}") for n in range(700)]
        await asyncio.gather(*(handle.apply(made) for made in users))
        crowd = await put(handle, acorn, "Crowd", *users)
        assert await ids_in(handle, crowd) == sorted(made.id for made in users)
        await handle.apply(members_changed(crowd, remove=[made.id for made in users[:600]]))
        assert await ids_in(handle, crowd) == sorted(made.id for made in users[600:])

    async def test_a_member_shows_its_present_name(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, _, _ = await cast(handle, acorn)
        gardeners = await put(handle, acorn, "Gardeners", ann)
        await handle.apply(replaced(ann, user_document("ann", displayName="Ann Oak")))
        assert [member.display for member in (await handle.members([gardeners.id]))[gardeners.id]] == ["Ann Oak"]

    async def test_a_group_of_missing_members_is_refused_with_their_ids(
        self, handle: TenantStore, acorn: Tenant
    ) -> None:
        ann, _, _ = await cast(handle, acorn)
        missing = [new_id(), "no uuid", new_id()]
        made = group(acorn, members=[missing[0], ann.id, *missing[1:]])
        with pytest.raises(MissingMembers) as refusal:
            await handle.apply(made)
        assert list(refusal.value.ids) == missing
        assert await handle.get(GROUP.number, made.id) is None
        assert not (await groups(handle, ann))
        assert await kinds(handle) == ["resource:create"] * 3

    async def test_adding_a_missing_member_changes_nothing(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo, _ = await cast(handle, acorn)
        gardeners = await put(handle, acorn, "Gardeners", ann)
        missing = new_id()
        with pytest.raises(MissingMembers) as refusal:
            await handle.apply(members_changed(gardeners, add=[bo.id, missing], remove=[ann.id]))
        assert list(refusal.value.ids) == [missing]
        with pytest.raises(MissingMembers):
            await handle.apply(
                replaced(gardeners, group_document("Sowers"), members=MemberChange(clear=True, add=[missing]))
            )
        assert await ids_in(handle, gardeners) == [ann.id]
        assert await version_of(handle, gardeners) == (1, START)

    async def test_a_member_named_twice_is_a_member_once(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo, _ = await cast(handle, acorn)
        gardeners = await put(handle, acorn, "Gardeners", ann, ann)
        await handle.apply(members_changed(gardeners, add=[bo.id, bo.id]))
        assert await ids_in(handle, gardeners) == [ann.id, bo.id]

    async def test_a_change_of_members_makes_a_version_and_an_event(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo, cleo = await cast(handle, acorn)
        gardeners = await put(handle, acorn, "Gardeners", ann, bo)
        assert await handle.apply(members_changed(gardeners, add=[cleo.id], remove=[ann.id])) == (2, START, LATER, True)
        assert await ids_in(handle, gardeners) == [bo.id, cleo.id]
        assert await version_of(handle, gardeners) == (2, LATER)
        stored = await handle.get(GROUP.number, gardeners.id)
        assert stored is not None
        assert stored.document == gardeners.content.document
        assert (await kinds(handle))[-1] == "resource:modify"
        assert (await handle.apply(members_changed(gardeners, remove=[bo.id, cleo.id]))).version == 3
        assert await ids_in(handle, gardeners) == []

    async def test_a_change_of_members_that_changes_nothing_is_no_change(
        self, handle: TenantStore, acorn: Tenant
    ) -> None:
        ann, bo, cleo = await cast(handle, acorn)
        gardeners = await put(handle, acorn, "Gardeners", ann, bo)
        before = await kinds(handle)
        for nothing in (
            members_changed(gardeners, add=[ann.id]),
            members_changed(gardeners, add=[ann.id], version=1),
            members_changed(gardeners, remove=[cleo.id, new_id(), "no uuid"]),
            members_changed(gardeners, add=[bo.id, ann.id], clear=True),
            members_changed(gardeners),
        ):
            assert await handle.apply(nothing) == (1, START, START, False)
        assert await ids_in(handle, gardeners) == [ann.id, bo.id]
        assert await version_of(handle, gardeners) == (1, START)
        assert await kinds(handle) == before

    async def test_clearing_an_empty_group_is_no_change(self, handle: TenantStore, acorn: Tenant) -> None:
        gardeners = await put(handle, acorn, "Gardeners")
        assert not (await handle.apply(members_changed(gardeners, clear=True))).changed

    async def test_clearing_and_adding_leaves_what_was_added(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo, cleo = await cast(handle, acorn)
        gardeners = await put(handle, acorn, "Gardeners", ann, bo)
        assert (await handle.apply(members_changed(gardeners, clear=True, add=[bo.id, cleo.id]))).changed
        assert await ids_in(handle, gardeners) == [bo.id, cleo.id]
        assert (await handle.apply(members_changed(gardeners, clear=True))).version == 3
        assert await ids_in(handle, gardeners) == []

    async def test_new_content_makes_a_version_whatever_the_members(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo, _ = await cast(handle, acorn)
        gardeners = await put(handle, acorn, "Gardeners", ann)
        same = replaced(gardeners, group_document("Gardeners"), members=MemberChange(clear=True, add=[ann.id]))
        assert await handle.apply(same) == (2, START, LATER, True)
        other = replaced(gardeners, group_document("Sowers"), 2, members=MemberChange(clear=True, add=[bo.id]))
        assert (await handle.apply(other)).version == 3
        assert await ids_in(handle, gardeners) == [bo.id]
        assert await groups(handle, bo) == {"Sowers": True}

    async def test_members_change_at_any_version_unless_one_is_named(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo, _ = await cast(handle, acorn)
        gardeners = await put(handle, acorn, "Gardeners", ann)
        await handle.apply(members_changed(gardeners, add=[bo.id]))
        with pytest.raises(VersionConflict):
            await handle.apply(members_changed(gardeners, remove=[ann.id], version=1))
        assert await ids_in(handle, gardeners) == [ann.id, bo.id]
        assert (await handle.apply(members_changed(gardeners, remove=[ann.id], version=2))).version == 3

    async def test_members_of_a_group_that_is_not_there_cannot_change(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, _, _ = await cast(handle, acorn)
        with pytest.raises(NotFound):
            await handle.apply(members_changed(group(acorn), add=[ann.id]))
        assert not (await groups(handle, ann))

    async def test_a_deleted_member_leaves_its_groups_and_they_get_a_version(
        self, handle: TenantStore, acorn: Tenant
    ) -> None:
        ann, bo, _ = await cast(handle, acorn)
        one = await put(handle, acorn, "One", ann, bo)
        two = await put(handle, acorn, "Two", ann)
        late = await put(handle, acorn, "Late")
        other = await put(handle, acorn, "Other", bo)
        await handle.apply(members_changed(late, add=[ann.id], at=LATER_STILL))
        await handle.apply(deleted(ann, at=LATER))
        assert await ids_in(handle, one) == [bo.id]
        assert await ids_in(handle, two) == []
        assert await version_of(handle, one) == (2, LATER)
        assert await version_of(handle, two) == (2, LATER)
        assert await version_of(handle, late) == (3, LATER_STILL)
        assert await version_of(handle, other) == (1, START)

    async def test_a_deleted_group_leaves_its_members(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, _, _ = await cast(handle, acorn)
        inner = await put(handle, acorn, "Inner", ann)
        outer = await put(handle, acorn, "Outer", inner)
        assert await groups(handle, ann) == {"Inner": True, "Outer": False}
        await handle.apply(deleted(inner))
        assert await groups(handle, ann) == {}
        assert await ids_in(handle, outer) == []
        assert await ids_in(handle, inner) == []
        assert await version_of(handle, ann) == (1, START)
        assert await version_of(handle, outer) == (2, LATER)

    async def test_a_resource_knows_whether_it_is_in_any_group(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo, _ = await cast(handle, acorn)
        gardeners = await put(handle, acorn, "Gardeners", ann)
        for made, grouped in ((ann, True), (bo, False), (gardeners, False)):
            stored = await handle.get(made.type, made.id)
            assert stored is not None
            assert stored.grouped is grouped
        await handle.apply(members_changed(gardeners, remove=[ann.id]))
        stored = await handle.get(USER.number, ann.id)
        assert stored is not None
        assert stored.grouped is False

    async def test_groups_are_direct_and_indirect(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo, cleo = await cast(handle, acorn)
        inner = await put(handle, acorn, "Inner", ann)
        middle = await put(handle, acorn, "Middle", inner, bo)
        await put(handle, acorn, "Outer", middle, ann)
        await put(handle, acorn, "Elsewhere", cleo)
        assert await groups(handle, ann) == {"Inner": True, "Middle": False, "Outer": True}
        assert await groups(handle, bo) == {"Middle": True, "Outer": False}
        assert await groups(handle, inner) == {"Middle": True, "Outer": False}

    async def test_groups_in_a_ring_end(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo, _ = await cast(handle, acorn)
        one = await put(handle, acorn, "One", ann)
        two = await put(handle, acorn, "Two", one)
        three = await put(handle, acorn, "Three", two, bo)
        await handle.apply(members_changed(one, add=[three.id]))
        assert await groups(handle, ann) == {"One": True, "Two": False, "Three": False}
        assert await groups(handle, bo) == {"Three": True, "One": False, "Two": False}

    async def test_a_deep_nest_of_groups_is_followed_to_its_end(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, _, _ = await cast(handle, acorn)
        inside = ann
        for n in range(60):
            inside = await put(handle, acorn, f"Group {n}", inside)
        assert len(await groups(handle, ann)) == 60

    async def test_groups_of_many_come_at_once_in_the_order_of_ids(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo, cleo = await cast(handle, acorn)
        made = [await put(handle, acorn, f"Group {n}", ann, bo) for n in range(5)]
        found = await handle.groups_of([bo.id, ann.id, cleo.id, new_id(), "no uuid"])
        wanted = sorted((g.id, g.content.display, True) for g in made)
        assert {id: [tuple(m) for m in groups] for id, groups in found.items() if groups} == {
            ann.id: wanted,
            bo.id: wanted,
        }
        assert await handle.groups_of([]) == {}

    async def test_members_are_counted_without_being_read(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo, _ = await cast(handle, acorn)
        both, one, none = [await put(handle, acorn, f"Group {n}", *m) for n, m in enumerate([(ann, bo), (ann,), ()])]
        found = await handle.member_counts([none.id, both.id, one.id, new_id()])
        assert found == {both.id: 2, one.id: 1}
        assert await handle.member_counts([]) == {}

    async def test_types_are_found_by_id_alone(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo, _ = await cast(handle, acorn)
        gardeners = await put(handle, acorn, "Gardeners")
        found = await handle.types_of([gardeners.id, ann.id, new_id(), "no uuid", bo.id])
        assert found == {gardeners.id: GROUP.number, ann.id: USER.number, bo.id: USER.number}
        assert await handle.types_of([]) == {}
