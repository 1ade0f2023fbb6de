"""scim2-models as a second opinion on what PATCH does (RFC 7644 §3.5.2), on made users and operations.

Operations are compared one by one, from a state on which both agree. A difference must be one of ``DIFFERENCES``, each
with the RFC's word on it, an example that shows it, and a test of when it may be claimed; the examples keep the table
from having idle rows.
"""

import copy
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scim2_models import Context, PatchOp, SCIMException, ScimPolicy
from tests.support.oracle import (
    ADDRESSES,
    BODIES,
    CERTIFICATES,
    EMAILS,
    ENTERPRISE,
    EXTENSIONS,
    LINKS,
    NAMES,
    PERSON_NAMES,
    PLACES,
    TEXTS,
    USER,
    Theirs,
    comparison_key,
    document,
)

from rollbook.scim import urns
from rollbook.scim.errors import ScimError
from rollbook.scim.patch import read_patch
from rollbook.scim.patch_apply import apply_patch
from rollbook.scim.tolerances import STANDARD

Operation = dict[str, Any]
Outcome = dict[str, Any] | str
"""The state after an operation, or the scimType of its refusal."""

Patch: Any = PatchOp[Theirs]
POLICY = ScimPolicy(remove_value_as_filter=ScimPolicy.RemoveValue.apply, comparison_key=comparison_key)


def message(operation: Operation) -> dict[str, Any]:
    return {"schemas": [urns.PATCH_OP], "Operations": [operation]}


def ours(state: dict[str, Any], operation: Operation) -> Outcome:
    try:
        return apply_patch(USER, state, read_patch(message(operation)), STANDARD, [], own="1").document
    except ScimError as error:
        return error.scim_type or str(error.status)


def theirs(state: dict[str, Any], operation: Operation) -> Outcome:
    resource = Theirs.model_validate(copy.deepcopy(state))
    try:
        with POLICY:
            patch = Patch.model_validate(message(operation), scim_ctx=Context.RESOURCE_PATCH_REQUEST)
            patch.patch(resource)
    except SCIMException as error:
        return str(error.scim_type)
    except ValueError as error:  # pydantic's, which names no scimType
        return _scim_type(error)
    return dumped(resource)


def dumped(resource: Any) -> dict[str, Any]:
    found: dict[str, Any] = resource.model_dump(mode="json", by_alias=True, exclude_none=True)
    return found


def _scim_type(error: ValueError) -> str:
    for one in error.errors():  # type: ignore[attr-defined]
        return str(one["type"]).removeprefix("scim_")
    return "?"


def plain(outcome: Outcome) -> Any:
    """A state in their spelling (they write canonical types and mail domains in lower case), without any order and
    without what is empty; or that it was refused."""
    if isinstance(outcome, str):
        return "refused"
    return _plain({k: v for k, v in dumped(Theirs.model_validate(outcome)).items() if k != "schemas"})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        found = {k: _plain(v) for k, v in value.items()}
        return {k: v for k, v in found.items() if v not in (None, [], {})}
    if isinstance(value, list):
        return sorted(
            (p for v in value if (p := _plain(v)) not in (None, {})), key=lambda v: json.dumps(v, sort_keys=True)
        )
    return value


