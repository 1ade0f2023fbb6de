"""The storage contract: clients, system users, logins, tokens and keys."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rollbook.events import Kind
from rollbook.ids import new_id
from rollbook.oauth.access_token import AccessToken
from rollbook.oauth.rotation import Verdict
from rollbook.storage.contract import Store
from rollbook.storage.errors import AlreadyExists, NotFound
from rollbook.storage.identity_records import (
    Client,
    ClientSecret,
    ClientTenant,
    Family,
    KeyChange,
    OpaqueToken,
    Rotation,
    SigningKey,
    SystemUser,
)
from rollbook.storage.records import Tenant
from rollbook.testing.builders import LATER, LATER_STILL, START, event, moment

FAR = "2026-03-01T08:00:00.000Z"
MANY_SECONDS = 4_000_000_000
NEW = "$another-hash"


def client(**more: Any) -> Client:
    made = Client(
        id=new_id(),
        name="sync",
        method="secret",
        grants=("password", "refresh_token"),
        scopes=("scim.read", "scim.write"),
        tokens="jwt",
        session_seconds=None,
        resource_server=False,
        jwks=None,
        jwks_uri=None,
        algorithms=(),
        status="active",
        epoch=1,
        created=START,
    )
    return replace(made, **more)


def link(client: Client, tenant: Tenant, *scopes: str) -> ClientTenant:
    return ClientTenant(tenant.id, client.id, tenant.connection, scopes or ("scim.read",), START)


def system_user(tenant: Tenant, name: str = "robot", **more: Any) -> SystemUser:
    made = SystemUser(new_id(), tenant.id, name, name.lower(), "api", "", "$hash", "active", 1, START)
    return replace(made, **more)


def family(tenant: Tenant, client: Client, user: SystemUser | None = None, **more: Any) -> Family:
    scopes = ("scim.read",)
    made = Family(
        new_id(), tenant.id, client.id, user.id if user else None, scopes, (), "aud", 1, 1, START, None, FAR, None
    )
    return replace(made, **more)


def rotation(tenant: Tenant, digest: bytes, successor: bytes, at: str = LATER, **more: Any) -> Rotation:
    told = event(Kind.GRANT_REFRESHED, at)
    made = Rotation(tenant.id, digest, successor, at, at, FAR, told, replace(told, kind=Kind.TOKEN_REPLAYED), None)
    return made._replace(**more)


def key(kid: str, state: str, private: bytes | None = b"sealed") -> SigningKey:
    return SigningKey(kid, "RS256", "{}", private, state, START, None)


async def start(store: Store, tenant: Tenant, digest: bytes = b"1" * 32, **more: Any) -> Family:
    made = family(tenant, client(), **more)
    await store.identity.start_family(made, digest, event(Kind.GRANT_ISSUED), None)
    return made


async def kinds_of(store: Store, tenant: Tenant) -> list[str]:
    return [event.kind.value async for event in store.tenant(tenant.id).events()]


@pytest.mark.anyio
class Identity:
    async def test_a_client_is_found_with_its_secret_and_its_tenants(
        self, store: Store, acorn: Tenant, birch: Tenant
    ) -> None:
        made = client()
        secret = ClientSecret(b"s" * 32, "x9k2", START, None)
        links = (link(made, acorn), link(made, birch, "scim.read", "scim.write"))
        told = [(None, event(Kind.CLIENT_CREATED)), (acorn.id, event(Kind.CLIENT_LINKED))]
        await store.identity.create_client(made, secret, links, told)
        found = await store.identity.find_client(made.id)
        assert found is not None
        assert (found.client, found.secrets) == (made, (secret,))
        assert set(found.tenants) == set(links)
        assert await store.identity.clients() == [found]
        assert await store.identity.find_client(new_id()) is None
        assert await store.identity.find_client("") is None
        assert "client:link" in await kinds_of(store, acorn)
        assert [e.kind async for e in store.events()] == [Kind.CLIENT_CREATED]

    async def test_two_secrets_live_at_most(self, store: Store) -> None:
        made = client()
        await store.identity.create_client(made, ClientSecret(b"1" * 32, "1111", START, None), (), ())
        for number, at in ((b"2", LATER), (b"3", LATER_STILL)):
            secret = ClientSecret(number * 32, "xxxx", at, None)
            await store.identity.add_client_secret(made.id, secret, FAR, [(None, event(Kind.CLIENT_ROTATED))])
        found = await store.identity.find_client(made.id)
        assert found is not None
        assert [(s.digest[:1], s.expires) for s in found.secrets] == [(b"3", None), (b"2", FAR)]
        with pytest.raises(NotFound):
            await store.identity.add_client_secret(new_id(), secret, FAR, ())

    async def test_disabling_a_client_ends_what_was_issued(self, store: Store) -> None:
        made = client()
        await store.identity.create_client(made, None, (), ())
        await store.identity.set_client_status(made.id, "disabled", [(None, event(Kind.CLIENT_DISABLED))])
        found = await store.identity.find_client(made.id)
        assert found is not None
        assert (found.client.status, found.client.epoch) == ("disabled", 2)
        with pytest.raises(NotFound):
            await store.identity.set_client_status(new_id(), "disabled", ())

    async def test_a_client_is_let_into_a_tenant_and_out_again(self, store: Store, acorn: Tenant) -> None:
        made = client()
        await store.identity.create_client(made, None, (), ())
        for scopes in (("scim.read",), ("scim.read", "scim.write")):
            await store.identity.link_client(link(made, acorn, *scopes), [(acorn.id, event(Kind.CLIENT_LINKED))])
            found = await store.identity.find_client(made.id)
            assert found is not None
            assert [t.scopes for t in found.tenants] == [scopes]
        await store.identity.unlink_client(made.id, acorn.id, [(acorn.id, event(Kind.CLIENT_UNLINKED))])
        with pytest.raises(NotFound):
            await store.identity.unlink_client(made.id, acorn.id, ())

    async def test_the_name_of_a_system_user_is_unique_among_all_tenants(
        self, store: Store, acorn: Tenant, birch: Tenant
    ) -> None:
        robot = system_user(acorn)
        await store.identity.create_user(robot, event(Kind.SYSTEM_USER_CREATED))
        with pytest.raises(AlreadyExists):
            await store.identity.create_user(system_user(birch, "ROBOT"), event(Kind.SYSTEM_USER_CREATED))
        assert await store.identity.find_user("robot") == await store.identity.find_user(robot.id) == robot
        assert await store.identity.users(acorn.id) == [robot]
        assert await store.identity.users(birch.id) == []

    async def test_a_system_user_is_changed_through_its_tenant_only(
        self, store: Store, acorn: Tenant, birch: Tenant
    ) -> None:
        robot = system_user(acorn)
        await store.identity.create_user(robot, event(Kind.SYSTEM_USER_CREATED))
        for wrong in ((birch.id, robot.id), (acorn.id, new_id())):
            with pytest.raises(NotFound):
                await store.identity.set_user_status(*wrong, "disabled", event(Kind.SYSTEM_USER_DISABLED))
            with pytest.raises(NotFound):
                await store.identity.set_password(*wrong, "$new", event(Kind.SYSTEM_USER_PASSWORD))
        await store.identity.set_user_status(acorn.id, robot.id, "disabled", event(Kind.SYSTEM_USER_DISABLED))
        await store.identity.set_password(acorn.id, robot.id, NEW, event(Kind.SYSTEM_USER_PASSWORD))
        assert await store.identity.users(acorn.id) == [replace(robot, status="disabled", password=NEW, epoch=3)]

    async def test_a_refresh_token_is_followed_by_another(self, store: Store, acorn: Tenant) -> None:
        made = await start(store, acorn)
        assert await store.identity.find_refresh(b"1" * 32) == (made, FAR, True)
        assert await store.identity.find_refresh(b"2" * 32) is None
        rotated = await store.identity.rotate(rotation(acorn, b"1" * 32, b"2" * 32))
        assert rotated == (Verdict.ROTATE, made)
        assert await store.identity.find_refresh(b"2" * 32) == (made, FAR, True)
        assert await store.identity.find_refresh(b"1" * 32) == (made, FAR, False)
        assert (await kinds_of(store, acorn))[-2:] == ["grant:issue", "grant:refresh"]

    async def test_a_refresh_token_that_is_not_there_changes_nothing(
        self, store: Store, acorn: Tenant, birch: Tenant
    ) -> None:
        await start(store, acorn)
        assert (await store.identity.rotate(rotation(acorn, b"9" * 32, b"2" * 32))).verdict is Verdict.REFUSE
        assert (await store.identity.rotate(rotation(birch, b"1" * 32, b"2" * 32))).verdict is Verdict.REFUSE

    async def test_presented_by_eight_at_once_one_successor_is_left_alive(self, store: Store, acorn: Tenant) -> None:
        await start(store, acorn)
        successors = [bytes([65 + n]) * 32 for n in range(8)]
        told = await asyncio.gather(*(store.identity.rotate(rotation(acorn, b"1" * 32, s)) for s in successors))
        assert sorted(r.verdict.name for r in told) == ["REPEAT"] * 7 + ["ROTATE"]
        living = [
            await store.identity.rotate(rotation(acorn, s, bytes([97 + n]) * 32)) for n, s in enumerate(successors)
        ]
        assert sorted(r.verdict.name for r in living) == ["REFUSE"] * 7 + ["ROTATE"]

    async def test_a_replay_ends_the_family_for_good(self, store: Store, acorn: Tenant) -> None:
        made = await start(store, acorn)
        await store.identity.rotate(rotation(acorn, b"1" * 32, b"2" * 32))
        await store.identity.rotate(rotation(acorn, b"2" * 32, b"3" * 32))
        again = rotation(acorn, b"1" * 32, b"4" * 32)
        assert (await store.identity.rotate(again)).verdict is Verdict.REPLAY
        assert (await store.identity.rotate(rotation(acorn, b"3" * 32, b"5" * 32))).verdict is Verdict.REFUSE
        found = await store.identity.find_refresh(b"3" * 32)
        assert found is not None
        assert found[0] == replace(made, revoked=LATER)
        assert (await kinds_of(store, acorn))[-1] == "token:replay"

    async def test_a_retry_after_the_grace_is_a_replay(self, store: Store, acorn: Tenant) -> None:
        await start(store, acorn)
        await store.identity.rotate(rotation(acorn, b"1" * 32, b"2" * 32, moment(0)))
        late = rotation(acorn, b"1" * 32, b"3" * 32, moment(20), grace_since=moment(10))
        assert (await store.identity.rotate(late)).verdict is Verdict.REPLAY

    async def test_no_refresh_token_outlives_its_family(self, store: Store, acorn: Tenant) -> None:
        await start(store, acorn, until=LATER_STILL, expires=LATER_STILL)
        await store.identity.rotate(rotation(acorn, b"1" * 32, b"2" * 32, LATER))
        found = await store.identity.find_refresh(b"2" * 32)
        assert found is not None
        assert found[1] == LATER_STILL
        after = rotation(acorn, b"2" * 32, b"3" * 32, LATER_STILL)
        assert (await store.identity.rotate(after)).verdict is Verdict.REFUSE

    async def test_a_standing_tells_of_all_for_whom_a_token_speaks(
        self, store: Store, acorn: Tenant, birch: Tenant
    ) -> None:
        made, robot = client(), system_user(acorn)
        await store.identity.create_client(made, None, [link(made, acorn)], ())
        await store.identity.create_user(robot, event(Kind.SYSTEM_USER_CREATED))
        login = family(acorn, made, robot)
        await store.identity.start_family(login, b"1" * 32, event(Kind.GRANT_ISSUED), None)
        standing = await store.identity.standing(acorn.id, made.id, robot.id, login.id, "jti")
        assert standing is not None
        assert standing.tenant == acorn
        assert standing.connection.id == acorn.connection
        assert standing[:7] == ("active", 1, ("scim.read", "scim.write"), ("scim.read",), "active", 1, False)
        alone = await store.identity.standing(acorn.id, made.id, None, None, "jti")
        assert alone is not None
        assert (alone.user_status, alone.revoked) == (None, False)
        for tenant, of in ((birch.id, made.id), (acorn.id, new_id()), (new_id(), made.id), ("x", made.id)):
            assert await store.identity.standing(tenant, of, None, None, "jti") is None

    async def test_a_standing_tells_of_what_was_revoked(self, store: Store, acorn: Tenant) -> None:
        made = client()
        await store.identity.create_client(made, None, [link(made, acorn)], ())
        login = family(acorn, made)
        await store.identity.start_family(login, b"1" * 32, event(Kind.GRANT_ISSUED), None)

        async def revoked(family: str | None, token: str) -> bool:
            standing = await store.identity.standing(acorn.id, made.id, None, family, token)
            assert standing is not None
            return standing.revoked

        told = event(Kind.TOKEN_REVOKED)
        assert await store.identity.revoke_access("jti-1", MANY_SECONDS, acorn.id, told)
        assert not await store.identity.revoke_access("jti-1", MANY_SECONDS, acorn.id, event(Kind.TOKEN_REVOKED))
        assert [await revoked(None, "jti-1"), await revoked(login.id, "jti-2")] == [True, False]
        assert await store.identity.revoke_family(acorn.id, login.id, LATER, event(Kind.GRANT_REVOKED))
        assert not await store.identity.revoke_family(acorn.id, login.id, LATER, event(Kind.GRANT_REVOKED))
        assert await revoked(login.id, "jti-2")
        assert (await kinds_of(store, acorn)).count("token:revoke") == 1

    async def test_an_opaque_token_is_found_by_its_digest(self, store: Store, acorn: Tenant) -> None:
        token = AccessToken("jti", acorn.id, "c", None, None, ("scim.read",), "aud", 1, 0, 1, MANY_SECONDS)
        await store.identity.keep_opaque(OpaqueToken(b"o" * 32, token), event(Kind.GRANT_ISSUED))
        assert await store.identity.find_opaque(b"o" * 32) == OpaqueToken(b"o" * 32, token)
        assert await store.identity.find_opaque(b"1" * 32) is None

    async def test_an_assertion_is_used_once(self, store: Store) -> None:
        told = await asyncio.gather(*(store.identity.use_assertion("c", "j", MANY_SECONDS) for _ in range(8)))
        assert sorted(told) == [False] * 7 + [True]
        assert await store.identity.use_assertion("d", "j", MANY_SECONDS)

    async def test_one_key_is_active_whoever_rotates(self, store: Store) -> None:
        firsts = [KeyChange(None, FAR, None, None, [key(f"a{n}", "active"), key(f"n{n}", "next")]) for n in range(4)]
        outcomes = await asyncio.gather(
            *(store.identity.change_keys(change, event(Kind.KEY_ROTATED)) for change in firsts), return_exceptions=True
        )
        assert sum(outcome is True for outcome in outcomes) == 1
        assert sorted(k.state for k in await store.identity.keys()) == ["active", "next"]

    async def test_keys_go_through_their_states(self, store: Store) -> None:
        await store.identity.change_keys(
            KeyChange(None, FAR, None, None, [key("a", "active"), key("b", "next")]), event(Kind.KEY_ROTATED)
        )
        change = KeyChange("a", LATER, "b", None, [key("c", "next")])
        assert await store.identity.change_keys(change, event(Kind.KEY_ROTATED))
        assert not await store.identity.change_keys(change, event(Kind.KEY_ROTATED))
        keys = {k.kid: k for k in await store.identity.keys()}
        assert {kid: k.state for kid, k in keys.items()} == {"a": "retiring", "b": "active", "c": "next"}
        assert (keys["a"].private, keys["a"].until) == (None, LATER)
        await store.identity.sweep(LATER, 0)
        assert [k.kid for k in await store.identity.keys()] == ["b", "c"]

    async def test_a_retiring_key_may_be_dropped_at_once(self, store: Store) -> None:
        await store.identity.change_keys(
            KeyChange(None, FAR, None, None, [key("a", "active"), key("b", "next")]), event(Kind.KEY_ROTATED)
        )
        await store.identity.change_keys(KeyChange("a", FAR, "b", None, []), event(Kind.KEY_ROTATED))
        for kid in ("b", "c"):
            with pytest.raises(NotFound):
                await store.identity.drop_key(kid, event(Kind.KEY_DROPPED))
        await store.identity.drop_key("a", event(Kind.KEY_DROPPED))
        assert [k.kid for k in await store.identity.keys()] == ["b"]

    async def test_what_has_expired_is_swept(self, store: Store, acorn: Tenant) -> None:
        await start(store, acorn, expires=LATER)
        token = AccessToken("jti", acorn.id, "c", None, None, ("scim.read",), "aud", 1, 0, 1, 100)
        await store.identity.keep_opaque(OpaqueToken(b"o" * 32, token), event(Kind.GRANT_ISSUED))
        await store.identity.use_assertion("c", "j", 100)
        await store.identity.sweep(START, 99)
        assert await store.identity.find_refresh(b"1" * 32) is not None
        assert await store.identity.find_opaque(b"o" * 32) is not None
        await store.identity.sweep(LATER, 100)
        assert await store.identity.find_refresh(b"1" * 32) is None
        assert await store.identity.find_opaque(b"o" * 32) is None
        assert await store.identity.use_assertion("c", "j", MANY_SECONDS)

    async def test_a_deleted_tenant_leaves_no_way_in(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        made = client()
        await store.identity.create_client(made, None, [link(made, acorn), link(made, birch)], ())
        for tenant, name in ((acorn, "robot"), (birch, "other")):
            await store.identity.create_user(system_user(tenant, name), event(Kind.SYSTEM_USER_CREATED))
        await store.delete_tenant(acorn.id, LATER, event(Kind.TENANT_DELETED))
        assert await store.identity.find_user("robot") is None
        assert await store.identity.find_user("other") is not None
        assert await store.identity.standing(acorn.id, made.id, None, None, "jti") is None
        assert await store.identity.standing(birch.id, made.id, None, None, "jti") is not None

    async def test_a_backup_keeps_it_all(self, store: Store, acorn: Tenant, tmp_path: Path) -> None:
        made, robot = client(session_seconds=100, jwks="{}"), system_user(acorn)
        secret = ClientSecret(b"s" * 32, "x9k2", START, None)
        await store.identity.create_client(made, secret, [link(made, acorn)], ())
        elsewhere = client(jwks_uri="https://keys.acorn.example/", algorithms=("ES256", "RS256"))
        await store.identity.create_client(elsewhere, None, [link(elsewhere, acorn)], ())
        await store.identity.create_user(robot, event(Kind.SYSTEM_USER_CREATED))
        login = await start(store, acorn)
        await store.identity.change_keys(
            KeyChange(None, FAR, None, None, [key("a", "active")]), event(Kind.KEY_ROTATED)
        )
        before = (await store.identity.clients(), await store.identity.keys())
        await store.backup(str(tmp_path / "copy"))
        await store.identity.set_client_status(made.id, "disabled", ())
        await store.identity.revoke_family(acorn.id, login.id, LATER, event(Kind.GRANT_REVOKED))
        await store.restore(str(tmp_path / "copy"))
        assert (await store.identity.clients(), await store.identity.keys()) == before
        assert await store.identity.find_user("robot") == robot
        assert await store.identity.find_refresh(b"1" * 32) == (login, FAR, True)
