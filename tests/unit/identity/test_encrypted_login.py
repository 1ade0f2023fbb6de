"""Encrypted logins, on a real store, with the clock moved by hand."""

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st
from tests.support.stores import HandClock, sqlite_store

from rollbook.events import Event, Kind
from rollbook.identity import auth_tokens, encrypted_login, system_users
from rollbook.identity.auth_tokens import CipherKey, Code, Login
from rollbook.identity.encrypted_login import Asked, EncryptedLogin, LoginFailed
from rollbook.identity.master_key import MasterKey, new_master_key
from rollbook.identity.passwords import Passwords
from rollbook.identity.throttle import Throttle
from rollbook.ids import ordered_id, random_bytes
from rollbook.storage.contract import Store
from rollbook.storage.records import Tenant
from rollbook.tenancy import lifecycle

PASSWORD = "four|words with a bar"


@dataclass
class Stage:
    hands: HandClock
    store: Store
    acorn: Tenant
    issued: encrypted_login.Issued
    logins: EncryptedLogin

    @property
    def key(self) -> CipherKey:
        return CipherKey(b64decode(self.issued.key), b64decode(self.issued.iv))

    def token(self, name: str = "robot", password: str = PASSWORD, ago: float = 0) -> str:
        at = self.hands.moment - timedelta(seconds=ago)
        return auth_tokens.encode(auth_tokens.encrypt(self.key, Login(at, name, password)))

    def raw(self, padded: bytes) -> str:
        cipher = Cipher(AES(self.key.key), CBC(self.key.iv)).encryptor()
        return auth_tokens.encode(cipher.update(padded) + cipher.finalize())

    async def code(self, token: str, client: str = "", tenant: str | None = None, peer: str = "192.0.2.1") -> Code:
        try:
            await self.logins.login(Asked(token, client or str(self.issued.kept.id), tenant, peer, "r"))
        except LoginFailed as failed:
            return failed.code
        return Code.NONE


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    hands = HandClock()
    async with sqlite_store(tmp_path, hands.clock) as store:
        acorn = await lifecycle.create(store, hands.clock, "acorn", "standard", ("standard",))
        (connection,) = await store.tenant(acorn.id).connections()
        user = await system_users.create(store, hands.clock, acorn, "robot", "api")
        hash = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
        event = Event(ordered_id(), hands.clock.written(), Kind.SYSTEM_USER_PASSWORD, "operator")
        await store.identity.set_password(acorn.id, user.id, hash, event)
        master = MasterKey(new_master_key())
        issued = await encrypted_login.issue(store, hands.clock, master, acorn, connection, "tills")
        throttle = Throttle(store, hands.clock)
        yield Stage(hands, store, acorn, issued, EncryptedLogin(store, hands.clock, master, Passwords(), throttle))


names = st.text(st.characters(codec="utf-8", exclude_characters="|"), min_size=1)


@given(names, st.text(st.characters(codec="utf-8")))
def test_what_is_encrypted_is_decrypted(name: str, password: str) -> None:
    key = CipherKey(random_bytes(32), random_bytes(16))
    login = Login(HandClock().moment, name, password)
    text = auth_tokens.encode(auth_tokens.encrypt(key, login))
    assert set("+/=") & set(text) == set()
    for spelled in (text, text.replace("\\", "_")):
        encrypted = auth_tokens.decode(spelled)
        assert encrypted is not None
        assert auth_tokens.decrypt(key, encrypted) == login


