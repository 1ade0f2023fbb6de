"""Cases gathered from other implementations and from real clients, replayed on the running server.

They lie beside the checkout, not in it (``../shared/corpora``): a clone without them skips. What does not pass stands
in a list here with the reason, and a case that begins to pass must leave its list.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.house import House

from rollbook.scim.errors import ScimError
from rollbook.scim.patch import read_patch
from rollbook.scim.patch_apply import apply_patch
from rollbook.scim.schema import Extension, ResourceType, read_schema
from rollbook.scim.tolerances import STANDARD
from rollbook.scim.validate import validator
from rollbook.scim.values import date_time

CORPORA = Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
pytestmark = pytest.mark.skipif(
    not CORPORA.is_dir(), reason=f"the corpora are not part of the project, and {CORPORA} is not there"
)

EXTERNAL_ID = (
    "two Users of one connection with one externalId: 409 (RFC 7643 §3.1 leaves it to the client; protocol 21)"
)
AFTER_THAT = "follows from the one above"
NOBODY = "a member that does not exist: 400 (RFC 7643 §4.2: the id of a SCIM resource; protocol 11)"
ACTIVE = "a User without active is created active (protocol 9), so the answer has one attribute more"

_CREATE = "3.3 create"
_STORED = "7643 examples stored and returned"

EXPLAINED: dict[str, dict[str, str]] = {
    "run_filters_parse": {},
    "run_filters_eval": {},
    "run_patch_cases": {},
    "run_patch_scimsdk": {
        "MultivaluedComplexAttributeTests/MultivaluedComplexAttributesTests/ResourcePatchTests/MainResourceTests."
        "testEmptyObjectCausesBadRequest2": NOBODY,
        "MainResourceTests.testEmptyObjectCausesBadRequest": NOBODY,
        "PatchAddResourceHandlerTest.testReplaceFilteredSubAttributePreservesMultiWordValue": ACTIVE,
    },
    "run_rfc_sequences": {
        f"{_CREATE} | 3.14 POST": EXTERNAL_ID,
        f"{_CREATE} | 3.4.2 list attributes=userName": AFTER_THAT,
        f"{_CREATE} | 3.4.2.4 startIndex/count": AFTER_THAT,
        f"{_CREATE} | 3.4.2.4 negative count is 0": AFTER_THAT,
        f"{_CREATE} | 3.4.2.4 count=0 gives totals only": AFTER_THAT,
        f"{_STORED} | 8.3 enterprise user": EXTERNAL_ID,
        f"{_STORED} | enterprise attributes only": AFTER_THAT,
        f"{_STORED} | 8.4 group": AFTER_THAT,
        f"{_STORED} | User.groups reflects membership (readOnly)": AFTER_THAT,
        f"{_STORED} | member $ref points at the User": AFTER_THAT,
    },
    "run_idp_sequences": {},
}
PASSED = {  # what passed when it was last looked at; more is welcome, fewer is a loss
    "run_filters_parse": 104,
    "run_filters_eval": 94,
    "run_patch_cases": 64,
    "run_patch_scimsdk": 0,
    "run_rfc_sequences": 115,
    "run_idp_sequences": 88,
}


@pytest.mark.parametrize("runner", EXPLAINED)
def test_a_corpus_passes_but_for_what_is_explained(house: House, runner: str) -> None:
    seat = house.seat("acorn")  # of its own: the runners delete whatever they find
    command = [sys.executable, "-B", str(CORPORA / f"{runner}.py"), seat.base, seat.token]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    *lines, last = run.stdout.strip().splitlines() or [run.stderr]
    counted = re.fullmatch(r"(\d+) passed, (\d+) failed", last)
    assert counted, run.stdout + run.stderr
    failed = {name for line in lines if (name := _failed(line, 1 if runner == "run_patch_scimsdk" else 2))}
    assert failed == set(EXPLAINED[runner]), run.stdout
    assert int(counted[1]) >= PASSED[runner]
    assert int(counted[2]) == len(failed)


@pytest.mark.parametrize(
    ("client", "preset"), [("Entra", "entra"), ("Okta", "okta"), ("authentik", "standard"), ("AWS", "standard")]
)
def test_what_clients_send_passes_under_their_presets(house: House, client: str, preset: str) -> None:
    seat = house.seat("acorn", preset=preset)
    command = [sys.executable, "-B", str(CORPORA / "run_idp_sequences.py"), seat.base, seat.token, client]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    counted = re.fullmatch(r"(\d+) passed, (\d+) failed", run.stdout.strip().splitlines()[-1])
    assert counted, run.stdout + run.stderr
    assert int(counted[1]) >= 12
    assert int(counted[2]) == 0, run.stdout


def _failed(line: str, fields: int) -> str | None:
    """The name of the case that a runner says went wrong; its first fields hold no values."""
    if line.startswith("SETUP "):
        return line.split(" ")[1]
    return " | ".join(line[5:].split(" | ")[:fields]) if line.startswith("FAIL ") else None


def _all_types() -> ResourceType:
    """A resource type with attributes of every type: only a core test can have it, no standard server serves it."""
    schemas = {s["id"]: s for s in json.loads((CORPORA / "alltypes_schemas.json").read_text())}
    _, _, kind = json.loads((CORPORA / "alltypes_resource_types.json").read_text())
    extensions = tuple(Extension(read_schema(schemas[e["schema"]])) for e in kind["schemaExtensions"])
    return ResourceType(kind["name"], kind["endpoint"], read_schema(schemas[kind["schema"]]), extensions, number=100)


def _plain(value: Any) -> Any:
    """A value without what the provider sets, in no order; a moment in its canonical form."""
    if isinstance(value, dict):
        plain = {k: _plain(v) for k, v in value.items() if k not in ("id", "meta", "schemas", "$ref")}
        return {k: v for k, v in plain.items() if v not in (None, [], {})}
    if isinstance(value, list):
        return sorted((_plain(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return (isinstance(value, str) and date_time(value)) or value


def _cases() -> list[Any]:
    if not CORPORA.is_dir():
        return []
    cases = json.loads((CORPORA / "patch_scimsdk.json").read_text())["cases"]
    return [c for c in cases if c["type"] == "AllTypes" and not c.get("note")]


def _outcome(kind: ResourceType, case: dict[str, Any]) -> Any:
    """What PATCH makes of a case: the document, or "refused"."""
    body = {"schemas": [kind.schema.id], **case["before"]}
    body["schemas"] = list(dict.fromkeys([*body["schemas"], *(k for k in body if k.startswith("urn:"))]))
    before = validator(kind).read(body, STANDARD, []).document
    message = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": case["operations"]}
    try:
        return _plain(apply_patch(kind, before, read_patch(message), STANDARD, [], own="1").document)
    except ScimError:
        return "refused"


_NUMBERS = "numbers sent as texts: 400 (RFC 7643 §2.3.4: an integer is a JSON number)"
_PARTS = "co of a number: 400 (RFC 7644 Table 3: co compares parts of strings)"
_T = "PatchTargetHandlerTest."

ALL_TYPES = {
    f"{_T}testAddSimpleNumberArrayAttribute": _NUMBERS,
    f"{_T}testAddSimpleNumberArrayAttributeAndPreserveOldValues": _NUMBERS,
    f"{_T}testReplaceSimpleNumberArrayAttribute": _NUMBERS,
    f"{_T}testReplaceSimpleNumberArrayAttributeAndPreserveOldValues": _NUMBERS,
    f"{_T}testRemoveMultivaluedSubAttributeWithFilterFromMultivaluedComplex": _PARTS,
    f"{_T}testReplaceMultivaluedComplexWithFilterAndSeveralMatches": _PARTS,
    f"{_T}testAddArrayAttributeToMultiComplexTypeWithMissingTarget": (
        "a sub-attribute of a list that is empty: a first element takes it (RFC 7644 §3.5.2.1 adds what is not there)"
    ),
    "PatchAddResourceHandlerTest.testAddMultipleComplexValues": (
        "one value twice in one add: it comes once (RFC 7644 §3.5.2.1: a value that is there is not added again)"
    ),
}


def test_patches_of_every_type_of_attribute_come_out_as_expected_but_for_what_is_explained() -> None:
    kind, cases = _all_types(), _cases()
    differ: dict[str, list[Any]] = {}
    for case in cases:
        want = "refused" if case["error"] else _plain(case["after"])
        got = _outcome(kind, case)
        if got != want:
            differ.setdefault(case["test"].rpartition("/")[2], []).append((case["operations"], got, want))
    assert len(cases) == 180
    assert set(differ) == set(ALL_TYPES), {name: seen for name, seen in differ.items() if name not in ALL_TYPES}
    assert sum(map(len, differ.values())) == 13