SINGLE = {
    "userName": NAMES,
    "externalId": TEXTS,
    "displayName": TEXTS,
    "title": TEXTS,
    "profileUrl": LINKS,
    "active": st.booleans(),
    "name.givenName": TEXTS,
    f"{ENTERPRISE}:department": TEXTS,
    f"{ENTERPRISE}:manager.value": TEXTS,
    "name": PERSON_NAMES,
    f"{ENTERPRISE}:manager": st.fixed_dictionaries({"value": TEXTS}),
    ENTERPRISE: EXTENSIONS,
    "id": st.just("2"),
    "meta.version": st.just("2"),
    "groups": st.just([{"value": "2"}]),
    "nothing": TEXTS,
    "emails.nothing": TEXTS,
}
LISTS = {"emails": EMAILS, "addresses": PLACES, "x509Certificates": CERTIFICATES}
PARTS = {
    "emails": {"value": ADDRESSES, "type": TEXTS, "display": TEXTS, "primary": st.booleans()},
    "addresses": {"locality": TEXTS, "region": TEXTS, "type": TEXTS, "primary": st.booleans()},
}


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    op = draw(st.sampled_from(["add", "replace", "remove", "add", "replace"]))
    form = draw(st.integers(0, 9))
    if form <= 2:
        path = draw(st.sampled_from(sorted(SINGLE)))
        return _operation(draw, op, path, draw(SINGLE[path] | st.none() if form == 2 else SINGLE[path]))
    if form == 3:
        path = draw(st.sampled_from(sorted(LISTS)))
        return _operation(draw, op, path, draw(st.lists(LISTS[path], max_size=2) | LISTS[path]))
    if form <= 7:
        path = draw(st.sampled_from(sorted(PARTS)))
        parts = PARTS[path]
        sub = draw(st.sampled_from(sorted(parts)))
        if form == 4:
            return _operation(draw, op, f"{path}.{sub}", draw(parts[sub]))
        compared = draw(st.sampled_from(sorted(parts)))
        operator = draw(st.sampled_from(["eq", "eq", "eq", "ne", "pr"]))
        literal = draw(parts[compared])
        quoted = str(literal).lower() if isinstance(literal, bool) else f'"{literal}"'
        brackets = f"[{compared} pr]" if operator == "pr" else f"[{compared} {operator} {quoted}]"
        if form == 5:
            return _operation(draw, op, f"{path}{brackets}", draw(LISTS[path]))
        return _operation(draw, op, f"{path}{brackets}.{sub}", draw(parts[sub]))
    value = draw(st.dictionaries(st.sampled_from(["title", "displayName", "active"]), st.none(), max_size=1))
    return {"op": op, "value": {**draw(BODIES), **value}}


def _operation(draw: st.DrawFn, op: str, path: str, value: Any) -> Operation:
    if op == "remove":
        return {"op": op, "path": path}
    return {"op": op, "path": path, "value": value}


class Difference(NamedTuple):
    state: dict[str, Any]
    operation: Operation
    word: str
    """What the RFC says, and so who is right."""
    claims: Callable[[dict[str, Any], Operation, Outcome, Outcome], bool]
    """Whether a difference between our outcome and theirs may be this one."""


def _path(operation: Operation) -> str:
    return str(operation.get("path") or "")


def _described(_: dict[str, Any], operation: Operation, us: Outcome, them: Outcome) -> bool:
    return operation["op"] == "add" and "[" in _path(operation) and isinstance(us, dict) and them == "noTarget"


def _differs(_: dict[str, Any], operation: Operation, us: Outcome, them: Outcome) -> bool:
    return " ne " in _path(operation)


def _nothing_added(state: dict[str, Any], operation: Operation, us: Outcome, them: Outcome) -> bool:
    nothing = operation["op"] == "add" and operation["value"] is None
    return nothing and us == state and them == "invalidValue"


def _nothing_inside(_: dict[str, Any], operation: Operation, us: Outcome, them: Outcome) -> bool:
    value = operation.get("value")
    inside = operation["op"] == "add" and not _path(operation) and isinstance(value, dict) and None in value.values()
    return inside and isinstance(us, dict)


def _first(state: dict[str, Any], operation: Operation, us: Outcome, them: Outcome) -> bool:
    name, dot, _ = _path(operation).partition(".")
    into_nothing = name in LISTS and bool(dot) and "[" not in name and not state.get(name)
    return into_nothing and operation["op"] != "remove" and isinstance(us, dict) and plain(them) == plain(state)


def _added(operation: Operation) -> list[list[Any]]:
    """The lists that an add brings."""
    value = operation.get("value")
    path = _path(operation)
    brought = (
        [value] if path in LISTS else [v for k, v in value.items() if k in LISTS] if isinstance(value, dict) else []
    )
    return [v if isinstance(v, list) else [v] for v in brought] if operation["op"] == "add" else []


def _twice(_: dict[str, Any], operation: Operation, us: Outcome, them: Outcome) -> bool:
    repeated = any(a == b for new in _added(operation) for at, a in enumerate(new) for b in new[at + 1 :])
    return repeated and isinstance(us, dict) and isinstance(them, dict)


def _manager(_: dict[str, Any], operation: Operation, us: Outcome, them: Outcome) -> bool:
    return _path(operation).endswith(":manager.value") and isinstance(us, dict) and them == "mutability"


