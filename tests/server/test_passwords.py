"""Passwords of resources: only where the connection stores them, only as argon2id, and never given back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from argon2 import PasswordHasher
from tests.support.house import GROUP, PATCH_OP, SEARCH, USER, House, Seat

from rollbook.storage.contract import Store

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
OLD, NEW = "Larch-Beech-Rowan-1", "Aspen-Hazel-Alder-2"
"""What must be found nowhere but in requests."""

USER_NUMBER = 1


@pytest.fixture
def storing(house: House) -> Seat:
    """A tenant whose connection stores passwords."""
    return house.seat("acorn", store_passwords="on")


def kept(seat: Seat, id: str) -> str | None:
    """The hash of a user's password."""

    async def read(store: Store) -> str | None:
        return await store.tenant(seat.tenant.id).password_of(USER_NUMBER, id)

    found: str | None = seat.house.with_store(read)
    return found


def opens(seat: Seat, id: str, password: str) -> bool:
    """Whether it is this password of which the hash is kept, as argon2id."""
    hash = kept(seat, id)
    assert hash is not None
    assert hash.startswith("$argon2id$")
    return PasswordHasher().verify(hash, password)


def body(name: str, **attributes: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": name, **attributes}


def test_protocol_33_a_password_is_kept_as_argon2id_and_never_given_back(storing: Seat) -> None:
    answer = storing.post("/Users", body("ann", password=OLD))
    assert answer.status_code == 201
    ann = answer.json()
    assert opens(storing, ann["id"], OLD)
    path = f"/Users/{ann['id']}"
    search = {"schemas": [SEARCH], "attributes": ["password", "userName"]}
    said = [
        answer,
        storing.get(path),
        storing.get(path, attributes="password"),
        storing.get("/Users", attributes="password,userName"),
        storing.get("/Users", excludedAttributes="userName"),
        storing.post("/Users/.search", search),
        storing.put(path, body("ann", password=OLD)),
        storing.patch(path, {"op": "replace", "path": "password", "value": NEW}),
        storing.get("/Changes"),
    ]
    for one in said:
        assert one.status_code in (200, 201), one.text
        assert "password" not in one.text
        assert "argon2" not in one.text


def test_protocol_33_a_write_of_the_password_alone_is_a_change(storing: Seat) -> None:
    made = storing.post("/Users", body("ann", password=OLD))
    path = f"/Users/{made.json()['id']}"
    id, seen = made.json()["id"], [made]
    writes: tuple[Callable[[], Any], ...] = (
        lambda: storing.put(path, body("ann", password=NEW)),
        lambda: storing.patch(path, {"op": "replace", "path": "password", "value": OLD}),
        lambda: storing.patch(path, {"op": "add", "value": {"PassWord": NEW}}),
        lambda: storing.patch(path, {"op": "replace", "path": f"{USER}:password", "value": OLD}),
        lambda: storing.patch(path, {"op": "remove", "path": "password"}),
    )
    for write, password in zip(writes, (NEW, OLD, NEW, OLD, None), strict=True):
        answer = write()
        assert answer.status_code == 200, answer.text
        assert answer.headers["etag"] != seen[-1].headers["etag"]
        assert answer.json()["meta"]["lastModified"] >= seen[-1].json()["meta"]["lastModified"]
        assert (opens(storing, id, password) if password else kept(storing, id) is None) is True
        seen.append(answer)
        assert storing.events()[-1].attributes == ("password",)
    created = next(event for event in storing.events() if event.kind == "resource:create")
    assert created.attributes == ("userName", "active", "password")
    assert all(event.tolerances == () for event in storing.events())
    changes = storing.get("/Changes").json()
    assert len([c for c in changes["changes"] if c["id"] == id]) == 6


def test_protocol_33_what_does_not_name_the_password_leaves_it(storing: Seat) -> None:
    ann = storing.user("ann", password=OLD)
    path = f"/Users/{ann['id']}"
    for change in (
        storing.put(path, body("ann", title="Sower")),
        storing.put(path, body("ann", title="Reaper", password=None)),
        storing.patch(path, {"op": "replace", "value": {"title": "Sower", "active": False}}),
        storing.patch(path, {"op": "replace", "path": "active", "value": True}),
        storing.patch(path, {"op": "add", "path": "password", "value": None}),
    ):
        assert change.status_code == 200, change.text
        assert opens(storing, ann["id"], OLD)
        assert "password" not in storing.events()[-1].attributes


def test_protocol_33_a_password_goes_and_what_is_not_there_goes_without_a_change(storing: Seat) -> None:
    ann = storing.user("ann", password=OLD)
    path = f"/Users/{ann['id']}"
    answer = storing.patch(path, {"op": "replace", "path": "password", "value": None})
    assert answer.status_code == 200
    assert kept(storing, ann["id"]) is None
    again = storing.patch(path, {"op": "remove", "path": "password"})
    assert (again.status_code, again.headers["etag"]) == (200, answer.headers["etag"])
    assert storing.events()[-1].attributes == ()
    storing.patch(path, {"op": "add", "path": "password", "value": NEW}, {"op": "remove", "path": "password"})
    assert kept(storing, ann["id"]) is None
    storing.patch(path, {"op": "remove", "path": "password"}, {"op": "add", "path": "password", "value": NEW})
    assert opens(storing, ann["id"], NEW)


def test_protocol_33_it_is_off_until_it_is_switched_on(house: House) -> None:
    seat = house.seat("acorn")
    assert seat.get("/ServiceProviderConfig").json()["changePassword"] == {"supported": False}
    ann = seat.user("ann", password=OLD)
    assert kept(seat, ann["id"]) is None
    assert seat.events()[-1].tolerances == ("dropped: password",)
    storing = seat.by("passwords", store_passwords="on")
    assert storing.get("/ServiceProviderConfig").json()["changePassword"] == {"supported": True}
    assert seat.get("/ServiceProviderConfig").json()["changePassword"] == {"supported": False}
    without = house.client.get(f"{seat.base}/ServiceProviderConfig").json()
    assert without["changePassword"] == {"supported": False}
    assert storing.put(f"/Users/{ann['id']}", body("ann", password=OLD)).status_code == 200
    assert opens(seat, ann["id"], OLD)


def test_protocol_33_strict_stores_what_it_would_refuse(house: House) -> None:
    seat = house.seat("acorn", preset="strict", store_passwords="on")
    ann = seat.user("ann", password=OLD)
    assert opens(seat, ann["id"], OLD)
    sent = seat.get("/openapi.json", base=house.url).json()["components"]["schemas"]["User.sent"]["properties"]
    assert (sent["password"]["maxLength"], sent["password"]["writeOnly"]) == (1024, True)


def test_protocol_33_passwords_go_when_nobody_may_store_them_any_more(house: House) -> None:
    from rollbook.clock import SYSTEM_CLOCK
    from rollbook.tenancy import connections

    seat = house.seat("acorn", store_passwords="on")
    other = seat.by("other", store_passwords="on")
    ann = other.user("ann", password=OLD)

    def change(name: str, **settings: str) -> None:
        house.with_store(lambda store: connections.change(store, SYSTEM_CLOCK, seat.tenant, name, settings))

    change("default", store_passwords="off")
    assert opens(seat, ann["id"], OLD)
    house.with_store(lambda store: connections.delete(store, SYSTEM_CLOCK, seat.tenant, "other"))
    assert kept(seat, ann["id"]) is None


def test_protocol_33_no_filter_and_no_order_sees_it(storing: Seat) -> None:
    ann = storing.user("ann", password=OLD)
    answers = [storing.get("/Users", sortBy="password")]
    for filter in ('password eq "x"', "password pr", 'not (password sw "a")', f'{USER}:password eq "x"'):
        answers.append(storing.get("/Users", filter=filter))
        answers.append(storing.post("/Users/.search", {"schemas": [SEARCH], "filter": filter}))
    for path in ('password[value eq "x"]', "password.value"):
        change = {"op": "replace", "path": path, "value": NEW}
        answers.append(storing.patch(f"/Users/{ann['id']}", change))
    for answer in answers:
        assert answer.status_code == 400, answer.text
    assert opens(storing, ann["id"], OLD)


NO_PASSWORDS = ("", "x" * 1025, "é" * 600, "x" * 100_000, "a\u0007b-and-more", "\ud800", 12345, ["x"], True)


def test_protocol_33_what_can_be_no_password_is_refused_and_nothing_changes(storing: Seat) -> None:
    ann = storing.user("ann", password=OLD)
    path = f"/Users/{ann['id']}"
    title = {"op": "replace", "path": "title", "value": "Sower"}
    for password in NO_PASSWORDS:
        for answer in (
            storing.post("/Users", body("bo", password=password)),
            storing.put(path, body("ann", title="Sower", password=password)),
            storing.patch(path, title, {"op": "replace", "path": "password", "value": password}),
        ):
            assert answer.status_code == 400, answer.text
            assert answer.json()["scimType"] == ("invalidSyntax" if password == "\ud800" else "invalidValue")
            assert len(str(password)) < 6 or str(password) not in answer.text
    assert storing.get(path).json() == ann
    assert storing.names('userName eq "bo"') == []
    assert opens(storing, ann["id"], OLD)


def test_protocol_33_the_longest_password_is_kept(storing: Seat) -> None:
    ann = storing.user("ann", password="x" * 1024)
    assert opens(storing, ann["id"], "x" * 1024)


def test_protocol_33_what_is_refused_leaves_the_password(storing: Seat) -> None:
    ann, bo = storing.user("ann", password=OLD), storing.user("bo", password=OLD)
    path = f"/Users/{ann['id']}"
    stale = {"if-match": 'W/"7"'}
    change = {"op": "replace", "path": "password", "value": NEW}
    assert storing.put(path, body("ann", password=NEW), headers=stale).status_code == 412
    assert storing.patch(path, change, headers=stale).status_code == 412
    assert storing.put(path, body("bo", password=NEW)).status_code == 409
    assert storing.post("/Users", body("ann", password=NEW)).status_code == 409
    assert storing.patch(path, change, {"op": "remove", "path": "userName"}).status_code == 400
    birch = storing.house.seat("birch", store_passwords="on")
    assert birch.patch(path, change).status_code == 404
    assert birch.patch(path, {"op": "remove", "path": "password"}).status_code == 404
    assert birch.put(path, body("ann", password=NEW)).status_code == 404
    for one in (ann, bo):
        assert opens(storing, one["id"], OLD)
    assert kept(birch, ann["id"]) is None


def test_protocol_33_a_deleted_user_leaves_none(storing: Seat) -> None:
    ann = storing.user("ann", password=OLD)
    assert storing.delete(f"/Users/{ann['id']}").status_code == 204
    assert kept(storing, ann["id"]) is None


def test_protocol_33_a_password_does_not_outlive_an_account_that_is_deactivated_by_delete(house: House) -> None:
    seat = house.seat("acorn", preset="okta", delete="deactivate", store_passwords="on")
    ann = seat.user("ann", externalId="00u1", password=OLD)
    path = f"/Users/{ann['id']}"
    assert seat.delete(path).status_code == 204
    assert seat.get(path).json()["active"] is False
    assert kept(seat, ann["id"]) is None
    assert seat.events()[-1].attributes == ("active", "password")


def test_protocol_33_a_password_does_not_come_back_with_an_account_that_is_taken_up_again(house: House) -> None:
    seat = house.seat("acorn", preset="okta", store_passwords="on")
    ann = seat.user("ann", externalId="00u1", password=OLD)
    path = f"/Users/{ann['id']}"
    for attributes in ({}, {"password": NEW}):
        seat.patch(path, {"op": "replace", "value": {"active": False}})
        answer = seat.post("/Users", body("ann", externalId="00u1", **attributes))
        assert (answer.status_code, answer.json()["id"]) == (201, ann["id"])
        assert (opens(seat, ann["id"], NEW) if attributes else kept(seat, ann["id"]) is None) is True
        assert "password" in seat.events()[-1].attributes


def test_protocol_33_a_bulk_keeps_the_passwords_of_all_its_operations(storing: Seat) -> None:
    ann, bo, cleo = (storing.user(name, password=OLD) for name in ("ann", "bo", "cleo"))
    news = [
        {"method": "POST", "path": "/Users", "bulkId": f"n{n}", "data": body(f"new{n}", password=f"{NEW}-{n}")}
        for n in range(3)
    ]
    members = [{"value": f"bulkId:n{n}"} for n in range(2)]
    change = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "password", "value": NEW}]}
    operations = [
        *news,
        {
            "method": "POST",
            "path": "/Groups",
            "bulkId": "g",
            "data": {"schemas": [GROUP], "displayName": "G", "members": members},
        },
        {"method": "PUT", "path": f"/Users/{ann['id']}", "data": body("ann", password=NEW)},
        {"method": "PATCH", "path": f"/Users/{bo['id']}", "data": change},
        {"method": "POST", "path": "/Users", "bulkId": "long", "data": body("long", password="x" * 1025)},
        {"method": "DELETE", "path": f"/Users/{cleo['id']}"},
    ]
    answer = storing.post("/Bulk", {"schemas": [BULK], "Operations": operations})
    assert answer.status_code == 200
    statuses = [part["status"] for part in answer.json()["Operations"]]
    assert statuses == ["201"] * 4 + ["200", "200", "400", "204"]
    made = [part["location"].rpartition("/")[2] for part in answer.json()["Operations"][:3]]
    assert all(opens(storing, made[n], f"{NEW}-{n}") for n in range(3))
    assert opens(storing, ann["id"], NEW)
    assert opens(storing, bo["id"], NEW)
    assert kept(storing, cleo["id"]) is None


