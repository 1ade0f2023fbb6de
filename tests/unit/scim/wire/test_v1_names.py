"""Names of SCIM 1.1, both ways."""

from typing import Any

import pytest

from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import InvalidSyntax, InvalidValue
from rollbook.scim.urns import ENTERPRISE_USER, GROUP, USER
from rollbook.scim.wire.v1_form import CORE, ENTERPRISE, SCIM11, Form
from rollbook.scim.wire.v1_names import Names, names

PEOPLE, GROUPS = (names(type, SCIM11) for type in standard_types())


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("userName", "userName"),
        ("name.formatted", "name.formatted"),
        (f"{CORE}:userName", "userName"),
        (f"{CORE}:name.formatted", "name.formatted"),
        (f"{ENTERPRISE}:costCenter", f"{ENTERPRISE_USER}:costCenter"),
        (f"{ENTERPRISE.upper()}:manager.managerID", f"{ENTERPRISE_USER}:manager.value"),
        (f"{ENTERPRISE}:manager.displayName", f"{ENTERPRISE_USER}:manager.displayName"),
        (ENTERPRISE, ENTERPRISE_USER),
        (CORE, USER),
        ("costCenter", "costCenter"),
        ("manager.managerId", "manager.managerId"),
        ("urn:example:hr:age", "urn:example:hr:age"),
        (f"{ENTERPRISE}.costCenter", f"{ENTERPRISE}.costCenter"),
    ],
)
def test_a_path_of_the_wire_is_a_kept_path(written: str, kept: str) -> None:
    assert PEOPLE.path(written) == kept


def test_a_dot_joins_urn_and_attribute_where_the_form_says_so() -> None:
    dotted = Names(standard_types()[0], Form(dotted=True))
    assert dotted.path(f"{ENTERPRISE}.manager.managerId") == f"{ENTERPRISE_USER}:manager.value"
    assert dotted.path(f"{ENTERPRISE}:costCenter") == f"{ENTERPRISE_USER}:costCenter"


def test_a_body_gets_the_names_that_are_kept() -> None:
    assert PEOPLE.resource(
        {
            "schemas": [CORE, ENTERPRISE],
            "USERNAME": "ann",
            "emails": ["ann@acorn.example", {"value": "ann@home.example", "type": "home"}],
            ENTERPRISE: {"manager": {"managerId": "26118915", "displayName": "Cleo"}},
            "meta": {"version": None, "attributes": None},
        }
    ) == {
        "schemas": [USER, ENTERPRISE_USER],
        "userName": "ann",
        "emails": [{"value": "ann@acorn.example"}, {"value": "ann@home.example", "type": "home"}],
        ENTERPRISE_USER: {"manager": {"value": "26118915", "displayName": "Cleo"}},
    }


def test_a_body_need_not_say_its_schemas() -> None:
    assert GROUPS.resource({"displayName": "Staff"})["schemas"] == [GROUP]
    assert PEOPLE.resource({"schemas": [ENTERPRISE], "userName": "ann"})["schemas"] == [USER, ENTERPRISE_USER]


def test_an_element_that_is_deleted_is_not_in_a_whole_resource() -> None:
    emails = [{"value": "a@b", "operation": "delete"}, {"value": "c@d", "operation": ""}]
    assert PEOPLE.resource({"emails": emails})["emails"] == [{"value": "c@d"}]
    assert PEOPLE.resource({"emails": emails}, partial=True)["emails"][0] == {"value": "a@b", "operation": "delete"}


def test_what_a_partial_resource_removes_is_named_in_kept_names() -> None:
    part = PEOPLE.resource({"meta": {"Attributes": ["title", f"{ENTERPRISE}:manager.managerId"]}}, partial=True)
    assert part["meta"] == {"attributes": ["title", f"{ENTERPRISE_USER}:manager.value"]}


@pytest.mark.parametrize(
    "body",
    [
        {"title": "Guide", "TITLE": "Lead"},
        {ENTERPRISE: {"costCenter": "1", "CostCenter": "2"}},
        {ENTERPRISE: {"manager": {"managerId": "1", "value": "2"}}},
        {"schemas": "urn:scim:schemas:core:1.0"},
        {ENTERPRISE_USER: {"costCenter": "1"}},
        {"schemas": [CORE, ENTERPRISE_USER]},
    ],
)
def test_what_stands_twice_or_is_called_otherwise_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidSyntax):
        PEOPLE.resource(body)


@pytest.mark.parametrize(
    "body",
    [
        {"emails": [{"value": "a@b", "operation": "remove"}]},
        {"meta": {"attributes": "title"}},
        {"meta": {"attributes": [""]}},
        {"meta": "title"},
    ],
)
def test_what_cannot_be_meant_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        PEOPLE.resource(body, partial=True)


def test_a_resource_is_shown_in_the_names_of_the_wire() -> None:
    meta = {"resourceType": "User", "location": "https://id.example/scim/v1/Users/42", "version": 'W/"1"'}
    assert PEOPLE.shown(
        {
            "schemas": [USER, ENTERPRISE_USER],
            "id": "42",
            "userName": "ann",
            "groups": [{"value": "7", "$ref": "https://id.example/scim/v1/Groups/7", "type": "direct"}],
            ENTERPRISE_USER: {"manager": {"value": "26118915", "$ref": "…", "displayName": "Cleo"}},
            "meta": meta,
        }
    ) == {
        "schemas": [CORE, ENTERPRISE],
        "id": "42",
        "userName": "ann",
        "groups": [{"value": "7", "type": "direct"}],
        ENTERPRISE: {"manager": {"managerId": "26118915", "displayName": "Cleo"}},
        "meta": {"location": meta["location"], "version": 'W/"1"'},
    }


def test_meta_has_the_nulls_of_the_form() -> None:
    shown = Names(standard_types()[0], Form(null_meta=("version", "attributes"), etags=False))
    assert shown.meta({"resourceType": "User", "created": "…", "version": 'W/"1"'}) == {
        "created": "…", "version": None, "attributes": None,
    }  # fmt: skip
