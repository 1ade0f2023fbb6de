"""RFC 7644 §3.4.3: querying with POST."""

from typing import Any

import pytest
from tests.support.house import SEARCH, Seat

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ASKED: dict[str, Any] = {
    "schemas": [SEARCH],
    "attributes": ["displayName", "userName"],
    "filter": 'displayName sw "berg"',
    "startIndex": 1,
    "count": 10,
}


def peopled(seat: Seat) -> Seat:
    seat.user("ann", displayName="Berg, Ann", title="x")
    seat.user("bo", displayName="berglund")
    seat.user("cleo", displayName="Cleo")
    seat.group("Berg family")
    return seat


def test_a_search_at_the_root_is_over_users_and_groups(seat: Seat) -> None:
    answer = peopled(seat).post("/.search", {**ASKED, "sortBy": "displayName"})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["schemas"], body["totalResults"], body["startIndex"], body["itemsPerPage"]) == ([LIST], 3, 1, 3)
    assert [r["displayName"] for r in body["Resources"]] == ["Berg family", "Berg, Ann", "berglund"]
    assert all(r.keys() <= {"schemas", "id", "displayName", "userName"} for r in body["Resources"])


def test_a_search_at_an_endpoint_is_over_its_type(seat: Seat) -> None:
    peopled(seat)
    assert seat.post("/Users/.search", ASKED).json()["totalResults"] == 2
    assert seat.post("/Groups/.search", {**ASKED, "attributes": ["displayName"]}).json()["totalResults"] == 1


@pytest.mark.parametrize("path", ["/Users", "/Groups", ""])
def test_a_search_is_answered_as_the_same_query_by_get(seat: Seat, path: str) -> None:
    peopled(seat)
    asked = {
        "filter": "displayName pr",
        "sortBy": "displayName",
        "sortOrder": "descending",
        "startIndex": 2,
        "count": 2,
    }
    by_get = seat.get(path or "/", **asked).json()
    by_post = seat.post(f"{path}/.search", {"schemas": [SEARCH], **asked}).json()
    assert by_get == by_post


def test_excluded_attributes_are_a_list(seat: Seat) -> None:
    peopled(seat)
    asked = {"schemas": [SEARCH], "excludedAttributes": ["displayName", "meta"], "filter": "title pr"}
    (ann,) = seat.post("/Users/.search", asked).json()["Resources"]
    assert ann.keys() == {"schemas", "id", "userName", "title", "active"}


def test_a_body_that_is_no_search_request_is_400(seat: Seat) -> None:
    for body in ({**ASKED, "schemas": []}, {**ASKED, "count": "ten"}, {**ASKED, "filter": "displayName"}):
        assert seat.post("/Users/.search", body).status_code == 400
