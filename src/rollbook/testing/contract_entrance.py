"""The storage contract: counted failures, invitations, letters, outside issuers."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from rollbook.events import Kind
from rollbook.ids import new_id
from rollbook.storage.contract import Store
from rollbook.storage.entrance_records import ExternalIssuer, Failed, Failures, Invitation, Letter
from rollbook.storage.errors import AlreadyExists, NotFound
from rollbook.storage.identity_records import SystemUser
from rollbook.storage.records import Tenant
from rollbook.testing.builders import LATER, LATER_STILL, START, event
from rollbook.testing.contract_identity import FAR, kinds_of, system_user

ONE, TWO = b"1" * 32, b"2" * 32


def invitation(user: SystemUser, digest: bytes = ONE, expires: str = FAR) -> Invitation:
    return Invitation(digest, user.tenant, user.id, START, expires)


def letter(tenant: Tenant | None = None, **more: Any) -> Letter:
    made = Letter(
        id=new_id(),
        tenant=tenant.id if tenant is not None else None,
        about=new_id(),
        channel="mail",
        recipient="ann@acorn.example",
        kind="invitation",
        content=b"sealed",
        state="waiting",
        attempts=0,
        due=START,
        reason="",
        created=START,
        expires=FAR,
    )
    return replace(made, **more)


def issuer(tenant: Tenant, **more: Any) -> ExternalIssuer:
    made = ExternalIssuer(
        id=new_id(),
        tenant=tenant.id,
        connection=tenant.connection,
        issuer="https://login.acorn.example",
        audience="rollbook",
        jwks_uri="https://login.acorn.example/keys",
        algorithms=("RS256", "ES256"),
        scopes=("scim.read",),
        claims={"azp": "sync"},
        created=START,
    )
    return replace(made, **more)


async def invited(store: Store, tenant: Tenant, digest: bytes = ONE, expires: str = FAR) -> SystemUser:
    user = system_user(tenant, f"robot-{digest[:1].decode()}", password=None)
    told = [(tenant.id, event(Kind.SYSTEM_USER_CREATED)), (tenant.id, event(Kind.SYSTEM_USER_INVITED))]
    await store.entrance.invite(user, invitation(user, digest, expires), None, told)
    return user


@pytest.mark.anyio
class Ways:
    async def test_failures_are_counted_by_key(self, store: Store) -> None:
        for at in (1_000, 2_000, 3_000):
            await store.entrance.fail([Failed(ONE, at, 0, 60)])
        await store.entrance.fail([Failed(TWO, 2_000, 0, 50), Failed(ONE, 4_000, 0, 40)])
        found = await store.entrance.failures((ONE, TWO, b"3" * 32))
        assert sorted(found) == [Failures(ONE, 4, 4_000, 0), Failures(TWO, 1, 2_000, 0)]
        assert await store.entrance.failures((b"3" * 32,)) == []

    async def test_failures_of_long_ago_count_no_more(self, store: Store) -> None:
        for _ in range(3):
            await store.entrance.fail([Failed(ONE, 1_000, 0, 60)])
        await store.entrance.fail([Failed(ONE, 9_000, 2_000, 60)])
        assert await store.entrance.failures((ONE,)) == [Failures(ONE, 1, 9_000, 0)]

    async def test_failures_at_once_are_all_counted(self, store: Store) -> None:
        keys = (ONE, TWO)
        await asyncio.gather(
            *(store.entrance.fail([Failed(key, n, 0, 60) for key in keys[:: 1 if n % 2 else -1]]) for n in range(8))
        )
        assert [found.times for found in await store.entrance.failures(keys)] == [8, 8]

    async def test_a_success_forgets_failures_and_is_remembered(self, store: Store) -> None:
        await store.entrance.fail([Failed(ONE, 1_000, 0, 60)])
        await store.entrance.succeed(ONE, 5, 90)
        await store.entrance.succeed(TWO, 6, 90)
        assert sorted(await store.entrance.failures((ONE, TWO))) == [Failures(ONE, 0, 1_000, 5), Failures(TWO, 0, 0, 6)]
        await store.entrance.fail([Failed(ONE, 9_000, 2_000, 60)])
        await store.identity.sweep(START, 70)
        assert await store.entrance.failures((ONE,)) == [Failures(ONE, 1, 9_000, 5)]
        await store.identity.sweep(START, 90)
        assert await store.entrance.failures((ONE, TWO)) == []

    async def test_an_invitation_brings_its_user_and_its_letter(self, store: Store, acorn: Tenant) -> None:
        user = system_user(acorn, password=None)
        told = [(acorn.id, event(Kind.SYSTEM_USER_CREATED)), (acorn.id, event(Kind.SYSTEM_USER_INVITED))]
        sent = letter(acorn, about=user.id)
        await store.entrance.invite(user, invitation(user), sent, told)
        found = await store.entrance.find_invitation(ONE)
        assert found is not None
        assert (found.invitation, found.user, found.tenant_status) == (invitation(user), user, "active")
        assert await store.entrance.find_invitation(TWO) is None
        assert await store.entrance.letters(acorn.id) == [sent] == await store.entrance.letters()
        assert await store.entrance.find_letter(sent.id) == sent
        assert {"system-user:create", "system-user:invite"} <= set(await kinds_of(store, acorn))

    async def test_a_name_that_is_taken_leaves_nothing(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        await store.identity.create_user(system_user(acorn), event())
        other = system_user(birch)
        with pytest.raises(AlreadyExists):
            await store.entrance.invite(other, invitation(other), letter(birch), [(birch.id, event())])
        with pytest.raises(NotFound):
            await store.entrance.invite(None, invitation(other), letter(birch), [(birch.id, event())])
        assert await store.entrance.find_invitation(ONE) is None
        assert await store.entrance.letters() == []

    async def test_a_newer_invitation_ends_the_one_before_and_its_letter(self, store: Store, acorn: Tenant) -> None:
        user = await invited(store, acorn)
        first, second = (letter(acorn, about=user.id) for _ in range(2))
        await store.entrance.invite(None, invitation(user, ONE), first, [(acorn.id, event())])
        await store.entrance.invite(None, invitation(user, TWO), second, [(acorn.id, event())])
        assert await store.entrance.find_invitation(ONE) is None
        assert await store.entrance.find_invitation(TWO) is not None
        states = {found.id: (found.state, found.content) for found in await store.entrance.letters()}
        assert states == {first.id: ("failed", None), second.id: ("waiting", b"sealed")}

    async def test_an_invitation_is_used_once(self, store: Store, acorn: Tenant) -> None:
        user = await invited(store, acorn)
        accepts = (store.entrance.accept(ONE, LATER, f"$hash{n}", event(Kind.SYSTEM_USER_PASSWORD)) for n in range(4))
        assert sorted(await asyncio.gather(*accepts)) == [False, False, False, True]
        found = await store.identity.find_user(user.id)
        assert found is not None
        assert (found.password or "").startswith("$hash")
        assert found.epoch == user.epoch + 1
        assert await store.entrance.find_invitation(ONE) is None
        assert (await kinds_of(store, acorn)).count("system-user:password") == 1

    async def test_one_that_has_expired_or_whose_user_is_disabled_is_not(self, store: Store, acorn: Tenant) -> None:
        await invited(store, acorn, ONE, LATER)
        disabled = await invited(store, acorn, TWO)
        await store.identity.set_user_status(acorn.id, disabled.id, "disabled", event())
        for digest in (ONE, TWO):
            assert not await store.entrance.accept(digest, LATER_STILL, "$hash", event())
        await store.identity.sweep(LATER_STILL, 0)
        assert await store.entrance.find_invitation(ONE) is None
        assert await store.entrance.find_invitation(TWO) is not None

    async def test_one_of_many_gets_each_letter(self, store: Store) -> None:
        await store.entrance.post([letter(due=START), letter(due=START), letter(due=FAR)])
        taken = []
        for _ in range(4):
            taken += await asyncio.gather(*(store.entrance.claim(LATER, LATER_STILL) for _ in range(3)))
        got = [found for found in taken if found is not None]
        assert len(got) == len({found.id for found in got}) == 2
        assert {(found.attempts, found.due) for found in got} == {(1, LATER_STILL)}
        again = await store.entrance.claim(LATER_STILL, FAR)
        assert again is not None
        assert again.attempts == 2

    async def test_a_sent_letter_says_no_more_what_it_said(self, store: Store) -> None:
        await store.entrance.post([letter()])
        claimed = await store.entrance.claim(LATER, LATER_STILL)
        assert claimed is not None
        await store.entrance.sent(claimed)
        found = await store.entrance.find_letter(claimed.id)
        assert found is not None
        assert (found.state, found.content) == ("sent", None)
        assert await store.entrance.claim(FAR, FAR) is None
        assert not await store.entrance.again(claimed.id, LATER)

    async def test_a_letter_that_fails_waits_or_ends_and_can_be_tried_again(self, store: Store) -> None:
        await store.entrance.post([letter()])
        first = await store.entrance.claim(LATER, LATER_STILL)
        assert first is not None
        second = await store.entrance.claim(LATER_STILL, FAR)  # the first has taken too long
        assert second is not None
        await store.entrance.sent(first)  # and comes too late to say so
        await store.entrance.not_sent(second, "failed", FAR, "the mail server says no")
        found = await store.entrance.find_letter(first.id)
        assert found == replace(second, state="failed", due=FAR, reason="the mail server says no")
        assert await store.entrance.claim(FAR, FAR) is None
        assert await store.entrance.again(first.id, LATER)
        assert await store.entrance.claim(LATER, FAR) is not None
        await store.identity.sweep(FAR, 0)
        assert await store.entrance.letters() == []

    async def test_issuers_belong_to_their_tenants(self, store: Store, acorn: Tenant, birch: Tenant) -> None:
        ours, theirs = issuer(acorn), issuer(birch, claims={})
        await store.entrance.add_issuer(ours, event(Kind.ISSUER_ADDED))
        await store.entrance.add_issuer(theirs, event(Kind.ISSUER_ADDED))
        assert await store.entrance.issuers(acorn.id) == [ours]
        named = await store.entrance.issuers_named(ours.issuer)
        assert {found.id for found in named} == {ours.id, theirs.id}
        assert await store.entrance.issuers_named("https://login.acorn.example/") == []
        assert not await store.entrance.remove_issuer(acorn.id, theirs.id, event(Kind.ISSUER_REMOVED))
        assert await store.entrance.remove_issuer(acorn.id, ours.id, event(Kind.ISSUER_REMOVED))
        assert await store.entrance.issuers(acorn.id) == []
        assert (await kinds_of(store, acorn)).count("issuer:remove") == 1

    async def test_all_of_it_goes_with_its_tenant(self, store: Store, acorn: Tenant) -> None:
        await invited(store, acorn)
        await store.entrance.post([letter(acorn), letter(None)])
        await store.entrance.add_issuer(issuer(acorn), event())
        await store.delete_tenant(acorn.id, LATER, event(Kind.TENANT_DELETED))
        assert await store.entrance.find_invitation(ONE) is None
        assert [found.tenant for found in await store.entrance.letters()] == [None]
        assert await store.entrance.issuers_named(issuer(acorn).issuer) == []
