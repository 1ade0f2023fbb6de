"""The storage contract: tenants and tokens, the operator's side."""

import asyncio

import pytest

from rollbook.events import Kind
from rollbook.ids import new_id
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import AlreadyExists, NotFound, StoreError
from rollbook.storage.records import Tenant
from rollbook.testing.builders import (
    LATER,
    LATER_STILL,
    USER,
    default_connection,
    event,
    group,
    moment,
    replaced,
    tenant,
    token,
    user,
    user_document,
)

NO_TENANT = "00000000-0000-0000-0000-000000000000"


async def kinds_of(store: Store, tenant: Tenant) -> list[str]:
    return [event.kind.value async for event in store.tenant(tenant.id).events()]


@pytest.mark.anyio
class Tenants:
    async def test_a_tenant_is_found_by_id_and_by_name_in_any_case(self, store: Store) -> None:
        made = tenant("Acorn-1")
        await store.create_tenant(made, event(Kind.TENANT_CREATED))
        for asked in (made.id, "Acorn-1", "acorn-1", "ACORN-1"):
            assert await store.find_tenant(asked) == made
        for asked in ("", "acorn", "acorn-_", "%", new_id(), NO_TENANT):
            assert await store.find_tenant(asked) is None
        assert await kinds_of(store, made) == ["tenant:create"]

    async def test_a_name_is_taken_once_in_any_case(self, store: Store) -> None:
        await store.create_tenant(tenant("Acorn"), event(Kind.TENANT_CREATED))
        second = tenant("aCORN")
        with pytest.raises(AlreadyExists) as refusal:
            await store.create_tenant(second, event(Kind.TENANT_CREATED))
        assert refusal.value.attribute == "name"
        assert await store.find_tenant(second.id) is None
        assert await kinds_of(store, second) == []
        assert len(await store.tenants()) == 1

    async def test_of_many_tenants_of_one_name_one_wins(self, store: Store) -> None:
        made = [tenant("acorn") for _ in range(8)]
        outcomes = await asyncio.gather(
            *(store.create_tenant(t, event(Kind.TENANT_CREATED)) for t in made), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyExists"] * 7 + ["NoneType"]
        assert len(await store.tenants()) == 1

    async def test_tenants_are_listed_by_name(self, store: Store) -> None:
        for name in ("Cedar", "acorn", "Birch"):
            await store.create_tenant(tenant(name), event(Kind.TENANT_CREATED))
        assert [found.name for found in await store.tenants()] == ["acorn", "Birch", "Cedar"]

    async def test_a_tenant_is_suspended_and_resumed(self, store: Store, acorn: Tenant) -> None:
        await store.set_tenant_status(acorn.id, "suspended", event(Kind.TENANT_SUSPENDED))
        found = await store.find_tenant("acorn")
        assert found is not None
        assert found.status == "suspended"
        assert [t.status for t in await store.tenants()] == ["suspended"]
        await store.set_tenant_status(acorn.id, "active", event(Kind.TENANT_RESUMED))
        assert await store.find_tenant("acorn") == acorn
        assert await kinds_of(store, acorn) == ["tenant:create", "tenant:suspend", "tenant:resume"]

    async def test_what_a_tenant_sets_is_kept_with_it_and_comes_with_its_tokens(
        self, store: Store, acorn: Tenant, birch: Tenant
    ) -> None:
        digest = b"d" * 32
        await store.tenant(acorn.id).create_token(token(acorn, digest), event(Kind.TOKEN_CREATED))
        text = '{"shop":{"shelves":["Ä","🔑"],"count":7}}'
        await store.configure_tenant(acorn.id, text, event(Kind.TENANT_CONFIGURED))
        by_id, by_name = await store.find_tenant(acorn.id), await store.find_tenant("acorn")
        assert by_id is not None
        assert by_id == by_name
        assert by_id.configured == text
        assert [t.configured for t in await store.tenants()] == [text, ""]
        found = await store.find_token(digest)
        assert found is not None
        assert found[1].configured == text
        assert (await kinds_of(store, acorn))[-1] == "tenant:configure"
        assert "tenant:configure" not in await kinds_of(store, birch)
        await store.configure_tenant(acorn.id, "", event(Kind.TENANT_CONFIGURED))
        again = await store.find_tenant("acorn")
        assert again is not None
        assert again.configured == ""

    async def test_a_tenant_that_is_not_there_cannot_be_changed(self, store: Store) -> None:
        for id in (new_id(), "no uuid", "", NO_TENANT):
            with pytest.raises(NotFound):
                await store.set_tenant_status(id, "suspended", event(Kind.TENANT_SUSPENDED))
            with pytest.raises(NotFound):
                await store.delete_tenant(id, LATER, event(Kind.TENANT_DELETED))
            with pytest.raises(NotFound):
                await store.configure_tenant(id, "{}", event(Kind.TENANT_CONFIGURED))

    async def test_a_deleted_tenant_is_not_configured(self, store: Store, acorn: Tenant) -> None:
        await store.delete_tenant(acorn.id, LATER, event(Kind.TENANT_DELETED, LATER))
        with pytest.raises(NotFound):
            await store.configure_tenant(acorn.id, "{}", event(Kind.TENANT_CONFIGURED))

    async def test_a_handle_needs_a_well_formed_id(self, store: Store) -> None:
        for id in ("", "acorn", "%", NO_TENANT, new_id().upper(), new_id().replace("-", ""), f"{{{new_id()}}}"):
            with pytest.raises(ValueError):  # noqa: PT011 - every one of them is meant
                store.tenant(id)

    async def test_a_handle_knows_its_tenant(self, acorn: Tenant, handle: TenantStore) -> None:
        assert handle.tenant_id == acorn.id

    async def test_a_deleted_tenant_leaves_nothing_but_its_name_plate_and_events(
        self, store: Store, acorn: Tenant, birch: Tenant
    ) -> None:
        for each in (acorn, birch):
            handle = store.tenant(each.id)
            ann = user(each, "ann", external_id="x-1")
            await handle.apply(ann)
            await handle.apply(group(each, members=[ann.id]))
            digest = each.id.encode()[:32]
            await handle.create_token(token(each, digest), event(Kind.TOKEN_CREATED))
        await store.delete_tenant(acorn.id, LATER, event(Kind.TENANT_DELETED, LATER))
        gone, kept = store.tenant(acorn.id), store.tenant(birch.id)
        assert (await gone.count(USER.number), await kept.count(USER.number)) == (0, 1)
        assert (await gone.tokens(), len(await kept.tokens())) == ([], 1)
        assert await store.find_token(acorn.id.encode()[:32]) is None
        assert await store.find_token(birch.id.encode()[:32]) is not None
        found = await store.find_tenant(acorn.id)
        assert found is not None
        assert (found.status, found.name) == ("deleted", "acorn")
        assert await store.find_tenant("acorn") is None
        assert [t.name for t in await store.tenants()] == ["birch"]
        assert await kinds_of(store, acorn) == [
            "tenant:create",
            "resource:create",
            "resource:create",
            "token:create",
            "tenant:delete",
        ]

    async def test_the_name_of_a_deleted_tenant_is_free(self, store: Store, acorn: Tenant) -> None:
        await store.delete_tenant(acorn.id, LATER, event(Kind.TENANT_DELETED))
        again = tenant("Acorn")
        await store.create_tenant(again, event(Kind.TENANT_CREATED))
        assert await store.find_tenant("acorn") == again
        await store.delete_tenant(again.id, LATER, event(Kind.TENANT_DELETED))
        assert await store.tenants() == []

    async def test_a_deleted_tenant_cannot_be_changed(self, store: Store, acorn: Tenant, handle: TenantStore) -> None:
        ann = user(acorn, "ann")
        await handle.apply(ann)
        await store.delete_tenant(acorn.id, LATER, event(Kind.TENANT_DELETED))
        with pytest.raises(NotFound):
            await store.set_tenant_status(acorn.id, "active", event(Kind.TENANT_RESUMED))
        with pytest.raises(NotFound):
            await store.delete_tenant(acorn.id, LATER, event(Kind.TENANT_DELETED))
        for change in (user(acorn, "bo"), replaced(ann, user_document("ann"))):
            with pytest.raises(NotFound):
                await handle.apply(change)
        with pytest.raises(StoreError):
            await handle.create_token(token(acorn), event(Kind.TOKEN_CREATED))
        assert await handle.count(USER.number) == 0
        assert (await kinds_of(store, acorn))[-1] == "tenant:delete"

    async def test_a_large_tenant_is_deleted_whole(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        handle = store.tenant(acorn.id)
        users = [user(acorn, f"user{n}") for n in range(1_500)]
        await asyncio.gather(*(handle.apply(made) for made in users))
        await handle.apply(group(acorn, members=[made.id for made in users]))
        await store.tenant(birch.id).apply(user(birch, "ann"))
        await store.delete_tenant(acorn.id, LATER, event(Kind.TENANT_DELETED))
        assert await handle.count(USER.number) == 0
        assert await handle.groups_of([users[0].id]) in ({}, {users[0].id: []})
        assert await store.tenant(birch.id).count(USER.number) == 1

    async def test_a_token_is_found_by_its_digest_with_its_tenant(
        self, store: Store, acorn: Tenant, handle: TenantStore
    ) -> None:
        made = token(acorn, bytes(range(32)))
        await handle.create_token(made, event(Kind.TOKEN_CREATED))
        assert await store.find_token(bytes(range(32))) == (made, acorn, default_connection(acorn))
        for digest in (b"", bytes(32), bytes(range(31)), b"%"):
            assert await store.find_token(digest) is None
        assert await kinds_of(store, acorn) == ["tenant:create", "token:create"]

    async def test_a_token_is_found_whatever_its_state_and_that_of_its_tenant(
        self, store: Store, acorn: Tenant, handle: TenantStore
    ) -> None:
        made = token(acorn)
        await handle.create_token(made, event(Kind.TOKEN_CREATED))
        await handle.revoke_token(made.id, LATER, event(Kind.TOKEN_REVOKED))
        await store.set_tenant_status(acorn.id, "suspended", event(Kind.TENANT_SUSPENDED))
        found = await store.find_token(made.digest)
        assert found is not None
        assert (found[0].revoked, found[1].status) == (LATER, "suspended")

    async def test_tokens_are_listed_oldest_first(self, acorn: Tenant, handle: TenantStore) -> None:
        made = [token(acorn, bytes([n]) * 32, name=f"token{n}", at=moment(9 - n)) for n in range(5)]
        for each in made:
            await handle.create_token(each, event(Kind.TOKEN_CREATED))
        assert await handle.tokens() == made[::-1]

    async def test_a_token_is_revoked_once(self, store: Store, acorn: Tenant, handle: TenantStore) -> None:
        one, two = token(acorn, b"1" * 32), token(acorn, b"2" * 32)
        for made in (one, two):
            await handle.create_token(made, event(Kind.TOKEN_CREATED))
        await handle.revoke_token(one.id, LATER, event(Kind.TOKEN_REVOKED))
        await handle.revoke_token(one.id, LATER_STILL, event(Kind.TOKEN_REVOKED))
        assert {made.id: made.revoked for made in await handle.tokens()} == {one.id: LATER, two.id: None}
        assert (await kinds_of(store, acorn)).count("token:revoke") == 1

    async def test_a_token_that_is_not_there_cannot_be_revoked(self, handle: TenantStore) -> None:
        for id in (new_id(), "no uuid", ""):
            with pytest.raises(NotFound):
                await handle.revoke_token(id, LATER, event(Kind.TOKEN_REVOKED))
