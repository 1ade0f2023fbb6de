"""A client at the token endpoint of a running house: what tests of the identity server talk through."""

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
from argon2 import PasswordHasher
from tests.support.house import House, Seat

from rollbook.clock import SYSTEM_CLOCK
from rollbook.events import Event, Kind
from rollbook.identity import clients, system_users
from rollbook.ids import ordered_id, random_bytes
from rollbook.oauth.grants import GRANTS
from rollbook.storage.contract import Store
from rollbook.storage.identity_records import SystemUser

FORM = "application/x-www-form-urlencoded"


@dataclass
class Desk:
    """A client, with a system user of its first tenant."""

    house: House
    seat: Seat
    id: str
    secret: str = field(repr=False)
    user: SystemUser
    password: str = field(repr=False)

    def post(
        self,
        path: str,
        form: Any,
        *,
        basic: bool = True,
        authorization: str = "",
        type: str = FORM,
        peer: str = "",
    ) -> httpx2.Response:
        """A form (pairs, a mapping or bytes as they are) to an address of the house, with the client's own secret.

        ``peer`` is where it comes from, for a house that believes its proxy: without one, from somewhere else each
        time, so that what fails here delays nothing there.
        """
        authorization = basic_header(self.id, self.secret) if basic else authorization
        sent = {"content-type": type, **({"authorization": authorization} if authorization else {})}
        sent["x-forwarded-for"] = peer or ".".join(str(number) for number in (10, *random_bytes(3)))
        content = form if isinstance(form, bytes) else str(httpx2.QueryParams(form)).encode()
        return self.house.client.post(self.house.url + path, content=content, headers=sent)

    def ask(self, grant: str, path: str = "/oauth/token", **form: str) -> httpx2.Response:
        """The answer of the token endpoint to a grant; the password grant comes with the user's name and password."""
        known = {"username": self.user.name, "password": self.password} if grant == "password" else {}
        return self.post(path, {"grant_type": grant, **known, **form})

    def login(self, **form: str) -> dict[str, Any]:
        """The tokens of a password login."""
        return good(self.ask("password", **form))

    def refresh(self, token: str, **form: str) -> httpx2.Response:
        return self.ask("refresh_token", refresh_token=token, **form)

    def reads(self, token: str, path: str = "/Users", base: str | None = None) -> httpx2.Response:
        """A SCIM request with an access token."""
        return self.seat.call("GET", path, headers={"authorization": f"Bearer {token}"}, base=base)

    def with_identity(self, work: Any) -> Any:
        """Run ``work(store)`` beside the server, as the command line does."""
        return self.house.with_store(work)


def good(answer: httpx2.Response) -> dict[str, Any]:
    """The body of a token answer, which has every header that RFC 6749 §5.1 wants."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json()
    assert body["token_type"] == "Bearer"
    return body


def refused(answer: httpx2.Response, status: int, error: str) -> str:
    """Hold an answer to RFC 6749 §5.2; its description."""
    assert (answer.status_code, answer.json().get("error")) == (status, error), answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error", "error_description"}
    assert ("www-authenticate" in answer.headers) == (status == 401)
    description: str = answer.json()["error_description"]
    assert all(" " <= c <= "~" and c not in '"\\' for c in description)
    return description


def basic_header(client: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()


def parts_of(jwt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the claims of a JWT, unverified."""
    head, claims, _ = (base64.urlsafe_b64decode(part + "==") for part in jwt.split("."))
    return json.loads(head), json.loads(claims)


def make_desk(
    seat: Seat,
    *others: Seat,
    grants: tuple[str, ...] = GRANTS,
    scopes: tuple[str, ...] = clients.DEFAULT_SCOPES,
    session: timedelta | None = None,
    kind: str = "api",
    **more: Any,
) -> Desk:
    """A new client of some tenants, and a new system user of the first."""
    password = random_bytes(12).hex()

    async def work(store: Store) -> tuple[clients.Issued, SystemUser]:
        tenants = [seat.tenant, *(other.tenant for other in others)]
        issued = await clients.create(
            store, SYSTEM_CLOCK, "sync", tenants, grants=grants, scopes=scopes, session=session, **more
        )
        return issued, await new_user(store, seat, kind, password)

    issued, user = seat.house.with_store(work)
    return Desk(seat.house, seat, issued.client.id, issued.secret or "", user, password)


def make_user(seat: Seat, kind: str = "api", *, with_password: bool = True) -> tuple[SystemUser, str]:
    """One more system user, and its password."""
    password = random_bytes(12).hex()

    async def work(store: Store) -> SystemUser:
        return await new_user(store, seat, kind, password if with_password else None)

    user: SystemUser = seat.house.with_store(work)
    return user, password


async def new_user(store: Store, seat: Seat, kind: str, password: str | None) -> SystemUser:
    """A system user, its password hashed with less work than in earnest (a hash says how it was made)."""
    user = await system_users.create(store, SYSTEM_CLOCK, seat.tenant, f"Robot-{random_bytes(4).hex()}", kind)
    if password is None:
        return user
    event = Event(ordered_id(), SYSTEM_CLOCK.written(), Kind.SYSTEM_USER_PASSWORD, "operator")
    hash = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(password)
    await store.identity.set_password(seat.tenant.id, user.id, hash, event)
    return await system_users.find(store, seat.tenant, user.id)
