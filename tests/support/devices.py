"""A tenant that has made schemas and types of its own: devices, leases, and a badge for its users."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.support.house import ENTERPRISE, USER, House, Seat

DEVICE = "urn:example:acorn:2.0:Device"
BADGE = "urn:example:acorn:2.0:Badge"
INDEX = "urn:rollbook:params:scim:schemas:extension:1.0:ResourceType"
SCOPES = ("scim.read", "scim.write", "schemas.write")


def attribute(name: str, type: str = "string", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type, **more}


def schema(urn: str, *attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": urn, "name": urn.rpartition(":")[2], "attributes": list(attributes), **more}


DEVICE_SCHEMA = schema(
    DEVICE,
    attribute("serialNumber", required=True, uniqueness="server"),
    attribute("model"),
    attribute("assetTag", caseExact=True, mutability="immutable"),
    attribute("boughtAt", "dateTime"),
    attribute("price", "decimal"),
    attribute("slots", "integer"),
    attribute("encrypted", "boolean"),
    attribute("notes", returned="request"),
    attribute("tags", multiValued=True),
    attribute(
        "owner",
        "complex",
        subAttributes=[
            attribute("value", caseExact=True, required=True),
            attribute("$ref", "reference", referenceTypes=["User"]),
        ],
    ),
    attribute(
        "ports",
        "complex",
        multiValued=True,
        subAttributes=[attribute("value"), attribute("speed", "integer"), attribute("primary", "boolean")],
    ),
)
DEVICE_TYPE = {
    "name": "Device",
    "endpoint": "/Devices",
    "description": "What people work with.",
    "schema": DEVICE,
    INDEX: {"indexPaths": ["model", "owner.value", "tags"]},
}
BADGE_SCHEMA = schema(BADGE, attribute("number"), attribute("level", "integer"), attribute("colour"))


def user_type(*extensions: str, paths: tuple[str, ...] = (), required: bool = False) -> dict[str, Any]:
    """User with extensions beside the standard's."""
    own = [{"schema": urn, "required": required} for urn in extensions]
    document = {
        "name": "User",
        "endpoint": "/Users",
        "schema": USER,
        "schemaExtensions": [{"schema": ENTERPRISE, "required": False}, *own],
    }
    return {**document, INDEX: {"indexPaths": list(paths)}} if paths else document


def keeper(house: House) -> Seat:
    """A new tenant whose token may change schemas."""
    return house.seat("acorn", scopes=SCOPES)


def made(seat: Seat, path: str, document: dict[str, Any]) -> dict[str, Any]:
    """POST that has to be answered with 201."""
    answer = seat.post(path, document)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def with_devices(house: House) -> Seat:
    """A new tenant that has devices."""
    seat = keeper(house)
    made(seat, "/Schemas", DEVICE_SCHEMA)
    made(seat, "/ResourceTypes", DEVICE_TYPE)
    return seat


def device(seat: Seat, number: str, **more: Any) -> dict[str, Any]:
    return made(seat, "/Devices", {"schemas": [DEVICE], "serialNumber": number, **more})


def numbers(seat: Seat, filter: str, **query: Any) -> list[Any]:
    """The serial numbers that a filter finds, in order."""
    answer = seat.get("/Devices", filter=filter, **query) if filter else seat.get("/Devices", **query)
    assert answer.status_code == 200, answer.text
    return [found["serialNumber"] for found in answer.json()["Resources"]]


def at(seat: Seat, house: House) -> Seat:
    """The same tenant, seen through another server on the same database."""
    return replace(seat, house=house)


def eventually(seconds: float, question: Callable[[], bool]) -> bool:
    """Ask again and again, for so long at most, until the answer is yes."""
    end = time.monotonic() + seconds
    while not question():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def text(document: Any) -> str:
    return json.dumps(document)
