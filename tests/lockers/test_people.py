"""The System API: users with their badges, and user groups, which are SCIM's."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from tests.lockers.conftest import Company

NOBODY = "0199c1f2-7a5e-7000-8000-000000000009"


def test_users_are_those_of_scim(company: Company) -> None:
    first = company.get("/users", limit=2)
    rest = company.get("/users", limit=2, cursor=first["nextCursor"])
    assert {one["userName"] for one in (*first["items"], *rest["items"])} == {"ann", "bo", "cleo"}
    assert rest["nextCursor"] is None
    (ann,) = company.items("/users", userName="ANN")
    assert (ann["id"], ann["active"], ann["badges"]) == (company.ann, True, [])
    assert company.get(f"/users/{company.ann}") == ann
    company.seat.patch(f"/Users/{company.ann}", {"op": "replace", "path": "active", "value": False})
    assert [one["userName"] for one in company.items("/users", active="false")] == ["ann"]
    assert company.items("/users", userName='x" or userName pr or "') == []
    assert company.code("GET", f"/users/{company.staff}") == (404, "notFound")


def test_who_is_in_no_group_is_found(company: Company) -> None:
    assert [one["userName"] for one in company.items("/users", inGroup="false")] == ["cleo"]
    assert {one["userName"] for one in company.items("/users", inGroup="true")} == {"ann", "bo"}
    company.make(f"/user-groups/{company.staff}/members", {"remove": [company.ann]})
    found = company.items("/users", inGroup="false", active="true", updatedSince="2020-01-01T00:00:00Z")
    assert {one["userName"] for one in found} == {"ann", "cleo"}


def test_a_user_has_badges_of_his_own(company: Company) -> None:
    path = f"/users/{company.ann}/badges"
    given = company.make(path, {"add": [{"value": "04A1", "display": "blue card"}]})
    assert given["badges"] == [{"value": "04A1", "display": "blue card"}]
    assert [one["id"] for one in company.items("/users", badge="04A1")] == [company.ann]
    swapped = company.make(path, {"remove": ["04A1"], "add": [{"value": "04B2"}]})
    assert swapped["badges"] == [{"value": "04B2", "display": None}]
    assert company.items("/users", badge="04A1") == []
    assert company.code("POST", f"/users/{company.bo}/badges", {"add": [{"value": "04B2"}]})[0] == 409
    assert company.make(path, {})["badges"] == swapped["badges"]
    assert company.code("POST", f"/users/{NOBODY}/badges", {"add": [{"value": "1"}]}) == (404, "notFound")


def test_a_badge_that_is_there_already_is_no_second_one(company: Company) -> None:
    path = f"/users/{company.ann}/badges"
    company.make(path, {"add": [{"value": "1", "display": "old"}, {"value": "1", "display": "blue"}]})
    first = company.make(path, {"add": [{"value": "1"}]})
    assert (first["badges"], first["version"]) == ([{"value": "1", "display": "blue"}], 2)
    named = company.make(path, {"add": [{"value": "1", "display": "red"}, {"value": "2"}]})
    assert named["badges"] == [{"value": "1", "display": "red"}, {"value": "2", "display": None}]
    anew = company.make(path, {"remove": ["1", "none"], "add": [{"value": "1"}]})
    assert sorted(one["value"] for one in anew["badges"]) == ["1", "2"]
    assert {"value": "1", "display": None} in anew["badges"]
    assert company.code("POST", f"/users/{NOBODY}/badges", {"add": [{"value": "9"}]}) == (404, "notFound")


def test_what_a_user_holds_is_listed(company: Company) -> None:
    held = company.make("/assignments", {"userId": company.ann})
    assert company.items(f"/users/{company.ann}/assignments") == [held]
    assert company.code("GET", f"/users/{NOBODY}/assignments") == (404, "notFound")


def test_user_groups_are_groups_of_scim(company: Company) -> None:
    made = company.call("POST", "/user-groups", {"displayName": "Guests", "externalId": "g1"})
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    path = f"/user-groups/{made.json()['id']}"
    assert made.headers["location"] == f"/api/v1{path}"
    assert company.seat.get(f"/Groups/{made.json()['id']}").json()["displayName"] == "Guests"
    assert [one["displayName"] for one in company.items("/user-groups", displayName="guests")] == ["Guests"]
    assert {one["displayName"] for one in company.items("/user-groups")} == {"Guests", "Staff"}
    assert company.code("PATCH", path, {"displayName": "Visitors"}) == (428, "preconditionRequired")
    assert company.code("PATCH", path, {"displayName": "Visitors"}, match='"7"') == (412, "preconditionFailed")
    changed = company.call("PATCH", path, {"displayName": "Visitors", "externalId": None}, match='"1"').json()
    assert (changed["displayName"], changed["externalId"], changed["version"]) == ("Visitors", None, 2)
    assert company.code("PATCH", path, {"displayName": None}, match="*") == (400, "invalidBody")
    assert company.call("DELETE", path, match="*").status_code == 204
    assert company.seat.get(f"/Groups/{made.json()['id']}").status_code == 404
    assert company.code("GET", path) == (404, "notFound")


def test_a_group_with_a_key_is_made_once(company: Company) -> None:
    made = [company.make("/user-groups", {"displayName": "Guests"}, key="g-1") for _ in range(2)]
    assert made[0] == made[1]
    assert len(company.items("/user-groups", displayName="Guests")) == 1
    assert company.code("POST", "/user-groups", {"displayName": "Others"}, key="g-1") == (422, "keyReused")
    assert company.make("/user-groups", {"displayName": "Guests"}, key="g-2")["id"] != made[0]["id"]


def test_members_come_and_go(company: Company) -> None:
    path = f"/user-groups/{company.staff}/members"
    assert company.items(path) == sorted([company.ann, company.bo])
    first = company.get(path, limit=1)
    assert company.items(path, cursor=first["nextCursor"]) == sorted([company.ann, company.bo])[1:]
    company.make(path, {"add": [company.cleo], "remove": [company.ann]})
    assert company.items(path) == sorted([company.bo, company.cleo])
    assert company.code("POST", "/assignments", {"userId": company.ann}) == (403, "noLink")
    assert company.make("/assignments", {"userId": company.cleo})["userId"] == company.cleo
    assert company.code("POST", path, {"add": [NOBODY]}) == (422, "noMember")
    assert company.code("GET", f"/user-groups/{NOBODY}/members") == (404, "notFound")


def test_what_has_changed_since_then_is_listed_in_that_order(company: Company) -> None:
    (bo,) = company.items("/users", userName="bo")
    since = bo["lastModified"]
    company.seat.patch(f"/Users/{company.ann}", {"op": "replace", "path": "displayName", "value": "Ann"})
    first = company.get("/users", updatedSince=since, limit=1)
    rest = company.get("/users", updatedSince=since, cursor=first["nextCursor"])
    names = [one["userName"] for one in (*first["items"], *rest["items"])]
    assert names[-1] == "ann"
    assert set(names) >= {"bo", "ann"}
    assert rest["nextCursor"] is None
    last = company.get(f"/users/{company.ann}")["lastModified"]
    assert [one["userName"] for one in company.items("/users", updatedSince=last, userName="bo")] == []
    assert [one["userName"] for one in company.items("/users", updatedSince=last, active="true")] == ["ann"]
    later = "2999-01-01T00:00:00Z"
    assert company.items("/users", updatedSince=later) == company.items("/user-groups", updatedSince=later) == []
    assert company.code("GET", "/users", updatedSince="yesterday") == (400, "invalidParameter")
    assert company.code("GET", "/users", updatedSince=since, cursor="WyJhIl0") == (400, "invalidCursor")


@pytest.mark.parametrize(
    "edge", [[], ["a"], ["a", "b"], [7], {}, ["\0", NOBODY], [NOBODY, NOBODY, NOBODY], [f"{NOBODY}\n"]]
)
def test_a_cursor_that_nobody_was_given_is_refused(company: Company, edge: Any) -> None:
    cursor = urlsafe_b64encode(json.dumps(edge).encode()).decode().rstrip("=")
    lists = ("/users", "/user-groups", "/lockers", "/links", "/assignments", "/leavers")
    paths = (*lists, f"/user-groups/{company.staff}/members", f"/users/{company.ann}/effective-lockers")
    for path in paths:
        assert company.code("GET", path, cursor=cursor) == (400, "invalidCursor"), path
    for path in lists[:-1]:
        asked = {"updatedSince": "2020-01-01T00:00:00Z"}
        assert company.code("GET", path, cursor=cursor, **asked) == (400, "invalidCursor"), path


def test_a_group_whose_members_change_has_changed(company: Company) -> None:
    company.seat.group("Guests")
    before = company.get(f"/user-groups/{company.staff}")["lastModified"]
    company.make(f"/user-groups/{company.staff}/members", {"add": [company.cleo]})
    changed = company.items("/user-groups", updatedSince=before)
    assert changed[-1]["displayName"] == "Staff"
    assert changed[-1]["lastModified"] >= before
