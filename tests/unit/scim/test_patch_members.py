"""PATCH of members: steps that name ids (protocol 22, 23; security checklist V27, 60)."""

from typing import Any

import pytest

from rollbook.scim import urns
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import (
    InvalidFilter,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    MutabilityError,
    NoTarget,
    PayloadTooLarge,
)
from rollbook.scim.patch import read_patch
from rollbook.scim.patch_apply import NeedsMembers, Patched, apply_patch
from rollbook.scim.tolerances import STANDARD, STRICT, Tolerances

_, GROUP = standard_types()
STAFF = {"schemas": [urns.GROUP], "displayName": "Staff"}
LOADED = [{"value": "a", "type": "User", "display": "Ann"}, {"value": "g", "type": "Group"}]


def patched(*operations: dict[str, Any], tolerances: Tolerances = STANDARD, members: Any = None) -> Patched:
    message = read_patch({"schemas": [urns.PATCH_OP], "Operations": list(operations)})
    return apply_patch(GROUP, STAFF, message, tolerances, [], own="1", members=members)


def steps(*operations: dict[str, Any], members: Any = None) -> tuple[bool, list[str], list[str]]:
    made = patched(*operations, members=members)
    assert made.document is STAFF
    return made.members.clear, list(made.members.remove), list(made.members.add)


def members(op: str, *value: Any, path: str = "members") -> dict[str, Any]:
    return {"op": op, "path": path, **({"value": value[0]} if value else {})}


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        (members("add", [{"$ref": None, "value": "b"}, {"value": "a"}, {"value": "b"}]), (False, [], ["b", "a"])),
        (members("add", {"value": "b"}), (False, [], ["b"])),
        ({"op": "add", "value": {"members": [{"value": "b"}]}}, (False, [], ["b"])),
        (members("add", {}, path='members[value eq "b"]'), (False, [], ["b"])),
        (members("remove"), (True, [], [])),
        (members("remove", [{"$ref": None, "value": "b"}]), (False, ["b"], [])),
        (members("remove", {"value": "b"}), (False, ["b"], [])),
        (members("remove", path='members[value eq "b"]'), (False, ["b"], [])),
        (
            members("remove", path='members[value eq "b" or value eq "c" or (value eq "d")]'),
            (False, ["b", "c", "d"], []),
        ),
        (members("replace", [{"value": "b"}]), (True, [], ["b"])),
        (members("replace", []), (True, [], [])),
        ({"op": "replace", "value": {"id": "1", "members": [{"value": "b"}]}}, (True, [], ["b"])),
    ],
)
def test_v27_every_shape_that_clients_send_names_its_members(
    operation: dict[str, Any], wanted: tuple[bool, list[str], list[str]]
) -> None:
    assert steps(operation) == wanted


@pytest.mark.parametrize(
    "operation",
    [members("add", []), members("add", None), members("remove", []), {"op": "add", "value": {"members": []}}],
)
def test_v27_an_operation_that_names_no_member_changes_none(operation: dict[str, Any]) -> None:
    made = patched(operation)
    assert not made.members.touched
    assert not made.changed


@pytest.mark.parametrize("op", ["add", "remove", "replace"])
@pytest.mark.parametrize(
    "value", ["b", ["b"], [{}], [{"value": None}], [{"display": "x"}], 1, [[]], {"value": ""}, True, ""]
)
def test_v27_a_malformed_value_is_refused(op: str, value: Any) -> None:
    with pytest.raises(InvalidValue):
        patched(members(op, value))


def test_operations_are_gathered_in_order() -> None:
    add_b, drop_b = members("add", [{"value": "b"}]), members("remove", path='members[value eq "b"]')
    assert steps(add_b, drop_b) == (False, ["b"], [])
    assert steps(drop_b, add_b) == (False, [], ["b"])
    assert steps(members("add", [{"value": "a"}]), members("remove"), add_b) == (True, [], ["b"])
    assert steps(members("replace", [{"value": "b"}, {"value": "c"}]), drop_b) == (True, [], ["c"])


def test_what_the_client_says_of_types_is_kept_for_checking() -> None:
    assert patched(members("add", [{"value": "b", "type": "Group"}])).member_types == {"b": "Group"}


def test_other_filters_need_the_members() -> None:
    groups = members("remove", path='members[type eq "Group"]')
    with pytest.raises(NeedsMembers):
        patched(groups)
    assert steps(groups, members=LOADED) == (False, ["g"], [])
    assert steps(members("remove"), groups, members=LOADED) == (True, [], [])
    both = [members("add", [{"value": "h", "type": "Group"}]), groups]
    assert steps(*both, members=LOADED) == (False, ["h", "g"], []) or steps(*both, members=LOADED) == (
        False,
        ["g", "h"],
        [],
    )
    assert steps(members("remove", path='members[type eq "Group" and value eq "a"]'), members=LOADED) == (False, [], [])


def test_a_member_is_never_changed() -> None:
    for path in ("members.value", "members.display", 'members[value eq "a"].display', 'members[value eq "a"].value'):
        for op in ("add", "replace", "remove"):
            with pytest.raises(MutabilityError):
                patched(members(op, "x", path=path))
    with pytest.raises(MutabilityError):
        patched(members("replace", {"value": "b"}, path='members[value eq "a"]'), members=LOADED)
    assert steps(members("replace", {"value": "a"}, path='members[value eq "a"]'), members=LOADED) == (False, [], [])
    with pytest.raises(NoTarget):
        patched(members("replace", {"value": "z"}, path='members[value eq "z"]'), members=LOADED)


def test_remove_by_value_is_refused_in_strict() -> None:
    with pytest.raises(InvalidValue):
        patched(members("remove", [{"value": "b"}]), tolerances=STRICT)


@pytest.mark.parametrize(
    "path", ["members[", "members[x eq 1]", "members[value eq]", "members.x", 'members[value eq "a"].x']
)
def test_a_wrong_path_is_refused(path: str) -> None:
    with pytest.raises((InvalidPath, InvalidFilter, InvalidSyntax)):
        patched(members("remove", path=path))


def test_a_rename_and_a_member_go_together() -> None:
    made = patched({"op": "replace", "value": {"id": "1", "displayName": "Crew"}}, members("add", [{"value": "b"}]))
    assert made.document == {"schemas": [urns.GROUP], "displayName": "Crew"}
    assert list(made.members.add) == ["b"]


def test_58_many_filters_on_many_members_are_refused() -> None:
    loaded = [{"value": str(number), "type": "User"} for number in range(100_000)]
    filters = [members("remove", path=f'members[type eq "Group" and value eq "{number}"]') for number in range(7)]
    with pytest.raises(PayloadTooLarge):
        patched(*filters, members=loaded)
