"""Protocol 1.1 §3.3.2: partial resources. What each rule comes to is in unit tests; here they are on the wire."""

from typing import Any

import pytest
from tests.rfc.scim11.people import ANN, CORE, ENTERPRISE, described, made, patched
from tests.support.house import Seat


@pytest.fixture
def ann(old: Seat) -> dict[str, Any]:
    return made(old, **ANN)


def test_a_patch_is_200_with_the_resource(old: Seat, ann: dict[str, Any]) -> None:
    answer = patched(old, ann, {"title": "Lead", "name": {"givenName": "Anna"}})
    assert answer.status_code == 200
    now = answer.json()
    assert (now["title"], now["name"]) == ("Lead", {**ANN["name"], "givenName": "Anna"})
    assert now == old.get(f"/Users/{ann['id']}").json()
    assert answer.headers["etag"] == now["meta"]["version"] != ann["meta"]["version"]


def test_what_meta_attributes_names_goes_first(old: Seat, ann: dict[str, Any]) -> None:
    gone = ["title", "name.formatted", f"{ENTERPRISE}:costCenter", f"{CORE}:emails"]
    now = patched(old, ann, {"meta": {"attributes": gone}, "emails": ["new@acorn.example"]}).json()
    assert "title" not in now
    assert now["name"] == {"givenName": "Ann", "familyName": "Oak"}
    assert now[ENTERPRISE] == {"employeeNumber": "701", "manager": {"managerId": "26118915"}}
    assert now["emails"] == [{"value": "new@acorn.example"}]


def test_values_come_go_and_are_merged(old: Seat, ann: dict[str, Any]) -> None:
    emails = [
        {"value": "ann@work.example", "type": "work", "primary": True},
        {"value": "ann@acorn.example", "display": "Old"},
        {"value": "ann@home.example", "operation": "delete"},
    ]
    assert patched(old, ann, {"emails": emails}).json()["emails"] == [
        {"value": "ann@acorn.example", "type": "work", "primary": False, "display": "Old"},
        {"value": "ann@work.example", "type": "work", "primary": True},
    ]


def test_an_address_is_changed_by_deleting_and_adding_it(old: Seat, ann: dict[str, Any]) -> None:
    addresses = [{**ANN["addresses"][0], "operation": "delete"}, {"type": "work", "streetAddress": "Oak Lane 2"}]
    assert patched(old, ann, {"addresses": addresses}).json()["addresses"] == addresses[1:]


def test_a_deletion_that_finds_nothing_is_a_success_and_changes_nothing(old: Seat, ann: dict[str, Any]) -> None:
    answer = patched(old, ann, {"emails": [{"value": "bo@acorn.example", "operation": "delete"}]})
    assert (answer.status_code, answer.json()) == (200, ann)


def test_two_primary_values_are_refused_and_nothing_is_done(old: Seat, ann: dict[str, Any]) -> None:
    emails = [{"value": "a@acorn.example", "primary": True}, {"value": "b@acorn.example", "primary": True}]
    assert "primary" in described(patched(old, ann, {"title": "Lead", "emails": emails}), 400)
    assert old.get(f"/Users/{ann['id']}").json() == ann


def test_a_member_is_added_and_deleted_and_the_answer_is_204(old: Seat, ann: dict[str, Any]) -> None:
    bo = made(old, userName="bo")
    staff = made(old, displayName="Staff", members=[{"value": ann["id"]}])
    answer = patched(old, staff, {"members": [{"value": bo["id"]}, {"value": ann["id"], "operation": "delete"}]})
    assert (answer.status_code, answer.content) == (204, b"")
    now = old.get(f"/Groups/{staff['id']}").json()
    assert [member["value"] for member in now["members"]] == [bo["id"]]
    assert now["members"][0].keys() == {"value", "type"}
    assert answer.headers["etag"] == now["meta"]["version"]


def test_attributes_ask_for_the_resource_in_any_case(old: Seat, ann: dict[str, Any]) -> None:
    staff = made(old, displayName="Staff")
    answer = patched(old, staff, {"members": [{"value": ann["id"]}]}, attributes="displayName,members")
    assert answer.status_code == 200
    assert [member["value"] for member in answer.json()["members"]] == [ann["id"]]


def test_all_members_are_replaced_where_meta_attributes_names_them(old: Seat, ann: dict[str, Any]) -> None:
    bo = made(old, userName="bo")
    staff = made(old, displayName="Staff", members=[{"value": ann["id"]}])
    patched(old, staff, {"meta": {"attributes": ["members"]}, "members": [{"value": bo["id"]}]})
    assert [m["value"] for m in old.get(f"/Groups/{staff['id']}").json()["members"]] == [bo["id"]]
    patched(old, staff, {"meta": {"attributes": ["members"]}})
    assert "members" not in old.get(f"/Groups/{staff['id']}").json()


def test_a_member_that_is_not_there_is_400(old: Seat) -> None:
    staff = made(old, displayName="Staff")
    described(patched(old, staff, {"members": [{"value": "2819c223-7f76-453a-919d-413861904646"}]}), 400)


def test_null_changes_nothing_and_the_event_says_so(old: Seat, ann: dict[str, Any]) -> None:
    answer = patched(old, ann, {"title": None, "emails": [], "nickName": "Annie"})
    assert (answer.json()["title"], answer.json()["emails"]) == (ANN["title"], ANN["emails"])
    assert {"null: title", "null: emails"} <= set(old.events()[-1].tolerances)


def test_operations_of_2_0_are_refused(old: Seat, ann: dict[str, Any]) -> None:
    body = {"Operations": [{"op": "replace", "path": "title", "value": "Lead"}]}
    assert "Operations" in described(patched(old, ann, body), 400)


def test_what_is_required_cannot_go(old: Seat, ann: dict[str, Any]) -> None:
    assert "userName" in described(patched(old, ann, {"meta": {"attributes": ["userName"]}}), 400)


def test_an_unknown_id_is_404(old: Seat) -> None:
    described(old.call("PATCH", "/Users/2819c223-7f76-453a-919d-413861904646", {"title": "Lead"}), 404)
