"""Whatever JSON stands in a body of SCIM 1.1, it is read or refused by the protocol; nothing else is raised."""

from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import ScimError
from rollbook.scim.patch_apply import NeedsMembers, apply_patch
from rollbook.scim.tolerances import STANDARD, STRICT, Tolerances
from rollbook.scim.urns import ENTERPRISE_USER, GROUP, USER
from rollbook.scim.validate import validator
from rollbook.scim.wire.v1_filter import kept_filter
from rollbook.scim.wire.v1_form import CORE, ENTERPRISE, SCIM11
from rollbook.scim.wire.v1_lower import lower
from rollbook.scim.wire.v1_names import names

KEYS = st.sampled_from(
    [
        "schemas", "SCHEMAS", "id", "meta", "attributes", "userName", "name", "givenName", "emails", "Emails", "value",
        "type", "primary", "operation", "Operation", "display", "members", "groups", "active", "addresses", "locality",
        "password", "manager", "managerId", "$ref", "displayName", "title", "externalId", ENTERPRISE, ENTERPRISE_USER,
        "urn:example:hr", "", 'emails[type eq "work"]', "name.givenName",
    ]
)  # fmt: skip
WORDS = st.sampled_from(["", "delete", "a", "name.givenName", "title", "emails.type", CORE, ENTERPRISE, "members", "["])
TOKENS = tuple('userName eq EQ ne pr and or not ( ) [ ] "a" " schemas null true 1 :'.split())  # noqa: SIM905
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
BODIES = st.dictionaries(KEYS, VALUES, max_size=6)
THERE: dict[str, dict[str, Any]] = {
    "User": {
        "schemas": [USER, ENTERPRISE_USER], "userName": "ann", "name": {"givenName": "Ann"},
        "emails": [{"value": "a", "type": "work"}, {"value": "a"}], "addresses": [{"locality": "a"}],
        ENTERPRISE_USER: {"manager": {"value": "a"}},
    },
    "Group": {"schemas": [GROUP], "displayName": "Staff"},
}  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])  # on a fresh machine the first text makes Unicode's tables
@given(st.sampled_from(standard_types()), BODIES, st.sampled_from([STANDARD, STRICT]))
def test_bodies_are_read_or_refused(type: Any, body: dict[str, Any], tolerances: Tolerances) -> None:
    called = names(type, SCIM11)
    with suppress(ScimError):
        whole = called.resource(body)
        validator(type).read(whole, tolerances, [])
    with suppress(ScimError, NeedsMembers):
        operations = lower(called.resource(body, partial=True), type, tolerances, [])
        apply_patch(type, THERE[type.name], operations, tolerances, [], own="42")


@given(st.lists(st.sampled_from((*TOKENS, CORE, f'"{CORE}"', f"{ENTERPRISE}:manager.managerId")), max_size=8))
def test_filters_are_read_or_refused(words: list[str]) -> None:
    with suppress(ScimError):
        kept_filter(" ".join(words), names(standard_types()[0], SCIM11))
