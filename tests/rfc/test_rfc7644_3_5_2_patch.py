"""RFC 7644 §3.5.2: modifying with PATCH, what holds of every operation."""

import pytest
from tests.support.house import PATCH_OP, Seat


def test_an_answer_is_the_resource_after_all_operations(seat: Seat) -> None:
    made = seat.user("ann")
    answer = seat.patch(
        f"/Users/{made['id']}",
        {"op": "add", "path": "nickName", "value": "Annie"},
        {"op": "replace", "path": "nickName", "value": "An"},
        {"op": "add", "path": "title", "value": "Guide"},
    )
    assert answer.status_code == 200
    assert (answer.json()["nickName"], answer.json()["title"]) == ("An", "Guide")
    assert answer.headers["etag"] == answer.json()["meta"]["version"] != made["meta"]["version"]
    assert seat.get(f"/Users/{made['id']}").json() == answer.json()


def test_one_operation_that_fails_undoes_those_before_it(seat: Seat) -> None:
    made = seat.user("ann", nickName="Annie")
    answer = seat.patch(
        f"/Users/{made['id']}",
        {"op": "replace", "path": "nickName", "value": "An"},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "ann@acorn.example"},
    )
    assert (answer.status_code, answer.json()["scimType"]) == (400, "noTarget")
    assert seat.get(f"/Users/{made['id']}").json() == made


def test_attributes_shape_the_answer(seat: Seat) -> None:
    made = seat.user("ann", title="Guide")
    operation = {"op": "replace", "path": "nickName", "value": "An"}
    shown = seat.call(
        "PATCH", f"/Users/{made['id']}", {"schemas": [PATCH_OP], "Operations": [operation]}, attributes="nickName"
    )
    assert shown.status_code == 200
    assert shown.json().keys() == {"schemas", "id", "nickName"}


def test_a_new_primary_value_takes_the_mark_from_the_old_one(seat: Seat) -> None:
    made = seat.user("ann", emails=[{"value": "a@acorn.example", "primary": True}, {"value": "b@acorn.example"}])
    new = {"op": "add", "path": "emails", "value": [{"value": "c@acorn.example", "primary": True}]}
    emails = seat.patch(f"/Users/{made['id']}", new).json()["emails"]
    assert [e["value"] for e in emails if e.get("primary")] == ["c@acorn.example"]
    assert len(emails) == 3


@pytest.mark.parametrize("path", ["id", "meta.created", "groups", "meta"])
def test_what_is_read_only_is_refused_with_mutability(seat: Seat, path: str) -> None:
    made = seat.user("ann")
    answer = seat.patch(f"/Users/{made['id']}", {"op": "replace", "path": path, "value": "x"})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "mutability")
    assert seat.get(f"/Users/{made['id']}").json() == made


@pytest.mark.parametrize("path", ['emails[type eq "work"', "emails..value", "nothing", "emails.nothing", "name."])
def test_a_path_that_is_none_is_refused_with_invalid_path(seat: Seat, path: str) -> None:
    made = seat.user("ann")
    answer = seat.patch(f"/Users/{made['id']}", {"op": "replace", "path": path, "value": "x"})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidPath")


def test_an_unknown_op_and_a_message_of_another_kind_are_refused(seat: Seat) -> None:
    made = seat.user("ann")
    path = f"/Users/{made['id']}"
    assert seat.patch(path, {"op": "move", "path": "title", "value": "x"}).status_code == 400
    assert seat.call("PATCH", path, {"Operations": [{"op": "add", "path": "title", "value": "x"}]}).status_code == 400
    assert seat.call("PATCH", path, {"schemas": [PATCH_OP]}).status_code == 400
    assert seat.get(path).json() == made


def test_a_resource_that_is_not_there_is_404(seat: Seat) -> None:
    assert seat.patch("/Users/nobody", {"op": "add", "path": "title", "value": "x"}).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "members",
        "name.familyName",
        'addresses[type eq "work"]',
        'members[value eq "2819c223-7f76-453a-919d-413861904646"]',
        'members[value eq "2819c223-7f76-453a-919d-413861904646"].display',
    ],
)
def test_every_form_of_path_is_understood(seat: Seat, path: str) -> None:
    resource = seat.group("Staff") if path.startswith("members") else seat.user("ann")
    endpoint = "/Groups" if path.startswith("members") else "/Users"
    answer = seat.patch(f"{endpoint}/{resource['id']}", {"op": "remove", "path": path})
    if path.endswith(".display"):
        assert answer.json()["scimType"] == "mutability", "understood, and a member is never changed"
    else:
        assert answer.status_code in (200, 204)
