"""Groups written on a user, in dialects that let clients do so; RFC 7643 §4.1.2 has them readOnly."""

from dataclasses import replace
from typing import Any

import pytest

from rollbook.scim import urns
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import InvalidValue, MutabilityError, NoTarget, ScimError
from rollbook.scim.patch import read_patch
from rollbook.scim.patch_apply import NeedsGroups, Patched, apply_patch
from rollbook.scim.schema import ResourceType, read_schema
from rollbook.scim.tolerances import STANDARD, Tolerances
from rollbook.scim.validate import validator

SUBS = [
    {"name": "value", "caseExact": True},
    *({"name": n, "mutability": "readOnly"} for n in ("display", "$ref", "type")),
]
USER = ResourceType(
    "User",
    "/users",
    read_schema(
        {
            "id": urns.USER,
            "name": "User",
            "attributes": [
                {"name": "userName", "required": True, "uniqueness": "server"},
                {"name": "groups", "type": "complex", "multiValued": True, "_held": "groups", "subAttributes": SUBS},
            ],
        }
    ),
    number=1,
)
ANN = {"schemas": [urns.USER], "userName": "ann"}
LOADED = [{"value": "a", "display": "Diggers"}, {"value": "b", "display": "Sowers"}]
IGNORES = replace(STANDARD, ignore_groups=True)


def patched(*operations: dict[str, Any], tolerances: Tolerances = STANDARD, groups: Any = None) -> Patched:
    message = read_patch({"schemas": [urns.PATCH_OP], "Operations": list(operations)})
    return apply_patch(USER, ANN, message, tolerances, [], own="1", groups=groups)


def step(op: str, *value: Any, path: str = "groups") -> dict[str, Any]:
    return {"op": op, "path": path, **({"value": value[0]} if value else {})}


def test_a_body_names_groups_by_their_ids_and_what_the_server_fills_in_is_ignored() -> None:
    notes: list[str] = []
    given = [
        {"value": "a", "display": "Anything", "$ref": 7, "type": "direct"},
        {"VALUE": "b"},
        {"value": "a"},
        {"value": "c", "type": "indirect"},
    ]
    draft = validator(USER).read({**ANN, "groups": given}, STANDARD, notes)
    assert draft.groups == ["a", "b"]
    assert "groups" not in draft.document
    assert notes == ["indirect: groups"]
    assert validator(USER).read(ANN, STANDARD, notes).groups is None


@pytest.mark.parametrize("groups", ["a", ["a"], [{}], [{"value": 3}], [{"display": "Diggers"}]])
def test_groups_of_another_form_are_refused(groups: Any) -> None:
    with pytest.raises(InvalidValue, match="groups"):
        validator(USER).read({**ANN, "groups": groups}, STANDARD, [])


def test_groups_that_are_readonly_are_ignored_in_a_body() -> None:
    user, _ = standard_types()
    assert validator(user).read({**ANN, "groups": [{"value": "a"}]}, STANDARD, []).groups is None


def test_a_connection_that_ignores_groups_says_so() -> None:
    notes: list[str] = []
    assert validator(USER).read({**ANN, "groups": []}, IGNORES, notes).groups is None
    assert notes == ["ignored: groups"]
    made = patched(step("replace", []), step("remove", path='groups[value eq "a"]'), tolerances=IGNORES)
    assert not made.groups.touched


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        (step("add", [{"value": "c"}, {"value": "a"}]), (False, [], ["c", "a"])),
        (step("add", {"value": "c"}), (False, [], ["c"])),
        (step("add", {}, path='groups[value eq "c"]'), (False, [], ["c"])),
        (step("replace", [{"value": "c"}]), (True, [], ["c"])),
        (step("replace", []), (True, [], [])),
        ({"op": "replace", "value": {"groups": [{"value": "c"}]}}, (True, [], ["c"])),
        (step("remove"), (True, [], [])),
        (step("remove", [{"value": "a"}]), (False, ["a"], [])),
        (step("remove", path='groups[value eq "a"]'), (False, ["a"], [])),
    ],
)
def test_an_operation_on_groups_is_steps_and_no_document(operation: dict[str, Any], wanted: Any) -> None:
    made = patched(operation)
    assert (made.groups.clear, list(made.groups.remove), list(made.groups.add)) == wanted
    assert made.document is ANN
    assert not made.members.touched


def test_a_filter_on_more_than_the_id_is_asked_of_the_groups_that_there_are() -> None:
    remove = step("remove", path='groups[display sw "Dig"]')
    with pytest.raises(NeedsGroups):
        patched(remove)
    assert list(patched(remove, groups=LOADED).groups.remove) == ["a"]


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        (step("replace", "Diggers", path="groups.display"), MutabilityError),
        (step("replace", {"value": "c"}, path='groups[value eq "a"]'), MutabilityError),
        (step("replace", {"value": "c"}, path='groups[display eq "None"]'), NoTarget),
    ],
)
def test_one_group_is_never_made_another(operation: dict[str, Any], error: type[ScimError]) -> None:
    with pytest.raises(error):
        patched(operation, groups=LOADED)
