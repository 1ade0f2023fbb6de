"""RFC 7644 §3.7: bulk operations; the examples of §3.7.1 to §3.7.4 with our cast."""

from typing import Any

import httpx2
import pytest
from tests.support.house import ENTERPRISE, ERROR, GROUP, USER, Seat

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"


def bulk(seat: Seat, *operations: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """Send a bulk; what its operations came to."""
    answer = seat.post("/Bulk", {"schemas": [BULK_REQUEST], **more, "Operations": list(operations)})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/scim+json"
    body = answer.json()
    assert body.keys() == {"schemas", "Operations"}
    assert body["schemas"] == [BULK_RESPONSE]
    found: list[dict[str, Any]] = body["Operations"]
    return found


def user(bulk_id: str, name: str, **more: Any) -> dict[str, Any]:
    data = {"schemas": [USER, *(key for key in more if key.startswith("urn:"))], "userName": name, **more}
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data}


def group(bulk_id: str, name: str, *members: str, **member: str) -> dict[str, Any]:
    data = {"schemas": [GROUP], "displayName": name, "members": [{"value": id, **member} for id in members]}
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}


def there(seat: Seat, part: dict[str, Any]) -> dict[str, Any]:
    """The resource at the location that an operation was answered with."""
    answer: httpx2.Response = seat.get(part["location"].removeprefix(seat.base))
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_3_7_1_two_groups_that_hold_each_other_are_created(seat: Seat) -> None:
    first, second = bulk(
        seat,
        group("qwerty", "Group A", "bulkId:ytrewq", type="Group"),
        group("ytrewq", "Group B", "bulkId:qwerty", type="Group"),
    )
    assert [first["status"], second["status"]] == ["201", "201"]
    a, b = there(seat, first), there(seat, second)
    assert [member["value"] for member in a["members"]] == [b["id"]]
    assert [member["value"] for member in b["members"]] == [a["id"]]
    assert a["members"][0]["type"] == "Group"
    assert a["members"][0]["$ref"] == second["location"]
    assert a["meta"]["version"] == first["version"] == 'W/"1"'


def test_3_7_2_a_group_takes_in_a_user_of_the_same_bulk(seat: Seat) -> None:
    ann, guides = bulk(seat, user("qwerty", "ann"), group("ytrewq", "Tour Guides", "bulkId:qwerty", type="User"))
    assert (ann["bulkId"], guides["bulkId"]) == ("qwerty", "ytrewq")
    (member,) = there(seat, guides)["members"]
    assert member["value"] == there(seat, ann)["id"]
    assert there(seat, ann)["groups"][0]["display"] == "Tour Guides"


def test_3_7_2_a_user_has_a_manager_of_the_same_bulk(seat: Seat) -> None:
    ann, bo = bulk(
        seat,
        user("qwerty", "ann"),
        user("ytrewq", "bo", **{ENTERPRISE: {"employeeNumber": "11250", "manager": {"value": "bulkId:qwerty"}}}),
    )
    assert there(seat, bo)[ENTERPRISE]["manager"]["value"] == there(seat, ann)["id"]


def test_3_7_3_operations_of_all_kinds_are_answered_with_location_version_and_status(seat: Seat) -> None:
    ann, bo, cleo = (seat.user(name) for name in ("ann", "bo", "cleo"))
    replaced = {"schemas": [USER], "userName": "ann", "nickName": "Annie"}
    modified = [{"op": "add", "path": "nickName", "value": "Bobo"}]
    patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": modified}
    parts = bulk(
        seat,
        user("qwerty", "dora"),
        {"method": "PUT", "path": f"/Users/{ann['id']}", "version": 'W/"1"', "data": replaced},
        {"method": "PATCH", "path": f"/Users/{bo['id']}", "version": 'W/"1"', "data": patch},
        {"method": "DELETE", "path": f"/Users/{cleo['id']}", "version": 'W/"1"'},
    )
    base = f"{seat.base}/Users"
    assert parts == [
        {
            "method": "POST",
            "bulkId": "qwerty",
            "version": 'W/"1"',
            "location": parts[0]["location"],
            "status": "201",
        },
        {"method": "PUT", "version": 'W/"2"', "location": f"{base}/{ann['id']}", "status": "200"},
        {"method": "PATCH", "version": 'W/"2"', "location": f"{base}/{bo['id']}", "status": "200"},
        {"method": "DELETE", "location": f"{base}/{cleo['id']}", "status": "204"},
    ]
    assert there(seat, parts[0])["userName"] == "dora"
    assert there(seat, parts[1])["nickName"] == "Annie"
    assert there(seat, parts[2])["nickName"] == "Bobo"
    assert seat.get(f"/Users/{cleo['id']}").status_code == 404


def test_3_7_3_an_error_has_its_body_and_only_a_failed_post_has_no_location(seat: Seat) -> None:
    ann = seat.user("ann")
    replaced = {"schemas": [USER], "userName": "ann"}
    post, put = bulk(
        seat,
        user("qwerty", "ann"),
        {"method": "PUT", "path": f"/Users/{ann['id']}", "version": 'W/"7"', "data": replaced},
    )
    assert post.keys() == {"method", "bulkId", "status", "response"}
    assert post["status"] == post["response"]["status"] == "409"
    assert (post["response"]["schemas"], post["response"]["scimType"]) == ([ERROR], "uniqueness")
    assert put.keys() == {"method", "location", "status", "response"}
    assert put["location"] == ann["meta"]["location"]
    assert put["status"] == put["response"]["status"] == "412"


@pytest.mark.parametrize("wrong", [{"data": []}, {}, {"version": 1, "data": {}}])
def test_3_7_3_one_that_is_wrong_in_its_form_has_its_location_too(seat: Seat, wrong: dict[str, Any]) -> None:
    ann = seat.user("ann")
    (put,) = bulk(seat, {"method": "PUT", "path": f"/Users/{ann['id']}", **wrong})
    assert (put["status"], put["location"]) == ("400", ann["meta"]["location"])


def test_3_7_3_without_fail_on_errors_all_is_tried(seat: Seat) -> None:
    seat.user("ann")
    parts = bulk(seat, user("1", "ann"), user("2", "bo"), user("3", "ANN"), user("4", "cleo"))
    assert [part["status"] for part in parts] == ["409", "201", "409", "201"]


@pytest.mark.parametrize(("limit", "tried"), [(1, 2), (2, 4), (3, 5)])
def test_3_7_3_after_so_many_errors_nothing_more_is_tried(seat: Seat, limit: int, tried: int) -> None:
    seat.user("ann")
    names = ["bo", "ann", "cleo", "ann", "ann", "dora"]
    parts = bulk(seat, *(user(str(n), name) for n, name in enumerate(names)), failOnErrors=limit)
    assert len(parts) == tried
    assert [part["status"] for part in parts].count("409") == limit
    assert seat.names('userName eq "dora"') == []


def test_3_7_4_too_many_operations_are_413_and_the_limit_is_named(seat: Seat) -> None:
    config = seat.get("/ServiceProviderConfig").json()["bulk"]
    assert config["supported"] is True
    delete = {"method": "DELETE", "path": "/Users/x"}
    answer = seat.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": [delete] * (config["maxOperations"] + 1)})
    assert answer.status_code == 413
    assert str(config["maxOperations"]) in answer.json()["detail"]
    body = b"{" + b" " * config["maxPayloadSize"]
    answer = seat.post("/Bulk", body)
    assert answer.status_code == 413
    assert str(config["maxPayloadSize"]) in answer.json()["detail"]
