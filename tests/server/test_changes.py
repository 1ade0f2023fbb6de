"""``GET /Changes`` and ``rollbook changes``: what happened to a tenant's resources, deletions included."""

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.command import rollbook
from tests.support.house import USER, Seat

URN = "urn:rollbook:params:scim:api:messages:1.0:Changes"


def page(seat: Seat, **query: Any) -> dict[str, Any]:
    answer = seat.get("/Changes", **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def told(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(change["kind"], change["id"]) for change in body["changes"]]


def test_the_feed_tells_each_change_with_where_to_find_it(seat: Seat) -> None:
    ann = seat.user("ann")
    body = page(seat)
    assert body["schemas"] == [URN]
    assert body["more"] is False
    assert body["itemsPerPage"] == 1
    assert body["changes"] == [
        {
            "kind": "created",
            "resourceType": "User",
            "id": ann["id"],
            "at": ann["meta"]["created"],
            "version": ann["meta"]["version"],
            "location": ann["meta"]["location"],
        }
    ]


def test_the_feed_goes_on_from_a_position(seat: Seat) -> None:
    ann = seat.user("ann")
    start = page(seat)["position"]
    assert page(seat, since=start) == {
        "schemas": [URN],
        "position": start,
        "more": False,
        "itemsPerPage": 0,
        "changes": [],
    }
    seat.put(f"/Users/{ann['id']}", {"schemas": [USER], "userName": "ann", "title": "Lead"})
    seat.patch(f"/Users/{ann['id']}", {"op": "remove", "path": "title"})
    seat.patch(f"/Users/{ann['id']}", {"op": "remove", "path": "title"})  # nothing changes
    seat.delete(f"/Users/{ann['id']}")
    body = page(seat, since=start)
    assert told(body) == [(kind, ann["id"]) for kind in ("replaced", "modified", "deleted")]
    assert set(body["changes"][2]) == {"kind", "resourceType", "id", "at"}


def test_a_group_whose_member_was_deleted_appears_too(seat: Seat) -> None:
    ann = seat.user("ann")
    inner = seat.group("Inner", ann["id"])
    seat.group("Other")
    start = page(seat)["position"]
    seat.delete(f"/Users/{ann['id']}")
    body = page(seat, since=start)
    assert sorted(told(body)) == sorted([("deleted", ann["id"]), ("modified", inner["id"])])
    (change,) = [c for c in body["changes"] if c["kind"] == "modified"]
    assert change["resourceType"] == "Group"
    assert change["version"] == seat.get(f"/Groups/{inner['id']}").json()["meta"]["version"] == 'W/"2"'


def test_the_feed_comes_in_pages(seat: Seat) -> None:
    ids = [seat.user(f"user{n}")["id"] for n in range(5)]
    query: dict[str, Any] = {"count": 2}
    found: list[tuple[str, str]] = []
    more = []
    for _ in range(3):
        body = page(seat, **query)
        found += told(body)
        more.append(body["more"])
        query["since"] = body["position"]
    assert found == [("created", id) for id in ids]
    assert more == [True, True, False]


def test_a_count_of_nothing_asks_whether_there_is_anything_new(seat: Seat) -> None:
    assert page(seat, count=0)["more"] is False
    seat.user("ann")
    body = page(seat, count=0)
    assert (body["changes"], body["more"]) == ([], True)
    assert told(page(seat, since=body["position"])) == told(page(seat))


def test_now_is_the_position_after_everything(seat: Seat) -> None:
    seat.user("ann")
    body = page(seat, since="now")
    assert (body["changes"], body["more"]) == ([], False)
    bo = seat.user("bo")
    assert told(page(seat, since=body["position"])) == [("created", bo["id"])]


def test_a_position_of_another_tenant_or_of_nobody_is_refused(seat: Seat) -> None:
    seat.user("ann")
    position = page(seat)["position"]
    other = seat.house.seat("birch")
    wrong = position[:20] + ("A" if position[20] != "A" else "B") + position[21:]
    for who, since in ((other, position), (seat, wrong), (seat, "17"), (seat, "ü"), (seat, position[:-1])):
        answer = who.get("/Changes", since=since)
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue"), since
    assert seat.get("/Changes", count="many").status_code == 400
    assert seat.call("GET", "/Changes?since=now&since=now").status_code == 400


def test_a_refused_write_is_no_change(seat: Seat) -> None:
    seat.user("ann")
    start = page(seat)["position"]
    assert seat.post("/Users", {"schemas": [USER], "userName": "ann"}).status_code == 409
    assert page(seat, since=start)["changes"] == []


def test_the_feed_is_only_read(seat: Seat) -> None:
    assert seat.post("/Changes", {}).status_code == 405
    assert seat.call("HEAD", "/Changes").status_code == 200
    assert seat.call("GET", "/Changes", headers={"authorization": ""}).status_code == 401


def test_whoever_follows_sees_every_change_while_many_write(seat: Seat) -> None:
    ids = [seat.user(f"user{n}")["id"] for n in range(8)]
    group = seat.group("Club")
    seen: list[dict[str, Any]] = []
    done = threading.Event()

    def follow() -> None:
        query: dict[str, Any] = {}
        while True:
            last = done.is_set()
            body = page(seat, count=7, **query)
            seen.extend(body["changes"])
            query = {"since": body["position"]}
            if last and not body["more"]:
                return

    def write(n: int) -> None:
        for round in range(5):
            seat.user(f"new{n}-{round}")
            add = {"op": "add", "path": "members", "value": [{"value": ids[n]}]}
            seat.patch(f"/Groups/{group['id']}", add)
            seat.patch(f"/Groups/{group['id']}", {"op": "remove", "path": f'members[value eq "{ids[n]}"]'})
        seat.patch(f"/Groups/{group['id']}", add)
        assert seat.delete(f"/Users/{ids[n]}").status_code == 204

    with ThreadPoolExecutor(9) as threads:
        follower = threads.submit(follow)
        list(threads.map(write, range(8)))
        done.set()
        follower.result()
    versions: dict[str, list[int]] = defaultdict(list)
    for change in seen:
        if change["kind"] != "deleted":
            versions[change["id"]].append(int(change["version"][3:-1]))
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
    assert seat.get(f"/Groups/{group['id']}").json()["meta"]["version"] == f'W/"{versions[group["id"]][-1]}"'
    assert sorted(c["id"] for c in seen if c["kind"] == "deleted") == sorted(ids)
    assert len(versions) == 8 + 1 + 40


def test_the_command_tells_the_same(seat: Seat) -> None:
    ann = seat.user("ann")
    start = page(seat)["position"]
    seat.delete(f"/Users/{ann['id']}")
    database = seat.house.database
    created, deleted = rollbook("changes", seat.name, "--json", ROLLBOOK_DATABASE=database).json()
    assert (created["kind"], created["id"], created["version"]) == ("created", ann["id"], 1)
    assert created["position"] == start
    assert deleted["kind"] == "deleted"
    rows = rollbook("changes", seat.name, "--since", start, ROLLBOOK_DATABASE=database).rows()
    assert rows == [[deleted["at"], "deleted", "User", ann["id"], "2", deleted["position"]]]
    assert page(seat, since=deleted["position"])["changes"] == []
    now = rollbook("changes", seat.name, "--since", "now", ROLLBOOK_DATABASE=database)
    assert page(seat, since=now.out.strip())["changes"] == []
    refused = rollbook("changes", seat.name, "--since", "17", ROLLBOOK_DATABASE=database)
    assert (refused.code, "no position" in refused.err) == (1, True)
