"""RFC 9865: pages by cursor, retold with our cast."""

import re
from typing import Any

import pytest
from tests.support.house import SEARCH, Seat

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@pytest.fixture
def crowd(seat: Seat) -> Seat:
    for n in range(7):
        seat.user(f"john{n}", displayName=f"Smith {n}")
    seat.user("cleo")
    return seat


def page(seat: Seat, path: str = "/Users", **query: Any) -> dict[str, Any]:
    answer = seat.get(path, **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def names(body: dict[str, Any]) -> list[str]:
    return [r["userName"] for r in body["Resources"]]


def refused(seat: Seat, **query: Any) -> tuple[int, str | None]:
    answer = seat.get("/Users", **query)
    return answer.status_code, answer.json().get("scimType")


def test_2_an_empty_cursor_asks_for_the_first_page(crowd: Seat) -> None:
    body = page(crowd, filter='userName sw "J"', cursor="", count=3)
    assert body["schemas"] == [LIST]
    assert (body["totalResults"], body["itemsPerPage"]) == (7, 3)
    assert "startIndex" not in body
    assert "previousCursor" not in body
    assert re.fullmatch(r"[A-Za-z0-9._~-]+", body["nextCursor"])  # RFC 3986 §2.3


def test_2_a_cursor_without_a_value_is_an_empty_one(crowd: Seat) -> None:
    answer = crowd.call("GET", "/Users?filter=userName%20sw%20J&cursor&count=10".replace("sw%20J", "sw%20%22J%22"))
    assert answer.status_code == 200
    assert len(answer.json()["Resources"]) == 7


def test_2_the_next_cursor_leads_on_until_the_last_page_which_has_none(crowd: Seat) -> None:
    query: dict[str, Any] = {"filter": 'userName sw "J"', "count": 3, "sortBy": "userName"}
    first = page(crowd, cursor="", **query)
    second = page(crowd, cursor=first["nextCursor"], **query)
    third = page(crowd, cursor=second["nextCursor"], **query)
    assert [names(first), names(second), names(third)] == [
        ["john0", "john1", "john2"],
        ["john3", "john4", "john5"],
        ["john6"],
    ]
    assert "nextCursor" not in third
    assert [body["totalResults"] for body in (first, second, third)] == [7, 7, 7]


def test_2_a_page_that_is_just_full_and_the_last_has_no_next_cursor(crowd: Seat) -> None:
    body = page(crowd, filter='userName sw "J"', cursor="", count=7)
    assert len(body["Resources"]) == 7
    assert "nextCursor" not in body


def test_2_the_previous_cursor_leads_back_to_the_first_page_which_has_none(crowd: Seat) -> None:
    query: dict[str, Any] = {"count": 3, "sortBy": "userName", "sortOrder": "descending"}
    first = page(crowd, cursor="", **query)
    second = page(crowd, cursor=first["nextCursor"], **query)
    back = page(crowd, cursor=second["previousCursor"], **query)
    assert back["Resources"] == first["Resources"]
    assert "previousCursor" not in back
    assert page(crowd, cursor=back["nextCursor"], **query)["Resources"] == second["Resources"]


def test_2_count_zero_gives_only_the_total(crowd: Seat) -> None:
    for count in (0, -1):
        body = page(crowd, cursor="", count=count)
        assert (body["totalResults"], body["Resources"]) == (8, [])
        assert "nextCursor" not in body


def test_2_1_a_cursor_that_we_did_not_give_is_refused(crowd: Seat) -> None:
    given = page(crowd, cursor="", count=2)["nextCursor"]
    changed = given[:-6] + ("A" if given[-6] != "A" else "B") + given[-5:]
    for cursor in ("not-a-cursor", "VZUTiyhEQJ94IR", given + "A", given[:-1], changed, "ü", " ", "=" * 80, "A" * 90):
        assert refused(crowd, cursor=cursor, count=2) == (400, "invalidCursor"), cursor


@pytest.mark.parametrize(
    "other",
    [
        {"filter": 'userName sw "jo"'},
        {"sortBy": "userName"},
        {"sortBy": "name.familyName", "sortOrder": "descending"},
    ],
)
def test_2_a_cursor_is_good_for_the_query_that_it_was_given_with(crowd: Seat, other: dict[str, str]) -> None:
    cursor = page(crowd, cursor="", count=2, sortBy="name.familyName")["nextCursor"]
    assert refused(crowd, cursor=cursor, count=2, **other) == (400, "invalidCursor")
    assert page(crowd, cursor=cursor, count=2, sortBy="name.familyName")


def test_2_a_cursor_is_good_for_its_endpoint_and_tenant(crowd: Seat) -> None:
    cursor = page(crowd, cursor="", count=2)["nextCursor"]
    for seat, path in ((crowd, "/Groups"), (crowd, "/"), (crowd.house.seat("birch"), "/Users")):
        answer = seat.get(path, cursor=cursor, count=2)
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidCursor")


def test_2_1_a_count_is_at_most_the_largest_page_and_stays_as_it_was(crowd: Seat) -> None:
    assert page(crowd, cursor="", count=1000)
    assert refused(crowd, cursor="", count=1001) == (400, "invalidCount")
    assert refused(crowd, cursor="", count="many") == (400, "invalidCount")
    cursor = page(crowd, cursor="", count=2)["nextCursor"]
    for count in (3, 1, 0):
        assert refused(crowd, cursor=cursor, count=count) == (400, "invalidCount")
    assert refused(crowd, cursor=cursor) == (400, "invalidCount")


def test_2_2_pages_by_cursor_are_sorted(crowd: Seat) -> None:
    query: dict[str, Any] = {"sortBy": "displayName", "sortOrder": "descending", "count": 3}
    found, body = [], page(crowd, cursor="", **query)
    found += names(body)
    while "nextCursor" in body:
        body = page(crowd, cursor=body["nextCursor"], **query)
        found += names(body)
    assert found == ["cleo", *(f"john{n}" for n in range(6, -1, -1))]


def test_2_4_pages_are_by_index_where_the_client_says_nothing(crowd: Seat) -> None:
    body = page(crowd, count=2)
    assert body["startIndex"] == 1
    assert "nextCursor" not in body


def test_2_4_one_way_at_a_time(crowd: Seat) -> None:
    assert refused(crowd, cursor="", startIndex=3) == (400, "invalidValue")
    assert page(crowd, cursor="", startIndex=1)


def test_3_a_search_takes_a_cursor_in_its_body(crowd: Seat) -> None:
    search = {
        "schemas": [SEARCH],
        "attributes": ["displayName", "userName"],
        "filter": 'displayName sw "smith"',
        "cursor": "",
        "count": 5,
    }
    first = crowd.post("/Users/.search", search).json()
    assert (first["totalResults"], first["itemsPerPage"]) == (7, 5)
    second = crowd.post("/Users/.search", {**search, "cursor": first["nextCursor"]}).json()
    assert len(second["Resources"]) == 2
    assert set(second["Resources"][0]) == {"id", "displayName", "userName", "schemas"}
    assert crowd.post("/Users/.search", {**search, "cursor": 7}).json()["scimType"] == "invalidCursor"


def test_3_a_search_at_the_root_walks_over_all_types(crowd: Seat) -> None:
    crowd.group("Zinnias")
    search: dict[str, Any] = {"schemas": [SEARCH], "sortBy": "displayName", "cursor": "", "count": 4}
    found = []
    while True:
        body = crowd.post("/.search", search).json()
        found += [r.get("userName") or r["displayName"] for r in body["Resources"]]
        if "nextCursor" not in body:
            break
        search["cursor"] = body["nextCursor"]
    assert found == [*(f"john{n}" for n in range(7)), "Zinnias", "cleo"]


def test_4_the_configuration_announces_it(seat: Seat) -> None:
    assert seat.get("/ServiceProviderConfig").json()["pagination"] == {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": 100,
        "maxPageSize": 1000,
        "cursorTimeout": 3600,
    }


def test_5_2_a_cursor_gives_nothing_away(crowd: Seat) -> None:
    import base64

    cursor = page(crowd, cursor="", count=2, sortBy="userName")["nextCursor"]
    assert b"john" not in base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
