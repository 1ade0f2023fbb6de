"""RFC 7644 §3.12: errors."""

import httpx2
import pytest
from tests.support.house import ERROR, USER, Seat


def is_error(answer: httpx2.Response, status: int, scim_type: str | None = None) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/scim+json"
    told = answer.json()
    assert told["schemas"] == [ERROR]
    assert told["status"] == str(status)
    assert told.get("scimType") == scim_type
    assert told["detail"].endswith((".", ")"))


def test_a_resource_that_is_not_there_is_told_in_full(seat: Seat) -> None:
    is_error(seat.get("/Users/2819c223-7f76-453a-919d-413861904646"), 404)
    is_error(seat.get("/Nothing"), 404)


def test_a_change_of_what_is_read_only_is_told_in_full(seat: Seat) -> None:
    ann = seat.user("ann")
    is_error(seat.patch(f"/Users/{ann['id']}", {"op": "replace", "path": "id", "value": "2"}), 400, "mutability")


@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        (b'{"schemas": [', "invalidSyntax"),
        (b"[]", "invalidSyntax"),
        ({"userName": "ann"}, "invalidSyntax"),
        ({"schemas": ["urn:nothing"], "userName": "ann"}, "invalidSyntax"),
        ({"schemas": [USER], "userName": "ann", "nothing": 1}, "invalidSyntax"),
        ({"schemas": [USER], "nickName": "Annie"}, "invalidValue"),
        ({"schemas": [USER], "userName": "ann", "active": "yes please"}, "invalidValue"),
        ({"schemas": [USER], "userName": 7}, "invalidValue"),
        ({"schemas": [USER], "userName": "ann", "name": "Ann"}, "invalidValue"),
    ],
)
def test_each_kind_of_wrong_body_has_its_scim_type(seat: Seat, body: object, scim_type: str) -> None:
    is_error(seat.post("/Users", body), 400, scim_type)
    assert seat.get("/Users").json()["totalResults"] == 0


def test_a_request_without_a_credential_is_challenged(seat: Seat) -> None:
    answer = seat.get("/Users", headers={"authorization": ""})
    is_error(answer, 401)
    assert answer.headers["www-authenticate"].lower().startswith("bearer")


def test_what_is_not_offered_is_501_and_a_method_that_is_not_is_405(seat: Seat) -> None:
    is_error(seat.get("/Me"), 501)
    answer = seat.call("PUT", "/Users", {})
    is_error(answer, 405)
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))
