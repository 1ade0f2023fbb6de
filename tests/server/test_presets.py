"""Presets: each tolerance is there where it should be and noted, ``strict`` refuses it, and what is always on stays on.

The clients' own requests are in ``tests/conversations``; here each tolerance stands alone.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, NamedTuple

import httpx2
import pytest
from tests.support.house import ENTERPRISE, GROUP, USER, House, Seat

from rollbook.scim.presets import PRESETS
from rollbook.scim.tolerances import STRICT, Tolerances

User = dict[str, Any]
Send = Callable[[Seat, User], httpx2.Response]


def _post(**attributes: Any) -> Send:
    schemas = [USER, *(key for key in attributes if key.startswith("urn:"))]
    return lambda seat, _: seat.post("/Users", {"schemas": schemas, "userName": "cleo", **attributes})


def _patch(op: str, value: Any = None, path: str | None = None) -> Send:
    operation = {"op": op, **({"path": path} if path else {}), **({} if value is None else {"value": value})}
    return lambda seat, user: seat.patch(f"/Users/{user['id']}", operation)


def _own(seat: Seat, user: User) -> httpx2.Response:
    return seat.patch(f"/Users/{user['id']}", {"op": "replace", "value": {"id": user["id"], "title": "Sower"}})


def _remove_member(seat: Seat, user: User) -> httpx2.Response:
    group = seat.group("Gardeners", user["id"])
    operation = {"op": "remove", "path": "members", "value": [{"value": user["id"]}]}
    return seat.patch(f"/Groups/{group['id']}", operation)


def _typed(type: str | None) -> Send:
    def send(seat: Seat, _: User) -> httpx2.Response:
        body = f'{{"schemas": ["{USER}"], "userName": "cleo"}}'.encode()
        headers = {"authorization": f"Bearer {seat.token}", **({"content-type": type} if type else {})}
        return seat.client.post(seat.base + "/Users", content=body, headers=headers)

    return send


def _find(filter: str) -> Send:
    return lambda seat, _: seat.get("/Users", filter=filter)


class Case(NamedTuple):
    """What a tolerance accepts, what its event says, and what ``strict`` answers."""

    tolerance: str
    send: Send
    noted: str | None
    refused: tuple[int, str | None] = (400, "invalidValue")
    preset: str = "standard"


WORK = 'emails[type eq "work"].value'
CASES = {
    "a text for a boolean, in a POST": Case("boolean_text", _post(active="False"), "boolean text: active"),
    "a digit for a boolean": Case("boolean_text", _post(active="1"), "boolean text: active"),
    "a text for a boolean, in a PATCH": Case(
        "boolean_text", _patch("replace", "False", "active"), "boolean text: active"
    ),
    "a text for a boolean, in a filter": Case("boolean_text", _find('active eq "True"'), None, (400, "invalidFilter")),
    "a text for a boolean, in a path": Case(
        "boolean_text",
        _patch("replace", "x@acorn.example", 'emails[primary eq "True"].value'),
        "boolean text in a path: emails.value",
        (400, "invalidFilter"),
    ),
    "one value for a list": Case(
        "lone_value", _post(emails={"value": "cleo@acorn.example"}), "one value for a list: emails"
    ),
    "a text for the manager": Case(
        "manager_text", _patch("add", "7", f"{ENTERPRISE}:manager"), f"text for an object: {ENTERPRISE}:manager"
    ),
    "an empty text for the manager": Case(
        "manager_text", _patch("replace", "", f"{ENTERPRISE}:manager"), f"text for an object: {ENTERPRISE}:manager"
    ),
    "a dotted key": Case(
        "dotted_keys",
        _patch("replace", {"name.givenName": "Anna"}),
        "dotted key: name.givenName",
        (400, "invalidSyntax"),
    ),
    "a value path as a key": Case(
        "path_keys", _patch("add", {WORK: "a@acorn.example"}), "path as a key: emails.value", (400, "invalidSyntax")
    ),
    "a URN path as a key": Case(
        "path_keys",
        _patch("replace", {f"{ENTERPRISE}:department": "Beds"}),
        f"path as a key: {ENTERPRISE}:department",
        (400, "invalidSyntax"),
    ),
    "the own id": Case("own_identity", _own, "own identity: id", (400, "mutability")),
    "a remove with a value": Case("remove_by_value", _remove_member, "remove by value: members"),
    "no quotes in a filter": Case("unquoted_value", _find("externalId eq ann01"), None, (400, "invalidFilter")),
    "a value path's part in a filter": Case(
        "value_path_sub_filter", _find(f'{WORK} eq "x"'), None, (400, "invalidFilter")
    ),
    "text/json": Case("other_media_types", _typed("text/json"), "media type", (415, None)),
    "no media type": Case("other_media_types", _typed(None), "media type", (415, None)),
    "a password": Case("drop_password", _post(password="not kept"), "dropped: password"),
    "an old URN": Case(
        "old_names",
        lambda seat, _: seat.post("/Users", {"schemas": ["urn:scim:schemas:core:1.0"], "userName": "cleo"}),
        "old name: urn:scim:schemas:core:1.0",
        (400, "invalidSyntax"),
        "onelogin",
    ),
    "an old name": Case(
        "old_names",
        _post(**{ENTERPRISE: {"manager": {"managerId": "7"}}}),
        f"old name: {ENTERPRISE}:manager.managerid",
        (400, "invalidSyntax"),
        "ping",
    ),
    "no schemas": Case(
        "derive_schemas",
        lambda seat, _: seat.post("/Users", {"userName": "cleo"}),
        "schemas: derived",
        (400, "invalidSyntax"),
        "okta",
    ),
    "no schemas in a PATCH": Case(
        "derive_schemas",
        lambda seat, user: seat.call(
            "PATCH", f"/Users/{user['id']}", {"Operations": [{"op": "replace", "path": "title", "value": "Sower"}]}
        ),
        "schemas: derived",
        (400, "invalidSyntax"),
        "entra",
    ),
    "an unknown attribute": Case("unknown", _post(bed=7), "unknown attribute: bed", (400, "invalidSyntax"), "google"),
    "an unknown schema": Case(
        "unknown",
        lambda seat, _: seat.post("/Users", {"schemas": [USER, "urn:acorn:beds"], "userName": "cleo"}),
        "unknown schema: urn:acorn:beds",
        (400, "invalidSyntax"),
        "jumpcloud",
    ),
    "an unknown attribute in a path": Case(
        "unknown", _patch("add", 7, "bed"), "unknown attribute: bed", (400, "invalidPath"), "entra"
    ),
    "a short name": Case("short_names", _find('manager eq "7"'), None, (400, "invalidFilter"), "entra"),
    "a replace of what is not there": Case(
        "upsert_on_replace",
        _patch("replace", "1", 'phoneNumbers[type eq "mobile"].value'),
        "created on replace: phoneNumbers",
        (400, "noTarget"),
        "entra",
    ),
}


def _ann(seat: Seat) -> User:
    return seat.user(
        "ann", externalId="ann01", emails=[{"value": "ann@acorn.example", "type": "work", "primary": True}]
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_tolerance_is_there_and_noted(house: House, case: Case) -> None:
    seat = house.seat("acorn", preset=case.preset)
    answer = case.send(seat, _ann(seat))
    assert answer.status_code in (200, 201, 204), answer.text
    last = seat.events()[-1]
    if case.noted is None:
        assert last.kind == "resource:create"  # a read leaves no event, so nothing of it is noted
    else:
        assert case.noted in last.tolerances


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_strict_refuses_each_tolerance(house: House, case: Case) -> None:
    seat = house.seat("acorn", preset="strict")
    ann = _ann(seat)
    answer = case.send(seat, ann)
    assert (answer.status_code, answer.json().get("scimType")) == case.refused, answer.text
    assert seat.get(f"/Users/{ann['id']}").json() == ann | {
        key: value for key, value in seat.get(f"/Users/{ann['id']}").json().items() if key == "groups"
    }
    assert seat.names('userName eq "cleo"') == []


def test_every_tolerance_that_strict_lacks_has_its_case() -> None:
    lacking = {
        field.name
        for field in fields(Tolerances)
        if any(getattr(terms.tolerances, field.name) != getattr(STRICT, field.name) for terms in PRESETS.values())
    }
    assert {case.tolerance for case in CASES.values()} == lacking


@pytest.mark.parametrize("preset", PRESETS)
def test_what_the_rfcs_leave_open_is_accepted_under_every_preset(house: House, preset: str) -> None:
    seat = house.seat("acorn", preset=preset)
    json = {"content-type": "application/json; charset=utf-8"}
    body = {"schemas": [USER], "USERNAME": "ann", "id": "mine", "emails": [{"value": "a@acorn.example", "$ref": None}]}
    body["emails"] = [{"value": "a@acorn.example", "display": None}]
    made = seat.post("/Users", body, headers=json)
    assert made.status_code == 201, made.text
    ann = made.json()
    assert ann["id"] != "mine"
    for suffix in ("?", "/", "?unheard=of", "?attributes=userName&"):
        assert seat.get(f"/Users/{ann['id']}{suffix}").status_code == 200, suffix
    group = seat.group("Gardeners")
    for operation in (
        {"op": "Add", "path": "nickName", "value": "Annie"},
        {"op": "ADD", "path": "nickName", "value": "Annie"},
        {"op": "Replace", "path": f"{USER}:title", "value": "Sower"},
        {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Beds"},
        {"op": "Remove", "path": "title"},
        {"op": "remove", "path": "title"},
    ):
        answer = seat.patch(f"/Users/{ann['id']}", operation)
        assert answer.status_code == 200, (operation, answer.text)
    for _ in range(2):
        add = {"op": "add", "path": "members", "value": [{"value": ann["id"], "$ref": None}]}
        assert seat.patch(f"/Groups/{group['id']}", add).status_code == 204
    put = seat.put(f"/Users/{ann['id']}", {"schemas": [USER], "id": "other", "userName": "ann"})
    assert (put.status_code, put.json()["id"]) == (200, ann["id"])
    assert put.headers["etag"] == put.json()["meta"]["version"]
    assert seat.get("/Users", filter='userName eq "nobody"').json()["Resources"] == []
    assert seat.client.get(f"{seat.base}/ServiceProviderConfig").status_code == 200
    assert seat.get("/ServiceProviderConfig").status_code == 200


def test_what_a_conversation_says_is_dropped_holds_no_value(house: House) -> None:
    seat = house.seat("acorn", preset="entra")
    body = {"schemas": [USER], "userName": "ann", "password": "hidden words", "bed": "hidden words", "active": "True"}
    assert seat.post("/Users", body).status_code == 201
    assert seat.events()[-1].tolerances == ("dropped: password", "unknown attribute: bed", "boolean text: active")


ROWS_OF_OTHER_SERVERS: dict[str, tuple[str, Send, int]] = {
    "an address as a text is refused in words": ("entra", _post(emails="cleo@acorn.example"), 400),
    "a member that is nobody is refused": (
        "entra",
        lambda seat, _: seat.post(
            "/Groups", {"displayName": "x", "members": [{"value": "11111111-2222-4333-8444-555555555555"}]}
        ),
        400,
    ),
    "groups of a user are ignored": ("entra", _post(groups=[{"value": "x"}]), 201),
    "a body without active makes an active user": ("entra", _post(), 201),
}


@pytest.mark.parametrize("row", ROWS_OF_OTHER_SERVERS.values(), ids=ROWS_OF_OTHER_SERVERS.keys())
def test_what_other_servers_leave_to_their_products(house: House, row: tuple[str, Send, int]) -> None:
    preset, send, status = row
    seat = house.seat("acorn", preset=preset)
    answer = send(seat, {})
    assert answer.status_code == status, answer.text
    body = answer.json()
    if status == 201:
        assert (body["active"], "groups" in body) == (True, False)
    else:
        assert body["scimType"] == "invalidValue"
        assert "http" not in body["detail"]


def test_a_put_without_active_never_reactivates(house: House) -> None:
    seat = house.seat("acorn")
    ann = seat.user("ann", active=False)
    answer = seat.put(f"/Users/{ann['id']}", {"schemas": [USER], "userName": "ann", "title": "Sower"})
    assert (answer.json()["active"], answer.json()["title"]) == (False, "Sower")


def test_an_empty_object_names_no_part_so_a_complex_attribute_stays(house: House) -> None:
    # RFC 7644 §3.5.2.3: sub-attributes that are not specified are left as they are. To clear it: null, or remove.
    seat = house.seat("acorn")
    ann = seat.user("ann", name={"givenName": "Ann", "familyName": "Aster"})
    for operation in ({"op": "replace", "path": "name", "value": {}}, {"op": "replace", "value": {"name": {}}}):
        answer = seat.patch(f"/Users/{ann['id']}", operation)
        assert (answer.status_code, answer.json()) == (200, ann)
    assert "name" not in seat.patch(f"/Users/{ann['id']}", {"op": "replace", "path": "name", "value": None}).json()


BARE_ROWS: dict[str, Send] = {
    "no content type": _typed(None),
    "a group without schemas": lambda seat, _: seat.post("/Groups", {"displayName": "Gardeners"}),
    "members as one object": lambda seat, user: seat.post(
        "/Groups", {"displayName": "Gardeners", "members": {"value": user["id"]}}
    ),
    "an address by its value": _find('emails[value eq "ann@acorn.example"]'),
    "a filter with an operator in capitals": _find('userName Eq "ANN"'),
    "no rows asked for": lambda seat, _: seat.get("/Users", count=0),
    "a path without the type that it names": _patch("add", "+32 470", 'phoneNumbers[type eq "mobile"].value'),
    "an address without the type that it names": _patch("add", "Ghent", 'addresses[type eq "work"].locality'),
    "a group with somebody's own schema": lambda seat, _: seat.post(
        "/Groups", {"schemas": [GROUP, "urn:birch:groups"], "displayName": "Gardeners"}
    ),
}


@pytest.mark.parametrize("send", BARE_ROWS.values(), ids=BARE_ROWS.keys())
def test_what_clients_of_every_kind_send_is_understood(house: House, send: Send) -> None:
    seat = house.seat("acorn", preset="entra")
    answer = send(seat, _ann(seat))
    assert answer.status_code in (200, 201), answer.text
    if "Resources" in answer.json():
        assert answer.json()["totalResults"] == 1


def test_a_taken_name_is_taken_in_any_case(house: House) -> None:
    seat = house.seat("acorn", preset="entra")
    seat.user("Ann@acorn.example")
    answer = seat.post("/Users", {"schemas": [USER], "userName": "aNN@Acorn.example"})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
