"""Protocol 1.1 §3.5: bulks."""

from typing import Any

from tests.rfc.scim11.people import CORE, described, made
from tests.support.house import Seat


def bulk(seat: Seat, *operations: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    answer = seat.post("/Bulk", {"schemas": [CORE], **more, "Operations": operations})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["schemas"] == [CORE]
    found: list[dict[str, Any]] = body["Operations"]
    return found


def post(bulk_id: str, **data: Any) -> dict[str, Any]:
    path = "/Users" if "userName" in data else "/Groups"
    return {"method": "POST", "path": path, "bulkId": bulk_id, "data": {"schemas": [CORE], **data}}


def test_every_kind_of_operation_with_its_status_as_an_object(old: Seat) -> None:
    ann, bo, cleo = (made(old, userName=name) for name in ("ann", "bo", "cleo"))
    version = ann["meta"]["version"]
    parts = bulk(
        old,
        post("qwerty", userName="dora"),
        {"method": "PUT", "path": f"/Users/{ann['id']}", "version": version, "data": {"userName": "anna"}},
        {"method": "PATCH", "path": f"/Users/{bo['id']}", "version": version, "data": {"title": "Lead"}},
        {"method": "DELETE", "path": f"/Users/{cleo['id']}", "version": version},
    )
    assert [part["status"] for part in parts] == [{"code": code} for code in ("201", "200", "200", "200")]
    assert [part["method"] for part in parts] == ["POST", "PUT", "PATCH", "DELETE"]
    made_now, put, patched, deleted = parts
    assert made_now["bulkId"] == "qwerty"
    dora = old.get(made_now["location"].removeprefix(old.base)).json()
    assert made_now["version"] == dora["meta"]["version"]
    assert put["location"] == ann["meta"]["location"]
    assert patched["version"] == 'W/"2"'
    assert "version" not in deleted


def test_what_is_made_can_be_named_by_its_bulk_id_forwards_and_backwards(old: Seat) -> None:
    parts = bulk(
        old,
        post("staff", displayName="Staff", members=[{"value": "bulkId:ann"}]),
        post("ann", userName="ann"),
        {"method": "PATCH", "path": "/Groups/bulkId:staff",
         "data": {"members": [{"value": "bulkId:ann", "operation": "delete"}]}},
        post("bo", userName="bo", **{"urn:scim:schemas:extension:enterprise:1.0": {
            "manager": {"managerId": "bulkId:ann"}}}),
    )  # fmt: skip
    assert [part["status"]["code"] for part in parts] == ["201", "201", "200", "201"]
    ann, bo = (part["location"].rpartition("/")[2] for part in (parts[1], parts[3]))
    manager = old.get(f"/Users/{bo}").json()["urn:scim:schemas:extension:enterprise:1.0"]["manager"]
    assert manager == {"managerId": ann}
    assert "members" not in old.get(parts[0]["location"].removeprefix(old.base)).json()


def test_an_error_has_its_description_and_the_others_are_done(old: Seat) -> None:
    made(old, userName="ann")
    refused, done = bulk(old, post("a", userName="ann"), post("b", userName="bo"))
    assert refused["status"]["code"] == "409"
    assert "userName" in refused["status"]["description"]
    assert refused["bulkId"] == "a"
    assert "response" not in refused
    assert done["status"] == {"code": "201"}


def test_a_version_that_does_not_match_is_412(old: Seat) -> None:
    ann = made(old, userName="ann")
    (part,) = bulk(old, {"method": "DELETE", "path": f"/Users/{ann['id']}", "version": 'W/"9"'})
    assert part["status"]["code"] == "412"
    assert part["location"] == ann["meta"]["location"]


def test_after_as_many_errors_as_are_accepted_nothing_is_done(old: Seat) -> None:
    made(old, userName="ann")
    parts = bulk(old, post("a", userName="ann"), post("b", userName="bo"), failOnErrors=1)
    assert [part["status"]["code"] for part in parts] == ["409"]


def test_a_bulk_that_is_too_large_is_413_and_the_error_names_the_limit(old: Seat) -> None:
    many = [{"method": "DELETE", "path": "/Users/42"}] * 10_001
    assert "maxOperations" in described(old.post("/Bulk", {"schemas": [CORE], "Operations": many}), 413)


def test_the_message_need_not_say_its_schema_but_cannot_be_another(old: Seat) -> None:
    assert old.post("/Bulk", {"Operations": [post("a", userName="ann")]}).status_code == 200
    wrong = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [post("b", userName="b")]}
    assert CORE in described(old.post("/Bulk", wrong), 400)
    described(old.post("/Bulk", {"schemas": [CORE], "Operations": []}), 400)


def test_an_address_that_takes_no_part_in_bulks_is_the_parts_error(old: Seat) -> None:
    (part,) = bulk(old, {"method": "POST", "path": "/Bulk", "bulkId": "a", "data": {}})
    assert part["status"]["code"] == "400"
