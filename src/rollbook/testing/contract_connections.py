"""The storage contract: the connections of a tenant, and what belongs to them."""

import asyncio

import pytest

from rollbook.events import Kind
from rollbook.ids import new_id
from rollbook.storage.contract import Store, TenantStore
from rollbook.storage.errors import AlreadyExists, NotFound
from rollbook.storage.records import Connection, Insert, Tenant
from rollbook.testing.builders import (
    LATER,
    LATER_STILL,
    USER,
    connection,
    default_connection,
    event,
    token,
    user,
    users_where,
)
from rollbook.testing.contract_resources import kinds


def through(made: Connection, insert: Insert) -> Insert:
    """The same new resource, made through that connection."""
    insert.connection = made.id
    return insert


async def names(handle: TenantStore) -> list[str]:
    return [found.name for found in await handle.connections()]


@pytest.mark.anyio
class Connections:
    async def test_a_tenant_starts_with_one(self, handle: TenantStore, acorn: Tenant) -> None:
        assert await handle.connections() == [default_connection(acorn)]

    async def test_connections_are_kept_whole_and_listed_by_name(self, handle: TenantStore) -> None:
        okta = connection("Okta", preset="okta", page_size=50, reactivate=True)
        for made in (okta, connection("entra")):
            await handle.create_connection(made, event(Kind.CONNECTION_CREATED))
        assert await names(handle) == ["default", "entra", "Okta"]
        assert (await handle.connections())[-1] == okta
        assert await kinds(handle) == ["connection:create"] * 2

    async def test_a_connections_name_is_taken_once_in_any_case(self, handle: TenantStore) -> None:
        made = [connection(name) for name in ("okta", "OKTA", "Okta", "oktA")]
        outcomes = await asyncio.gather(
            *(handle.create_connection(c, event(Kind.CONNECTION_CREATED)) for c in made), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyExists"] * 3 + ["NoneType"]
        with pytest.raises(AlreadyExists) as refusal:
            await handle.create_connection(connection("DEFAULT"), event(Kind.CONNECTION_CREATED))
        assert refusal.value.attribute == "name"
        assert await kinds(handle) == ["connection:create"]

    async def test_preset_and_settings_are_changed(self, handle: TenantStore) -> None:
        made = connection("okta", page_size=50)
        await handle.create_connection(made, event(Kind.CONNECTION_CREATED))
        other = Connection(made.id, made.name, made.dialect, "okta", {"rate": 2.5}, made.created)
        await handle.update_connection(other, event(Kind.CONNECTION_CHANGED))
        assert (await handle.connections())[-1] == other
        assert await kinds(handle) == ["connection:create", "connection:change"]

    async def test_one_that_is_not_there_is_neither_changed_nor_deleted(self, handle: TenantStore) -> None:
        for id in (new_id(), "no uuid", ""):
            with pytest.raises(NotFound):
                await handle.update_connection(
                    Connection(id, "x", "standard", "okta", {}, LATER), event(Kind.CONNECTION_CHANGED)
                )
            with pytest.raises(NotFound):
                await handle.delete_connection(id, LATER, event(Kind.CONNECTION_DELETED))
            assert await handle.count_of_connection(id) == 0
        assert await kinds(handle) == []

    async def test_a_token_comes_with_its_connection_and_scopes(
        self, store: Store, acorn: Tenant, handle: TenantStore
    ) -> None:
        okta = connection("okta", preset="okta", page_size=50)
        await handle.create_connection(okta, event(Kind.CONNECTION_CREATED))
        made = token(acorn, connection=okta.id, scopes=("scim.read", "schemas.write"))
        await handle.create_token(made, event(Kind.TOKEN_CREATED))
        assert await store.find_token(made.digest) == (made, acorn, okta)
        assert await handle.tokens() == [made]

    async def test_deleting_one_revokes_its_tokens_and_keeps_its_resources(
        self, store: Store, acorn: Tenant, handle: TenantStore
    ) -> None:
        okta = connection("okta")
        await handle.create_connection(okta, event(Kind.CONNECTION_CREATED))
        mine, others = token(acorn, b"1" * 32, connection=okta.id), token(acorn, b"2" * 32)
        early = token(acorn, b"3" * 32, connection=okta.id)
        for each in (mine, others, early):
            await handle.create_token(each, event(Kind.TOKEN_CREATED))
        await handle.revoke_token(early.id, LATER, event(Kind.TOKEN_REVOKED))
        ann = through(okta, user(acorn, "ann", external_id="x-1"))
        await handle.apply(ann)
        await handle.delete_connection(okta.id, LATER_STILL, event(Kind.CONNECTION_DELETED))
        assert await names(handle) == ["default"]
        assert {t.id: t.revoked for t in await handle.tokens()} == {
            mine.id: LATER_STILL,
            early.id: LATER,
            others.id: None,
        }
        assert await store.find_token(mine.digest) is None
        assert await store.find_token(others.digest) is not None
        assert [row.id for row in (await handle.query(users_where("externalId", "eq", "x-1"))).rows] == [ann.id]
        with pytest.raises(NotFound):
            await handle.apply(through(okta, user(acorn, "bo")))
        with pytest.raises(NotFound):
            await handle.create_token(token(acorn, b"4" * 32, connection=okta.id), event(Kind.TOKEN_CREATED))
        await handle.apply(user(acorn, "cleo", external_id="x-1"))

    async def test_an_external_id_is_taken_once_for_each_connection(self, acorn: Tenant, handle: TenantStore) -> None:
        okta = connection("okta")
        await handle.create_connection(okta, event(Kind.CONNECTION_CREATED))
        await handle.apply(user(acorn, "ann", external_id="x-1"))
        await handle.apply(through(okta, user(acorn, "bo", external_id="x-1")))
        for made in (user(acorn, "cleo", external_id="x-1"), through(okta, user(acorn, "cleo", external_id="x-1"))):
            with pytest.raises(AlreadyExists) as refusal:
                await handle.apply(made)
            assert refusal.value.attribute == "externalId"
        assert (await handle.query(users_where("externalId", "eq", "x-1"))).total == 2

    async def test_what_belongs_to_a_connection_is_known_and_counted(self, acorn: Tenant, handle: TenantStore) -> None:
        okta = connection("okta")
        await handle.create_connection(okta, event(Kind.CONNECTION_CREATED))
        ann, bo = user(acorn, "ann", external_id="x-1"), through(okta, user(acorn, "bo"))
        for made in (ann, bo, through(okta, user(acorn, "cleo"))):
            await handle.apply(made)
        assert await handle.count_of_connection(acorn.connection) == 1
        assert await handle.count_of_connection(okta.id) == 2
        assert await handle.connection_of(USER.number, ann.id) == acorn.connection
        assert await handle.connection_of(USER.number, bo.id) == okta.id
        for id in (new_id(), "no uuid"):
            assert await handle.connection_of(USER.number, id) is None
        await handle.delete_connection(okta.id, LATER, event(Kind.CONNECTION_DELETED))
        assert await handle.connection_of(USER.number, bo.id) is None

    async def test_a_deleted_tenant_gets_none(self, store: Store, acorn: Tenant, handle: TenantStore) -> None:
        await store.delete_tenant(acorn.id, LATER, event(Kind.TENANT_DELETED))
        assert await handle.connections() == []
        with pytest.raises(NotFound):
            await handle.create_connection(connection("okta"), event(Kind.CONNECTION_CREATED))

    async def test_connections_of_another_tenant_are_not_there(
        self, store: Store, acorn: Tenant, birch: Tenant
    ) -> None:
        here, there = store.tenant(acorn.id), store.tenant(birch.id)
        theirs = connection("okta", preset="okta")
        await there.create_connection(theirs, event(Kind.CONNECTION_CREATED))
        bo = user(birch, "bo")
        await there.apply(bo)
        assert await names(here) == ["default"]
        assert await here.count_of_connection(birch.connection) == 0
        assert await here.connection_of(USER.number, bo.id) is None
        with pytest.raises(NotFound):
            await here.update_connection(theirs, event(Kind.CONNECTION_CHANGED))
        with pytest.raises(NotFound):
            await here.delete_connection(theirs.id, LATER, event(Kind.CONNECTION_DELETED))
        with pytest.raises(NotFound):
            await here.create_token(token(acorn, connection=theirs.id), event(Kind.TOKEN_CREATED))
        await here.create_connection(connection("okta"), event(Kind.CONNECTION_CREATED))
        assert (await there.connections())[-1] == theirs
        assert await kinds(here) == ["connection:create"]
