"""Bulks and what surrounds them: rights, presets, other clients, memory."""

import json
import sys
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.house import PATCH_OP, USER, House, Seat

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def bulk(*operations: Any) -> bytes:
    return json.dumps({"schemas": [BULK_REQUEST], "Operations": operations}).encode()


def user(bulk_id: str, name: str, **more: Any) -> dict[str, Any]:
    data = {"schemas": [USER], "userName": name, **more}
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data}


def patch(path: str, **replaced: Any) -> dict[str, Any]:
    operations = [{"op": "replace", "path": name, "value": value} for name, value in replaced.items()]
    return {"method": "PATCH", "path": path, "data": {"schemas": [PATCH_OP], "Operations": operations}}


def statuses(seat: Seat, *operations: Any) -> list[int]:
    answer = seat.post("/Bulk", bulk(*operations))
    assert answer.status_code == 200, answer.text
    return [int(part["status"]) for part in answer.json()["Operations"]]


@pytest.mark.parametrize(("scope", "status"), [("scim.read", 403), ("schemas.write", 403), ("scim.write", 200)])
def test_a_bulk_needs_the_right_to_write(house: House, scope: str, status: int) -> None:
    seat = house.seat("acorn", scopes=(scope,))
    assert seat.post("/Bulk", bulk(user("1", "ann"))).status_code == status


def test_schemas_are_not_made_in_bulks(house: House) -> None:
    seat = house.seat("acorn", scopes=("scim.read", "scim.write", "schemas.write"))
    made = {"method": "POST", "path": "/Schemas", "bulkId": "1", "data": {"id": "urn:x", "name": "X"}}
    assert statuses(seat, made, {"method": "DELETE", "path": f"/Schemas/{USER}"}) == [400, 400]


def test_one_who_was_deactivated_in_the_same_bulk_is_taken_up_again_where_the_preset_does(house: House) -> None:
    seat = house.seat("acorn", preset="okta")
    ann = seat.user("ann", externalId="1")
    answer = seat.post(
        "/Bulk",
        bulk(
            patch(f"/Users/{ann['id']}", active=False),
            user("again", "ann", externalId="1", title="back"),
            patch("/Users/bulkId:again", nickName="Annie"),
        ),
    )
    assert [part["status"] for part in answer.json()["Operations"]] == ["200", "201", "200"]
    assert {part["location"] for part in answer.json()["Operations"]} == {ann["meta"]["location"]}
    found = seat.get(f"/Users/{ann['id']}").json()
    assert (found["active"], found["title"], found["nickName"]) == (True, "back", "Annie")


def test_a_preset_tolerates_in_a_bulk_what_it_tolerates_alone(house: House) -> None:
    loose, strict = house.seat("acorn", preset="entra"), house.seat("acorn", preset="strict")
    operation = user("1", "ann", active="True")
    assert statuses(loose, operation) == [201]
    assert statuses(strict, operation) == [400]


def test_bulks_at_once_lose_nothing_and_make_nothing_twice(seat: Seat) -> None:
    names = [f"user{n}" for n in range(150)]
    found: list[list[int]] = []

    def send(order: list[str]) -> None:
        found.append(statuses(seat, *(user(name, name) for name in order)))

    senders = [threading.Thread(target=send, args=(order,)) for order in (names, names[::-1], names)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert {status for some in found for status in some} == {201, 409}
    assert sum(some.count(201) for some in found) == 150
    assert seat.get("/Users", count=0).json()["totalResults"] == 150


def test_others_are_served_while_a_bulk_is_done(seat: Seat) -> None:
    ann = seat.user("ann")
    answered: list[int] = []

    def send() -> None:
        answered.append(seat.post("/Bulk", bulk(*(user(str(n), f"user{n}") for n in range(2000)))).status_code)

    sender = threading.Thread(target=send)
    sender.start()
    read = 0
    with httpx2.Client(timeout=10) as client:
        while sender.is_alive():
            answer = client.get(f"{seat.base}/Users/{ann['id']}", headers={"authorization": f"Bearer {seat.token}"})
            assert answer.status_code == 200
            read += 1
    assert answered == [200]
    assert read > 10


def peak(house: House) -> int:
    """The most memory that the server has held, in bytes."""
    status = Path(f"/proc/{house.server.process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_bulk_of_16_mib_is_held_in_a_few_times_its_size(seat: Seat) -> None:
    values = [{"value": f"{n}@acorn.example", "type": "work", "display": "d"} for n in range(12)]
    operations = [user(f"u{n}", f"user{n}", emails=values, title="t" * 700) for n in range(10_000)]
    body = bulk(*operations)
    assert 15 * 1024**2 < len(body) <= 16 * 1024**2, len(body)
    statuses(seat, *(user(f"w{n}", f"warm{n}") for n in range(500)))
    before = peak(seat.house)
    answer = seat.client.post(
        f"{seat.base}/Bulk", content=body, headers={"authorization": f"Bearer {seat.token}"}, timeout=60
    )
    assert {part["status"] for part in answer.json()["Operations"]} == {"201"}
    assert peak(seat.house) - before < 8 * len(body)
