"""How a session of Retail Ops begins: by an encrypted login in an address, or by a login in a body.

**Source**: the vendor's page "API Connection": AES-256 of ``date|login|password|`` with the key and IV that the vendor
gave (CBC, PKCS7), base64 with ``+``, ``/`` and ``=`` written as ``-``, ``\\`` and ``,``; it holds for a minute.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

import orjson
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from rollbook.clock import Clock, written
from rollbook.transfer.errors import LoginRefused
from rollbook.transfer.target_settings import Login, Secret

CONNECT = "/api/auth/v1/connectAutoWithAuthToken"
PLAIN = "/session"
_SCIM = "/api/externals/v1/scim/v2"
_WRITTEN = str.maketrans("+/=", "-\\,")
_USED = 4
"""Too old, or used already: an answer was lost, and the request repeated."""
_CODES = {
    2: "the authToken has a wrong form",
    3: "the authToken cannot be decrypted: check auth_key and auth_iv",
    4: "the authToken is too old: check this machine's clock",
    5: "login or password is wrong",
    7: "the client is unknown: check client_id",
    8: "the password has expired",
    9: "too many failed attempts: wait a while",
}

Ask = Callable[[str, str, dict[str, str], bytes | None], Awaitable[tuple[int, object]]]


async def open_session(login: Login, base_url: str, ask: Ask, clock: Clock) -> str:
    """A new session: what its header carries. **Raises** ``LoginRefused``."""
    if login.password is None:
        raise LoginRefused("the config says no password for this login")
    root = _root(base_url)
    if login.auth_key is None:
        url = login.session_url or root + PLAIN
        body = orjson.dumps({"login": login.username, "password": login.password()})
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        status, said = await ask("POST", url, headers, body)
        session = said.get("session") if isinstance(said, dict) else None
        if status != 200 or not isinstance(session, str):
            raise LoginRefused(f"the session address refuses the login ({status})")
        return session
    key, iv = _bytes(login.auth_key, 32, "auth_key"), _bytes(login.auth_iv, 16, "auth_iv")
    code: object = None
    for _ in range(2):
        # To the millisecond: a token counts once, and two runs may begin in the same second.
        plain = f"{written(clock.now())[:-1]}|{login.username}|{login.password()}|"
        query = f"authToken={quote(encrypted(plain, key, iv), safe='')}&authClientID={quote(login.client_id, safe='')}"
        url = f"{login.session_url or root + CONNECT}?{query}"
        _, said = await ask("GET", url, {"Accept": "application/json"}, None)
        data = said.get("data") if isinstance(said, dict) else None
        session = data.get("token") if isinstance(data, dict) else None
        if isinstance(session, str) and session:
            return session
        code = said.get("errorCode") if isinstance(said, dict) else None
        if code != _USED:
            break
    why = _CODES.get(code, f"errorCode {code}") if isinstance(code, int) else "the answer has no session"
    raise LoginRefused(f"the session address refuses the login: {why}")


def encrypted(plain: str, key: bytes, iv: bytes) -> str:
    """An authToken.

    >>> encrypted("a", bytes(32), bytes(16)).endswith(",,")
    True
    """
    padder, cipher = PKCS7(128).padder(), Cipher(AES(key), CBC(iv)).encryptor()
    done = cipher.update(padder.update(plain.encode()) + padder.finalize()) + cipher.finalize()
    return base64.b64encode(done).decode().translate(_WRITTEN)


def _root(base_url: str) -> str:
    """What stands before the SCIM address: the tenant's own prefix, where there is one."""
    at = base_url.lower().find(_SCIM)
    if at >= 0:
        return base_url[:at]
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"


def _bytes(secret: Secret | None, length: int, name: str) -> bytes:
    """A key that is written in hex or base64."""
    text = secret().strip() if secret is not None else ""
    if len(text) == 2 * length:
        try:
            return bytes.fromhex(text)
        except ValueError:
            pass
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error:
        found = b""
    if len(found) != length:
        raise LoginRefused(f"{name} is not {length} bytes in hex or base64")
    return found
