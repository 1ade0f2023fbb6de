"""The storage contract: under the handle of one tenant, nothing of another is there, whatever is asked."""

import pytest

from rollbook.events import Kind
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import MissingMembers, NotFound, StoreError
from rollbook.storage.records import Insert, Query, Target, Tenant
from rollbook.testing.builders import (
    GROUP,
    LATER,
    USER,
    deleted,
    event,
    group,
    group_document,
    members_changed,
    replaced,
    token,
    user,
    user_document,
    users_by,
    users_where,
    where,
)
from rollbook.testing.contract_resources import kinds


async def with_cast(store: Store, tenant: Tenant) -> tuple[TenantStore, Insert, Insert]:
    """A handle on a tenant with a user and a group of it."""
    handle = store.tenant(tenant.id)
    ann = user(tenant, "ann", external_id="x-1", title="Sower")
    gardeners = group(tenant, members=[ann.id])
    await handle.apply(ann)
    await handle.apply(gardeners)
    return handle, ann, gardeners


@pytest.mark.anyio
class Isolation:
    async def test_two_tenants_have_the_same_keys(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        for tenant in (acorn, birch):
            handle, ann, _ = await with_cast(store, tenant)
            for path, value in (("userName", "ann"), ("externalId", "x-1"), ("emails.value", "ann@acorn.example")):
                page = await handle.query(users_where(path, "eq", value))
                assert [row.id for row in page.rows] == [ann.id]

    async def test_two_tenants_have_the_same_ids(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        here, there = store.tenant(acorn.id), store.tenant(birch.id)
        ours, theirs = user(acorn, "ann"), user(birch, "bo")
        theirs.id = ours.id
        await here.apply(ours)
        await there.apply(theirs)
        await there.apply(deleted(theirs))
        stored = await here.get(USER.number, ours.id)
        assert stored is not None
        assert stored.document == ours.content.document
        assert (await here.query(users_where("emails.value", "eq", "ann@acorn.example"))).total == 1

    async def test_resources_of_another_tenant_are_not_there(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        await with_cast(store, acorn)
        _, ann, gardeners = await with_cast(store, birch)
        here = store.tenant(acorn.id)
        assert await here.get(USER.number, ann.id) is None
        assert await here.get(GROUP.number, gardeners.id) is None
        assert not (await here.members([gardeners.id])).get(gardeners.id)
        assert not (await here.groups_of([ann.id])).get(ann.id)
        assert await here.types_of([ann.id, gardeners.id]) == {}
        assert (await here.count(USER.number), await here.count(GROUP.number)) == (1, 1)

    async def test_no_query_reaches_another_tenant(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        _, ann, gardeners = await with_cast(store, birch)
        here = store.tenant(acorn.id)
        for query in (
            Query((Target(USER), Target(GROUP))),
            Query((Target(USER),), limit=0),
            users_by("userName"),
            users_by("name.familyName"),
            users_by("title", descending=True),
            users_where("id", "eq", ann.id),
            users_where("userName", "eq", "ann"),
            users_where("externalId", "eq", "x-1"),
            users_where("emails.value", "eq", "ann@acorn.example"),
            users_where("name.familyName", "sw", "a"),
            users_where("title", "co", "o"),
            users_where("title", "ne", "x"),
            users_where("groups.value", "eq", gardeners.id),
            users_where("groups.display", "eq", "gardeners"),
            Query((Target(GROUP, where(GROUP, "members.value", "eq", ann.id)),)),
            Query((Target(GROUP, where(GROUP, "members.display", "eq", "ann aster")),)),
        ):
            assert await here.query(query) == (0, [])

    async def test_nothing_of_another_tenant_can_be_changed(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        here = store.tenant(acorn.id)
        there, ann, gardeners = await with_cast(store, birch)
        before = [await there.get(USER.number, ann.id), await there.get(GROUP.number, gardeners.id)]
        for version in (None, 1):
            for change in (
                replaced(ann, user_document("bo"), version),
                replaced(gardeners, group_document("Sowers"), version),
                members_changed(gardeners, remove=[ann.id], version=version),
                members_changed(gardeners, clear=True, version=version),
                deleted(ann, version),
                deleted(gardeners, version),
            ):
                with pytest.raises(NotFound):
                    await here.apply(change)
        assert [await there.get(USER.number, ann.id), await there.get(GROUP.number, gardeners.id)] == before
        assert [member.id for member in (await there.members([gardeners.id]))[gardeners.id]] == [ann.id]
        assert await kinds(here) == []
        assert await kinds(there) == ["resource:create"] * 2

    async def test_nobody_of_another_tenant_becomes_a_member(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        here, _, ours = await with_cast(store, acorn)
        there, bo, theirs = await with_cast(store, birch)
        with pytest.raises(MissingMembers) as refusal:
            await here.apply(group(acorn, members=[bo.id]))
        assert refusal.value.ids == (bo.id,)
        for stranger in (bo.id, theirs.id):
            with pytest.raises(MissingMembers):
                await here.apply(members_changed(ours, add=[stranger]))
        assert [m.display for m in (await there.groups_of([bo.id]))[bo.id]] == ["Gardeners"]

    async def test_a_resource_goes_into_no_connection_of_another_tenant(
        self, store: Store, acorn: Tenant, birch: Tenant
    ) -> None:
        here = store.tenant(acorn.id)
        with pytest.raises(NotFound):
            await here.apply(user(birch, "ann"))
        assert await here.count(USER.number) == 0

    async def test_events_of_another_tenant_are_not_there(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        here, there = store.tenant(acorn.id), store.tenant(birch.id)
        mine, theirs = event(Kind.WRITE_REFUSED), event(Kind.WRITE_REFUSED)
        await here.record([mine])
        await there.record([theirs])
        await there.apply(user(birch, "ann"))
        assert [found.id async for found in here.events()][1:] == [mine.id]
        assert theirs.id in [found.id async for found in there.events()]

    async def test_tokens_of_another_tenant_are_not_there(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        here, there = store.tenant(acorn.id), store.tenant(birch.id)
        theirs = token(birch)
        await there.create_token(theirs, event(Kind.TOKEN_CREATED))
        assert await here.tokens() == []
        with pytest.raises(NotFound):
            await here.revoke_token(theirs.id, LATER, event(Kind.TOKEN_REVOKED))
        found = await store.find_token(theirs.digest)
        assert found is not None
        assert (found[0].revoked, found[1].id) == (None, birch.id)

    async def test_no_token_is_made_for_another_tenant(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        theirs = token(birch)
        with pytest.raises(StoreError):
            await store.tenant(acorn.id).create_token(theirs, event(Kind.TOKEN_CREATED))
        assert await store.find_token(theirs.digest) is None
