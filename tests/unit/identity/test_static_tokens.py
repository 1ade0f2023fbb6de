"""Static tokens: their form, their life, and that a stolen database yields none."""

import string
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.stores import HandClock, sqlite_store

from rollbook.events import Kind
from rollbook.identity import static_tokens
from rollbook.identity.static_tokens import InvalidDuration, InvalidTokenName, NoSuchToken, TenantClosed, read_duration
from rollbook.identity.token_text import LENGTH, digest_of, hint, is_well_formed, write_token
from rollbook.ids import new_id, random_bytes
from rollbook.storage.contract import Store
from rollbook.storage.records import Tenant
from rollbook.tenancy import lifecycle
from rollbook.testing.builders import default_connection

SECRETS = st.binary(min_size=32, max_size=32)


@given(SECRETS)
def test_every_secret_makes_a_well_formed_token_of_one_length(secret: bytes) -> None:
    token = write_token(secret)
    assert len(token) == LENGTH == 53
    assert token.startswith("rbk_")
    assert is_well_formed(token)
    assert digest_of(token) is not None
    assert hint(token) == token[-4:]


def test_the_greatest_secret_fits() -> None:
    assert is_well_formed(write_token(b"\xff" * 32))


@given(SECRETS, SECRETS)
def test_two_secrets_never_make_one_token(one: bytes, two: bytes) -> None:
    assert (write_token(one) == write_token(two)) == (one == two)


@given(SECRETS, st.integers(0, LENGTH - 1), st.sampled_from(string.ascii_letters + string.digits + "_-é "))
def test_one_wrong_character_makes_it_malformed(secret: bytes, at: int, character: str) -> None:
    token = write_token(secret)
    changed = token[:at] + character + token[at + 1 :]
    assert is_well_formed(changed) == (changed == token)
    assert (digest_of(changed) is None) == (changed != token)


@given(st.text(max_size=80))
def test_any_other_text_is_malformed(text: str) -> None:
    assert digest_of(text) is None


@pytest.mark.parametrize("text", ["", "null", "undefined", "rbk_", "Bearer", " "])
def test_an_unset_secret_is_no_token(text: str) -> None:
    assert not is_well_formed(text)


def test_a_cut_token_and_one_with_a_line_end_are_malformed() -> None:
    token = write_token(random_bytes(32))
    assert not any(is_well_formed(wrong) for wrong in (token[:-1], token[1:], token + "\n", " " + token, token * 2))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("15m", 900), ("12h", 43_200), ("90d", 7_776_000), ("2w", 1_209_600), ("1y", 31_536_000)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert read_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "90", "d", "0d", "-1d", "1.5d", "90 d", "90D", "1d2h", "101y", "9999999999y", "٣d"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InvalidDuration):
        read_duration(text)


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(tmp_path: Path, hand: HandClock) -> AsyncIterator[Store]:
    async with sqlite_store(tmp_path, hand.clock) as opened:
        yield opened


@pytest.fixture
async def acorn(store: Store, hand: HandClock) -> Tenant:
    return await lifecycle.create(store, hand.clock, "acorn", "standard", ("standard",))


@pytest.mark.anyio
class TestLife:
    async def test_a_token_is_found_by_its_digest_with_its_tenant_and_connection(
        self, store: Store, hand: HandClock, acorn: Tenant
    ) -> None:
        issued = await static_tokens.issue(store, hand.clock, acorn, "Entra", timedelta(days=90))
        digest = digest_of(issued.secret)
        assert digest is not None
        found = await store.find_token(digest)
        assert found == (issued.token, acorn, default_connection(acorn))
        assert issued.token.connection == acorn.connection
        assert issued.token.expires == "2026-05-01T08:00:00.000Z"

    async def test_making_and_revoking_leave_their_events(self, store: Store, hand: HandClock, acorn: Tenant) -> None:
        issued = await static_tokens.issue(store, hand.clock, acorn)
        await static_tokens.revoke(store, hand.clock, acorn, issued.token.id)
        events = [event async for event in store.tenant(acorn.id).events()]
        assert [(e.kind, e.actor, e.resource) for e in events[1:]] == [
            (Kind.TOKEN_CREATED, "operator", issued.token.id),
            (Kind.TOKEN_REVOKED, "operator", issued.token.id),
        ]

    async def test_a_token_is_active_then_expired_and_revoked_beats_both(
        self, store: Store, hand: HandClock, acorn: Tenant
    ) -> None:
        short = (await static_tokens.issue(store, hand.clock, acorn, lifetime=timedelta(hours=1))).token
        assert static_tokens.state_of(short, hand.clock.written()) == "active"
        hand.move(timedelta(minutes=59, seconds=59))
        assert static_tokens.state_of(short, hand.clock.written()) == "active"
        hand.move(timedelta(seconds=1))
        assert static_tokens.state_of(short, hand.clock.written()) == "expired"
        revoked = await static_tokens.revoke(store, hand.clock, acorn, short.id)
        assert static_tokens.state_of(revoked, hand.clock.written()) == "revoked"

    async def test_revoking_twice_keeps_the_first_moment(self, store: Store, hand: HandClock, acorn: Tenant) -> None:
        token = (await static_tokens.issue(store, hand.clock, acorn)).token
        first = await static_tokens.revoke(store, hand.clock, acorn, token.id)
        hand.move(timedelta(days=1))
        assert await static_tokens.revoke(store, hand.clock, acorn, token.id) == first

    async def test_one_tenant_cannot_revoke_the_token_of_another(
        self, store: Store, hand: HandClock, acorn: Tenant
    ) -> None:
        birch = await lifecycle.create(store, hand.clock, "birch", "standard", ("standard",))
        token = (await static_tokens.issue(store, hand.clock, acorn)).token
        for unknown in (token.id, new_id(), "", "1"):
            with pytest.raises(NoSuchToken):
                await static_tokens.revoke(store, hand.clock, birch, unknown)
        assert [t.revoked for t in await store.tenant(acorn.id).tokens()] == [None]

    @pytest.mark.parametrize("name", ["x" * 101, "two\nlines", "bell\x07"])
    async def test_a_name_that_cannot_be_shown_on_a_line_is_refused(
        self, store: Store, hand: HandClock, acorn: Tenant, name: str
    ) -> None:
        with pytest.raises(InvalidTokenName):
            await static_tokens.issue(store, hand.clock, acorn, name)

    async def test_a_deleted_tenant_gets_no_token(self, store: Store, hand: HandClock, acorn: Tenant) -> None:
        await lifecycle.delete(store, hand.clock, "acorn")
        with pytest.raises(TenantClosed):
            await static_tokens.issue(store, hand.clock, await lifecycle.find(store, acorn.id))

    async def test_a_stolen_database_holds_no_token(
        self, store: Store, hand: HandClock, acorn: Tenant, tmp_path: Path
    ) -> None:
        issued = await static_tokens.issue(store, hand.clock, acorn, "Entra")
        await store.backup(str(tmp_path / "stolen"))
        stolen = (tmp_path / "stolen").read_bytes() + (tmp_path / "rollbook.db").read_bytes()
        assert b"Entra" in stolen
        secret = issued.secret.removeprefix("rbk_")
        assert not any(secret[i : i + 8].encode() in stolen for i in range(len(secret) - 7))
