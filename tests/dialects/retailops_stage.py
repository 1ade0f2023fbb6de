"""A client of Retail Ops in a running house: an API user with its key, and sessions."""

import itertools
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from tests.identity.stage import new_user
from tests.support.house import ERROR, SEARCH, USER, House, Seat

from rollbook.clock import SYSTEM_CLOCK
from rollbook.dialects.hooks.retailops import URN
from rollbook.events import Event, Kind
from rollbook.identity import auth_tokens, encrypted_login
from rollbook.identity.auth_tokens import CipherKey, Login
from rollbook.identity.encrypted_login import Issued
from rollbook.identity.master_key import MasterKey
from rollbook.ids import ordered_id, random_bytes
from rollbook.storage.contract import Store
from rollbook.storage.identity_records import SystemUser
from rollbook.tenancy import connections

BASE = "/api/externals/v1/scim/v2"
CONNECT = "/api/auth/v1/connectAutoWithAuthToken"
MEMBERS = {
    "role", "profile", "openIDUserID", "domain", "sendInviteLink", "isLinkToAllStores", "storeCodeList"
}  # fmt: skip
_openid = itertools.count(1)


@dataclass
class Till:
    """An API user of a tenant that speaks Retail Ops."""

    seat: Seat
    """The tenant through that dialect, with a bearer token."""
    user: SystemUser
    password: str = field(repr=False)
    issued: Issued | None = field(repr=False, default=None)

    @property
    def house(self) -> House:
        return self.seat.house

    @property
    def key(self) -> CipherKey:
        assert self.issued is not None
        return CipherKey(b64decode(self.issued.key), b64decode(self.issued.iv))

    @property
    def client_id(self) -> str:
        assert self.issued is not None
        return str(self.issued.kept.id)

    def token(self, *, ago: float = 0, name: str | None = None, password: str | None = None) -> str:
        """An encrypted login, another one each time."""
        at = datetime.now(UTC) - timedelta(seconds=ago)
        login = Login(at, name or self.user.name, self.password if password is None else password)
        written = f"{at:%Y-%m-%dT%H:%M:%S}.{next(_openid) % 1000:03d}Z|{login.name}|{login.password}|"
        return self.raw(written.encode())

    def raw(self, plain: bytes) -> str:
        """Any text, encrypted with the key of the client."""
        return auth_tokens.encode(encrypted(self.key, plain))

    def connect(self, token: str | None = None, prefix: str = "", **query: str) -> httpx2.Response:
        """An encrypted login, sent."""
        asked = {"authToken": self.token() if token is None else token, "authClientID": self.client_id, **query}
        return self.house.client.get(self.house.url + prefix + CONNECT, params=asked, headers=peer())

    def code(self, token: str | None = None, prefix: str = "", **query: str) -> int:
        """Its errorCode, of an answer that is as the product's are."""
        answer = self.connect(token, prefix, **query)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert set(body) == {"success", "message", "data", "errorCode"}
        assert body["success"] == (body["errorCode"] == 0) == (body["data"] is not None) == (not body["message"])
        assert answer.headers["cache-control"] == "no-store"
        code: int = body["errorCode"]
        return code

    def login(self, prefix: str = "", **body: Any) -> httpx2.Response:
        """A plain login."""
        sent = {"login": self.user.name, "password": self.password, **body}
        return self.house.client.post(f"{self.house.url}{prefix}/session", json=sent, headers=peer())

    def session(self) -> str:
        """A new session."""
        answer = self.login()
        assert answer.status_code == 200, answer.text
        session: str = answer.json()["session"]
        return session

    def asks(
        self,
        session: str | None,
        method: str = "GET",
        path: str = "/Users",
        body: Any = None,
        base: str = BASE,
        **headers: str,
    ) -> httpx2.Response:
        """A request with a session (None: without)."""
        sent = {} if session is None else {"X-PHP-SESSID": session}
        if body is not None:
            sent["content-type"] = "application/json"
        content = None if body is None else json.dumps(body).encode()
        url = self.house.url + base + path
        return self.house.client.request(method, url, content=content, headers={**sent, **headers})


def encrypted(key: CipherKey, plain: bytes) -> bytes:
    """AES-256-CBC with PKCS7, by hand."""
    pad = 16 - len(plain) % 16
    cipher = Cipher(AES(key.key), CBC(key.iv)).encryptor()
    return cipher.update(plain + bytes([pad]) * pad) + cipher.finalize()


def peer() -> dict[str, str]:
    """Another address each time, for a house that believes its proxy: what fails here delays nothing there."""
    return {"x-forwarded-for": ".".join(str(number) for number in (10, *random_bytes(3)))}


def till(house: House, master: MasterKey | None = None) -> Till:
    """A tenant of its own, with an API user; with a key too where there is a master key."""
    seat = house.seat("acorn").speaking("retailops")
    password = random_bytes(12).hex()

    async def work(store: Store) -> tuple[SystemUser, Issued | None]:
        user = await new_user(store, seat, "api", password)
        if master is None:
            return user, None
        connection = await connections.find(store, seat.tenant, "retailops")
        return user, await encrypted_login.issue(store, SYSTEM_CLOCK, master, seat.tenant, connection, "till")

    user, issued = house.with_store(work)
    return Till(seat, user, password, issued)


def configure(seat: Seat, **settings: Any) -> None:
    """Set what a tenant has set for the dialect; it is seen by credentials that are looked up anew (``again``)."""

    async def work(store: Store) -> None:
        event = Event(ordered_id(), SYSTEM_CLOCK.written(), Kind.TENANT_CREATED, "operator")
        await store.configure_tenant(seat.tenant.id, json.dumps({"retailops": settings}), event)

    seat.house.with_store(work)


def shop(house: House, **settings: Any) -> Seat:
    """A tenant of its own that speaks Retail Ops and has set this."""
    seat = house.seat("acorn")
    if settings:
        configure(seat, **settings)
    return seat.speaking("retailops")


def person(name: str = "ann", /, **more: Any) -> dict[str, Any]:
    """A user's body; names that Retail Ops has for itself go where they belong."""
    own = {key: more.pop(key) for key in MEMBERS & set(more)}
    body = {"schemas": [USER, URN], "userName": name, **more}
    return {**body, "retailOps": own} if own else body


def openid() -> str:
    """An OpenID user that nobody is linked to."""
    return f"oid-{next(_openid)}-{random_bytes(3).hex()}"


def made(seat: Seat, name: str = "ann", /, **more: Any) -> dict[str, Any]:
    """A new user."""
    answer = seat.post("/Users", person(name, **more))
    assert answer.status_code == 201, answer.text
    user: dict[str, Any] = answer.json()
    return user


def put(seat: Seat, user: Mapping[str, Any], **more: Any) -> httpx2.Response:
    """The same user put again, with some of it changed; None leaves a member out."""
    body = {**user, "retailOps": dict(user["retailOps"])}
    for name, value in more.items():
        place = body["retailOps"] if name in MEMBERS else body
        place[name] = value
        if value is None:
            del place[name]
    return seat.call("PUT", f"/Users/{user['id']}", body)


def searched(seat: Seat, path: str = "/Users/.search/", /, **more: Any) -> httpx2.Response:
    return seat.post(path, {"schemas": [SEARCH], **more})


def refused(answer: httpx2.Response, status: int, scim_type: str | None = None) -> str:
    """Hold a refusal to S13; its sentence."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/scim+json"
    body = answer.json()
    expected = {"schemas": [ERROR], "status": str(status)} | ({"scimType": scim_type} if scim_type else {})
    detail: str = body.pop("detail")
    assert body == expected
    assert detail.endswith(".")
    return detail
