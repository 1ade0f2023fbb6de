"""What a store keeps of a document: index rows are made again only where an indexed value changes."""

from typing import Any

import pytest

from rollbook.provisioning.filing import changed_attributes, filing
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.limits import STANDARD_LIMITS
from rollbook.scim.urns import USER

_USER = next(type for type in standard_types() if type.name == "User")
_ANN: dict[str, Any] = {
    "schemas": [USER],
    "userName": "Ann",
    "name": {"familyName": "Archer"},
    "title": "Gardener",
    "emails": [{"value": "Ann@example.com", "primary": True}],
}


def test_a_change_of_what_is_not_indexed_leaves_the_index_rows() -> None:
    content, rows = filing(_USER).refile(_ANN, {**_ANN, "title": "Smith"}, STANDARD_LIMITS)
    assert rows is None
    assert b'"smith"' in content.search


@pytest.mark.parametrize(
    "change", [{"emails": [{"value": "ann@home.example"}]}, {"name": {"familyName": "Ash"}}, {"displayName": "Ann"}]
)
def test_a_change_of_an_indexed_value_files_all_rows_again(change: dict[str, Any]) -> None:
    after = {**_ANN, **change}
    _, rows = filing(_USER).refile(_ANN, after, STANDARD_LIMITS)
    assert rows == filing(_USER).file(after, STANDARD_LIMITS)[1]


def test_a_removed_indexed_value_files_all_rows_again() -> None:
    after = {key: value for key, value in _ANN.items() if key != "emails"}
    _, rows = filing(_USER).refile(_ANN, after, STANDARD_LIMITS)
    assert rows is not None
    assert "ann@example.com" not in [value for _, value, _ in rows]


def test_the_names_of_what_changed_are_those_that_come_go_or_differ() -> None:
    after = {**_ANN, "title": "Smith", "nickName": "A"}
    del after["emails"]
    assert set(changed_attributes(_ANN, after)) == {"title", "nickName", "emails"}
    assert changed_attributes(_ANN, dict(_ANN)) == ()