def _no_extension(_: dict[str, Any], operation: Operation, us: Outcome, them: Outcome) -> bool:
    nothing = _path(operation) == ENTERPRISE and operation.get("value") is None
    return nothing and isinstance(us, dict) and ENTERPRISE not in us and them == "invalidValue"


ANN: dict[str, Any] = {"userName": "ann"}
EMAIL = {"value": "ann@acorn.example", "display": "Ann"}

DIFFERENCES: dict[str, Difference] = {
    "described": Difference(
        ANN,
        {"op": "add", "path": 'emails[type eq "a"].value', "value": "ann@acorn.example"},
        "RFC 7644 §3.5.2.1 adds what is not there and says nothing of a filter; Table 9 has noTarget for one that finds"
        " nothing. An add that says what to add is done here (protocol 22); a replace is noTarget on both sides.",
        _described,
    ),
    "ne": Difference(
        {**ANN, "emails": [EMAIL]},
        {"op": "remove", "path": 'emails[type ne "a"]'},
        "RFC 7644 Table 3 is silent on ne where a value is missing: see the row in test_filter_oracle.",
        _differs,
    ),
    "nothing added": Difference(
        ANN,
        {"op": "add", "path": "title", "value": None},
        "RFC 7643 §2.5 has null for unassigned, RFC 7644 §3.5.2.1 asks for a value. Nothing is added, and an identity"
        " provider that sends an empty field is not stopped by it.",
        _nothing_added,
    ),
    "nothing inside": Difference(
        {**ANN, "title": "a"},
        {"op": "add", "value": {"title": None}},
        "RFC 7643 §2.5: null is a missing attribute; RFC 7644 §3.5.2.1: add adds, and takes nothing away.",
        _nothing_inside,
    ),
    "first": Difference(
        ANN,
        {"op": "add", "path": "emails.value", "value": "ann@acorn.example"},
        "RFC 7644 §3.5.2.1: where the target is not there, attribute and value are added; §3.5.2.3 has replace do the"
        " same. They answer success and do nothing.",
        _first,
    ),
    "extension of nothing": Difference(
        ANN,
        {"op": "replace", "path": ENTERPRISE, "value": None},
        "RFC 7643 §2.5: null is unassigned, so the extension is as it is wanted. They take null for no object.",
        _no_extension,
    ),
    "manager": Difference(
        {**ANN, ENTERPRISE: {"manager": {"value": "a", "$ref": "https://acorn.example/bo"}}},
        {"op": "remove", "path": f"{ENTERPRISE}:manager.value"},
        "RFC 7643 §4.3 recommends the value of manager, and its schema in §8.7.1 does not require it.",
        _manager,
    ),
    "twice": Difference(
        ANN,
        {"op": "add", "path": "emails", "value": [EMAIL, EMAIL]},
        "RFC 7644 §3.5.2.1: a value that is there is not added again; the first of the two is there.",
        _twice,
    ),
}


def explained(state: dict[str, Any], operation: Operation, us: Outcome, them: Outcome) -> list[str]:
    return [name for name, row in DIFFERENCES.items() if row.claims(state, operation, us, them)]


@pytest.mark.parametrize("name", DIFFERENCES)
def test_each_difference_shows_itself_in_its_example(name: str) -> None:
    row = DIFFERENCES[name]
    state = document(row.state)
    us, them = ours(state, row.operation), theirs(state, row.operation)
    assert plain(us) != plain(them)
    assert explained(state, row.operation, us, them) == [name]
    assert row.word.endswith(".")


@settings(deadline=None, max_examples=200)
@given(BODIES, st.lists(operations(), min_size=1, max_size=3))
def test_a_made_patch_does_the_same_in_both_but_for_the_differences(
    body: dict[str, Any], wanted: list[Operation]
) -> None:
    state = document(body)
    for operation in wanted:
        us, them = ours(state, operation), theirs(state, operation)
        if plain(us) != plain(them):
            assert explained(state, operation, us, them), (state, operation, us, them)
        elif isinstance(us, str) and us != them:
            # Both refuse, and name another of two errors first: they look at the value before the path and its filter.
            assert them == "invalidValue", (state, operation, us, them)
        if isinstance(us, dict):
            state = us
