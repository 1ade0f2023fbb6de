"""The storage contract: the feed of changes (``TenantStore.changes``), the keys that seal cursors, pages of members."""

import asyncio
from collections import defaultdict
from pathlib import Path

import pytest

from rollbook.events import Kind
from rollbook.ids import new_id
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import StoreError
from rollbook.storage.records import (
    FIRST_POSITION,
    Changed,
    MemberPage,
    MemberQuery,
    Position,
    Query,
    SealingKey,
    Step,
    Target,
    Tenant,
)
from rollbook.testing.builders import (
    GROUP,
    LATER,
    START,
    deleted,
    event,
    group,
    members_changed,
    moment,
    replaced,
    user,
    user_document,
    users_by,
    where,
)


async def feed(handle: TenantStore, after: Position = FIRST_POSITION, limit: int = 3) -> list[Changed]:
    """All changes after a position, read a few at a time."""
    found: list[Changed] = []
    while True:
        page = await handle.changes(after, limit)
        found += page.changes
        if not page.more:
            return found
        assert len(page.changes) == limit
        after = page.changes[-1].position


def told(changes: list[Changed]) -> list[tuple[str, str, int]]:
    return [(change.kind.partition(":")[2], change.id, change.version) for change in changes]


@pytest.mark.anyio
class FeedOfChanges:
    async def test_a_new_tenant_has_no_changes(self, handle: TenantStore) -> None:
        page = await handle.changes(FIRST_POSITION, 10)
        assert (page.changes, page.more) == ([], False)
        assert page.newest > FIRST_POSITION or page.newest == FIRST_POSITION
        assert (await handle.changes(page.newest, 10)).changes == []

    async def test_every_change_is_told_with_its_version(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo = user(acorn, "ann"), user(acorn, "bo")
        both = group(acorn, members=[ann.id, bo.id])
        for change in (ann, bo, both, replaced(ann, user_document("ann", title="Lead")), deleted(bo)):
            await handle.apply(change)
        await handle.apply(members_changed(both, remove=[ann.id], at=LATER))
        await handle.apply(members_changed(both, remove=[ann.id]))  # nothing changes
        changes = await feed(handle)
        assert told(changes[:4]) == [
            ("create", ann.id, 1),
            ("create", bo.id, 1),
            ("create", both.id, 1),
            ("replace", ann.id, 2),
        ]
        assert sorted(told(changes[4:6])) == sorted([("delete", bo.id, 2), ("modify", both.id, 2)])
        assert told(changes[6:]) == [("modify", both.id, 3)]
        assert changes[0].at == START
        assert [c.position for c in changes] == sorted(c.position for c in changes)

    async def test_the_group_that_lost_a_member_is_told_as_what_it_is(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        made = group(acorn, members=[ann.id])
        for insert in (ann, made):
            await handle.apply(insert)
        change = deleted(ann)
        change.names = {GROUP.number: "Group"}
        await handle.apply(change)
        (lost,) = [c for c in await feed(handle) if c.id == made.id and c.version == 2]
        assert (lost.kind, lost.resource_type, lost.at) == (Kind.RESOURCE_MODIFIED, "Group", LATER)

    async def test_what_is_no_change_of_a_resource_is_not_told(self, handle: TenantStore) -> None:
        await handle.record([event(Kind.WRITE_REFUSED), event(Kind.RESOURCE_MODIFIED, resource=new_id())])
        assert await feed(handle) == []

    async def test_a_refused_change_is_not_told(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        await handle.apply(ann)
        for refused in (user(acorn, "ann"), replaced(ann, user_document("bo"), 7), deleted(user(acorn, "bo"))):
            with pytest.raises(StoreError):
                await handle.apply(refused)
        assert told(await feed(handle)) == [("create", ann.id, 1)]

    async def test_several_changes_at_once_are_told_in_their_order(self, handle: TenantStore, acorn: Tenant) -> None:
        made = [user(acorn, f"user{n}") for n in range(3)]
        await handle.apply_each([*made, replaced(made[0], user_document("user0", title="Lead")), deleted(made[1])])
        await asyncio.gather(*(handle.apply(user(acorn, f"other{n}")) for n in range(20)))
        changes = await feed(handle)
        assert len(changes) == len({change.position for change in changes}) == 25
        of_each = defaultdict(list)
        for change in changes:
            of_each[change.id].append(change.version)
        assert of_each[made[0].id] == [1, 2]

    async def test_going_on_from_the_newest_position_tells_what_comes_after_it(
        self, handle: TenantStore, acorn: Tenant
    ) -> None:
        await handle.apply(user(acorn, "ann"))
        newest = (await handle.changes(FIRST_POSITION, 0)).newest
        bo = user(acorn, "bo")
        await handle.apply(bo)
        assert told(await feed(handle, newest)) == [("create", bo.id, 1)]

    async def test_no_tenant_sees_changes_of_another(
        self, store: Store, handle: TenantStore, acorn: Tenant, birch: Tenant
    ) -> None:
        await handle.apply(user(acorn, "ann"))
        assert await feed(store.tenant(birch.id)) == []

    async def test_whoever_follows_misses_nothing_while_many_write(
        self, store: Store, handle: TenantStore, acorn: Tenant
    ) -> None:
        users = [user(acorn, f"user{n}") for n in range(12)]
        groups = [group(acorn, f"Group {n}") for n in range(3)]
        for insert in (*users, *groups):
            await handle.apply(insert)
        writing = True
        seen: list[Changed] = []

        async def write(n: int) -> None:
            """Members come and go, in groups that all writers share; at last some members are deleted."""
            for round in range(8):
                g = groups[(n + round) % 3]
                mine = (users[n].id,)
                comes, goes = (mine, ()) if round < 4 else ((), mine)
                await handle.apply(members_changed(g, add=comes, remove=goes, at=moment(round)))
                await handle.apply(user(acorn, f"new{n}-{round}"))
            await handle.apply(members_changed(groups[n % 3], add=[users[n].id]))
            if n % 2:
                await handle.apply(deleted(users[n]))

        async def follow() -> None:
            after = FIRST_POSITION
            while True:
                last = not writing
                page = await handle.changes(after, 5)
                seen.extend(page.changes)
                after = page.changes[-1].position if page.changes else after
                if last and not page.more:
                    return
                await asyncio.sleep(0)

        follower = asyncio.create_task(follow())
        await asyncio.gather(*(write(n) for n in range(12)))
        writing = False
        await follower
        assert len({change.position for change in seen}) == len(seen)
        versions = defaultdict(list)
        for change in seen:
            versions[change.id].append(change.version)
        for found in versions.values():
            assert found == list(range(1, len(found) + 1))
        for g in groups:
            stored = await handle.get(GROUP.number, g.id)
            assert stored is not None
            assert versions[g.id][-1] == stored.version
        gone = [change.id for change in seen if change.kind is Kind.RESOURCE_DELETED]
        assert sorted(gone) == sorted(users[n].id for n in range(12) if n % 2)

    async def test_a_restored_feed_is_another_and_goes_on(
        self, store: Store, handle: TenantStore, acorn: Tenant, tmp_path: Path
    ) -> None:
        ann = user(acorn, "ann")
        await handle.apply(ann)
        await handle.apply(replaced(ann, user_document("ann", title="Lead")))
        before = await handle.changes(FIRST_POSITION, 10)
        await store.backup(str(tmp_path / "copy.db"))
        await handle.apply(user(acorn, "bo"))
        await store.restore(str(tmp_path / "copy.db"))
        after = await handle.changes(FIRST_POSITION, 10)
        assert after.epoch != before.epoch
        assert told(after.changes) == told(before.changes)
        await handle.apply(deleted(ann))
        assert told(await feed(handle)) == [("create", ann.id, 1), ("replace", ann.id, 2), ("delete", ann.id, 3)]

    async def test_sealing_keys_are_kept_and_dropped(self, store: Store) -> None:
        assert await store.sealing_keys() == []
        old, new = (SealingKey(new_id(), bytes([n]) * 32, moment(n)) for n in (1, 2))
        await store.add_sealing_key(old, moment(0))
        await store.add_sealing_key(new, moment(1))
        assert sorted(await store.sealing_keys(), key=lambda key: key.created) == [old, new]
        newest = SealingKey(new_id(), bytes(32), moment(3))
        await store.add_sealing_key(newest, moment(3))
        assert await store.sealing_keys() == [newest]


@pytest.mark.anyio
class MemberPages:
    async def test_members_come_in_pages_in_order_of_their_ids(self, handle: TenantStore, acorn: Tenant) -> None:
        users = [user(acorn, f"user{n}") for n in range(7)]
        made = group(acorn, members=[u.id for u in users])
        for insert in (*users, made):
            await handle.apply(insert)
        whole = (await handle.members([made.id]))[made.id]

        async def page(**more: object) -> MemberPage:
            query = MemberQuery(GROUP, made.id, limit=3)
            for name, value in more.items():
                setattr(query, name, value)
            return await handle.member_page(query)

        assert await page() == (whole[:3], True, 7)
        assert await page(offset=3, limit=10) == (whole[3:], False, 7)
        assert await page(offset=7) == ([], False, 7)
        assert await page(limit=0) == ([], True, 7)
        assert await page(edge=whole[2].id, count=False) == (whole[3:6], True, None)
        assert await page(edge=whole[5].id) == (whole[6:], False, 7)
        assert await page(edge=whole[5].id, back=True, count=False) == (whole[2:5], True, None)
        assert await page(edge=whole[1].id, back=True) == (whole[:1], False, 7)
        assert await page(back=True) == (whole[4:], True, 7)
        assert await handle.member_page(MemberQuery(GROUP, new_id())) == ([], False, 0)
        assert await handle.member_page(MemberQuery(GROUP, "no uuid")) == ([], False, 0)

    async def test_a_filter_is_about_one_member(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, bo = user(acorn, "ann"), user(acorn, "bo")
        inner = group(acorn, "Inner", members=[ann.id])
        outer = group(acorn, "Outer", members=[ann.id, bo.id, inner.id])
        for insert in (ann, bo, inner, outer):
            await handle.apply(insert)
        for path, operator, operand, wanted in (
            ("members.value", "eq", bo.id, [bo.id]),
            ("members.value", "eq", new_id(), []),
            ("members.value", "eq", "no uuid", []),
            ("members.display", "eq", "bo birch", [bo.id]),
            ("members.type", "eq", "group", [inner.id]),
            ("members.$ref", "ew", f"/Users/{ann.id}", [ann.id]),
        ):
            filter = where(GROUP, path, operator, operand)
            page = await handle.member_page(MemberQuery(GROUP, outer.id, filter, location_base="https://acorn.example"))
            assert ([member.id for member in page.members], page.total) == (wanted, len(wanted)), path

    async def test_no_tenant_reads_members_or_walks_of_another(
        self, store: Store, handle: TenantStore, acorn: Tenant, birch: Tenant
    ) -> None:
        ann = user(acorn, "ann")
        club = group(acorn, members=[ann.id])
        for insert in (ann, club):
            await handle.apply(insert)
        other = store.tenant(birch.id)
        assert await other.member_page(MemberQuery(GROUP, club.id)) == ([], False, 0)
        for query in (users_by("name.familyName"), users_by("userName"), users_by("title"), Query((Target(GROUP),))):
            edge = (await handle.walk(query, Step())).edges[0]._replace(id="00000000-0000-4000-8000-000000000000")
            for step in (Step(), Step(back=True), Step(edge), Step(edge, back=True)):
                assert (await other.walk(query, step)).rows == []
