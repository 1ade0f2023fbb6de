"""Query parameters from a URL and from a SearchRequest (protocol 17; security checklist 47, 48, 51, 52)."""

from typing import Any

import pytest

from rollbook.scim import urns
from rollbook.scim.errors import InvalidFilter, InvalidSyntax, InvalidValue
from rollbook.scim.page import LARGEST_START, QueryParameters, read_query, read_search


def search(**body: Any) -> QueryParameters:
    return read_search({"schemas": [urns.SEARCH_REQUEST], **body})


def test_nothing_asked_is_the_first_hundred() -> None:
    assert read_query([]) == QueryParameters(start_index=1, count=100)
    assert search() == QueryParameters()


def test_every_parameter_is_read_alike_from_url_and_body() -> None:
    url = [
        ("filter", 'userName eq "ann"'), ("sortBy", "name.familyName"), ("sortOrder", "Descending"),
        ("startIndex", "3"), ("COUNT", "7"), ("attributes", "userName, name.givenName,"),
        ("excludedAttributes", ""), ("cursorless", "x"),
    ]  # fmt: skip
    body = {
        "filter": 'userName eq "ann"', "sortBy": "name.familyName", "sortOrder": "descending", "startIndex": 3,
        "count": 7, "attributes": ["userName", "name.givenName"], "excludedAttributes": None, "other": 1,
    }  # fmt: skip
    assert read_query(url) == search(**body)
    assert read_query(url).attributes == ("userName", "name.givenName")


@pytest.mark.parametrize(
    ("text", "start"),
    [("0", 1), ("-5", 1), ("1", 1), (str(2**31), 2**31), (str(2**63), LARGEST_START), ("9" * 5000, LARGEST_START),
     ("-" + "9" * 5000, 1), ("+4", 4), (" 2 ", 2)],
)  # fmt: skip
def test_48_start_index_is_clamped(text: str, start: int) -> None:
    assert read_query([("startIndex", text)]).start_index == start


@pytest.mark.parametrize(("text", "count"), [("0", 0), ("-1", 0), ("1000", 1000), ("1001", 1000), ("9" * 30, 1000)])
def test_48_count_is_clamped(text: str, count: int) -> None:
    assert read_query([("count", text)]).count == count


@pytest.mark.parametrize("text", ["", "1.5", "abc", "1e3", "٣", "0x1", "1 2", "-", "1\n1"])
@pytest.mark.parametrize("name", ["startIndex", "count"])
def test_48_what_is_no_integer_is_refused(name: str, text: str) -> None:
    with pytest.raises(InvalidValue, match=f'"{name}" must be an integer'):
        read_query([(name, text)])


@pytest.mark.parametrize("value", [True, 1.5, [], {}, "x"])
def test_48_the_same_in_a_body(value: Any) -> None:
    with pytest.raises(InvalidValue):
        search(count=value)


@pytest.mark.parametrize("order", ["sideways", "desc", " descending"])
def test_51_sort_order_garbage_is_refused(order: str) -> None:
    with pytest.raises(InvalidValue, match="sortOrder"):
        read_query([("sortOrder", order)])


def test_52_a_filter_given_twice_is_an_invalid_filter() -> None:
    with pytest.raises(InvalidFilter, match="more than once"):
        read_query([("filter", "a pr"), ("Filter", "a pr")])
    with pytest.raises(InvalidFilter):
        search(filter="a pr", FILTER="b pr")


def test_48_another_parameter_given_twice_is_an_invalid_value() -> None:
    with pytest.raises(InvalidValue, match='"count" is given more than once'):
        read_query([("count", "1"), ("count", "1")])


@pytest.mark.parametrize(
    "body", [{"filter": 1}, {"sortBy": []}, {"attributes": {}}, {"attributes": [1]}, {"sortOrder": 1}]
)
def test_wrong_types_in_a_body_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises((InvalidValue, InvalidFilter)):
        search(**body)


@pytest.mark.parametrize("schemas", [None, [], "x", [urns.LIST_RESPONSE], [1], urns.SEARCH_REQUEST])
def test_a_search_must_say_that_it_is_one(schemas: Any) -> None:
    with pytest.raises(InvalidSyntax, match="SearchRequest"):
        read_search({"schemas": schemas})


def test_the_schema_of_a_search_is_known_in_any_case() -> None:
    assert read_search({"Schemas": [urns.SEARCH_REQUEST.upper()], "Count": 2}).count == 2
