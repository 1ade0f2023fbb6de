"""RFC 7644 §3.5.2.2: PATCH, remove."""

from typing import Any

import pytest
from tests.support.house import ENTERPRISE, Seat


def remove(path: str) -> dict[str, Any]:
    return {"op": "remove", "path": path}


def members(seat: Seat, group: dict[str, Any]) -> set[str]:
    return {m["value"] for m in seat.get(f"/Groups/{group['id']}").json().get("members", [])}


def test_one_member_is_removed(seat: Seat) -> None:
    ann, bo = seat.user("ann"), seat.user("bo")
    staff = seat.group("Staff", ann["id"], bo["id"])
    assert seat.patch(f"/Groups/{staff['id']}", remove(f'members[value eq "{ann["id"]}"]')).status_code == 204
    assert members(seat, staff) == {bo["id"]}


def test_a_member_who_is_none_is_removed_without_a_change_or_a_complaint(seat: Seat) -> None:
    ann, bo = seat.user("ann"), seat.user("bo")
    staff = seat.group("Staff", ann["id"])
    assert seat.patch(f"/Groups/{staff['id']}", remove(f'members[value eq "{bo["id"]}"]')).status_code == 204
    assert seat.get(f"/Groups/{staff['id']}").json() == staff


def test_all_members_are_removed(seat: Seat) -> None:
    staff = seat.group("Staff", seat.user("ann")["id"], seat.user("bo")["id"])
    assert seat.patch(f"/Groups/{staff['id']}", remove("members")).json().get("members") is None
    assert members(seat, staff) == set()
    assert seat.get(f"/Groups/{staff['id']}").json()["displayName"] == "Staff"


def test_one_element_is_removed_by_type_and_value(seat: Seat) -> None:
    emails = [
        {"value": "ann@acorn.example", "type": "work"},
        {"value": "ann@birch.example", "type": "work"},
        {"value": "ann@acorn.example", "type": "home"},
    ]
    ann = seat.user("ann", emails=emails)
    now = seat.patch(f"/Users/{ann['id']}", remove('emails[type eq "work" and value ew "acorn.example"]')).json()
    assert now["emails"] == emails[1:]


def test_one_member_goes_and_one_comes_in_one_request(seat: Seat) -> None:
    ann, bo, cleo = seat.user("ann"), seat.user("bo"), seat.user("cleo")
    staff = seat.group("Staff", ann["id"], cleo["id"])
    come = {"op": "add", "path": "members", "value": [{"display": "Bo", "value": bo["id"]}]}
    answer = seat.patch(f"/Groups/{staff['id']}", remove(f'members[value eq "{ann["id"]}"]'), come)
    assert answer.status_code == 204
    assert members(seat, staff) == {bo["id"], cleo["id"]}


def test_a_single_valued_attribute_and_a_whole_list_become_unassigned(seat: Seat) -> None:
    ann = seat.user("ann", title="Guide", emails=[{"value": "ann@acorn.example"}])
    now = seat.patch(f"/Users/{ann['id']}", remove("title"), remove("emails")).json()
    assert now.keys() == {"schemas", "id", "userName", "active", "meta"}


def test_a_sub_attribute_of_the_elements_that_match_is_removed(seat: Seat) -> None:
    ann = seat.user("ann", emails=[{"value": "a@x.example", "type": "work"}, {"value": "b@x.example", "type": "home"}])
    now = seat.patch(f"/Users/{ann['id']}", remove('emails[type eq "work"].type')).json()
    assert now["emails"] == [{"value": "a@x.example"}, {"value": "b@x.example", "type": "home"}]


def test_the_last_element_that_goes_takes_the_attribute_along(seat: Seat) -> None:
    ann = seat.user("ann", emails=[{"value": "ann@acorn.example", "type": "work"}])
    assert "emails" not in seat.patch(f"/Users/{ann['id']}", remove('emails[type eq "work"]')).json()


def test_an_extension_goes_with_its_schema(seat: Seat) -> None:
    ann = seat.user("ann", **{ENTERPRISE: {"costCenter": "7"}})
    now = seat.patch(f"/Users/{ann['id']}", remove(f"{ENTERPRISE}:costCenter")).json()
    assert ENTERPRISE not in now
    assert ENTERPRISE not in now["schemas"]


def test_a_remove_without_a_path_is_no_target(seat: Seat) -> None:
    ann = seat.user("ann")
    answer = seat.patch(f"/Users/{ann['id']}", {"op": "remove"})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "noTarget")


@pytest.mark.parametrize("path", ["userName", "id", "meta", "groups"])
def test_what_is_required_or_read_only_is_not_removed(seat: Seat, path: str) -> None:
    ann = seat.user("ann")
    answer = seat.patch(f"/Users/{ann['id']}", remove(path))
    assert (answer.status_code, answer.json()["scimType"]) == (400, "mutability")
    assert seat.get(f"/Users/{ann['id']}").json() == ann
