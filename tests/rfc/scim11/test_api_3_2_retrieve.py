"""Protocol 1.1 §3.2: reading one resource, and lists with filters, order and pages."""

from typing import Any

import pytest
from tests.rfc.scim11.people import ANN, CORE, ENTERPRISE, described, made
from tests.support.house import Seat


@pytest.fixture
def three(old: Seat) -> Seat:
    made(old, **ANN)
    made(old, userName="bo", title="Lead", name={"familyName": "Birch"}, active=False)
    made(old, userName="cleo", emails=["cleo@acorn.example"])
    return old


def found(seat: Seat, filter: str, **query: Any) -> list[str]:
    answer = seat.get("/Users", filter=filter, **query)
    assert answer.status_code == 200, answer.text
    return [user["userName"] for user in answer.json()["Resources"]]


def test_3_2_1_one_resource_is_read_with_its_etag_and_location(old: Seat) -> None:
    ann = made(old, **ANN)
    answer = old.get(f"/Users/{ann['id']}")
    assert (answer.status_code, answer.json()) == (200, ann)
    assert (answer.headers["etag"], answer.headers["location"]) == (ann["meta"]["version"], ann["meta"]["location"])


def test_3_2_1_an_id_that_nobody_has_is_404(old: Seat) -> None:
    described(old.get("/Users/2819c223-7f76-453a-919d-413861904646"), 404)


def test_3_2_2_a_list_has_the_core_schema_and_its_counts(three: Seat) -> None:
    body = three.get("/Users").json()
    assert {name: body[name] for name in ("totalResults", "itemsPerPage", "startIndex", "schemas")} == {
        "totalResults": 3, "itemsPerPage": 3, "startIndex": 1, "schemas": [CORE],
    }  # fmt: skip
    assert body["Resources"][0] == three.get(f"/Users/{body['Resources'][0]['id']}").json()


def test_3_2_2_unknown_parameters_are_ignored(three: Seat) -> None:
    assert three.get("/Users", excludedAttributes="userName", cursor="", shoeSize=7).json()["totalResults"] == 3


@pytest.mark.parametrize(
    ("filter", "names"),
    [
        ('userName eq "ann"', ["ann"]),
        ('USERNAME EQ "Ann"', ["ann"]),
        ('name.familyName co "IR"', ["bo"]),
        ('userName sw "c"', ["cleo"]),
        ("title pr", ["ann", "bo"]),
        ('title pr AND userName sw "b"', ["bo"]),
        ('userName eq "cleo" or title pr and userName eq "bo"', ["bo", "cleo"]),
        ('(userName eq "cleo" Or title pr) and userName gt "b"', ["bo", "cleo"]),
        ('userName ge "bo" and userName lt "cleo"', ["bo"]),
        ('userName le "ann"', ["ann"]),
        ("active eq false", ["bo"]),
        ('emails eq "cleo@acorn.example"', ["cleo"]),
        ('emails.value co "@home"', ["ann"]),
        (f'{CORE}:userName eq "bo"', ["bo"]),
        (f'{ENTERPRISE}:costCenter eq "7"', ["ann"]),
        (f'{ENTERPRISE}:manager.managerId eq "26118915"', ["ann"]),
        (f'schemas eq "{ENTERPRISE}"', ["ann"]),
        ('meta.lastModified gt "2011-05-13T04:42:34Z"', ["ann", "bo", "cleo"]),
    ],
)
def test_3_2_2_1_a_filter_finds(three: Seat, filter: str, names: list[str]) -> None:
    assert found(three, filter, sortBy="userName") == names


@pytest.mark.parametrize(
    "filter",
    ['userName ne "ann"', 'userName ew "n"', "not (title pr)", 'emails[type eq "work"]', 'userName is "ann"', "title"],
)
def test_3_2_2_1_an_operator_that_is_not_known_is_400_with_a_text(three: Seat, filter: str) -> None:
    assert "position" in described(three.get("/Users", filter=filter), 400)


def test_3_2_2_1_an_extension_without_its_urn_is_no_attribute(three: Seat) -> None:
    described(three.get("/Users", filter='costCenter eq "7"'), 400)


@pytest.mark.parametrize("order", ["ascending", "Ascending", "descending", "DESCENDING"])
def test_3_2_2_2_an_order_in_any_letter_case_with_the_missing_last_or_first(three: Seat, order: str) -> None:
    answer = three.get("/Users", sortBy="title", sortOrder=order).json()["Resources"]
    names = ["ann", "bo", "cleo"]
    assert [user["userName"] for user in answer] == (names if order.lower() == "ascending" else names[::-1])


def test_3_2_2_2_lists_are_sorted_by_the_primary_value_or_the_first(three: Seat) -> None:
    users = three.get("/Users", sortBy="emails", filter="emails pr").json()["Resources"]
    assert [user["userName"] for user in users] == ["ann", "cleo"]


def test_3_2_2_3_pages_begin_where_they_are_asked_to(three: Seat) -> None:
    body = three.get("/Users", startIndex=2, count=1, sortBy="userName").json()
    assert (body["totalResults"], body["itemsPerPage"], body["startIndex"]) == (3, 1, 2)
    assert [user["userName"] for user in body["Resources"]] == ["bo"]


def test_3_7_only_what_is_asked_for_is_shown_and_always_id_and_meta(three: Seat) -> None:
    asked = f"USERNAME,name.familyName,{ENTERPRISE}:manager.managerId,nothing"
    (ann,) = three.get("/Users", filter='userName eq "ann"', attributes=asked).json()["Resources"]
    assert ann == {
        "schemas": [CORE, ENTERPRISE], "id": ann["id"], "userName": "ann", "name": {"familyName": "Oak"},
        ENTERPRISE: {"manager": {"managerId": "26118915"}}, "meta": three.get(f"/Users/{ann['id']}").json()["meta"],
    }  # fmt: skip


def test_3_7_an_extension_can_be_asked_for_as_a_whole(three: Seat) -> None:
    (ann,) = three.get("/Users", filter='userName eq "ann"', attributes=ENTERPRISE).json()["Resources"]
    assert ann[ENTERPRISE] == ANN[ENTERPRISE]


def test_addresses_of_2_0_are_not_there(old: Seat) -> None:
    for path in ("/Me", "/ResourceTypes", "/ServiceProviderConfig", "/Changes", "/"):
        described(old.get(path), 404)
    for path in ("/.search", "/Users/.search"):
        described(old.post(path, {}), 405 if path == "/Users/.search" else 404)
