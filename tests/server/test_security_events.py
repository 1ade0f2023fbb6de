"""Events over HTTP (checklist 3.9, V30): one for each write and each refusal, and a flood of refusals is few."""

import signal
from collections import Counter
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.support.house import GROUP, USER, House, Seat, running_house

from rollbook.events import Kind
from rollbook.storage.engines.sqlite_rows import NO_TENANT


def by_request(seat: Seat) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for event in seat.events():
        found.setdefault(event.request, []).append(event)
    return found


def test_3_9_102_every_write_has_one_event_with_what_was_answered(seat: Seat) -> None:
    ann, bo, staff = seat.user("ann")["id"], seat.user("bo")["id"], seat.group("staff")["id"]
    user = {"schemas": [USER], "userName": "ann"}
    minimal = {"prefer": "return=minimal"}
    add_ann = {"op": "add", "path": "members", "value": [{"value": ann}]}
    answers = [
        seat.post("/Users", {"schemas": [USER], "userName": "cleo"}),
        seat.put(f"/Users/{ann}", {**user, "title": "a"}),
        seat.put(f"/Users/{ann}", {**user, "title": "b"}, headers=minimal),
        seat.put(f"/Users/{ann}", {**user, "title": "b"}),  # changes nothing
        seat.patch(f"/Users/{ann}", {"op": "add", "path": "title", "value": "c"}),
        seat.patch(f"/Users/{ann}", {"op": "add", "path": "title", "value": "d"}, headers=minimal),
        seat.patch(f"/Users/{ann}", {"op": "add", "path": "title", "value": "d"}),
        seat.patch(f"/Groups/{staff}", add_ann),
        seat.patch(f"/Groups/{staff}", add_ann),
        seat.patch(f"/Groups/{staff}", add_ann, headers={"prefer": "return=representation"}),
        seat.patch(f"/Groups/{staff}", {"op": "replace", "path": "members", "value": [{"value": bo}]}),
        seat.put(f"/Groups/{staff}", {"schemas": [GROUP], "displayName": "staff"}),
        seat.delete(f"/Users/{bo}"),
    ]
    refusals = [
        seat.post("/Users", {"schemas": [USER], "userName": "ann"}),
        seat.post("/Users", {"schemas": [USER]}),
        seat.put(f"/Users/{ann}", user, headers={"if-match": 'W/"1"'}),
        seat.patch(f"/Users/{ann}", {"op": "add", "path": "nothing", "value": "c"}),
        seat.delete(f"/Users/{bo}"),
        seat.delete("/Users"),
        seat.post("/Bulk", {}),
    ]
    found = by_request(seat)
    for answer in [*answers, *refusals]:
        (event,) = found[answer.headers["x-request-id"]]
        assert event.status == answer.status_code, answer.request.method
        assert event.actor.startswith("token:")
        assert (event.kind is Kind.WRITE_REFUSED) == (answer.status_code >= 400)
    assert Counter(answer.status_code for answer in answers) == {200: 7, 201: 1, 204: 5}
    assert Counter(answer.status_code for answer in refusals) == {400: 3, 404: 1, 405: 1, 409: 1, 412: 1}


def test_3_9_102_reads_leave_no_event(seat: Seat) -> None:
    ann = seat.user("ann")["id"]
    before = len(seat.events())
    for path in (f"/Users/{ann}", "/Users/nobody", "/Groups", "/Nothing", "/Users?filter=("):
        seat.call("GET", path)
    seat.post("/Users/.search", {})
    assert len(seat.events()) == before


@pytest.fixture
def own_house(tmp_path: Path) -> Any:
    with running_house("sqlite", f"sqlite:///{tmp_path}/rollbook.db") as house:
        yield house


def of_nobody(house: House) -> list[Any]:
    """Kind and repeats of the events that are no tenant's, in their order."""
    connection = apsw.Connection(house.database.removeprefix("sqlite:///"))
    return list(connection.execute("SELECT kind, repeats FROM event WHERE tenant_id = ? ORDER BY id", (NO_TENANT,)))


def test_3_9_102_a_flood_of_401_is_one_event_and_its_number_once_the_server_ends(own_house: House) -> None:
    seat = own_house.seat()
    for number in range(100):
        path = f"/Users/{number}" if number % 2 else f"/Groups/{number}"
        headers = {"authorization": f"Bearer {number}"} if number % 3 else {}
        assert own_house.client.request("DELETE", seat.base + path, headers=headers).status_code == 401
    for _ in range(30):
        assert seat.post("/Users", {"schemas": [USER]}).status_code == 400
    own_house.server.signal(signal.SIGTERM)
    own_house.server.signal(signal.SIGTERM)
    own_house.server.wait()
    assert of_nobody(own_house) == [(Kind.LOGIN_REFUSED, 1), (Kind.LOGIN_REFUSED, 99)]
    assert [e.repeats for e in seat.events() if e.kind is Kind.WRITE_REFUSED] == [1, 29]
