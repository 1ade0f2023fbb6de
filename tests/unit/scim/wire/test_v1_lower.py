"""What partial resources of SCIM 1.1 come to, one rule of §3.3.2 after the other."""

from dataclasses import replace
from typing import Any

import pytest

from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import InvalidPath, InvalidSyntax, InvalidValue, MutabilityError
from rollbook.scim.patch import Merging, Op, PatchOperation
from rollbook.scim.patch_apply import Patched, apply_patch
from rollbook.scim.tolerances import STANDARD
from rollbook.scim.urns import ENTERPRISE_USER, GROUP, USER
from rollbook.scim.wire.v1_form import ENTERPRISE, SCIM11
from rollbook.scim.wire.v1_lower import lower
from rollbook.scim.wire.v1_names import names

PEOPLE, GROUPS = standard_types()
ANN: dict[str, Any] = {
    "schemas": [USER, ENTERPRISE_USER],
    "userName": "ann",
    "title": "Guide",
    "name": {"formatted": "Ann Oak", "givenName": "Ann", "familyName": "Oak"},
    "emails": [
        {"value": "ann@acorn.example", "type": "work", "primary": True},
        {"value": "ann@home.example", "type": "home"},
    ],
    "addresses": [{"type": "work", "streetAddress": "Oak Lane 1", "locality": "Leaf"}],
    ENTERPRISE_USER: {"costCenter": "7", "manager": {"value": "26118915", "displayName": "Cleo"}},
}


def patched(part: dict[str, Any], document: dict[str, Any] = ANN, *, notes: list[str] | None = None) -> Patched:
    type = PEOPLE if "userName" in document else GROUPS
    notes = [] if notes is None else notes
    operations = lower(names(type, SCIM11).resource(part, partial=True), type, STANDARD, notes)
    return apply_patch(type, document, operations, STANDARD, notes, own="42")


def after(part: dict[str, Any]) -> dict[str, Any]:
    return patched(part).document


def test_a_singular_value_is_replaced() -> None:
    assert after({"title": "Lead"}) == {**ANN, "title": "Lead"}


def test_sub_attributes_are_merged() -> None:
    assert after({"name": {"givenName": "Anna"}})["name"] == {**ANN["name"], "givenName": "Anna"}


def test_attributes_of_an_extension_are_merged() -> None:
    assert after({ENTERPRISE: {"division": "North", "manager": {"managerId": "8"}}})[ENTERPRISE_USER] == {
        "costCenter": "7", "division": "North", "manager": {"value": "8", "displayName": "Cleo"},
    }  # fmt: skip


def test_what_meta_attributes_names_goes() -> None:
    gone = after({"meta": {"attributes": ["title", "NAME.formatted", f"{ENTERPRISE}:manager"]}})
    assert "title" not in gone
    assert gone["name"] == {"givenName": "Ann", "familyName": "Oak"}
    assert gone[ENTERPRISE_USER] == {"costCenter": "7"}


def test_a_whole_extension_can_go() -> None:
    assert ENTERPRISE_USER not in after({"meta": {"attributes": [ENTERPRISE]}})


def test_a_name_in_both_is_replaced_as_a_whole() -> None:
    part = {
        "meta": {"attributes": ["emails", "name", "userName"]},
        "emails": [{"value": "new@acorn.example"}, {"value": "ann@home.example", "operation": "delete"}],
        "name": {"givenName": "Anna"},
        "userName": "anna",
    }
    assert after(part) == {
        **ANN, "emails": [{"value": "new@acorn.example"}], "name": {"givenName": "Anna"}, "userName": "anna",
    }  # fmt: skip


def test_a_value_is_added_where_there_is_none_like_it() -> None:
    emails = after({"emails": ["ann@work.example"]})["emails"]
    assert emails == [*ANN["emails"], {"value": "ann@work.example"}]


def test_a_value_is_merged_into_the_one_with_its_value() -> None:
    emails = after({"emails": [{"value": "ANN@home.example", "display": "Home"}]})["emails"]
    assert emails[1] == {"value": "ANN@home.example", "type": "home", "display": "Home"}


def test_a_new_primary_value_takes_the_place_of_the_old_one() -> None:
    emails = after({"emails": [{"value": "ann@home.example", "primary": True}]})["emails"]
    assert [email["primary"] for email in emails] == [False, True]


def test_two_primary_values_in_one_request_are_refused() -> None:
    with pytest.raises(InvalidValue, match="primary"):
        after({"emails": [{"value": "a@b", "primary": True}, {"value": "c@d", "primary": True}]})


def test_an_element_with_the_operation_delete_goes() -> None:
    emails = after({"emails": [{"value": "ann@home.example", "operation": "DELETE"}]})["emails"]
    assert emails == ANN["emails"][:1]


