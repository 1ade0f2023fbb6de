"""Projections: the matrix of ``returned``, and the two parameters (protocol 6, 19; security checklist 46, 47)."""

from typing import Any

import pytest

from rollbook.scim import urns
from rollbook.scim.attributes import Held
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import InvalidValue
from rollbook.scim.projection import default_wants, is_plain, projection
from rollbook.scim.schema import Extension, ResourceType, read_schema

USER, GROUP = standard_types()
ANN: dict[str, Any] = {
    "schemas": [urns.USER, urns.ENTERPRISE_USER],
    "id": "1",
    "externalId": "e1",
    "userName": "ann",
    "name": {"givenName": "Ann", "familyName": "Berg"},
    "emails": [{"value": "ann@acorn.example", "type": "work"}, {"type": "home"}],
    urns.ENTERPRISE_USER: {"employeeNumber": "7", "manager": {"value": "2", "displayName": "Bo"}},
    "groups": [{"value": "g1", "display": "Staff"}],
    "meta": {"resourceType": "User", "version": 'W/"1"'},
}
LOCKER = ResourceType(
    name="Locker",
    endpoint="/Lockers",
    schema=read_schema(
        {
            "id": "urn:x:Locker",
            "name": "Locker",
            "attributes": [
                {"name": "label", "returned": "always"},
                {"name": "note", "returned": "request"},
                {"name": "pin", "returned": "never"},
                {"name": "code", "mutability": "writeOnly"},
                {"name": "size"},
                {
                    "name": "place",
                    "type": "complex",
                    "subAttributes": [
                        {"name": "floor", "returned": "always"},
                        {"name": "room"},
                        {"name": "map", "returned": "request"},
                        {"name": "key", "returned": "never"},
                    ],
                },
            ],
        }
    ),
    extensions=(
        Extension(
            read_schema(
                {
                    "id": "urn:x:Extra",
                    "name": "Extra",
                    "attributes": [{"name": "must", "returned": "always"}, {"name": "may"}],
                }
            )
        ),
    ),
)
BOX: dict[str, Any] = {
    "schemas": ["urn:x:Locker"], "id": "1", "label": "L", "note": "N", "pin": "P", "code": "C", "size": "S",
    "place": {"floor": "1", "room": "2", "map": "3", "key": "4"}, "urn:x:Extra": {"must": "1", "may": "2"},
}  # fmt: skip


def shown(*names: str, of: dict[str, Any] = ANN, type: ResourceType = USER) -> dict[str, Any]:
    made = projection(type, names, ())
    assert made
    return made.apply(of)


def hidden(*names: str, of: dict[str, Any] = ANN, type: ResourceType = USER) -> dict[str, Any]:
    made = projection(type, (), names)
    assert made
    return made.apply(of)


def test_nothing_asked_of_a_plain_type_is_no_projection() -> None:
    assert is_plain(USER)
    assert is_plain(GROUP)
    assert projection(USER, (), ()) is None


def test_id_and_schemas_are_always_shown() -> None:
    assert set(shown("userName")) == {"schemas", "id", "userName"}
    assert {"schemas", "id"} <= set(hidden("id", "schemas", "ID"))
    assert "meta" not in hidden("meta")


@pytest.mark.parametrize("name", ["username", "USERNAME", f"{urns.USER}:userName", f"{urns.USER.upper()}:USERNAME"])
def test_names_are_found_in_any_case_with_and_without_urn(name: str) -> None:
    assert shown(name)["userName"] == "ann"
    assert "userName" not in hidden(name)


def test_sub_attributes_are_cut_out_and_left_out() -> None:
    assert shown("name.givenName", "emails.value") == {
        "schemas": ANN["schemas"], "id": "1", "name": {"givenName": "Ann"}, "emails": [{"value": "ann@acorn.example"}],
    }  # fmt: skip
    assert hidden("name.givenName")["name"] == {"familyName": "Berg"}
    assert "name" not in hidden("name.givenName", "name.familyName")


def test_a_whole_attribute_wins_over_its_part() -> None:
    assert shown("name.givenName", "name")["name"] == ANN["name"]


