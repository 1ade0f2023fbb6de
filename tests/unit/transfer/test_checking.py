"""A mapping held against the schemas that a target announces."""

from typing import Any

from rollbook.transfer.mapping.checking import check_mapping, live_user
from rollbook.transfer.mapping.known import known_user
from rollbook.transfer.mapping.slots import read_slot

RETAIL = "urn:ietf:params:scim:schemas:extension:retailops:2.0:User"
USER: dict[str, Any] = {
    "id": "urn:ietf:params:scim:schemas:core:2.0:User",
    "name": "User",
    "attributes": [
        {"name": "userName", "required": True},
        {"name": "title", "mutability": "readOnly"},
        {"name": "costume", "required": True},
        {"name": "displayName"},
        {"name": "nickName", "multiValued": True},
        {"name": "emails", "type": "complex", "multiValued": True, "subAttributes": [{"name": "value"}]},
        {"name": "retailOps", "type": "complex", "subAttributes": [{"name": "role"}]},
        {"name": "name", "type": "complex", "subAttributes": [{"name": "givenName"}]},
    ],
}
OTHERS: list[dict[str, Any]] = [
    {"id": "urn:ietf:params:scim:schemas:core:2.0:Group", "name": "Group", "attributes": [{"name": "displayName"}]},
    {"id": "urn:example:extension:User", "name": "More", "attributes": [{"name": "floor"}]},
    {"nonsense": 1},
]


def check(*keys: str, groups: bool = True) -> dict[str, tuple[str, str]]:
    user = live_user([*OTHERS, USER])
    assert user is not None
    slots = {key: read_slot(key, known_user()) for key in ("userName", *keys)}
    return {
        one.key: (one.detail, one.right)
        for one in check_mapping(slots, user, names={RETAIL: "retailOps"}, groups=groups)
    }


def test_what_fits_is_no_problem() -> None:
    found = check(
        "externalId", "emails", "name.givenName", "retailOps.role", "urn:example:extension:User:floor", "groups"
    )
    assert found.keys() == {"map"}


def test_what_the_target_requires_has_to_be_mapped() -> None:
    assert check()["map"] == ("the target requires costume", 'write costume = "…"')


def test_what_the_target_lacks_is_told_with_the_nearest() -> None:
    found = check("name.familyName", "locale", "retailOps.domain", "emails.display", "urn:example:other:User:floor")
    assert found["map.name.familyName"] == (
        "name.familyName has no part familyName in the target",
        "it has givenName",
    )
    assert found["map.locale"][0] == "the target has no attribute locale"
    assert found["map.retailOps.domain"][0] == f"the target has no attribute {RETAIL}:domain"
    assert found["map.emails.display"][0] == "emails has no part display in the target"
    assert found["map.urn:example:other:User:floor"][1] == "the nearest is floor"


def test_what_nobody_may_write_or_of_which_there_is_one_is_told() -> None:
    found = check("title", "nickName", "groups", groups=False)
    assert found["map.title"][0] == "the target itself sets title"
    assert found["map.nickName"][0] == "the target has a list of nickName"
    assert found["map.groups"][0] == "the target puts nobody into groups"


def test_a_target_without_schemas_says_nothing() -> None:
    assert live_user([]) is None
    assert live_user(OTHERS) is None


ENTERPRISE_V1 = "urn:scim:schemas:extension:enterprise:1.0"
USER_V1: dict[str, Any] = {
    "id": "urn:scim:schemas:core:1.0:User",
    "name": "User",
    "schema": "urn:scim:schemas:core:1.0",
    "attributes": [
        {"name": "id", "schema": "urn:scim:schemas:core:1.0", "readOnly": True, "required": True},
        {"name": "userName", "schema": "urn:scim:schemas:core:1.0", "readOnly": False, "required": True},
        {"name": "title", "schema": "urn:scim:schemas:core:1.0", "readOnly": True},
        {"name": "department", "schema": ENTERPRISE_V1},
        {
            "name": "manager",
            "type": "complex",
            "schema": ENTERPRISE_V1,
            "subAttributes": [{"name": "managerId"}, {"name": "displayName", "readOnly": True}],
        },
    ],
}


def check_v1(*keys: str) -> list[tuple[str, str]]:
    user = live_user([USER_V1])
    assert user is not None
    slots = {key: read_slot(key, known_user()) for key in ("userName", *keys)}
    return [(one.key, one.detail) for one in check_mapping(slots, user)]


def test_what_a_target_of_version_1_sets_itself_is_neither_required_nor_mapped() -> None:
    assert check_v1() == []
    assert check_v1("title") == [("map.title", "the target itself sets title")]


def test_the_enterprise_user_of_version_1_is_that_of_today() -> None:
    assert check_v1("department", "manager.value") == []
    assert [key for key, _ in check_v1("costCenter")] == ["map.costCenter"]
