"""Bulks on the running server: references everywhere, circles, order, errors of one and of all, events, limits."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.house import ENTERPRISE, GROUP, PATCH_OP, USER, House, Seat, running_house

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def send(seat: Seat, *operations: Any, **more: Any) -> list[dict[str, Any]]:
    answer = seat.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": list(operations), **more})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["Operations"]
    return found


def statuses(parts: list[dict[str, Any]]) -> list[int]:
    return [int(part["status"]) for part in parts]


def user(bulk_id: str, name: str | None = None, /, **more: Any) -> dict[str, Any]:
    data = {"schemas": [USER, *(key for key in more if key.startswith("urn:"))], "userName": name or bulk_id, **more}
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data}


def group(bulk_id: str, *members: str, **more: Any) -> dict[str, Any]:
    data = {"schemas": [GROUP], "displayName": bulk_id, "members": [{"value": id} for id in members], **more}
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}


def patch(path: str, *operations: Any, **more: Any) -> dict[str, Any]:
    return {"method": "PATCH", "path": path, "data": {"schemas": [PATCH_OP], "Operations": operations}, **more}


def delete(path: str, **more: Any) -> dict[str, Any]:
    return {"method": "DELETE", "path": path, **more}


def id_of(part: dict[str, Any]) -> str:
    return str(part["location"].rpartition("/")[2])


def members(seat: Seat, part: dict[str, Any]) -> set[str]:
    body = seat.get(f"/Groups/{id_of(part)}").json()
    return {member["value"] for member in body.get("members", [])}


# -- references --------------------------------------------------------------------------------------------------------


def test_references_lead_backward_and_forward_in_every_method(seat: Seat) -> None:
    cleo, staff = seat.user("cleo"), seat.group("staff")
    manager = {"value": "bulkId:ann", "$ref": "../Users/bulkId:ann"}
    parts = send(
        seat,
        group("guides", "bulkId:ann", "bulkId:bo"),
        {
            "method": "PUT",
            "path": f"/Users/{cleo['id']}",
            "data": {"schemas": [USER, ENTERPRISE], "userName": "cleo", ENTERPRISE: {"manager": manager}},
        },
        patch(f"/Groups/{staff['id']}", {"op": "add", "path": "members", "value": [{"value": "bulkId:bo"}]}),
        patch("/Users/bulkId:bo", {"op": "add", "path": "nickName", "value": "Bobo"}),
        delete("/Users/bulkId:dora"),
        user("ann"),
        user("bo"),
        user("dora"),
        patch("/Groups/bulkId:guides", {"op": "remove", "path": 'members[value eq "bulkId:ann"]'}),
    )
    assert statuses(parts) == [201, 200, 204, 200, 204, 201, 201, 201, 204]
    ann, bo = id_of(parts[5]), id_of(parts[6])
    assert members(seat, parts[0]) == members(seat, parts[2]) == {bo}
    held = seat.get(f"/Users/{cleo['id']}").json()[ENTERPRISE]["manager"]
    assert (held["value"], held["$ref"]) == (ann, f"../Users/{ann}")
    assert seat.get(f"/Users/{bo}").json()["nickName"] == "Bobo"
    assert seat.names('userName eq "dora"') == []
    assert [parts[3]["location"], parts[3]["version"]] == [parts[6]["location"], 'W/"2"']


def test_a_reference_as_an_address_becomes_one(seat: Seat) -> None:
    boss, clerk = send(
        seat, user("boss"), user("clerk", **{ENTERPRISE: {"manager": {"value": "bulkId:boss", "$ref": "bulkId:boss"}}})
    )
    manager = seat.get(f"/Users/{id_of(clerk)}").json()[ENTERPRISE]["manager"]
    assert (manager["value"], manager["$ref"]) == (id_of(boss), boss["location"])


@pytest.mark.parametrize("wrong", ["refused", "unknown", "no creation", "later refused"])
def test_what_names_what_was_not_created_is_409_and_leaves_nothing(seat: Seat, wrong: str) -> None:
    ann = seat.user("ann")
    other = {
        "refused": [user("x", "ann")],
        "unknown": [],
        "no creation": [patch(f"/Users/{ann['id']}", {"op": "add", "path": "title", "value": "x"}, bulkId="x")],
        "later refused": [],
    }[wrong]
    after = [user("x", "ann")] if wrong == "later refused" else []
    parts = send(
        seat,
        *other,
        group("guides", ann["id"], "bulkId:x"),
        user("bo", **{ENTERPRISE: {"manager": {"value": "bulkId:x"}}}),
        patch(f"/Users/{ann['id']}", {"op": "add", "path": f"{ENTERPRISE}:manager.value", "value": "bulkId:x"}),
        delete("/Users/bulkId:x"),
        *after,
        group("of guides", "bulkId:guides"),
        user("cleo"),
    )
    at = len(other)
    assert statuses(parts)[at : at + 4] == [409] * 4
    assert statuses(parts)[-2:] == [409, 201]
    assert "bulkId" in parts[at]["response"]["detail"]
    assert "location" not in parts[at + 3]
    assert seat.names("userName pr") == ["ann", "cleo"]
    assert seat.get("/Groups", count=0).json()["totalResults"] == 0
    assert ENTERPRISE not in seat.get(f"/Users/{ann['id']}").json()


def test_a_chain_of_references_is_done_from_its_end(seat: Seat) -> None:
    chain = [group(f"g{n}", f"bulkId:g{n + 1}") for n in range(20)]
    parts = send(seat, *chain, group("g20"))
    assert set(statuses(parts)) == {201}
    assert members(seat, parts[0]) == {id_of(parts[1])}


# -- circles -----------------------------------------------------------------------------------------------------------


def test_a_circle_of_groups_and_people_is_created_together(seat: Seat) -> None:
    parts = send(
        seat,
        user("ann", **{ENTERPRISE: {"manager": {"value": "bulkId:bo"}}}),
        group("a", "bulkId:b", "bulkId:ann"),
        user("bo", **{ENTERPRISE: {"manager": {"value": "bulkId:ann"}}}),
        group("b", "bulkId:c"),
        group("c", "bulkId:a", "bulkId:b"),
        patch("/Groups/bulkId:a", {"op": "remove", "path": 'members[value eq "bulkId:b"]'}),
    )
    assert statuses(parts) == [201, 201, 201, 201, 201, 204]
    ann, a, bo, b, c, _ = map(id_of, parts)
    for person, manager in ((ann, bo), (bo, ann)):
        assert seat.get(f"/Users/{person}").json()[ENTERPRISE]["manager"]["value"] == manager
    assert [members(seat, parts[n]) for n in (1, 3, 4)] == [{ann}, {c}, {a, b}]
    assert {group["display"] for group in seat.get(f"/Users/{ann}").json()["groups"]} == {"a", "b", "c"}
    events = [event for event in seat.events() if event.kind == "resource:create"]
    assert Counter(event.resource for event in events) == Counter([ann, a, bo, b, c])


@pytest.mark.parametrize(
    ("wrong", "status", "scim_type"),
    [
        ({"userName": "taken"}, 409, "uniqueness"),
        ({"userName": None}, 400, "invalidValue"),
        ({"nothing": 1}, 400, "invalidSyntax"),
        ({ENTERPRISE: {"manager": {"value": "bulkId:nobody"}}}, 409, None),
    ],
)
def test_where_one_of_a_circle_cannot_be_made_none_is(
    seat: Seat, wrong: dict[str, Any], status: int, scim_type: str | None
) -> None:
    seat.user("taken")
    more: dict[str, Any] = {"title": "bulkId:a"} | wrong
    parts = send(seat, group("a", "bulkId:b", "bulkId:ann"), user("ann", **more), group("b", "bulkId:a"), user("cleo"))
    assert statuses(parts) == [409, status, 409, 201]
    assert [part["response"].get("scimType") for part in parts[:3]] == [None, scim_type, None]
    assert seat.get("/Groups", count=0).json()["totalResults"] == 0
    assert seat.names("userName pr") == ["taken", "cleo"]
    refused = [event for event in seat.events() if event.kind == "write:refuse"]
    assert sum(event.repeats for event in refused) == 3


def test_a_member_of_a_circle_has_the_type_that_it_has(seat: Seat) -> None:
    first, second = send(
        seat,
        group("a", members=[{"value": "bulkId:b", "type": "User"}]),
        group("b", members=[{"value": "bulkId:a", "type": "Group"}]),
    )
    assert (first["status"], second["status"]) == ("400", "409")
    assert first["response"]["scimType"] == "invalidValue"


def test_a_group_in_itself_is_400_as_alone_and_ones_own_manager_is_not(seat: Seat) -> None:
    parts = send(seat, group("a", "bulkId:a"), user("ann", **{ENTERPRISE: {"manager": {"value": "bulkId:ann"}}}))
    assert statuses(parts) == [400, 201]
    assert parts[0]["response"]["scimType"] == "invalidValue"
    ann = seat.get(f"/Users/{id_of(parts[1])}").json()
    assert ann[ENTERPRISE]["manager"]["value"] == ann["id"]


# -- order -------------------------------------------------------------------------------------------------------------


def test_operations_mean_what_they_mean_one_after_the_other(seat: Seat) -> None:
    ann = seat.user("ann")
    at = f"/Users/{ann['id']}"
    parts = send(
        seat,
        user("1", "bo"),
        user("2", "BO"),
        delete(at),
        user("3", "ann"),
        delete(at),
        patch("/Users/bulkId:3", {"op": "replace", "path": "userName", "value": "cleo"}),
        user("4", "ann"),
        patch("/Users/bulkId:3", {"op": "replace", "path": "userName", "value": "ann"}),
        {"method": "PUT", "path": "/Users/bulkId:3", "data": {"schemas": [USER], "userName": "dora"}},
        user("5", "cleo"),
        delete("/Users/bulkId:3", version='W/"2"'),
        delete("/Users/bulkId:3", version='W/"3"'),
    )
    assert statuses(parts) == [201, 409, 204, 201, 404, 200, 201, 409, 200, 201, 412, 204]
    assert sorted(seat.names("userName pr")) == ["ann", "bo", "cleo"]


def test_a_deletion_moves_the_version_of_a_group_before_what_comes_next(seat: Seat) -> None:
    ann, bo = seat.user("ann"), seat.user("bo")
    staff = seat.group("staff", ann["id"], bo["id"])
    rename = {"op": "replace", "path": "displayName", "value": "crew"}
    parts = send(
        seat,
        delete(f"/Users/{ann['id']}"),
        patch(f"/Groups/{staff['id']}", rename, version='W/"1"'),
        delete(f"/Users/{bo['id']}"),
        patch(f"/Groups/{staff['id']}", rename, version='W/"3"'),
    )
    assert statuses(parts) == [204, 412, 204, 200]


def test_a_filter_on_names_sees_what_has_changed_before_it(seat: Seat) -> None:
    ann, bo = seat.user("ann", displayName="Ann"), seat.user("bo", displayName="Bo")
    staff = seat.group("staff", ann["id"], bo["id"])
    parts = send(
        seat,
        patch(f"/Users/{ann['id']}", {"op": "replace", "path": "displayName", "value": "Zoe"}),
        patch(f"/Groups/{staff['id']}", {"op": "remove", "path": 'members[display eq "Zoe"]'}),
    )
    assert statuses(parts) == [200, 204]
    assert members(seat, parts[1]) == {bo["id"]}


def test_what_others_write_meanwhile_is_not_lost(seat: Seat) -> None:
    staff = seat.group("staff")
    people = [seat.user(f"user{n}")["id"] for n in range(40)]

    def add(some: list[str]) -> None:
        for id in some:
            value = [{"value": id}]
            assert seat.patch(f"/Groups/{staff['id']}", {"op": "add", "path": "members", "value": value}).is_success

    other = threading.Thread(target=add, args=(people[:20],))
    other.start()
    rename = [
        patch(f"/Groups/{staff['id']}", {"op": "replace", "path": "displayName", "value": f"staff {n}"})
        for n in range(10)
    ]
    added = [
        patch(f"/Groups/{staff['id']}", {"op": "add", "path": "members", "value": [{"value": id}]})
        for id in people[20:]
    ]
    parts = send(seat, *(part for pair in zip(rename, added[:10], strict=True) for part in pair), *added[10:])
    other.join()
    assert set(statuses(parts)) <= {200, 204}
    assert members(seat, {"location": f"/{staff['id']}"}) == set(people)


def test_a_thousand_creations_arrive(seat: Seat) -> None:
    everybody = [f"user{n}" for n in range(1000)]
    parts = send(seat, *map(user, everybody), group("all", *(f"bulkId:{name}" for name in everybody)))
    assert set(statuses(parts)) == {201}
    assert [part["bulkId"] for part in parts] == [*everybody, "all"]
    assert len({part["location"] for part in parts}) == 1001
    assert len(members(seat, parts[-1])) == 1000
    again = send(seat, *map(user, everybody))
    assert set(statuses(again)) == {409}


# -- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "status", "scim_type"),
    [
        ({"path": "/Users", "bulkId": "1", "data": {}}, 400, "invalidSyntax"),
        ({"method": "GET", "path": "/Users"}, 400, "invalidSyntax"),
        ({"method": "POST", "path": "/Users", "data": {"schemas": [USER], "userName": "x"}}, 400, "invalidSyntax"),
        ({"method": "POST", "path": "/Users", "bulkId": "1"}, 400, "invalidSyntax"),
        ({"method": "POST", "bulkId": "1", "data": {}}, 400, "invalidSyntax"),
        ({"method": "POST", "path": "/Bulk", "bulkId": "1", "data": {}}, 400, "invalidPath"),
        ({"method": "POST", "path": "/.search", "bulkId": "1", "data": {}}, 400, "invalidPath"),
        ({"method": "POST", "path": "/Users/.search", "bulkId": "1", "data": {}}, 400, "invalidPath"),
        ({"method": "POST", "path": "/Lockers", "bulkId": "1", "data": {}}, 404, None),
        ({"method": "POST", "path": "/Users/1", "bulkId": "1", "data": {}}, 405, None),
        ({"method": "PUT", "path": "/Users", "data": {}}, 405, None),
        ({"method": "DELETE", "path": "/Me"}, 400, "invalidPath"),
        ({"method": "DELETE", "path": "/ServiceProviderConfig"}, 405, None),
        ({"method": "DELETE", "path": "/Users/1/2"}, 404, None),
        ({"method": "DELETE", "path": "/Users/1"}, 404, None),
        ({"method": "DELETE", "path": "/Users/1", "version": "none"}, 404, None),
        ({"method": "DELETE", "path": "/Users/1", "version": 1}, 400, "invalidValue"),
        ({"method": "PATCH", "path": "/Users/1", "data": {"schemas": [PATCH_OP]}}, 400, "invalidSyntax"),
        ({"method": "POST", "path": "/Users?count=x", "bulkId": "1", "data": {}}, 400, "invalidValue"),
    ],
)
def test_what_is_wrong_with_one_operation_is_its_own_error(
    seat: Seat, operation: Any, status: int, scim_type: str | None
) -> None:
    before, part, after = send(seat, user("before"), operation, user("after"))
    assert (before["status"], after["status"]) == ("201", "201")
    assert (int(part["status"]), part["response"].get("scimType")) == (status, scim_type), part
    assert part["response"]["status"] == part["status"]
    assert part["response"]["detail"]


@pytest.mark.parametrize(
    ("change", "scim_type"),
    [
        ({"Operations": None}, "invalidSyntax"),
        ({"Operations": []}, "invalidSyntax"),
        ({"Operations": [user("1"), "two"]}, "invalidSyntax"),
        ({"Operations": [user("1"), user("1", "bo")]}, "invalidSyntax"),
        ({"failOnErrors": 0}, "invalidValue"),
        ({"schemas": [PATCH_OP]}, "invalidSyntax"),
    ],
)
def test_what_is_no_bulk_is_400_and_nothing_is_done(seat: Seat, change: dict[str, Any], scim_type: str) -> None:
    answer = seat.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": [user("1")], **change})
    assert (answer.status_code, answer.json()["scimType"]) == (400, scim_type)
    assert seat.names("userName pr") == []


def test_the_path_of_an_operation_may_have_a_query_which_means_what_it_means_alone(seat: Seat) -> None:
    staff, ann = seat.group("staff"), seat.user("ann")
    add = {"op": "add", "path": "members", "value": [{"value": ann["id"]}]}
    (part,) = send(seat, patch(f"/Groups/{staff['id']}?attributes=displayName", add))
    assert part.keys() == {"method", "version", "location", "status"}
    assert (part["status"], part["location"]) == ("200", staff["meta"]["location"])


def test_errors_are_counted_in_the_order_in_which_operations_are_done(seat: Seat) -> None:
    seat.user("ann")
    parts = send(seat, group("g", "bulkId:x"), user("b"), user("x", "ann"), user("c"), failOnErrors=2)
    assert [part["bulkId"] for part in parts] == ["g", "b", "x"]
    parts = send(seat, user("d"), user("e", "ann"), {"method": "GET", "path": "/"}, user("f"), failOnErrors=1)
    assert [part["bulkId"] for part in parts] == ["d", "e"]


# -- surroundings ------------------------------------------------------------------------------------------------------


def test_a_bulk_goes_to_its_tenant_by_name_too_and_locations_say_so(seat: Seat) -> None:
    base = f"{seat.house.url}/t/{seat.name}/scim/v2"
    answer = seat.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": [user("ann"), user("x", "ann")]}, base=base)
    (part, _) = answer.json()["Operations"]
    assert part["location"].startswith(f"{base}/Users/")
    assert seat.names("userName pr") == ["ann"]


def test_other_methods_are_405_and_no_credential_is_401(seat: Seat) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = seat.call(method, "/Bulk", {})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert seat.post("/Bulk", {}, headers={"authorization": ""}).status_code == 401
    assert seat.post("/Bulk", b"<bulk/>", headers={"content-type": "text/xml"}).status_code == 415
    assert seat.post("/Bulk", {}, headers={"accept": "text/html"}).status_code == 406


def test_every_operation_leaves_its_event_with_the_id_of_the_request(seat: Seat) -> None:
    seat.user("ann")
    message = {
        "schemas": [BULK_REQUEST],
        "Operations": [
            user("bo"),
            *(user(f"x{n}", "ann") for n in range(50)),
            *(delete(f"/Users/{n}") for n in range(300)),
            patch("/Users/bulkId:bo", {"op": "add", "path": "title", "value": "x"}),
        ],
    }
    answer = seat.post("/Bulk", message)
    events = [event for event in seat.events() if event.request == answer.headers["x-request-id"]]
    assert [event.kind for event in events[:2]] == ["resource:create", "resource:modify"]
    refused = [event for event in events if event.kind == "write:refuse"]
    assert len(refused) == 301
    counted = Counter({(event.status, event.scim_type): 0 for event in refused})
    for event in refused:
        counted[event.status, event.scim_type] += event.repeats
    assert counted == {(409, "uniqueness"): 50, (404, ""): 300}
    assert {event.resource for event in refused if event.status == 404} == {str(n) for n in range(300)}
    again = seat.post("/Bulk", message).headers["x-request-id"]
    assert {event.kind for event in seat.events() if event.request == again} == {"write:refuse"}
    assert len([event for event in seat.events() if event.request == again]) == 1  # the others are counted for a minute


def test_what_a_tolerance_did_stands_in_the_event_of_its_operation_only(seat: Seat) -> None:
    send(seat, user("ann", active="true"), user("bo"))
    noted = {event.status: event.tolerances for event in seat.events() if event.tolerances}
    assert len([event for event in seat.events() if event.tolerances]) == 1
    assert any("active" in note for note in noted[201])


# -- limits ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def low(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    database = f"sqlite:///{tmp_path_factory.mktemp('low') / 'rollbook.db'}"
    limits = {"ROLLBOOK_BULK_OPERATIONS": "3", "ROLLBOOK_BULK_BYTES": "4096", "ROLLBOOK_BODY_BYTES": "2048"}
    with running_house("sqlite", database, **limits) as house:
        yield house


def padded(size: int, *operations: Any) -> bytes:
    body = json.dumps({"schemas": [BULK_REQUEST], "Operations": operations}).encode()
    return body + b" " * (size - len(body))


def test_numbers_limits_are_settings_announced_and_enforced_at_the_limit_and_one_above(low: House) -> None:
    seat = low.seat("acorn")
    config = seat.get("/ServiceProviderConfig").json()["bulk"]
    assert config == {"supported": True, "maxOperations": 3, "maxPayloadSize": 4096}
    assert statuses(send(seat, *(delete("/Users/1") for _ in range(3)))) == [404] * 3
    answer = seat.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": [delete("/Users/1")] * 4})
    assert (answer.status_code, "3" in answer.json()["detail"]) == (413, True)
    assert seat.post("/Bulk", padded(4096, user("ann"))).status_code == 200
    answer = seat.post("/Bulk", padded(4097, user("bo")))
    assert (answer.status_code, "4096" in answer.json()["detail"]) == (413, True)
    assert seat.names("userName pr") == ["ann"]


def test_numbers_other_bodies_keep_their_own_limit_also_inside_a_bulk(low: House) -> None:
    seat = low.seat("acorn")
    body = json.dumps({"schemas": [USER], "userName": "ann"}).encode()
    assert seat.post("/Users", body + b" " * (2049 - len(body))).status_code == 413
    assert seat.post("/Users", body + b" " * (2048 - len(body))).status_code == 201
    assert statuses(send(seat, user("bo", title="x" * 2048), user("cleo"))) == [413, 201]


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_numbers_ten_thousand_operations_are_done_and_one_more_is_not(seat: Seat) -> None:
    operations = [delete("/Users/1")] * 10_000
    parts = send(seat, *operations, failOnErrors=10_000)
    assert len(parts) == 10_000
    answer = seat.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": [*operations, delete("/Users/1")]})
    assert (answer.status_code, "10000" in answer.json()["detail"]) == (413, True)