@given(st.binary(max_size=200), st.text(max_size=100))
def test_whatever_comes_is_a_login_or_nothing(garbage: bytes, text: str) -> None:
    key = CipherKey(bytes(32), bytes(16))
    for encrypted in (garbage[: len(garbage) // 16 * 16], auth_tokens.decode(text)):
        if encrypted:
            assert auth_tokens.decrypt(key, encrypted) is None
    assert auth_tokens.read_date(text) is None


@pytest.mark.anyio
class TestLogins:
    async def test_a_login_opens_a_session_of_its_key(self, stage: Stage) -> None:
        asked = Asked(stage.token(), str(stage.issued.kept.id), None, "192.0.2.1", "r")
        opened, tenant = await stage.logins.login(asked)
        assert tenant.id == stage.acorn.id
        found = await stage.store.sessions.find(opened.session.digest)
        assert found is not None
        assert (found.session.auth_key, found.session.scopes) == (stage.issued.kept.id, ("scim.read", "scim.write"))

    async def test_a_text_is_good_once_however_it_is_spelled(self, stage: Stage) -> None:
        token = stage.token()
        assert await stage.code(token) is Code.NONE
        assert await stage.code(token) is Code.TOO_OLD
        assert await stage.code(token.replace("\\", "_"), peer="192.0.2.9") is Code.TOO_OLD
        stage.hands.move(timedelta(seconds=1))
        assert await stage.code(stage.token()) is Code.NONE

    @pytest.mark.parametrize(("ago", "code"), [(60, Code.NONE), (61, 4), (-60, Code.NONE), (-61, 4)])
    async def test_a_text_is_good_for_a_minute(self, stage: Stage, ago: float, code: int) -> None:
        assert await stage.code(stage.token(ago=ago)) == code

    async def test_a_text_of_tomorrow_is_remembered_as_long_as_it_is_good(self, stage: Stage) -> None:
        token = stage.token(ago=-60)
        assert await stage.code(token) is Code.NONE
        stage.hands.move(timedelta(seconds=119))
        now = stage.hands.clock.now()
        await stage.store.identity.sweep(stage.hands.clock.written(), int(now.timestamp()))
        assert await stage.code(token) is Code.TOO_OLD

    @pytest.mark.parametrize("token", ["", "?", "A" * 9000, "A=AA", "ÄÄÄÄ"])
    async def test_what_is_no_base64_is_a_wrong_format(self, stage: Stage, token: str) -> None:
        assert await stage.code(token) is Code.BAD_FORMAT

    @pytest.mark.parametrize(
        "plain",
        [
            b"2026-01-31T08:00:00|robot|secret",  # no bar behind the password
            b"2026-01-31T08:00:00|robot|",
            b"2026-01-31T08:00:00||secret|",
            b"2026-01-31T08:00|robot|secret|",
            b"2026-02-31T08:00:00|robot|secret|",
            b"\xff\xfe|robot|secret|",
            b"",
        ],
    )
    async def test_whatever_is_wrong_after_decryption_is_one_refusal(self, stage: Stage, plain: bytes) -> None:
        pad = 16 - len(plain) % 16
        texts = [stage.raw(plain + bytes([pad]) * pad), stage.raw((plain + bytes(16))[:32].ljust(32, b"\x00"))]
        assert {await stage.code(text) for text in texts} == {Code.BAD_CRYPT}

    @pytest.mark.parametrize("token", ["AAAA", "A+/=", "A" * 42 + "-,", "A" * 23 + ","])
    async def test_base64_of_half_a_block_cannot_be_decrypted(self, stage: Stage, token: str) -> None:
        assert await stage.code(token) is Code.BAD_CRYPT

    async def test_a_text_of_another_key_cannot_be_decrypted(self, stage: Stage) -> None:
        other = replace(stage, issued=replace_key(stage.issued))
        assert await stage.code(other.token()) is Code.BAD_CRYPT

    @pytest.mark.parametrize(
        "date", ["2026-01-31T08:00:00", "2026-01-31T08:00:00.123Z", "2026-01-31T08:00:00.1", "2026-01-31 08:00:00"]
    )
    async def test_dates_come_in_several_forms(self, stage: Stage, date: str) -> None:
        plain = f"{date}|robot|{PASSWORD}|".encode()
        pad = 16 - len(plain) % 16
        assert await stage.code(stage.raw(plain + bytes([pad]) * pad)) is Code.NONE

    @pytest.mark.parametrize(
        ("name", "password"), [("robot", "wrong"), ("nobody", PASSWORD), ("ROBOT", PASSWORD + "|")]
    )
    async def test_a_wrong_login_is_one_refusal(self, stage: Stage, name: str, password: str) -> None:
        assert await stage.code(stage.token(name, password)) is Code.LOGIN_INVALID

    async def test_a_user_is_no_user_of_another_tenants_key(self, stage: Stage) -> None:
        birch = await lifecycle.create(stage.store, stage.hands.clock, "birch", "standard", ("standard",))
        user = await system_users.create(stage.store, stage.hands.clock, birch, "stranger", "api")
        hash = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
        event = Event(ordered_id(), stage.hands.clock.written(), Kind.SYSTEM_USER_PASSWORD, "operator")
        await stage.store.identity.set_password(birch.id, user.id, hash, event)
        assert await stage.code(stage.token("stranger")) is Code.LOGIN_INVALID

    @pytest.mark.parametrize("client", ["1", "x", "-1", "9" * 30, "١٢٣"])
    async def test_an_unknown_client_is_an_invalid_application(self, stage: Stage, client: str) -> None:
        assert await stage.code(stage.token(), client) is Code.INVALID_APPLICATION

    @pytest.mark.parametrize(("tenant", "code"), [("acorn", 0), ("ACORN", 0), ("birch", 7)])
    async def test_an_address_names_the_tenant_of_the_key_or_none(self, stage: Stage, tenant: str, code: int) -> None:
        assert await stage.code(stage.token(), tenant=tenant) == code

    async def test_a_key_that_is_revoked_and_a_tenant_that_is_suspended_open_nothing(self, stage: Stage) -> None:
        await lifecycle.suspend(stage.store, stage.hands.clock, "acorn")
        assert await stage.code(stage.token()) is Code.INVALID_APPLICATION
        await lifecycle.resume(stage.store, stage.hands.clock, "acorn")
        assert await stage.code(stage.token()) is Code.NONE
        await encrypted_login.revoke(stage.store, stage.hands.clock, stage.acorn, stage.issued.kept.id)
        stage.hands.move(timedelta(seconds=1))
        assert await stage.code(stage.token()) is Code.INVALID_APPLICATION

    @pytest.mark.parametrize("kind", ["a format", "a key", "a password", "a client", "an old text"])
    async def test_after_five_failures_of_any_kind_the_next_is_one_too_many(self, stage: Stage, kind: str) -> None:
        for _ in range(5):
            match kind:
                case "a format":
                    assert await stage.code("?") is Code.BAD_FORMAT
                case "a key":
                    assert await stage.code("A" * 43 + ",") is Code.BAD_CRYPT
                case "a password":
                    stage.hands.move(timedelta(seconds=1))
                    assert await stage.code(stage.token(password="wrong")) is Code.LOGIN_INVALID
                case "a client":
                    assert await stage.code(stage.token(), "7") is Code.INVALID_APPLICATION
                case _:
                    assert await stage.code(stage.token(ago=99)) is Code.TOO_OLD
        client = "7" if kind == "a client" else ""
        assert await stage.code(stage.token(), client) is Code.TOO_MANY_FAILED
        stage.hands.move(timedelta(seconds=59))
        assert await stage.code(stage.token(), client) is Code.TOO_MANY_FAILED
        stage.hands.move(timedelta(seconds=2))
        expected = Code.INVALID_APPLICATION if client else Code.NONE
        assert await stage.code(stage.token(), client) is expected

    async def test_each_code_can_be_seen_before_there_are_too_many_failures(self, stage: Stage) -> None:
        used = stage.token()
        assert await stage.code(used) is Code.NONE
        for _ in range(3):
            assert await stage.code(used) is Code.TOO_OLD
            assert await stage.code("?") is Code.BAD_FORMAT
            assert await stage.code("A" * 43 + ",") is Code.BAD_CRYPT
            assert await stage.code(used, "7") is Code.INVALID_APPLICATION
        for _ in range(5):
            stage.hands.move(timedelta(seconds=1))
            assert await stage.code(stage.token(password="wrong")) is Code.LOGIN_INVALID
        stage.hands.move(timedelta(seconds=1))
        assert await stage.code(stage.token()) is Code.TOO_MANY_FAILED

    async def test_without_its_master_key_nothing_is_decrypted_and_the_operator_is_told(self, stage: Stage) -> None:
        clock, other = stage.hands.clock, MasterKey(new_master_key())
        logins = EncryptedLogin(stage.store, clock, other, Passwords(), Throttle(stage.store, clock))
        with pytest.raises(LoginFailed) as failed:
            await logins.login(Asked(stage.token(), str(stage.issued.kept.id), None, "192.0.2.1", "r"))
        assert failed.value.code is Code.UNKNOWN
        assert failed.value.hint

    async def test_no_part_of_a_key_is_kept_as_it_is(self, stage: Stage) -> None:
        kept = await stage.store.sessions.find_auth_key(stage.issued.kept.id)
        assert kept is not None
        assert stage.key.key not in kept.sealed
        assert stage.key.iv not in kept.sealed


def replace_key(issued: encrypted_login.Issued) -> encrypted_login.Issued:
    return issued._replace(key=b64encode(random_bytes(32)).decode())
