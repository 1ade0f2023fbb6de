"""The rules of Retail Ops as values: states of a user, lists of a tenant. The numbers are those of the dialect."""

from typing import Any

import pytest

from rollbook.dialects.hooks.retailops import KEY, RULES, URN
from rollbook.dialects.loading import catalog
from rollbook.dialects.reading import under_urns
from rollbook.scim.effects import Invite, Withdraw
from rollbook.scim.errors import InvalidSyntax, InvalidValue, MutabilityError, ScimError
from rollbook.scim.rules import Asked

MAIL = [{"value": "ann@acorn.example", "type": "Work", "primary": True}]
ACTIVE = {"userName": "ann", "active": True, URN: {"openIDUserID": "oid-1", "role": "Seller"}}
PENDING = {"userName": "ann", "active": False, "emails": MAIL, URN: {"sendInviteLink": True}}
INACTIVE = {"userName": "ann", "active": False}


def judged(before: dict[str, Any] | None, body: dict[str, Any], **settings: Any) -> tuple[dict[str, Any], Asked]:
    """What is kept of a POST or PUT; the body is as it comes, with ``retailOps``."""
    asked = Asked(settings=settings, given={"userName": "ann", **body})
    after = {"userName": "ann", "emails": MAIL, **{key: value for key, value in body.items() if key != KEY}}
    after.setdefault("active", before["active"] if before is not None else True)
    if KEY in body:
        after[URN] = body[KEY]
    return RULES.judge(before, after, asked), asked


def state(kept: dict[str, Any]) -> tuple[Any, ...]:
    own = kept.get(URN, {})
    return kept["active"], own.get("sendInviteLink"), own.get("openIDUserID")


def test_s_p6_v5_absent_active_is_false_on_create_and_kept_on_put() -> None:
    assert state(judged(None, {})[0]) == (False, None, None)
    assert state(judged(INACTIVE, {})[0]) == (False, None, None)
    assert state(judged(ACTIVE, {})[0]) == (True, None, "oid-1")
    assert state(judged(ACTIVE, {KEY: {"openIDUserID": "oid-2"}})[0]) == (True, None, "oid-2")


@pytest.mark.parametrize("before", [None, INACTIVE, PENDING])
def test_s_p6_active_with_an_openid_user_activates_directly(before: dict[str, Any] | None) -> None:
    kept, asked = judged(before, {"active": True, KEY: {"openIDUserID": "oid-1"}})
    assert state(kept) == (True, None, "oid-1")
    assert asked.effects == ([Withdraw()] if before is PENDING else [])


@pytest.mark.parametrize("before", [None, INACTIVE, PENDING, ACTIVE])
def test_v5_active_without_an_openid_user_is_refused(before: dict[str, Any] | None) -> None:
    with pytest.raises(InvalidValue):
        judged(before, {"active": True, KEY: {"role": "Seller"}})


def test_v5_what_was_read_can_be_put_again() -> None:
    for before in (ACTIVE, INACTIVE, {"userName": "ann", "active": True}):
        shown = RULES.show({"schemas": [], **before}, Asked())
        body = {key: value for key, value in shown.items() if key != URN} | {KEY: shown[URN]}
        assert state(judged(before, body)[0]) == state(before)


def test_v6_an_invited_user_is_pending_and_gets_a_letter() -> None:
    kept, asked = judged(None, {KEY: {"sendInviteLink": True, "openIDUserID": "oid-1"}})
    assert state(kept) == (False, True, None)
    assert asked.effects == [Invite("ann@acorn.example", "ann")]
    assert asked.notes == ["not active, so not linked: retailOps.openIDUserID"]


@pytest.mark.parametrize("emails", [[], [{"value": "ann"}], [{"display": "Ann"}], [{"value": "ann@x\r\nBcc: bo"}]])
def test_v6_who_is_invited_has_an_address(emails: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidValue):
        judged(None, {"emails": emails, KEY: {"sendInviteLink": True}})


def test_v6_a_new_invitation_takes_the_place_of_the_old_and_of_the_link() -> None:
    for before in (PENDING, ACTIVE):
        kept, asked = judged(before, {KEY: {"sendInviteLink": True}})
        assert state(kept) == (False, True, None)
        assert len(asked.effects) == 1


def test_v6_a_pending_user_stays_so_until_somebody_says_otherwise() -> None:
    kept, asked = judged(PENDING, {"title": "x"})
    assert (state(kept), asked.effects) == ((False, True, None), [])
    for body in ({KEY: {"sendInviteLink": False}}, {"active": False}):
        kept, asked = judged(PENDING, body)
        assert (state(kept), asked.effects) == ((False, None, None), [Withdraw()])


def test_v6_an_invited_user_cannot_be_active_at_once() -> None:
    with pytest.raises(InvalidValue):
        judged(None, {"active": True, KEY: {"sendInviteLink": True, "openIDUserID": "oid-1"}})


