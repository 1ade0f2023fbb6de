"""The cast on the wire of SCIM 1.1, and how errors look there."""

from typing import Any

import httpx2
from tests.support.house import Seat

CORE = "urn:scim:schemas:core:1.0"
ENTERPRISE = "urn:scim:schemas:extension:enterprise:1.0"

ANN: dict[str, Any] = {
    "schemas": [CORE, ENTERPRISE],
    "externalId": "hr-1",
    "userName": "ann",
    "name": {"formatted": "Ann Oak", "givenName": "Ann", "familyName": "Oak"},
    "title": "Guide",
    "emails": [
        {"value": "ann@acorn.example", "type": "work", "primary": True},
        {"value": "ann@home.example", "type": "home"},
    ],
    "addresses": [{"type": "work", "streetAddress": "Oak Lane 1", "locality": "Leaf"}],
    ENTERPRISE: {"employeeNumber": "701", "costCenter": "7", "manager": {"managerId": "26118915"}},
}


def made(seat: Seat, **attributes: Any) -> dict[str, Any]:
    """A new user (``userName`` among the attributes) or group; the answered resource."""
    answer = seat.post("/Users" if "userName" in attributes else "/Groups", {"schemas": [CORE], **attributes})
    assert answer.status_code == 201, answer.text
    resource: dict[str, Any] = answer.json()
    return resource


def described(answer: httpx2.Response, status: int) -> str:
    """The description of an error, which has the form of §3.9."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert list(body) == ["Errors"]
    (error,) = body["Errors"]
    assert error.keys() == {"description", "code"}
    assert error["code"] == str(status)
    text: str = error["description"]
    return text


def patched(seat: Seat, resource: dict[str, Any], part: dict[str, Any], **options: Any) -> httpx2.Response:
    """A PATCH of a resource with a partial one."""
    path = ("/Users/" if "userName" in resource else "/Groups/") + resource["id"]
    return seat.call("PATCH", path, {"schemas": [CORE], **part}, **options)
