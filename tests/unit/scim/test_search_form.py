"""The search form of whole documents, and the rows of the store's index."""

from typing import Any

import pytest

from rollbook.scim import urns
from rollbook.scim.attributes import Attribute, Mutability, Returned, Type
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.schema import ResourceType, Schema
from rollbook.scim.search_form import index_rows, search_form

USER, GROUP = standard_types()

ANN: dict[str, Any] = {
    "schemas": [urns.USER, urns.ENTERPRISE_USER],
    "userName": "Straße",
    "name": {"familyName": "Ärger", "givenName": "Ann"},
    "active": True,
    "password": "secret",
    "emails": [{"value": "Ann@Example.com", "type": "Work"}, {"value": "ANN@home", "primary": True}],
    "profileUrl": "https://Example.com/Ann",
    urns.ENTERPRISE_USER: {"department": "Sales", "manager": {"value": "A-1", "displayName": "Bo"}},
}


def test_a_search_document_has_the_structure_of_its_document_with_folded_values() -> None:
    assert search_form(USER)(ANN) == {
        "schemas": [urns.USER.lower(), urns.ENTERPRISE_USER.lower()],
        "userName": "strasse",
        "name": {"familyName": "ärger", "givenName": "ann"},
        "active": True,
        "emails": [{"value": "ann@example.com", "type": "work"}, {"value": "ann@home", "primary": True}],
        "profileUrl": "https://Example.com/Ann",
        urns.ENTERPRISE_USER: {"department": "sales", "manager": {"value": "A-1", "displayName": "bo"}},
    }


def test_what_is_kept_beside_the_document_is_left_out() -> None:
    beside = {"id": "1", "externalId": "x", "meta": {}, "members": [{"value": "1"}], "displayName": "Staff"}
    assert search_form(GROUP)(beside) == {"displayName": "staff"}
    assert search_form(USER)({"userName": "bo", "groups": [{"value": "1"}]}) == {"userName": "bo"}


def test_secrets_numbers_and_lists_inside_of_complex_attributes() -> None:
    attributes = (
        Attribute("ratio", Type.DECIMAL),
        Attribute("tags", multi_valued=True),
        Attribute("numbers", Type.INTEGER, multi_valued=True),
        Attribute(
            "box",
            Type.COMPLEX,
            multi_valued=True,
            sub_attributes=(
                Attribute("labels", multi_valued=True),
                Attribute("pin", returned=Returned.NEVER),
                Attribute("code", mutability=Mutability.WRITE_ONLY),
            ),
        ),
    )
    thing = ResourceType("Thing", "/Things", Schema("urn:example:Thing", "Thing", "", attributes))
    document = {
        "ratio": 1,
        "tags": ["A", "ß"],
        "numbers": [1, 2],
        "box": [{"labels": ["X", "Y"], "pin": "1234", "code": "5678"}, {"pin": "1"}],
    }
    assert search_form(thing)(document) == {
        "ratio": 1.0,
        "tags": ["a", "ss"],
        "numbers": [1, 2],
        "box": [{"labels": ["x", "y"]}, {}],
    }


def test_index_rows_begin_with_the_value_that_sorts() -> None:
    rows = index_rows(USER, 200)(search_form(USER)(ANN))
    assert rows == [(0, "ann@home", 0), (0, "ann@example.com", 1), (1, "ärger", 0)]


def test_an_index_row_is_listed_once_and_cut_to_the_limit() -> None:
    emails = [{"value": "abcdX"}, {"value": "abcdY"}, {"type": "work"}, {"value": "b", "primary": False}]
    assert index_rows(USER, 4)({"emails": emails}) == [(0, "abcd", 0), (0, "b", 1)]


def test_30_ordinals_of_forty_thousand_values_fit_into_16_bits() -> None:
    rows = index_rows(USER, 200)({"emails": [{"value": str(number)} for number in range(40_000)]})
    assert len(set(rows)) == 40_000
    assert [ordinal for *_, ordinal in rows[32_766:32_769]] == [32_766, 32_767, 32_767]
    assert max(ordinal for *_, ordinal in rows) == 32_767


@pytest.mark.parametrize("search", [{}, {"emails": [{"type": "work"}]}, {"name": {}}, {"emails": []}])
def test_what_is_missing_has_no_index_row(search: dict[str, Any]) -> None:
    assert index_rows(USER, 200)(search) == []


@pytest.mark.parametrize("path", ["active", "name", "nothing", "emails.primary"])
def test_an_index_path_has_to_name_a_text(path: str) -> None:
    odd = ResourceType("Odd", "/Odd", USER.schema, index_paths=(path,))
    with pytest.raises(ValueError, match=path):
        index_rows(odd, 200)