def test_v7_deactivation_clears_the_link_and_keeps_the_rest_however_often() -> None:
    body = {"active": False, KEY: {"openIDUserID": "oid-1", "role": "Seller"}}
    kept, _ = judged(ACTIVE, body)
    assert (state(kept), kept[URN]) == ((False, None, None), {"role": "Seller"})
    again, asked = judged(kept, body)
    assert again == kept
    assert asked.notes == ["not active, so not linked: retailOps.openIDUserID"]


def test_v6_accepting_is_a_patch_that_links_and_activates() -> None:
    asked = Asked()
    kept = RULES.judge(
        PENDING, {**PENDING, "active": True, URN: {"sendInviteLink": True, "openIDUserID": "oid"}}, asked
    )
    assert (state(kept), asked.effects) == ((True, None, "oid"), [Withdraw()])
    named = RULES.judge(PENDING, {**PENDING, "name": {"givenName": "Ann"}}, asked)
    assert (state(named), asked.effects) == ((False, True, None), [])


def test_v6_a_change_that_is_judged_again_sends_one_letter() -> None:
    asked = Asked(given={KEY: {"sendInviteLink": True}})
    after = {"userName": "ann", "emails": MAIL, "active": True, URN: {"sendInviteLink": True}}
    for _ in range(2):
        RULES.judge(None, dict(after), asked)
    assert asked.effects == [Invite("ann@acorn.example", "ann")]


@pytest.mark.parametrize(("attribute", "setting"), [("role", "roles"), ("profile", "profiles"), ("domain", "domains")])
def test_v2_v3_values_are_of_the_tenants_lists_where_it_has_set_them(attribute: str, setting: str) -> None:
    assert judged(None, {KEY: {attribute: "anything"}}, **{setting: []})[0][URN][attribute] == "anything"
    assert judged(None, {KEY: {attribute: "one"}}, **{setting: ["one", "two"]})[0][URN][attribute] == "one"
    with pytest.raises(InvalidValue):
        judged(None, {KEY: {attribute: "three"}}, **{setting: ["one", "two"]})


def test_v4_unknown_stores_are_refused_and_all_stores_need_no_list() -> None:
    stores = [f"S{number}" for number in range(30)]
    assert judged(None, {KEY: {"storeCodeList": ["S1"]}}, stores=stores)[0][URN] == {"storeCodeList": ["S1"]}
    with pytest.raises(InvalidValue, match="30 in all"):
        judged(None, {KEY: {"storeCodeList": ["S1", "S99"]}}, stores=stores)
    kept, asked = judged(None, {KEY: {"storeCodeList": ["S1"], "isLinkToAllStores": True}}, stores=stores)
    assert kept[URN] == {"isLinkToAllStores": True}
    assert asked.notes == ["linked to all stores, so the list is empty: retailOps.storeCodeList"]


def test_v8_a_user_name_does_not_change_unless_the_tenant_lets_it() -> None:
    assert judged(ACTIVE, {"userName": "ANN"})[0]["userName"] == "ANN"
    with pytest.raises(MutabilityError):
        judged(ACTIVE, {"userName": "bo"})
    assert judged(ACTIVE, {"userName": "bo"}, user_name_immutable=False)[0]["userName"] == "bo"


def test_s10_answers_have_all_seven_members() -> None:
    shown = RULES.show({"schemas": ["urn:core"], "userName": "ann"}, Asked())
    assert set(shown[URN]) == {
        "role", "profile", "openIDUserID", "domain", "sendInviteLink", "isLinkToAllStores", "storeCodeList"
    }  # fmt: skip
    assert RULES.show(shown, Asked()) == shown


def test_the_schema_stands_in_the_document_while_it_is_used() -> None:
    kept = judged(None, {"schemas": ["urn:core"], KEY: {"role": "Seller"}})[0]
    assert kept["schemas"] == ["urn:core", URN]
    assert "schemas" in kept
    kept = judged(None, {"schemas": ["urn:core", URN], KEY: {"openIDUserID": "oid-1"}})[0]
    assert (kept["schemas"], URN in kept) == (["urn:core"], False)


def test_every_refusal_is_a_sentence() -> None:
    for body in ({"active": True}, {"emails": [], KEY: {"sendInviteLink": True}}):
        with pytest.raises(ScimError, match=r"^[a-z].*\.$"):
            judged(None, body)


def test_v1_the_bare_key_and_the_urn_are_one_and_both_are_too_many() -> None:
    (type,) = next(dialect for dialect in catalog() if dialect.name == "retailops").types
    for key in (KEY, "RETAILOPS", URN, URN.upper()):
        assert under_urns({"userName": "ann", key: {"role": "x"}}, type) in (
            {"userName": "ann", URN: {"role": "x"}},
            {"userName": "ann", URN.upper(): {"role": "x"}},
        )
    with pytest.raises(InvalidSyntax):
        under_urns({KEY: {}, URN.upper(): {}}, type)
    assert [type.unaliased(path) for path in ("retailops.ROLE", "retailOps", "userName")] == [
        f"{URN}:ROLE",
        URN,
        "userName",
    ]
