"""How a session of Retail Ops begins: what is sent, what is understood, what is said of a refusal."""

from base64 import b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support.stores import HandClock

from rollbook.identity.auth_tokens import CipherKey, Login, decode, decrypt
from rollbook.transfer.errors import LoginRefused
from rollbook.transfer.retail_session import open_session
from rollbook.transfer.target_settings import Login as TransferLogin

pytestmark = pytest.mark.anyio
KEY = CipherKey(bytes(range(32)), bytes(range(16)))
BASE = "https://acorn.example/ProdClients/ACORN/RESTWS/api/externals/v1/scim/v2"


class Counter:
    """Somebody who is asked, and answers."""

    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, body
        self.asked: list[tuple[str, str, bytes | None]] = []

    async def __call__(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> tuple[int, Any]:
        self.asked.append((method, url, body))
        return self.status, self.body


def login(**more: Any) -> TransferLogin:
    return TransferLogin("session", username="robot", password=lambda: "pa|ss", client_id="7", **more)


@pytest.mark.parametrize("written", [bytes.hex, lambda key: b64encode(key).decode()])
async def test_an_encrypted_login_is_one_that_the_product_can_read(written: Any) -> None:
    counter, hands = Counter(200, {"success": True, "data": {"token": "s-1"}, "errorCode": 0}), HandClock()
    keys = {"auth_key": lambda: written(KEY.key), "auth_iv": lambda: written(KEY.iv)}
    assert await open_session(login(**keys), BASE, counter, hands.clock) == "s-1"
    ((method, url, body),) = counter.asked
    parts = urlsplit(url)
    assert (method, body) == ("GET", None)
    assert parts.path == "/ProdClients/ACORN/RESTWS/api/auth/v1/connectAutoWithAuthToken"
    query = parse_qs(parts.query)
    assert query["authClientID"] == ["7"]
    encrypted = decode(query["authToken"][0])
    assert encrypted is not None
    assert decrypt(KEY, encrypted) == Login(hands.moment, "robot", "pa|ss")


async def test_a_plain_login_goes_in_a_body() -> None:
    counter = Counter(200, {"session": "s-2"})
    assert await open_session(login(), BASE, counter, HandClock().clock) == "s-2"
    ((method, url, body),) = counter.asked
    assert (method, url) == ("POST", "https://acorn.example/ProdClients/ACORN/RESTWS/session")
    assert body == b'{"login":"robot","password":"pa|ss"}'


@pytest.mark.parametrize(
    ("code", "sentence"),
    [(3, "check auth_key"), (4, "clock"), (5, "login or password"), (9, "wait"), (77, "errorCode 77")],
)
async def test_refusals_say_what_to_do(code: int, sentence: str) -> None:
    counter = Counter(200, {"success": False, "message": "…", "data": None, "errorCode": code})
    keys = {"auth_key": lambda: KEY.key.hex(), "auth_iv": lambda: KEY.iv.hex()}
    with pytest.raises(LoginRefused, match=sentence):
        await open_session(login(**keys), BASE, counter, HandClock().clock)


async def test_a_key_of_another_length_is_no_key() -> None:
    keys = {"auth_key": lambda: "00ff", "auth_iv": lambda: KEY.iv.hex()}
    with pytest.raises(LoginRefused, match="auth_key is not 32 bytes"):
        await open_session(login(**keys), BASE, Counter(200, {}), HandClock().clock)
