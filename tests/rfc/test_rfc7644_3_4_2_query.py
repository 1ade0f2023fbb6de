"""RFC 7644 §3.4.2: querying resources, with filters, order and pages."""

from typing import Any

import pytest
from tests.support.house import ENTERPRISE, GROUP, USER, House, Seat

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def told(seat: Seat, path: str = "/Users", **query: Any) -> dict[str, Any]:
    answer = seat.get(path, **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["schemas"] == [LIST]
    return body


def test_a_list_response_holds_the_partial_resources_asked_for(seat: Seat) -> None:
    ids = {seat.user(name, title="x")["id"]: name for name in ("ann", "bo")}
    body = told(seat, attributes="userName")
    assert (body["totalResults"], body["itemsPerPage"], body["startIndex"]) == (2, 2, 1)
    assert {r["id"]: r["userName"] for r in body["Resources"]} == ids
    assert all(r.keys() <= {"schemas", "id", "userName"} for r in body["Resources"])


def test_nothing_found_is_a_list_of_nothing(seat: Seat) -> None:
    body = told(seat, filter='userName eq "cleo"')
    assert body["totalResults"] == 0
    assert not body.get("Resources")


# -- §3.4.2.1: the endpoints of a query --------------------------------------------------------------------------------


def test_the_root_is_queried_over_all_types_and_an_attribute_that_a_type_lacks_is_no_match(seat: Seat) -> None:
    seat.user("ann", displayName="Ann")
    seat.group("Ann's group")
    assert told(seat, "/", filter='displayName sw "ann"')["totalResults"] == 2
    assert seat.names('meta.resourceType eq "Group"', "/") == ["Ann's group"]
    assert seat.names('(meta.resourceType eq "User") or (meta.resourceType eq "Group")', "/", sortBy="displayName") == [
        "ann",
        "Ann's group",
    ]
    assert seat.names("userName pr", "/") == ["ann"]


# -- §3.4.2.2: filters -------------------------------------------------------------------------------------------------

ANN: dict[str, Any] = {
    "name": {"familyName": "O'Malley", "givenName": "Ann"},
    "title": "Guide",
    "userType": "Employee",
    "emails": [
        {"type": "work", "value": "ann@acorn.example"},
        {"type": "home", "value": "ann@home.example"},
    ],
    "ims": [{"type": "xmpp", "value": "ann@foo.example"}],
}
BO: dict[str, Any] = {
    "userType": "Intern",
    "emails": [{"type": "home", "value": "bo@acorn.example"}, {"type": "work", "value": "bo@birch.example"}],
    ENTERPRISE: {"department": "Tours", "manager": {"displayName": "ann", "value": "1"}},
}
FILTERS = [
    ('userName eq "ann"', "ann"),
    ('name.familyName co "O\'Malley"', "ann"),
    ('userName sw "B"', "bo"),
    (f'{USER}:userName sw "B"', "bo"),
    ("title pr", "ann"),
    ('meta.lastModified gt "2011-05-13T04:42:34Z"', "ann bo"),
    ('meta.lastModified ge "2011-05-13T04:42:34Z"', "ann bo"),
    ('meta.lastModified lt "2011-05-13T04:42:34Z"', ""),
    ('meta.lastModified le "2011-05-13T04:42:34Z"', ""),
    ('title pr and userType eq "Employee"', "ann"),
    ('title pr or userType eq "Intern"', "ann bo"),
    (f'schemas eq "{ENTERPRISE}"', "bo"),
    ('userType eq "Employee" and (emails co "acorn.example" or emails.value co "birch.example")', "ann"),
    ('userType ne "Employee" and not (emails co "home.example" or emails.value co "cedar.example")', "bo"),
    ('userType eq "Employee" and (emails.type eq "work")', "ann"),
    ('userType eq "Employee" and emails[type eq "work" and value co "@acorn.example"]', "ann"),
    ('emails[type eq "work" and value co "@acorn.example"]', "ann"),
    (
        'emails[type eq "work" and value co "@acorn.example"] or ims[type eq "xmpp" and value co "@foo.example"]',
        "ann",
    ),
]


@pytest.fixture(scope="session")
def _readers() -> dict[str, Seat]:
    return {}


@pytest.fixture
def reader(house: House, _readers: dict[str, Seat]) -> Seat:
    """A tenant with ann and bo that no test changes; one for each engine."""
    if house.engine not in _readers:
        seat = _readers[house.engine] = house.seat("acorn")
        seat.user("ann", **ANN)
        seat.user("bo", **BO)
    return _readers[house.engine]


@pytest.mark.parametrize(("filter", "found"), FILTERS)
def test_an_example_filter_finds_whom_it_describes(reader: Seat, filter: str, found: str) -> None:
    assert reader.names(filter, sortBy="userName") == found.split()


@pytest.mark.parametrize(("filter", "found"), FILTERS)
def test_names_and_operators_have_no_case(reader: Seat, filter: str, found: str) -> None:
    changed = '"'.join(part if at % 2 else part.upper() for at, part in enumerate(filter.split('"')))
    assert reader.names(changed, sortBy="userName") == found.split()


def test_not_binds_closer_than_and_and_that_closer_than_or(reader: Seat) -> None:
    assert reader.names('userName eq "bo" or userName eq "ann" and title eq "x"') == ["bo"]
    assert reader.names('(userName eq "bo" or userName eq "ann") and title pr') == ["ann"]
    assert reader.names('not (title pr) and userName sw "b"') == ["bo"]


@pytest.mark.parametrize("operator", ["gt", "ge", "lt", "le"])
def test_a_boolean_has_no_order_and_the_answer_is_400(reader: Seat, operator: str) -> None:
    answer = reader.get("/Users", filter=f"active {operator} true")
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")


def test_a_filter_that_is_none_is_400_invalid_filter(reader: Seat) -> None:
    for text in ('userName zz "ann"', 'userName eq "ann', "(title pr", "", "not title pr"):
        answer = reader.get("/Users", filter=text)
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter"), text


# -- §3.4.2.3: order ---------------------------------------------------------------------------------------------------


def test_the_order_is_that_of_sort_by_and_sort_order(seat: Seat) -> None:
    for name, display in (("ann", "cherry"), ("bo", "Apple"), ("cleo", "banana")):
        seat.user(name, displayName=display)
    assert seat.names("userName pr", sortBy="displayName") == ["bo", "cleo", "ann"]
    assert seat.names("userName pr", sortBy="displayName", sortOrder="ascending") == ["bo", "cleo", "ann"]
    assert seat.names("userName pr", sortBy="displayName", sortOrder="descending") == ["ann", "cleo", "bo"]


def test_a_multi_valued_attribute_is_sorted_by_its_primary_value_else_by_its_first(seat: Seat) -> None:
    seat.user("ann", emails=[{"value": "z@x.example"}, {"value": "a@x.example", "primary": True}])
    seat.user("bo", emails=[{"value": "b@x.example"}, {"value": "0@x.example"}])
    seat.user("cleo")
    assert seat.names("userName pr", sortBy="emails") == ["ann", "bo", "cleo"]
    assert seat.names("userName pr", sortBy="emails.value", sortOrder="descending") == ["cleo", "bo", "ann"]


# -- §3.4.2.4: pages ---------------------------------------------------------------------------------------------------


def test_a_page_begins_at_start_index_and_has_count_at_most(seat: Seat) -> None:
    for number in range(5):
        seat.user(f"u{number}")
    body = told(seat, startIndex=1, count=3, sortBy="userName")
    assert (body["totalResults"], body["itemsPerPage"], body["startIndex"]) == (5, 3, 1)
    body = told(seat, startIndex=4, count=3, sortBy="userName")
    assert (body["totalResults"], body["itemsPerPage"], body["startIndex"]) == (5, 2, 4)
    assert [r["userName"] for r in body["Resources"]] == ["u3", "u4"]


def test_a_start_below_one_is_one_and_a_count_below_zero_is_none(seat: Seat) -> None:
    seat.user("ann")
    assert told(seat, startIndex=0)["startIndex"] == 1
    assert told(seat, startIndex=-7)["itemsPerPage"] == 1
    for count in (0, -5):
        body = told(seat, count=count)
        assert (body["totalResults"], body["itemsPerPage"]) == (1, 0)
        assert not body.get("Resources")


# -- §3.4.2.5: attributes ----------------------------------------------------------------------------------------------


def test_a_query_takes_attributes_or_excluded_attributes(seat: Seat) -> None:
    seat.user("ann", title="Guide", name={"givenName": "Ann", "familyName": "Berg"})
    (shown,) = told(seat, attributes="name.givenName,title")["Resources"]
    assert shown.keys() == {"schemas", "id", "title", "name"}
    assert shown["name"] == {"givenName": "Ann"}
    (shown,) = told(seat, excludedAttributes="name,meta")["Resources"]
    assert shown.keys() == {"schemas", "id", "userName", "title", "active"}


def test_a_group_is_found_by_its_member(seat: Seat) -> None:
    ann, bo = seat.user("ann"), seat.user("bo")
    seat.group("Staff", ann["id"])
    seat.group("Guests", bo["id"])
    assert seat.names(f'members.value eq "{ann["id"]}"', "/Groups") == ["Staff"]
    assert seat.names(f'members eq "{bo["id"]}" and schemas eq "{GROUP}"', "/Groups") == ["Guests"]
