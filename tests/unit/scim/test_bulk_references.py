"""References in bulks: where they may stand, and what takes their place."""

from typing import Any

import pytest

from rollbook.scim.bulk_references import Made, fill, fill_path, references

MADE = {
    "a": Made("1", "https://x/Users/1"),
    "b c": Made("2", "https://x/Groups/2"),
    'q"': Made("3", "https://x/Users/3"),
}


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ({"value": "bulkId:a"}, {"value": "1"}),
        ({"members": [{"value": "bulkId:a"}, "bulkId:b c"]}, {"members": [{"value": "1"}, "2"]}),
        ({"$ref": "bulkId:a"}, {"$ref": "https://x/Users/1"}),
        ({"$REF": "../Users/bulkId:a"}, {"$REF": "../Users/1"}),
        ({"$ref": "../Users/7"}, {"$ref": "../Users/7"}),
        ({"value": "../Users/bulkId:a"}, {"value": "../Users/bulkId:a"}),
        ({"value": "my bulkId:a"}, {"value": "my bulkId:a"}),
        ({"bulkId:a": 'bulkId:q"'}, {"bulkId:a": "3"}),
        ({"n": [1, None, True, {"x": []}]}, {"n": [1, None, True, {"x": []}]}),
    ],
)
def test_a_reference_stands_wherever_a_string_may(data: Any, wanted: Any) -> None:
    assert fill(data, MADE, patch=False) == wanted


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ('members[value eq "bulkId:a"]', 'members[value eq "1"]'),
        ('members[value eq "bulkId:b c" or value eq "bulkId:a"]', 'members[value eq "2" or value eq "1"]'),
        ('members[value eq "bulkId:q\\""]', 'members[value eq "3"]'),
        ('emails[value eq "x bulkId:a"]', 'emails[value eq "x bulkId:a"]'),
    ],
)
def test_a_reference_stands_in_the_filter_of_a_patch(path: str, wanted: str) -> None:
    patch = {"operations": [{"op": "remove", "path": path}, {"op": "add", "value": {"path": path}}]}
    filled = fill(patch, MADE, patch=True)
    assert filled["operations"][0]["path"] == wanted
    assert filled["operations"][1]["value"]["path"] == path


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/Users/bulkId:a", "/Users/1"),
        ("/Users/bulkId%3Aa", "/Users/1"),
        ("/Users/bulkId:b%20c?attributes=bulkId:a", "/Users/2?attributes=bulkId:a"),
        ("/Users/a%2Fb", "/Users/a%2Fb"),
        ("/Users", "/Users"),
    ],
)
def test_a_reference_stands_in_a_path(path: str, wanted: str) -> None:
    assert fill_path(path, lambda name, address: MADE[name].id) == wanted


def test_names_are_told_once_and_in_order() -> None:
    data = {"x": ["bulkId:c", "bulkId:a", "bulkId:c"], "Operations": [{"path": 'm[value eq "bulkId:d"]'}]}
    assert references("/Users/bulkId:b", data, patch=True) == ("b", "d", "c", "a")
    assert references("/Users/bulkId:b", data, patch=False) == ("b", "c", "a")
