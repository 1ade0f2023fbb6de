"""Resources as rows of a table and back."""

from typing import Any

import pytest
from tests.support.house import ENTERPRISE, GROUP, USER

from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.csv_form import Sheet
from rollbook.scim.errors import InvalidValue

SHEET = Sheet(standard_types())
USERS, GROUPS = standard_types()
ANN = {
    "schemas": [USER, ENTERPRISE],
    "id": "0190a000-0000-7000-8000-000000000001",
    "userName": "ann",
    "title": "",
    "nickName": "=cmd|' /C calc'!A0",
    "displayName": "'quoted'",
    "active": False,
    "name": {"givenName": "Ann", "familyName": "-"},
    "emails": [{"value": "ann@acorn.example", "primary": True}, {"value": "=a@acorn.example", "type": "home"}],
    ENTERPRISE: {"employeeNumber": "007", "manager": {"value": "bo"}},
}


def _there_and_back(sheet: Sheet, document: dict[str, Any]) -> dict[str, Any]:
    type = USERS if USER in document["schemas"] else GROUPS
    body: dict[str, Any] = {}
    sheet.put(type, sheet.read_header(sheet.header), sheet.row(type, document), body)
    return _assigned(body)


def _assigned(value: dict[str, Any]) -> dict[str, Any]:
    inner = {key: _assigned(v) if isinstance(v, dict) else v for key, v in value.items()}
    return {key: v for key, v in inner.items() if v is not None and v != {}}


def test_a_row_holds_all_of_a_resource() -> None:
    expected = {key: value for key, value in ANN.items() if key not in ("schemas", "id")}
    assert _there_and_back(SHEET, ANN) == expected


def test_members_are_ids_between_spaces() -> None:
    group = {"schemas": [GROUP], "id": "g", "displayName": "Archers", "members": [{"value": "a"}, {"value": "b"}]}
    row = dict(zip(SHEET.header, SHEET.row(GROUPS, group), strict=True))
    assert row["members"] == "a b"
    assert _there_and_back(SHEET, group)["members"] == [{"value": "a"}, {"value": "b"}]


def test_no_cell_is_a_formula_to_a_spreadsheet() -> None:
    for text in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1"):
        cells = SHEET.row(USERS, {**ANN, "title": text})
        assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for cell in cells)
        assert _there_and_back(SHEET, {**ANN, "title": text})["title"] == text


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("emails", "ann@acorn.example", [{"value": "ann@acorn.example", "primary": True}]),
        ("emails", '{"value": "a@b"}', [{"value": "a@b"}]),
        ("active", "TRUE", True),
        ("active", "perhaps", "perhaps"),
        ("userName", "007", "007"),
    ],
)
def test_a_person_may_write_less(column: str, cell: str, value: Any) -> None:
    body: dict[str, Any] = {}
    SHEET.put(USERS, SHEET.read_header([column.upper()]), [cell], body)
    assert body[column] == value


def test_an_unknown_column_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(InvalidValue, match=r"'user_name'.*Did you mean userName\?"):
        SHEET.read_header(["user_name"])
    with pytest.raises(InvalidValue, match="stands twice"):
        SHEET.read_header(["userName", "USERNAME"])


def test_what_the_server_sets_is_passed_over() -> None:
    assert SHEET.read_header(["meta.created", "groups", "userName"]) == [None, None, "userName"]


def test_passwords_have_no_column() -> None:
    assert "password" not in SHEET.header


def test_a_cell_for_another_type_has_to_be_empty() -> None:
    with pytest.raises(InvalidValue, match="A Group has no userName"):
        SHEET.put(GROUPS, ["displayName", "userName"], ["Archers", "ann"], {})
