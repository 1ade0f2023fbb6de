"""RFC 7644 §3.5.2.1: PATCH, add."""

from typing import Any

from tests.support.house import ENTERPRISE, Seat


def add(value: Any, path: str | None = None) -> dict[str, Any]:
    return {"op": "add", "value": value, **({"path": path} if path else {})}


def members(seat: Seat, group: dict[str, Any]) -> set[str]:
    return {m["value"] for m in seat.get(f"/Groups/{group['id']}").json().get("members", [])}


def test_a_member_is_added_to_a_group(seat: Seat) -> None:
    ann, staff = seat.user("ann", displayName="Ann"), seat.group("Staff")
    value = {"display": "Ann", "$ref": ann["meta"]["location"], "value": ann["id"]}
    assert seat.patch(f"/Groups/{staff['id']}", add([value], "members")).status_code == 204
    now = seat.get(f"/Groups/{staff['id']}").json()
    assert now["members"] == [{**value, "type": "User"}]
    assert now["meta"]["version"] != staff["meta"]["version"]


def test_a_member_that_is_there_is_not_added_again_and_nothing_changes(seat: Seat) -> None:
    ann = seat.user("ann")
    staff = seat.group("Staff", ann["id"])
    assert seat.patch(f"/Groups/{staff['id']}", add([{"value": ann["id"]}], "members")).status_code == 204
    assert seat.get(f"/Groups/{staff['id']}").json() == staff


def test_attributes_are_added_without_a_path(seat: Seat) -> None:
    ann = seat.user("ann", emails=[{"value": "ann@acorn.example", "type": "work", "primary": True}])
    value = {"emails": [{"value": "ann@home.example", "type": "home"}], "nickname": "Annie"}
    now = seat.patch(f"/Users/{ann['id']}", add(value)).json()
    assert now["nickName"] == "Annie"
    assert now["emails"] == [*ann["emails"], *value["emails"]]


def test_a_value_that_is_there_is_not_added_again_and_nothing_changes(seat: Seat) -> None:
    ann = seat.user("ann", nickName="Annie", emails=[{"value": "ann@acorn.example", "type": "work"}])
    again = {"nickName": "Annie", "emails": [{"type": "work", "value": "ann@acorn.example"}]}
    assert seat.patch(f"/Users/{ann['id']}", add(again)).json() == ann


def test_what_is_not_there_is_added(seat: Seat) -> None:
    ann = seat.user("ann")
    now = seat.patch(f"/Users/{ann['id']}", add("Ann", "name.givenName"), add("7", f"{ENTERPRISE}:costCenter")).json()
    assert (now["name"], now[ENTERPRISE]) == ({"givenName": "Ann"}, {"costCenter": "7"})
    assert ENTERPRISE in now["schemas"]


def test_a_complex_attribute_takes_the_sub_attributes_of_the_value(seat: Seat) -> None:
    ann = seat.user("ann", name={"givenName": "Ann", "familyName": "Berg"})
    now = seat.patch(f"/Users/{ann['id']}", add({"familyName": "Holm"}, "name")).json()
    assert now["name"] == {"givenName": "Ann", "familyName": "Holm"}


def test_a_single_valued_attribute_is_replaced(seat: Seat) -> None:
    ann = seat.user("ann", title="Guide")
    assert seat.patch(f"/Users/{ann['id']}", add("Head guide", "title")).json()["title"] == "Head guide"


def test_an_add_needs_a_value(seat: Seat) -> None:
    ann = seat.user("ann")
    answer = seat.patch(f"/Users/{ann['id']}", {"op": "add", "path": "title"})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
