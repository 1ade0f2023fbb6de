"""The rules of Identify as values: tables for the steps of naming, and laws of what is written and shown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.dialects.hooks.identify import RULES
from rollbook.dialects.hooks.identify_names import Named, Naming, claim_of, hinted, name_of
from rollbook.dialects.hooks.identify_wire import ENTERPRISE_1, HINT, OWN, spell
from rollbook.scim.errors import InvalidValue, ScimError
from rollbook.scim.rules import Asked
from rollbook.scim.urns import ENTERPRISE_USER, USER

NAME, MAIL, UPN, ROLE, CODE = "x/name", "x/mail", "x/upn", "x/role", "x/code"
SETTINGS = {
    "separator": "$@;@$",
    "default_claim_type": NAME,
    "email_claim_type": MAIL,
    "activation_claim_type": CODE,
    "claim_definitions": [],
    "organizations": {"Root": {"Sales": {"North": {}}, "Finance": {}}},
}
NAMING = Naming("$@;@$", NAME)


def write(before: Any, body: dict[str, Any], **settings: Any) -> tuple[dict[str, Any], list[str]]:
    """What is kept after a POST or PUT, and what was noted."""
    asked = Asked({**SETTINGS, **settings}, body)
    read = RULES.read(dict(body), asked)
    return RULES.judge(before, {"schemas": [USER], **read}, asked), asked.notes


def change(before: dict[str, Any], **settings: Any) -> Any:
    """A kept document opened for a PATCH, and a way to write it."""
    asked = Asked({**SETTINGS, **settings})
    return RULES.open(before, asked), lambda after: RULES.judge(before, after, asked)


def show(kept: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return RULES.show(kept, Asked({**SETTINGS, **settings}))


def claims(shown: dict[str, Any]) -> set[tuple[str, str, bool]]:
    return {(c["type"], c.get("value", ""), c["primary"]) for c in shown[OWN]["Claims"]}


def kept_user(name: str = "ann", /, **attributes: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": name, "active": True, **attributes}


# -- from a userName to a claim, and back ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user_name", "hint", "claim"),
    [
        ("ann", UPN, (UPN, "ann")),
        ("x/upn$@;@$ann", None, (UPN, "ann")),
        ("ann", None, (NAME, "ann")),
        ("x/upn$@;@$ann", UPN, (UPN, "ann")),
        ("x/mail$@;@$ann", UPN, (UPN, "ann")),
        ("x/upn$@;@$a$@;@$b", None, (UPN, "a$@;@$b")),
    ],
)
def test_w8_a_user_name_is_mapped_by_hint_then_by_combination_then_by_default(
    user_name: str, hint: str | None, claim: tuple[str, str]
) -> None:
    assert claim_of(user_name, hint, NAMING) == claim


@pytest.mark.parametrize("user_name", ["$@;@$ann", "x/upn$@;@$", "$@;@$", " $@;@$ann"])
def test_x14_a_combination_with_an_empty_part_is_refused(user_name: str) -> None:
    with pytest.raises(InvalidValue, match="separator"):
        claim_of(user_name, None, NAMING)


def test_a_hint_that_is_no_claim_type_is_refused() -> None:
    with pytest.raises(InvalidValue, match="claim type"):
        hinted("ann", "a$@;@$b", NAMING)


def claim(type: str, value: str | None, primary: bool = False) -> dict[str, Any]:
    return {"type": type, "primary": primary, **({"value": value} if value is not None else {})}


@pytest.mark.parametrize(
    ("of", "named"),
    [
        ([claim(NAME, "n"), claim(UPN, "u", True)], (UPN, "u")),
        ([claim(ROLE, "r"), claim(NAME, "n")], (NAME, "n")),
        ([claim(ROLE, None), claim(UPN, "u"), claim(ROLE, "r")], (UPN, "u")),
        ([claim(UPN, None, True), claim(NAME, "n")], (NAME, "n")),
        ([claim(ROLE, None)], None),
        ([], None),
    ],
)
def test_w9_a_user_is_named_by_the_primary_claim_then_the_default_type_then_the_first_with_a_value(
    of: list[dict[str, Any]], named: tuple[str, str] | None
) -> None:
    assert name_of(of, NAMING) == named


# -- what is kept ------------------------------------------------------------------------------------------------------


def test_the_primary_claims_value_is_kept_as_the_user_name_alone() -> None:
    kept, _ = write(None, {"userName": "ann", HINT: UPN, OWN: {"Claims": [claim(ROLE, "boss")]}})
    assert kept["userName"] == "ann"
    assert kept[OWN]["Claims"] == [{"type": UPN, "primary": True}, {"type": ROLE, "value": "boss"}]
    assert claims(show(kept)) == {(UPN, "ann", True), (ROLE, "boss", False)}


def test_a_user_of_another_dialect_has_claims_here() -> None:
    kept = kept_user(emails=[{"value": "ann@acorn.test", "type": "work"}], externalId="e1")
    shown = show(kept)
    assert claims(shown) == {(NAME, "ann", True), (MAIL, "ann@acorn.test", False)}
    assert shown["externalId"] == "ann"
    assert shown[ENTERPRISE_USER]["organization"] == "Root"


def test_a_user_renamed_by_another_dialect_is_renamed_here() -> None:
    kept, _ = write(None, {"userName": "ann", HINT: UPN})
    assert claims(show({**kept, "userName": "bo"})) == {(UPN, "bo", True)}


def test_an_external_id_of_another_connection_stays() -> None:
    kept, notes = write(kept_user(externalId="e1"), {"userName": "bo", "externalId": "bo"})
    assert kept["externalId"] == "e1"
    assert not notes
    kept, notes = write(kept_user(), {"userName": "bo", "externalId": "other"})
    assert "externalId" not in kept
    assert notes == ["not the userName, ignored: externalId"]


def test_an_external_id_alone_is_the_name() -> None:
    kept, notes = write(None, {"externalId": "ann"})
    assert kept["userName"] == "ann"
    assert not notes


def test_a_new_user_name_rewrites_the_primary_claim_and_is_primary_alone() -> None:
    kept, _ = write(None, {"userName": "ann", HINT: UPN, OWN: {"Claims": [claim(ROLE, "boss")]}})
    seen, judge = change(kept)
    assert claims(show(judge({**seen, "userName": "bo"}))) == {(NAME, "bo", True), (ROLE, "boss", False)}
    kept, _ = write(kept, {**show(kept), "userName": "x/upn$@;@$bo"})
    assert claims(show(kept)) == {(UPN, "bo", True), (ROLE, "boss", False)}


def test_another_primary_claim_renames_the_user() -> None:
    seen, judge = change(kept_user())
    seen[OWN] = {"Claims": [claim(NAME, "ann"), claim(UPN, "bo", True)]}
    kept = judge(seen)
    assert kept["userName"] == "bo"
    assert claims(show(kept)) == {(UPN, "bo", True), (NAME, "ann", False)}


def test_without_the_primary_claim_the_next_one_names_the_user() -> None:
    kept, _ = write(None, {"userName": "ann", HINT: UPN, OWN: {"Claims": [claim(ROLE, "boss"), claim(NAME, "annie")]}})
    seen, judge = change(kept)
    seen[OWN] = {"Claims": [c for c in seen[OWN]["Claims"] if not c["primary"]]}
    assert claims(show(judge(seen))) == {(NAME, "annie", True), (ROLE, "boss", False)}


def test_without_any_claim_a_user_has_no_name() -> None:
    seen, judge = change(kept_user())
    with pytest.raises(InvalidValue, match="userName is required"):
        judge({**seen, OWN: {"Claims": []}})


def test_an_activation_code_never_becomes_the_name() -> None:
    seen, judge = change(kept_user(**{OWN: {"ActivationCode": "4711"}}))
    with pytest.raises(InvalidValue, match="userName is required"):
        judge({**seen, OWN: {"Claims": [claim(CODE, "4711")]}})


def test_a_put_that_names_no_claims_leaves_the_type_of_the_name() -> None:
    kept, _ = write(None, {"userName": "ann", HINT: UPN, OWN: {"Claims": [claim(ROLE, "boss")]}})
    kept, _ = write(kept, {"userName": "ann"})
    assert claims(show(kept)) == {(UPN, "ann", True)}


def test_claims_that_nobody_can_be_named_by_do_not_matter_where_the_name_is_given() -> None:
    kept, _ = write(None, {"userName": "ann", OWN: {"Claims": [claim(UPN, "other", True)]}})
    assert claims(show(kept)) == {(NAME, "ann", True), (UPN, "other", False)}


# -- e-mail addresses and activation codes stand in two places ---------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "addresses"),
    [
        ({"emails": [{"value": "a@x"}]}, ["a@x"]),
        ({OWN: {"Claims": [claim(MAIL, "a@x"), claim(MAIL, "b@x")]}}, ["a@x", "b@x"]),
        ({"emails": [{"value": "a@x"}], OWN: {"Claims": [claim(ROLE, "boss")]}}, ["a@x"]),
        ({"emails": [{"value": "a@x"}], OWN: {"Claims": [claim(MAIL, "b@x")]}}, ["a@x", "b@x"]),
        ({"emails": [{"value": "a@x"}], OWN: {"Claims": [claim(MAIL, "A@X")]}}, ["a@x"]),
        ({HINT: MAIL}, ["ann"]),
        ({}, []),
    ],
)
def test_addresses_of_a_new_user_come_from_emails_and_from_claims(body: dict[str, Any], addresses: list[str]) -> None:
    kept, _ = write(None, {"userName": "ann", **body})
    assert [email["value"] for email in kept.get("emails", [])] == addresses
    assert {value for type, value, _ in claims(show(kept)) if type == MAIL} == set(addresses)


def test_a_put_of_what_was_read_with_other_emails_changes_the_claim() -> None:
    kept = kept_user(emails=[{"value": "a@x", "type": "work"}])
    kept, _ = write(kept, {**show(kept), "emails": [{"value": "b@x"}]})
    assert kept["emails"] == [{"value": "b@x"}]


def test_a_put_without_emails_and_claims_clears_them() -> None:
    kept, _ = write(kept_user(emails=[{"value": "a@x"}]), {"userName": "ann"})
    assert "emails" not in kept


@pytest.mark.parametrize(
    ("emails", "claimed", "then"),
    [
        (["b@x"], ["a@x"], ["b@x"]),
        (["a@x"], ["b@x"], ["b@x"]),
        (["a@x", "b@x"], ["a@x"], ["a@x", "b@x"]),
        ([], ["a@x"], []),
        (["a@x"], [], []),
        (["b@x"], ["c@x"], ["b@x", "c@x"]),
        (["a@x"], ["a@x"], ["a@x"]),
    ],
)
def test_a_patch_of_either_place_is_a_change_of_both(emails: list[str], claimed: list[str], then: list[str]) -> None:
    seen, judge = change(kept_user(emails=[{"value": "a@x", "type": "work"}]))
    seen["emails"] = [{"value": v, "type": "work"} for v in emails]
    seen[OWN] = {"Claims": [claim(NAME, "ann", True), *(claim(MAIL, v) for v in claimed)]}
    kept = judge(seen)
    assert [email["value"] for email in kept.get("emails", [])] == then


def test_what_is_known_of_an_address_beside_its_value_stays() -> None:
    seen, judge = change(kept_user(emails=[{"value": "a@x", "type": "work", "primary": True}]))
    seen[OWN] = {"Claims": [*seen[OWN]["Claims"], claim(MAIL, "b@x")]}
    assert judge(seen)["emails"] == [{"value": "a@x", "type": "work", "primary": True}, {"value": "b@x"}]


def test_an_address_that_stands_twice_is_one_claim_and_stays_twice() -> None:
    kept = kept_user(emails=[{"value": "a@x", "type": "work", "primary": True}, {"value": "A@x", "type": "home"}])
    assert [c for c in claims(show(kept)) if c[0] == MAIL] == [(MAIL, "a@x", False)]
    again, _ = write(kept, show(kept))
    assert again["emails"] == kept["emails"]
    again, _ = write(kept, {**show(kept), "emails": [{"value": "b@x", "primary": True}], OWN: {"Claims": []}})
    assert again["emails"] == [{"value": "b@x", "primary": True}]


def test_an_address_that_was_taken_away_does_not_come_back_with_the_name() -> None:
    kept, _ = write(None, {"userName": "ann@x", HINT: MAIL})
    assert kept["emails"] == [{"value": "ann@x"}]
    seen, judge = change(kept)
    kept = judge({name: value for name, value in seen.items() if name != "emails"})
    assert "emails" not in kept
    shown = show(kept)
    assert claims(shown) == {(MAIL, "ann@x", True)}
    again, _ = write(kept, shown)
    assert again == kept


def test_a_claim_without_a_value_is_a_claim() -> None:
    kept, _ = write(None, {"userName": "ann", OWN: {"Claims": [{"type": t} for t in (ROLE, MAIL, CODE)]}})
    assert {(t, v) for t, v, _ in claims(show(kept))} == {(NAME, "ann"), (ROLE, ""), (MAIL, ""), (CODE, "")}
    again, _ = write(kept, show(kept))
    assert again == kept


def test_claims_survive_another_setup() -> None:
    body = {"userName": "ann", OWN: {"Claims": [claim(ROLE, "a@x"), claim(UPN, "2")], "ActivationCode": "1"}}
    kept, _ = write(None, body)
    other = {"email_claim_type": ROLE, "activation_claim_type": UPN}
    seen, judge = change(kept, **other)
    after = judge({**seen, "active": False})
    assert {(t, v) for t, v, _ in claims(show(after, **other))} == {
        (NAME, "ann"),
        (ROLE, "a@x"),
        (UPN, "1"),
        (UPN, "2"),
    }
    again, _ = write(kept, {**show(kept, **other), "active": False}, **other)
    assert claims(show(again, **other)) == claims(show(after, **other))


def test_an_activation_code_is_an_attribute_and_a_claim() -> None:
    kept, _ = write(None, {"userName": "ann", OWN: {"ActivationCode": "4711"}})
    assert (CODE, "4711", False) in claims(show(kept))
    kept, _ = write(None, {"userName": "ann", OWN: {"Claims": [claim(CODE, "4711")]}})
    assert show(kept)[OWN]["ActivationCode"] == "4711"
    seen, judge = change(kept)
    changed = judge({**seen, OWN: {**seen[OWN], "ActivationCode": "0815"}})
    assert claims(show(changed)) == {(NAME, "ann", True), (CODE, "0815", False)}
    with pytest.raises(InvalidValue, match="one activation code"):
        write(None, {"userName": "ann", OWN: {"ActivationCode": "1", "Claims": [claim(CODE, "2")]}})


# -- claim definitions and organisations -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [{HINT: "x/odd"}, {"userName": "x/odd$@;@$ann"}, {OWN: {"Claims": [claim("x/odd", "1")]}}],
)
def test_x18_a_claim_type_that_is_not_defined_is_refused(body: dict[str, Any]) -> None:
    body = {"userName": "ann", **body}
    write(None, body)
    with pytest.raises(InvalidValue, match="no claim definition"):
        write(None, body, claim_definitions=[UPN])


def test_x18_a_definition_that_has_gone_leaves_its_users_writable() -> None:
    kept, _ = write(None, {"userName": "ann", HINT: UPN, OWN: {"Claims": [claim(ROLE, "1")]}})
    write(kept, {**show(kept), "active": False}, claim_definitions=["x/other"])


@pytest.mark.parametrize("name", ["Sales", "North", "Sales/North", "Root/Sales/North", "Finance", "Root"])
def test_x16_an_organization_of_the_tree_is_kept(name: str) -> None:
    kept, _ = write(None, {"userName": "ann", ENTERPRISE_USER: {"organization": name}})
    assert show(kept)[ENTERPRISE_USER]["organization"] == name


def test_x16_other_organizations_are_refused() -> None:
    for name in ("South", "North/Sales", "Sales/", ""):
        with pytest.raises(InvalidValue, match="no organization"):
            write(None, {"userName": "ann", ENTERPRISE_USER: {"organization": name}})
    with pytest.raises(InvalidValue, match="2 organizations"):
        write(
            None,
            {"userName": "ann", ENTERPRISE_USER: {"organization": "North"}},
            organizations={"Root": {"Sales": {"North": {}}, "Finance": {"North": {}}}},
        )


def test_x16_an_organization_that_another_dialect_wrote_stays() -> None:
    kept = kept_user(**{ENTERPRISE_USER: {"organization": "Elsewhere", "department": "D"}})
    again, _ = write(kept, {**show(kept)})
    assert again[ENTERPRISE_USER] == {"organization": "Elsewhere", "department": "D"}


# -- spellings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (f"{OWN}.Claims", f"{OWN}:Claims"),
        (f"{OWN}:claims", f"{OWN}:Claims"),
        (f"{OWN.upper()}.CLAIMS.value", f"{OWN}:Claims.value"),
        (f"{OWN}.activationCodes", f"{OWN}:ActivationCode"),
        (OWN, OWN),
        ("claims", f"{OWN}:Claims"),
        ("userName", "userName"),
        ("name.givenName", "name.givenName"),
        (f"{ENTERPRISE_1}.organization", f"{ENTERPRISE_1}:organization"),
    ],
)
def test_x10_paths_are_understood_in_every_spelling(text: str, path: str) -> None:
    assert spell(text) == path


@pytest.mark.parametrize(
    "body",
    [
        {OWN: {"claims": [claim(ROLE, "boss")], "activationCodes": [claim(CODE, "1")]}},
        {f"{OWN}.Claims": [claim(ROLE, "boss")], f"{OWN}:activationCode": "1"},
        {OWN: {"CLAIMS": claim(ROLE, "boss"), "ActivationCode": "1"}},
        {"claims": [{**claim(ROLE, "boss"), "operation": "", "employeeNumber": ""}], f"{OWN}.ActivationCode": "1"},
    ],
)
def test_x10_bodies_are_understood_in_every_spelling(body: dict[str, Any]) -> None:
    kept, _ = write(None, {"userName": "ann", **body})
    assert claims(show(kept)) == {(NAME, "ann", True), (ROLE, "boss", False), (CODE, "1", False)}


def test_a_part_of_a_resource_names_nobody() -> None:
    asked = Asked(SETTINGS)
    part = RULES.read_part({OWN: {"Claims": [claim(ROLE, "boss", True)]}, "externalId": "x"}, asked)
    assert "userName" not in part


# -- laws --------------------------------------------------------------------------------------------------------------

TYPES = st.sampled_from([NAME, MAIL, UPN, ROLE, CODE])
VALUES = st.sampled_from(["ann", "bo", "cleo", "ann@x", "4711"])
CLAIMS = st.lists(st.builds(claim, TYPES, VALUES), max_size=4, unique_by=lambda c: (c["type"], c["value"])).flatmap(
    lambda found: st.sampled_from([None, *range(len(found))]).map(
        lambda at: [{**c, "primary": index == at} for index, c in enumerate(found)]
    )
)
BODIES = st.fixed_dictionaries(
    {"userName": st.sampled_from(["ann", "bo", "ann@x", f"{UPN}$@;@$cleo", f"{MAIL}$@;@$ann@x"])},
    optional={
        "emails": st.lists(st.builds(lambda v: {"value": v}, VALUES), max_size=2, unique_by=lambda e: e["value"]),
        "active": st.booleans(),
        "displayName": VALUES,
        HINT: st.sampled_from([UPN, MAIL]),
        ENTERPRISE_USER: st.sampled_from([{"organization": "Sales"}, {"organization": "Root"}]),
        OWN: st.fixed_dictionaries({}, optional={"Claims": CLAIMS, "ActivationCode": st.just("4711")}),
    },
)
MAILS = st.sampled_from(["default", "mail is the default type"])


def settings(kind: str) -> dict[str, Any]:
    return {"default_claim_type": MAIL} if kind != "default" else {}


@given(BODIES, MAILS)
def test_writing_what_is_shown_changes_nothing(body: dict[str, Any], kind: str) -> None:
    try:
        kept, _ = write(None, body, **settings(kind))
    except ScimError:
        return
    shown = show(kept, **settings(kind))
    again, notes = write(kept, shown, **settings(kind))
    assert again == kept
    assert not notes
    seen, judge = change(kept, **settings(kind))
    assert judge(seen) == kept


@given(BODIES, BODIES, MAILS)
def test_one_claim_is_primary_and_it_is_the_user_name(first: dict[str, Any], second: dict[str, Any], kind: str) -> None:
    try:
        kept, _ = write(None, first, **settings(kind))
        kept, _ = write(kept, second, **settings(kind))
    except ScimError:
        return
    shown = show(kept, **settings(kind))
    assert [c["value"] for c in shown[OWN]["Claims"] if c["primary"]] == [shown["userName"]] == [shown["externalId"]]
    assert "$@;@$" not in shown["userName"]
    pairs = [(c["type"], c["value"]) for c in shown[OWN]["Claims"]]
    assert len(pairs) == len(set(pairs))
    assert {e["value"].lower() for e in shown.get("emails", [])} <= {v.lower() for t, v in pairs if t == MAIL}


@given(VALUES, st.lists(VALUES, max_size=2, unique=True), MAILS)
def test_a_user_of_another_dialect_is_written_back_as_it_is(name: str, addresses: list[str], kind: str) -> None:
    more = {"emails": [{"value": v, "type": "work"} for v in addresses]} if addresses else {}
    kept = kept_user(name, externalId="e1", **more)
    again, _ = write(kept, show(kept, **settings(kind)), **settings(kind))
    assert again == kept
    seen, judge = change(kept, **settings(kind))
    assert judge({**seen, "active": False}) == {**kept, "active": False}


def test_named_is_a_pair() -> None:
    assert Named("a", "b") == ("a", "b")
