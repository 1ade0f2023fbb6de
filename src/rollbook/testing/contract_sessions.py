"""The storage contract: sessions, the keys of encrypted logins, activations."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from rollbook.events import Kind
from rollbook.ids import new_id
from rollbook.storage.contract import Store
from rollbook.storage.errors import AlreadyExists, NotFound
from rollbook.storage.records import Tenant
from rollbook.storage.session_records import ACTIVATION_LETTER, Activation, AuthKey, Session
from rollbook.testing.builders import LATER, LATER_STILL, START, event
from rollbook.testing.contract_entrance import ONE, TWO, letter
from rollbook.testing.contract_identity import FAR, kinds_of, system_user


def session(tenant: Tenant, user: str, **more: Any) -> Session:
    made = Session(
        digest=ONE,
        id=new_id(),
        tenant=tenant.id,
        connection=tenant.connection,
        user=user,
        user_epoch=1,
        auth_key=None,
        client=None,
        client_epoch=None,
        scopes=("scim.read", "scim.write"),
        idle=1800,
        started=START,
        seen=100,
        expires=LATER_STILL,
        until=FAR,
    )
    return replace(made, **more)


def auth_key(tenant: Tenant, id: int = 1, **more: Any) -> AuthKey:
    made = AuthKey(id, tenant.id, tenant.connection, "till", ("scim.read",), b"sealed", START, None)
    return replace(made, **more)


def activation(tenant: Tenant, **more: Any) -> Activation:
    return replace(Activation(tenant.id, 1, new_id(), ONE, START, LATER_STILL), **more)


@pytest.mark.anyio
class SessionsAndKeys:
    async def test_a_session_is_found_with_those_for_whom_it_speaks(self, store: Store, acorn: Tenant) -> None:
        user = system_user(acorn)
        await store.identity.create_user(user, event())
        started = session(acorn, user.id, client="till", client_epoch=7)
        await store.sessions.start(started, event(Kind.SESSION_STARTED))
        found = await store.sessions.find(ONE)
        assert found is not None
        assert (found.session, found.user_status, found.user_epoch) == (started, "active", 1)
        assert (found.tenant.id, found.connection.id) == (acorn.id, acorn.connection)
        assert await store.sessions.find(TWO) is None
        assert "session:start" in await kinds_of(store, acorn)
        await store.identity.set_user_status(acorn.id, user.id, "disabled", event())
        found = await store.sessions.find(ONE)
        assert found is not None
        assert (found.user_status, found.user_epoch) == ("disabled", 2)

    async def test_a_session_whose_user_is_gone_says_so(self, store: Store, acorn: Tenant) -> None:
        await store.sessions.start(session(acorn, new_id()), event())
        found = await store.sessions.find(ONE)
        assert found is not None
        assert (found.user_status, found.user_epoch) == (None, None)

    async def test_a_touch_never_goes_back(self, store: Store, acorn: Tenant) -> None:
        started = session(acorn, new_id())
        await store.sessions.start(started, event())
        await store.sessions.touch(ONE, 200, FAR)
        await store.sessions.touch(ONE, 150, LATER)
        found = await store.sessions.find(ONE)
        assert found is not None
        assert found.session == replace(started, seen=200, expires=FAR)

    async def test_a_session_ends_once(self, store: Store, acorn: Tenant) -> None:
        await store.sessions.start(session(acorn, new_id()), event())
        ended = [await store.sessions.end(ONE, event(Kind.SESSION_ENDED)) for _ in range(2)]
        assert ended == [True, False]
        assert await store.sessions.find(ONE) is None
        assert (await kinds_of(store, acorn)).count("session:end") == 1

    async def test_a_session_is_gone_with_its_connection_and_its_tenant(
        self, store: Store, acorn: Tenant, birch: Tenant
    ) -> None:
        for tenant, digest in ((acorn, ONE), (birch, TWO)):
            await store.sessions.start(session(tenant, new_id(), digest=digest), event())
        await store.tenant(acorn.id).delete_connection(acorn.connection, LATER, event())
        await store.delete_tenant(birch.id, LATER, event())
        assert [await store.sessions.find(digest) for digest in (ONE, TWO)] == [None, None]

    async def test_what_has_expired_is_swept(self, store: Store, acorn: Tenant) -> None:
        await store.sessions.start(session(acorn, new_id(), expires=LATER), event())
        await store.sessions.start(session(acorn, new_id(), digest=TWO, expires=FAR), event())
        await store.sessions.invite(activation(acorn, expires=LATER), None, ())
        await store.identity.sweep(LATER, 0)
        assert await store.sessions.find(ONE) is None
        assert await store.sessions.find(TWO) is not None
        assert await store.sessions.find_activation(ONE) is None

    async def test_auth_keys_are_found_by_their_number(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        key, other = auth_key(acorn, 2**53 - 1), auth_key(birch, 7)
        for one in (key, other):
            await store.sessions.create_auth_key(one, event())
        assert await store.sessions.find_auth_key(2**53 - 1) == key
        assert await store.sessions.find_auth_key(8) is None
        assert await store.sessions.auth_keys(birch.id) == [other]
        with pytest.raises(AlreadyExists):
            await store.sessions.create_auth_key(auth_key(birch, 2**53 - 1), event())
        assert await store.sessions.find_auth_key(2**53 - 1) == key

    async def test_an_auth_key_is_revoked_once_and_by_its_own_tenant(
        self, store: Store, acorn: Tenant, birch: Tenant
    ) -> None:
        await store.sessions.create_auth_key(auth_key(acorn), event())
        await store.sessions.create_auth_key(auth_key(acorn, 2), event())
        for number, digest in ((1, ONE), (2, TWO)):
            await store.sessions.start(session(acorn, new_id(), auth_key=number, digest=digest), event())
        with pytest.raises(NotFound):
            await store.sessions.revoke_auth_key(birch.id, 1, LATER, event())
        for at in (LATER, LATER_STILL):
            await store.sessions.revoke_auth_key(acorn.id, 1, at, event(Kind.AUTH_KEY_REVOKED))
        assert await store.sessions.find_auth_key(1) == auth_key(acorn, revoked=LATER)
        assert [await store.sessions.find(digest) is None for digest in (ONE, TWO)] == [True, False]
        with pytest.raises(NotFound):
            await store.sessions.start(session(acorn, new_id(), auth_key=1), event())
        assert (await kinds_of(store, acorn)).count("auth-key:revoke") == 1
        await store.delete_tenant(acorn.id, LATER, event())
        assert await store.sessions.find_auth_key(1) is None

    async def test_only_the_last_link_of_a_resource_counts(self, store: Store, acorn: Tenant) -> None:
        first = activation(acorn)
        second = replace(first, digest=TWO, created=LATER)
        sent = [letter(acorn, about=first.resource, kind=ACTIVATION_LETTER) for _ in range(2)]
        await store.sessions.invite(first, sent[0], [(acorn.id, event(Kind.RESOURCE_INVITED))])
        await store.sessions.invite(second, sent[1], [(acorn.id, event(Kind.RESOURCE_INVITED))])
        assert await store.sessions.find_activation(ONE) is None
        assert await store.sessions.find_activation(TWO) == second
        letters = {one.id: one for one in await store.entrance.letters(acorn.id)}
        assert [letters[one.id].state for one in sent] == ["failed", "waiting"]
        assert letters[sent[0].id].content is None
        assert (await kinds_of(store, acorn)).count("resource:invite") == 2

    async def test_a_link_is_used_once_even_by_two_at_once(self, store: Store, acorn: Tenant) -> None:
        link = activation(acorn)
        await store.sessions.invite(link, None, ())
        used = await asyncio.gather(*(store.sessions.use_activation(ONE) for _ in range(4)))
        assert [one for one in used if one is not None] == [link]
        await store.sessions.give_back(link)
        assert await store.sessions.find_activation(ONE) == link

    async def test_a_link_that_is_given_back_never_displaces_a_newer_one(self, store: Store, acorn: Tenant) -> None:
        link = activation(acorn)
        newer = replace(link, digest=TWO)
        await store.sessions.invite(link, None, ())
        await store.sessions.use_activation(ONE)
        await store.sessions.invite(newer, None, ())
        await store.sessions.give_back(link)
        assert await store.sessions.find_activation(ONE) is None
        assert await store.sessions.find_activation(TWO) == newer

    async def test_a_link_is_withdrawn_with_the_letter_that_waits(
        self, store: Store, acorn: Tenant, birch: Tenant
    ) -> None:
        link = activation(acorn)
        await store.sessions.invite(link, letter(acorn, about=link.resource, kind=ACTIVATION_LETTER), ())
        assert not await store.sessions.withdraw(birch.id, 1, link.resource)
        assert await store.sessions.withdraw(acorn.id, 1, link.resource)
        assert not await store.sessions.withdraw(acorn.id, 1, link.resource)
        assert await store.sessions.find_activation(ONE) is None
        assert [one.state for one in await store.entrance.letters(acorn.id)] == ["failed"]
