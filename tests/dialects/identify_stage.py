"""Tenants whose clients speak Identify, on a running house: what tests of that dialect talk through."""

import itertools
import json
from dataclasses import dataclass
from typing import Any

import httpx2
from tests.support.house import House, Seat

from rollbook.clock import SYSTEM_CLOCK
from rollbook.events import Event, Kind
from rollbook.ids import ordered_id
from rollbook.storage.contract import Store

CORE = "urn:scim:schemas:core:1.0"
OWN = "urn:scim:schemas:extension:safewhere:identify:1.0"
HINT = "urn:scim:schemas:extension:mapping:hint:1.0"
ENTERPRISE = "urn:scim:schemas:extension:enterprise:1.0"
NAME = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
MAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
ROLE = "urn:acorn:role"
CODE = "urn:rollbook:identify:claims:activationcode"
SERVICE = "/admin/api/scim/v1"
LOCATION = "/admin/scim/v1"

_counter = itertools.count(1)
Claim = tuple[str, str | None, bool]


@dataclass
class Desk:
    """A tenant through a connection that speaks Identify."""

    seat: Seat

    @property
    def house(self) -> House:
        return self.seat.house

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """One request; headers are given with underscores. ``type=""`` sends none."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = sent.pop("type", "application/json")
        if body is not None and kind:
            sent["content-type"] = kind
        content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"authorization": f"Bearer {self.seat.token}", **sent}
        return self.house.client.request(method, self.seat.base + path, content=content, headers=sent)

    def get(self, path: str, **headers: str) -> dict[str, Any]:
        """What is read there."""
        return read(self.call("GET", path, **headers))

    def user(self, name: str = "", /, **attributes: Any) -> dict[str, Any]:
        """A new user."""
        return read(self.call("POST", "/Users", {"schemas": [CORE], "userName": name or self.name(), **attributes}))

    def name(self, of: str = "ann") -> str:
        """A name that nobody has."""
        return f"{of}{next(_counter)}"

    def patch(self, user: dict[str, Any], /, **part: Any) -> dict[str, Any]:
        """A user after a PATCH; it is as it is read afterwards."""
        changed = read(self.call("PATCH", f"/Users/{user['id']}", {"schemas": [CORE], **part}))
        assert changed == self.get(f"/Users/{user['id']}")
        return changed

    def put(self, user: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """A user after a PUT; it is as it is read afterwards."""
        changed = read(self.call("PUT", f"/Users/{user['id']}", body))
        assert changed == self.get(f"/Users/{user['id']}")
        return changed

    def noted(self, answer: httpx2.Response) -> set[str]:
        """What the event of a request says was dropped or rewritten."""
        (found,) = [e for e in self.seat.events() if e.request == answer.headers["x-request-id"]]
        return set(found.tolerances)


def desk(house: House, **settings: Any) -> Desk:
    """A new tenant with some settings of the dialect."""
    seat = house.seat("acorn").speaking("identify", store_passwords="on")
    if settings:
        configure(seat, **settings)
    return Desk(seat)


def configure(seat: Seat, **settings: Any) -> None:
    """Set what a tenant may set for the dialect."""

    async def work(store: Store) -> None:
        event = Event(ordered_id(), SYSTEM_CLOCK.written(), Kind.CONNECTION_CHANGED, "operator")
        await store.configure_tenant(seat.tenant.id, json.dumps({"identify": settings}), event)

    seat.house.with_store(work)


def read(answer: httpx2.Response) -> dict[str, Any]:
    """The body of an answer that is 200."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json()
    return body


def refused(answer: httpx2.Response, status: int) -> str:
    """What an error says, in the form of SCIM 1.1 (X19)."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"Errors"}
    (error,) = body["Errors"]
    assert set(error) == {"description", "code"}
    assert error["code"] == str(status)
    description: str = error["description"]
    return description


def claim(type: str, value: str, **more: Any) -> dict[str, Any]:
    return {"type": type, "value": value, **more}


def claims(user: dict[str, Any]) -> set[Claim]:
    """The claims of a user, as they can be compared."""
    return {(c["type"], c.get("value"), c["primary"]) for c in user[OWN]["Claims"]}
