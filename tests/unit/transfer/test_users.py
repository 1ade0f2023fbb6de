"""How users differ, and what is sent to make them alike, in both wires."""

from typing import Any

import pytest

from rollbook.transfer.capabilities import PRESETS, RETAIL_OPS
from rollbook.transfer.users import Change, TargetUser, applied, differences, name_key, resolves, unmoved
from rollbook.transfer.wire import PATCH_OP, USER, Wire
from rollbook.transfer.wire_v1 import CORE, WireV1

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
OLD_ENTERPRISE = "urn:scim:schemas:extension:enterprise:1.0"


def there(**attributes: Any) -> TargetUser:
    return Wire(PRESETS["standard"]).user({"id": "1", "userName": "ann", "schemas": [USER], **attributes})


def paths(wanted: dict[str, Any], **attributes: Any) -> list[str]:
    return [change.path for change in differences({"userName": "ann", **wanted}, there(**attributes))]


@pytest.mark.parametrize(
    ("wanted", "attributes", "differing"),
    [
        ({}, {"title": "Chief"}, []),
        ({"title": None}, {}, []),
        ({"title": None}, {"title": "Chief"}, ["title"]),
        ({"emails": []}, {}, []),
        ({"emails": []}, {"emails": [{"value": "a@x"}]}, ["emails"]),
        ({"name": {"givenName": "Ann"}}, {"name": {"givenName": "Ann", "familyName": "B"}}, []),
        ({"name": {"givenName": "Ann", "familyName": None}}, {"name": {"givenName": "Ann"}}, []),
        ({"name": {"givenName": "Bo"}}, {"name": {"givenName": "Ann"}}, ["name.givenName"]),
        ({"active": True}, {"active": True}, []),
        ({"active": True}, {"active": "True"}, []),
        ({"active": True}, {}, ["active"]),
        ({"x": "1"}, {"x": 1}, []),
        ({"at": "2026-01-01T00:00:00Z"}, {"at": "2026-01-01T01:00:00.000+01:00"}, []),
        ({"at": "2026-01-01T00:00:00Z"}, {"at": "2026-01-01T00:00:01Z"}, ["at"]),
        ({"TITLE": "Chief"}, {"title": "Chief"}, []),
        ({ENTERPRISE: {"department": "Sales"}}, {ENTERPRISE: {"department": "Legal"}}, [f"{ENTERPRISE}:department"]),
        ({ENTERPRISE: {"manager": {"value": "7"}}}, {}, [f"{ENTERPRISE}:manager.value"]),
    ],
)
def test_only_what_is_wanted_otherwise_differs(
    wanted: dict[str, Any], attributes: dict[str, Any], differing: list[str]
) -> None:
    assert paths(wanted, **attributes) == differing


def test_values_of_a_list_are_compared_whatever_their_order_and_decoration() -> None:
    wanted = {"emails": [{"value": "a@x", "type": "work", "primary": True}, {"value": "b@x", "type": "home"}]}
    found = [
        {"value": "b@x", "type": "Home", "primary": False, "display": "b"},
        {"value": "a@x", "type": "Work", "primary": True, "$ref": "…"},
    ]
    assert paths(wanted, emails=found) == []
    assert paths(wanted, emails=found[:1]) == ["emails"]
    assert paths(wanted, emails=[*found, {"value": "c@x"}]) == ["emails"]


def test_groups_are_compared_by_name_or_id_and_only_those_that_are_direct() -> None:
    groups = [{"value": "7", "display": "Staff"}, {"value": "8", "display": "All", "type": "indirect"}]
    assert paths({"groups": [{"display": "STAFF"}]}, groups=groups) == []
    assert paths({"groups": [{"value": "7"}]}, groups=groups) == []
    assert paths({"groups": []}, groups=groups) == ["groups"]
    assert paths({"groups": [{"display": "Staff"}, {"display": "Heads"}]}, groups=groups) == ["groups"]


def test_a_name_that_says_its_kind_is_compared_without_it() -> None:
    wanted = {"userName": "urn:upn$@;@$ann"}
    assert differences(wanted, there(), separator="$@;@$") == ()
    assert name_key("urn:upn$@;@$ANN", "$@;@$") == "ann"


