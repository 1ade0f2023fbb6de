"""Two companies at the face of the product's System API: every row, with the other's ids. What is another's is not
there, and is not changed."""

import re
from typing import Any

import pytest
from tests.lockers.face_stage import Product, product, told
from tests.support.house import House

from rollbook.ids import new_id
from rollbook.releezme_face.rows import Row
from rollbook.releezme_face.table import ROWS

MOMENTS = {"StartDateTimeUtc": "2031-05-05T08:00:00Z", "EndDateTimeUtc": "2031-05-05T09:00:00Z"}


@pytest.fixture
def two(house: House) -> tuple[Product, Product]:
    return product(house, "acorn"), product(house, "birch")


def ids_of(stage: Product) -> dict[str, str]:
    """An id of each kind, by the first part of the addresses at which it is one; made once."""
    desk = stage.desk
    booked = {"lockerId": desk.doors[2], "userId": desk.ann, "starts": MOMENTS["StartDateTimeUtc"],
              "ends": MOMENTS["EndDateTimeUtc"]}  # fmt: skip
    booking = desk.make("/bookings", booked)["id"]
    desk.make("/assignments", {"lockerId": desk.doors[0], "userId": desk.ann})
    (event, *_) = desk.items("/events")
    return {
        "companies": desk.seat.tenant.id,
        "locations": desk.location,
        "sections": desk.section,
        "lockerbanks": desk.bank,
        "lockergroups": desk.group,
        "lockers": desk.doors[0],
        "bookings": booking,
        "pincodes": desk.doors[0],
        "masterpincode": desk.bank,
        "groupId": desk.group,
        "userId": desk.ann,
        "afterEventId": event["id"],
        "brickCount": "2",
    }


def body_of(row: Row, ids: dict[str, str]) -> dict[str, Any] | None:
    if row.method not in ("POST", "PUT"):
        return None
    named = {"LocationId": ids["locations"], "SectionId": ids["sections"], "LockerId": ids["lockers"],
             "LockerBankId": ids["lockerbanks"], "LockerGroupId": ids["lockergroups"]}  # fmt: skip
    whole = {**MOMENTS, **named, "Name": "taken", "PinCode": "4711", "LockerCount": 1, "ExternalUserId": "ann"}
    return {name: value for name, value in whole.items() if name in row.body}


def send(stage: Product, row: Row, ids: dict[str, str]) -> Any:
    first = row.path.partition("/")[0]
    kind = "masterpincode" if row.path.endswith("/masterpincode") else first
    here = {"id": ids.get(kind, ""), **ids}
    path = re.sub(r"\{(\w+)\}", lambda found: here[found[1]], row.path)
    query = {"externalUserId": "ann", "sharedUserId": "bo", "lockerBankId": ids["lockerbanks"],
             "lockerGroupId": ids["lockergroups"]}  # fmt: skip
    asked = {name: value for name, value in query.items() if name in row.query}
    return stage.call(row.method, f"/{path}", body_of(row, ids), **asked)


def names_another(row: Row) -> bool:
    return "{" in row.path or bool({"LocationId", "SectionId", "LockerId"} & row.body.keys()) or (
        "lockerBankId" in row.query
    )  # fmt: skip


def everything(stage: Product) -> list[Any]:
    paths = ("/locations", "/sections", "/lockerbanks", "/lockergroups", f"/lockerbanks/{stage.desk.bank}/lockers",
             f"/lockerbanks/{stage.desk.bank}/allocations", "/bookings?externalUserId=ann", "/events/locker/events",
             "/events/pincode/events")  # fmt: skip
    return [stage.get(path) for path in paths]


def test_no_row_reaches_another_company(two: tuple[Product, Product]) -> None:
    acorn, birch = two
    theirs = ids_of(birch)
    nobodys = {name: id if name == "brickCount" else new_id() for name, id in theirs.items()}
    before = everything(birch)
    for row in ROWS:
        answer = send(acorn, row, theirs)
        if names_another(row):
            assert answer.status_code == 404, (row.method, row.path, answer.text)
            assert told(answer) == told(send(acorn, row, nobodys)), (row.method, row.path)
        else:
            assert answer.status_code in (200, 400), (row.method, row.path, answer.text)
        for id in theirs.values():
            assert id == "2" or id not in answer.text, (row.method, row.path)
    assert everything(birch) == before


def test_what_is_ones_own_is_there(two: tuple[Product, Product]) -> None:
    """Or the test above would find everything well at an address that does not work at all."""
    acorn, _ = two
    ours = ids_of(acorn)
    for row in ROWS:
        if row.method == "GET":
            assert send(acorn, row, ours).status_code == row.status, (row.method, row.path)


def test_the_address_of_another_company_is_forbidden(two: tuple[Product, Product]) -> None:
    acorn, birch = two
    for name in (birch.seat.name, birch.seat.tenant.id, "nobody"):
        answer = acorn.call("GET", "/locations", base=f"{acorn.seat.house.url}/t/{name}/api")
        assert (answer.status_code, told(answer)) == (403, "There is no such company for the token that was sent.")
    own = acorn.call("GET", "/locations", base=f"{acorn.seat.house.url}/t/{acorn.seat.name}/api")
    assert own.json()["Paging"]["TotalItemCount"] == 1
