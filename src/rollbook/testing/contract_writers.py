"""The storage contract: many writers at once."""

import asyncio
from typing import Any

import pytest

from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import AlreadyExists, MissingMembers, NotFound, StoreError, VersionConflict
from rollbook.storage.records import Change, Tenant
from rollbook.testing.builders import (
    GROUP,
    USER,
    deleted,
    group,
    members_changed,
    replaced,
    user,
    user_document,
    users_where,
)
from rollbook.testing.contract_resources import kinds

CLIENTS = 32


async def at_once(handle: TenantStore, changes: list[Change]) -> list[Any]:
    """What came of each: its ``Applied``, or what was raised."""
    return await asyncio.gather(*(handle.apply(change) for change in changes), return_exceptions=True)


@pytest.mark.anyio
class Writers:
    async def test_of_many_inserts_of_one_key_one_wins(self, handle: TenantStore, acorn: Tenant) -> None:
        changes: list[Change] = [user(acorn, "ann", title=f"client {n}") for n in range(CLIENTS)]
        outcomes = await at_once(handle, changes)
        won = [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, Exception)]
        assert len(won) == 1
        assert all(
            isinstance(o, AlreadyExists) and o.attribute == "key" for n, o in enumerate(outcomes) if n not in won
        )
        page = await handle.query(users_where("userName", "eq", "ann"))
        assert [row.id for row in page.rows] == [changes[won[0]].id]
        assert await kinds(handle) == ["resource:create"]

    async def test_of_many_updates_of_one_version_one_wins(self, handle: TenantStore, acorn: Tenant) -> None:
        ann = user(acorn, "ann")
        await handle.apply(ann)
        outcomes = await at_once(handle, [replaced(ann, user_document("ann", title=str(n))) for n in range(CLIENTS)])
        won = [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, Exception)]
        assert len(won) == 1
        assert all(isinstance(o, VersionConflict) for n, o in enumerate(outcomes) if n not in won)
        stored = await handle.get(USER.number, ann.id)
        assert stored is not None
        assert stored.version == 2
        assert f'"title":"{won[0]}"'.encode() in stored.document

    async def test_many_inserts_all_arrive(self, handle: TenantStore, acorn: Tenant) -> None:
        changes: list[Change] = [user(acorn, f"user{n}", external_id=f"x-{n}") for n in range(300)]
        outcomes = await at_once(handle, changes)
        assert all(outcome == (1, outcome.created, outcome.created, True) for outcome in outcomes)
        assert await handle.count(USER.number) == 300
        assert len(await kinds(handle)) == 300
        assert (await handle.query(users_where("emails.value", "sw", "user"))).total == 300

    async def test_a_refused_write_harms_no_other_at_the_same_time(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, missing = user(acorn, "ann"), user(acorn, "nobody")
        await handle.apply(ann)
        changes: list[Change] = []
        for n in range(16):
            changes += [
                user(acorn, f"user{n}"),
                user(acorn, "ann"),
                replaced(ann, user_document("ann"), 7),
                replaced(missing, user_document("bo")),
                deleted(missing),
                group(acorn, f"Group {n}", members=[ann.id]),
                group(acorn, f"Group {n}", members=[ann.id, missing.id]),
            ]
        outcomes = await at_once(handle, changes)
        wanted = [None, AlreadyExists, VersionConflict, NotFound, NotFound, None, MissingMembers] * 16
        assert [type(o) if isinstance(o, Exception) else None for o in outcomes] == wanted
        assert await handle.count(USER.number) == 17
        assert await handle.count(GROUP.number) == 16
        assert await kinds(handle) == ["resource:create"] * 33

    async def test_members_added_at_once_all_arrive(self, handle: TenantStore, acorn: Tenant) -> None:
        users = [user(acorn, f"user{n}") for n in range(CLIENTS)]
        await at_once(handle, list(users))
        gardeners = group(acorn)
        await handle.apply(gardeners)
        outcomes = await at_once(handle, [members_changed(gardeners, add=[made.id]) for made in users])
        assert sorted(outcome.version for outcome in outcomes) == list(range(2, CLIENTS + 2))
        members = (await handle.members([gardeners.id]))[gardeners.id]
        assert [member.id for member in members] == sorted(made.id for made in users)
        stored = await handle.get(GROUP.number, gardeners.id)
        assert stored is not None
        assert stored.version == CLIENTS + 1

    async def test_one_member_added_by_many_is_added_once(self, handle: TenantStore, acorn: Tenant) -> None:
        ann, gardeners = user(acorn), group(acorn)
        await at_once(handle, [ann, gardeners])
        outcomes = await at_once(handle, [members_changed(gardeners, add=[ann.id]) for _ in range(CLIENTS)])
        assert sorted(outcome.changed for outcome in outcomes) == [False] * (CLIENTS - 1) + [True]
        assert {outcome.version for outcome in outcomes} == {2}
        assert (await kinds(handle)).count("resource:modify") == 1

    async def test_a_member_added_while_it_is_deleted_never_stays(self, handle: TenantStore, acorn: Tenant) -> None:
        for n in range(10):
            ann, gardeners = user(acorn, f"ann{n}"), group(acorn, f"Group {n}")
            await at_once(handle, [ann, gardeners])
            outcomes = await at_once(handle, [members_changed(gardeners, add=[ann.id]), deleted(ann)])
            assert not isinstance(outcomes[1], Exception)
            assert (await handle.members([gardeners.id])).get(gardeners.id, []) == []

    async def test_a_group_deleted_while_members_come_leaves_no_membership(
        self, handle: TenantStore, acorn: Tenant
    ) -> None:
        for n in range(10):
            ann, gardeners = user(acorn, f"ann{n}"), group(acorn, f"Group {n}")
            await at_once(handle, [ann, gardeners])
            await at_once(handle, [members_changed(gardeners, add=[ann.id]), deleted(gardeners)])
            stored = await handle.get(USER.number, ann.id)
            assert stored is not None
            assert not stored.grouped

    async def test_two_tenants_write_at_once(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        async def fill(tenant: Tenant) -> None:
            outcomes = await at_once(store.tenant(tenant.id), [user(tenant, f"user{n}") for n in range(100)])
            assert not [outcome for outcome in outcomes if isinstance(outcome, StoreError)]

        await asyncio.gather(fill(acorn), fill(birch))
        for tenant in (acorn, birch):
            assert await store.tenant(tenant.id).count(USER.number) == 100

    async def test_a_caller_that_gives_up_harms_no_other(self, handle: TenantStore, acorn: Tenant) -> None:
        writes = [asyncio.create_task(handle.apply(user(acorn, f"user{n}"))) for n in range(20)]
        await asyncio.sleep(0)
        for write in writes[::2]:
            write.cancel()
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert [outcome.version for outcome in outcomes[1::2] if not isinstance(outcome, BaseException)] == [1] * 10
        await handle.apply(user(acorn, "ann"))
        # Whether a write that was given up was made is open; that it has its event when it was, is not.
        assert len(await kinds(handle)) == await handle.count(USER.number)