def test_changes_are_known_to_be_made_or_overtaken() -> None:
    change = Change(("name", "givenName"), "Ann", "Bo")
    assert resolves(change, there(name={"givenName": "Bo"}))
    assert unmoved(change, there(name={"givenName": "Ann"}))
    assert not unmoved(change, there(name={"givenName": "Cleo"}))


def test_changes_are_applied_to_a_document_and_leave_the_rest() -> None:
    before = {"userName": "ann", "title": "Chief", "name": {"givenName": "Ann", "familyName": "B"}}
    changes = [
        Change(("title",), "Chief", None),
        Change(("name", "givenName"), "Ann", None),
        Change((ENTERPRISE, "department"), None, "Sales"),
    ]
    after = applied(before, changes)
    assert after == {"userName": "ann", "name": {"familyName": "B"}, ENTERPRISE: {"department": "Sales"}}
    assert before["name"] == {"givenName": "Ann", "familyName": "B"}


def test_a_patch_is_the_smallest_one() -> None:
    changes = [
        Change(("title",), "Chief", None),
        Change(("name", "givenName"), None, "Bo"),
        Change((ENTERPRISE, "department"), "Legal", "Sales"),
        Change(("emails",), [], [{"value": "a@x"}]),
    ]
    assert Wire(PRESETS["standard"]).patch(changes) == {
        "schemas": [PATCH_OP],
        "Operations": [
            {"op": "remove", "path": "title"},
            {"op": "add", "path": "name.givenName", "value": "Bo"},
            {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Sales"},
            {"op": "replace", "path": "emails", "value": [{"value": "a@x"}]},
        ],
    }


def test_a_patch_of_the_old_wire_is_a_partial_resource() -> None:
    changes = [
        Change(("title",), "Chief", None),
        Change(("name", "givenName"), None, "Bo"),
        Change((ENTERPRISE, "manager", "value"), "7", "8"),
        Change((ENTERPRISE, "department"), "Legal", None),
        Change(("emails",), [{"value": "b@x"}], [{"value": "a@x"}]),
    ]
    assert WireV1(PRESETS["scim11"]).patch(changes) == {
        "schemas": [CORE, OLD_ENTERPRISE],
        "name": {"givenName": "Bo"},
        OLD_ENTERPRISE: {"manager": {"managerId": "8"}},
        "emails": [{"value": "a@x"}],
        "meta": {"attributes": ["title", f"{OLD_ENTERPRISE}:department", "emails"]},
    }


def test_the_old_wire_is_read_and_written_by_its_own_names() -> None:
    wire = WireV1(PRESETS["scim11"])
    user = wire.user(
        {
            "id": "1",
            "userName": "ann",
            "emails": ["a@x"],
            OLD_ENTERPRISE: {"manager": {"managerId": "7", "displayName": "Bo"}},
            "meta": {"version": 'W/"1"'},
        }
    )
    assert user.document["emails"] == [{"value": "a@x"}]
    assert user.document[ENTERPRISE] == {"manager": {"value": "7", "displayName": "Bo"}}
    body = wire.body(user.document, id="1")
    assert body[OLD_ENTERPRISE]["manager"]["managerId"] == "7"
    assert body["schemas"] == [CORE, OLD_ENTERPRISE]


def test_an_extension_with_a_bare_key_is_known_by_its_urn() -> None:
    wire = Wire(PRESETS["retailops"])
    user = wire.user({"id": "1", "userName": "ann", "retailOps": {"role": "Seller"}})
    assert user.document[RETAIL_OPS] == {"role": "Seller"}
    body = wire.body(user.document)
    assert body["retailOps"] == {"role": "Seller"}
    assert body["schemas"] == [USER, RETAIL_OPS]


@pytest.mark.parametrize(
    ("wire", "body", "said"),
    [
        (Wire, {"detail": "No\x1b[2J way", "scimType": "uniqueness"}, ("No [2J way", "uniqueness")),
        (Wire, {"detail": 7}, ("", "")),
        (Wire, "text", ("", "")),
        (WireV1, {"Errors": [{"description": "taken", "code": "409"}]}, ("taken", "")),
        (WireV1, {"detail": "taken"}, ("taken", "")),
    ],
)
def test_refusals_are_read_as_one_plain_line(wire: type[Wire], body: Any, said: tuple[str, str]) -> None:
    assert wire(PRESETS["standard"]).detail(body) == said