def test_protocol_33_too_many_at_once_are_told_to_come_back_and_leave_nothing(storing: Seat) -> None:
    many = 30
    start = Barrier(many)

    def create(n: int) -> tuple[str, Any]:
        start.wait()
        return f"user{n}", storing.post("/Users", body(f"user{n}", password=f"{NEW}-{n}"))

    with ThreadPoolExecutor(many) as threads:
        answers = list(threads.map(create, range(many)))
    assert {answer.status_code for _, answer in answers} == {201, 503}
    assert all(answer.headers["retry-after"] for _, answer in answers if answer.status_code == 503)
    there = storing.names("userName pr", count="100")
    assert sorted(there) == sorted(name for name, answer in answers if answer.status_code == 201)
    assert all(kept(storing, answer.json()["id"]) for _, answer in answers if answer.status_code == 201)
    late = next(name for name, answer in answers if answer.status_code == 503)
    assert storing.post("/Users", body(late, password=NEW)).status_code == 201


def test_protocol_33_the_password_itself_is_written_down_nowhere(storing: Seat, tmp_path: Path) -> None:
    ann = storing.user("ann", password=OLD)
    storing.patch(f"/Users/{ann['id']}", {"op": "replace", "path": "password", "value": NEW})
    storing.patch(f"/Users/{ann['id']}", {"op": "replace", "path": "passwort", "value": NEW})
    storing.put(f"/Users/{ann['id']}", {"schemas": [USER], "password": NEW})
    backup = tmp_path / "copy.db"
    storing.house.with_store(lambda store: store.backup(str(backup)))
    written = backup.read_bytes()
    for password in (OLD, NEW):
        assert password.encode() not in written
        assert password.lower().encode() not in written
    assert b"$argon2id$" in written