def test_extensions_are_named_by_urn_whole_or_in_part() -> None:
    enterprise = urns.ENTERPRISE_USER
    assert shown(enterprise.upper())[enterprise] == ANN[enterprise]
    assert shown(f"{enterprise}:employeeNumber")[enterprise] == {"employeeNumber": "7"}
    assert shown(f"{enterprise}:manager.value")[enterprise] == {"manager": {"value": "2"}}
    assert enterprise not in hidden(enterprise)
    assert hidden(f"{enterprise}:manager")[enterprise] == {"employeeNumber": "7"}
    assert enterprise not in shown("employeeNumber")


def test_the_core_urn_alone_is_the_core_schema() -> None:
    assert set(shown(urns.USER)) == {"schemas", "id", "userName", "name", "emails", "groups"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "*",
        "nope",
        "name.nope",
        "name.givenName.x",
        "urn:x:y:userName",
        ".",
        ":",
        "__class__",
        "a" * 9999,
    ],
)
def test_47_unknown_names_are_ignored(name: str) -> None:
    assert set(shown(name)) == {"schemas", "id"}
    assert hidden(name) == ANN


@pytest.mark.parametrize("name", ["password", f"{urns.USER}:PassWord"])
def test_46_a_secret_is_never_shown_whoever_names_it(name: str) -> None:
    secretive = ANN | {"password": "secret"}
    assert set(shown(name, of=secretive)) == {"schemas", "id"}
    assert hidden(name, of=secretive) == ANN
    assert hidden("title", of=secretive) == ANN


def test_a_thousand_names_are_one_projection() -> None:
    assert set(shown(*(f"name{n}" for n in range(1000)), "userName")) == {"schemas", "id", "userName"}


def test_both_at_once_is_refused() -> None:
    with pytest.raises(InvalidValue, match="exclude each other"):
        projection(USER, ("userName",), ("name",))


@pytest.mark.parametrize(
    ("attributes", "excluded", "keys", "place", "extra"),
    [
        ((), (), {"label", "size"}, {"floor", "room"}, {"must", "may"}),
        (("size",), (), {"label", "size"}, set(), {"must"}),
        (("note",), (), {"label", "note"}, set(), {"must"}),
        (("place",), (), {"label"}, {"floor", "room"}, {"must"}),
        (("place.map", "place.map"), (), {"label"}, {"floor", "map"}, {"must"}),
        (("place", "place.map"), (), {"label"}, {"floor", "room", "map"}, {"must"}),
        (("urn:x:extra",), (), {"label"}, set(), {"must", "may"}),
        ((), ("label", "size"), {"label"}, {"floor", "room"}, {"must", "may"}),
        ((), ("place.floor", "place.room"), {"label", "size"}, {"floor"}, {"must", "may"}),
        ((), ("urn:x:extra", "place"), {"label", "size"}, set(), {"must"}),
        ((), ("nope",), {"label", "size"}, {"floor", "room"}, {"must", "may"}),
    ],
)
def test_the_matrix_of_returned(
    attributes: tuple[str, ...], excluded: tuple[str, ...], keys: set[str], place: set[str], extra: set[str]
) -> None:
    assert not is_plain(LOCKER)
    made = projection(LOCKER, attributes, excluded)
    assert made
    seen = made.apply(BOX)
    assert set(seen) - {"schemas", "id", "place", "urn:x:Extra"} == keys
    assert set(seen.get("place", ())) == place
    assert set(seen["urn:x:Extra"]) == extra


def test_rows_are_wanted_only_where_they_are_shown() -> None:
    for attributes, excluded, wanted in (((), ("members",), False), (("displayName",), (), False),
                                         (("members.value",), (), True), ((), ("displayName",), True)):  # fmt: skip
        made = projection(GROUP, attributes, excluded)
        assert made
        assert made.wants(Held.MEMBERS) is wanted
        assert not made.wants(Held.GROUPS)
    assert default_wants(GROUP, Held.MEMBERS)
    assert default_wants(USER, Held.GROUPS)
    assert not default_wants(USER, Held.MEMBERS)