def test_a_deletion_that_finds_nothing_changes_nothing() -> None:
    assert not patched({"emails": [{"value": "bo@acorn.example", "operation": "delete"}]}).changed


def test_a_deletion_that_says_nothing_is_refused() -> None:
    with pytest.raises(InvalidValue, match="which one"):
        after({"emails": [{"operation": "delete"}]})


def test_values_without_a_value_are_known_by_all_that_they_say() -> None:
    same = {"type": "WORK", "streetAddress": "Oak Lane 1"}
    assert not patched({"addresses": [same]}).changed
    other = {"type": "work", "streetAddress": "Oak Lane 2"}
    assert after({"addresses": [other]})["addresses"] == [*ANN["addresses"], other]
    assert "addresses" not in after({"addresses": [{**same, "operation": "delete"}]})
    assert not patched({"addresses": [{**other, "operation": "delete"}]}).changed


def test_values_that_are_not_unique_are_known_by_all_that_they_say() -> None:
    twice = {**ANN, "emails": [{"value": "a@b", "type": "work"}, {"value": "a@b", "type": "home"}]}
    found = patched({"emails": [{"value": "a@b", "type": "home", "operation": "delete"}]}, twice)
    assert found.document["emails"] == twice["emails"][:1]
    found = patched({"emails": [{"value": "a@b", "type": "other"}]}, twice)
    assert found.document["emails"] == [*twice["emails"], {"value": "a@b", "type": "other"}]


def test_values_that_stand_twice_in_the_request_are_known_by_all_that_they_say() -> None:
    both = [{"value": "a@b", "type": "work"}, {"value": "a@b", "type": "home"}]
    assert after({"emails": both})["emails"] == [*ANN["emails"], *both]


def test_values_are_known_by_what_the_rules_of_the_type_name() -> None:
    merging = Merging((({"value": "ann@home.example", "type": "other"}, False),), ("type", "value"))
    found = apply_patch(PEOPLE, ANN, [PatchOperation(Op.MERGE, "emails", merging)], STANDARD, [], own="42")
    assert found.document["emails"] == [*ANN["emails"], {"value": "ann@home.example", "type": "other"}]


def test_null_and_empty_lists_change_nothing_and_are_noted() -> None:
    notes: list[str] = []
    assert not patched({"title": None, "emails": [], "name": {"formatted": None}}, notes=notes).changed
    assert "null: title" in notes


def test_what_is_read_only_is_ignored_in_a_body_and_refused_by_name() -> None:
    assert not patched({"id": "other", "groups": [{"value": "7"}], "schemas": None}).changed
    with pytest.raises(MutabilityError):
        after({"meta": {"attributes": ["groups"]}})


@pytest.mark.parametrize(
    "part",
    [
        {"shoeSize": 7},
        {ENTERPRISE: {"shoeSize": 7}},
        {"urn:example:hr": {"age": 7}},
        {"schemas": ["urn:example:hr"]},
        {'emails[type eq "work"].value': "x"},
        {"Operations": []},
    ],
)
def test_unknown_names_are_refused(part: dict[str, Any]) -> None:
    with pytest.raises(InvalidSyntax):
        after(part)


def test_unknown_names_are_dropped_where_that_is_tolerated() -> None:
    notes: list[str] = []
    tolerant = replace(STANDARD, unknown="drop")
    assert lower({"schemas": [USER, "urn:example:hr"], "shoeSize": 7}, PEOPLE, tolerant, notes) == ()
    assert notes == ["unknown schema: urn:example:hr", "unknown attribute: shoeSize"]


def test_unknown_names_in_meta_attributes_are_refused() -> None:
    with pytest.raises(InvalidPath):
        after({"meta": {"attributes": ["shoeSize"]}})
    with pytest.raises(InvalidValue, match="filters"):
        after({"meta": {"attributes": ['emails[type eq "work"]']}})


def test_members_come_and_go_as_rows() -> None:
    staff = {"schemas": [GROUP], "displayName": "Staff"}
    steps = patched({"members": [{"value": "1"}, {"value": "2", "operation": "delete"}]}, staff).members
    assert (list(steps.add), list(steps.remove), steps.clear) == (["1"], ["2"], False)
    steps = patched({"meta": {"attributes": ["members"]}}, staff).members
    assert (list(steps.add), steps.clear) == ([], True)
    part = {"meta": {"attributes": ["members"]}, "members": [{"value": "1", "display": "Bo"}]}
    steps = patched(part, staff).members
    assert (list(steps.add), steps.clear) == (["1"], True)


def test_a_member_without_an_id_is_refused() -> None:
    staff = {"schemas": [GROUP], "displayName": "Staff"}
    with pytest.raises(InvalidValue, match="id"):
        patched({"members": [{"display": "Bo"}]}, staff)
