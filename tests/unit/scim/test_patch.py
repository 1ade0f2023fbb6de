"""The message of a PATCH (security checklist 56, 58)."""

from typing import Any

import pytest

from rollbook.scim import urns
from rollbook.scim.errors import InvalidPath, InvalidSyntax, InvalidValue, PayloadTooLarge
from rollbook.scim.limits import Limits
from rollbook.scim.patch import Op, PatchOperation, read_patch

REMOVE = {"op": "remove", "path": "title"}


def read(*operations: Any, **message: Any) -> tuple[PatchOperation, ...]:
    return read_patch({"schemas": [urns.PATCH_OP], "Operations": list(operations), **message})


@pytest.mark.parametrize("op", ["add", "Add", "ADD"])
def test_op_and_names_are_read_in_any_case(op: str) -> None:
    message = {
        "SCHEMAS": [urns.PATCH_OP.upper()],
        "operations": [{"OP": op, "Path": " title ", "VALUE": 1, "name": "x"}],
    }
    assert read_patch(message) == (PatchOperation(Op.ADD, "title", 1),)


def test_null_and_absent_are_one_thing_but_a_value_has_to_be_named() -> None:
    assert read({"op": "replace", "path": None, "value": None}) == (PatchOperation(Op.REPLACE),)
    assert read({"op": "remove", "path": "title"}) == (PatchOperation(Op.REMOVE, "title"),)
    for op in ("add", "replace"):
        with pytest.raises(InvalidValue, match='needs a "value"'):
            read({"op": op, "path": "title"})


@pytest.mark.parametrize("op", ["delete", "", " add", None, 1, [], "__class__"])
def test_56_an_unknown_op_is_refused(op: Any) -> None:
    with pytest.raises(InvalidSyntax, match='operation 2: "op"'):
        read(REMOVE, {"op": op, "path": "title"})


@pytest.mark.parametrize("path", ["", "  ", 1, [], {}])
def test_56_an_empty_path_is_refused(path: Any) -> None:
    with pytest.raises(InvalidPath):
        read({"op": "remove", "path": path})


@pytest.mark.parametrize("operations", [None, [], {}, "x", [1], [None], [[]]])
def test_operations_are_a_list_of_objects(operations: Any) -> None:
    with pytest.raises(InvalidSyntax):
        read(Operations=operations)


@pytest.mark.parametrize("schemas", [None, [], [urns.USER], urns.PATCH_OP])
def test_the_message_says_that_it_is_a_patch(schemas: Any) -> None:
    with pytest.raises(InvalidSyntax, match="PatchOp"):
        read(REMOVE, schemas=schemas)


@pytest.mark.parametrize("message", [{"operations": [REMOVE]}, {"Schemas": [urns.PATCH_OP]}])
def test_names_in_two_spellings_are_refused(message: dict[str, Any]) -> None:
    with pytest.raises(InvalidSyntax, match="twice"):
        read(REMOVE, **message)


def test_58_a_thousand_operations_are_read_and_one_more_is_too_large() -> None:
    assert len(read(*[REMOVE] * 1000)) == 1000
    with pytest.raises(PayloadTooLarge, match="1000"):
        read(*[REMOVE] * 1001)
    with pytest.raises(PayloadTooLarge):
        read_patch({"schemas": [urns.PATCH_OP], "Operations": [REMOVE] * 3}, Limits(patch_operations=2))
