"""Identify's users over HTTP: mapping of attributes, names, claims (numbers W4 to W9, X9 to X18)."""

from typing import Any

import pytest
from tests.dialects.identify_stage import (
    CODE,
    CORE,
    ENTERPRISE,
    HINT,
    LOCATION,
    MAIL,
    NAME,
    OWN,
    ROLE,
    UPN,
    Desk,
    claim,
    claims,
    desk,
    read,
    refused,
)
from tests.support.house import USER as USER_2
from tests.support.house import House


@pytest.fixture(scope="module")
def strict(sqlite: House) -> Desk:
    """A tenant with claim definitions and a tree of organisations."""
    return desk(
        sqlite,
        claim_definitions=[UPN, ROLE],
        organizations={"Acorn": {"Sales": {"North": {}, "South": {}}, "Finance": {"North": {}}}},
    )


# -- W4: what is mapped ------------------------------------------------------------------------------------------------


def test_w4_the_attributes_of_identify_come_back(identify: Desk) -> None:
    name = identify.name()
    user = identify.user(
        name,
        displayName="Ann Aster",
        active=False,
        emails=[{"value": f"{name}@acorn.test", "type": "work", "primary": True}],
        **{ENTERPRISE: {"organization": "Root"}, OWN: {"forceResetPasswordAfterFirstTimeLogin": True}},
    )
    assert (user["userName"], user["externalId"], user["displayName"], user["active"]) == (
        name,
        name,
        "Ann Aster",
        False,
    )
    assert user["emails"] == [{"value": f"{name}@acorn.test", "type": "work", "primary": True}]
    assert user[ENTERPRISE] == {"organization": "Root"}
    assert user[OWN]["forceResetPasswordAfterFirstTimeLogin"] is True
    assert (MAIL, f"{name}@acorn.test", False) in claims(user)


def test_w4_a_password_is_written_and_never_read(identify: Desk) -> None:
    answer = identify.call("POST", "/Users", {"userName": identify.name(), "password": "a long secret of ann"})
    assert "password" not in read(answer)
    assert not identify.noted(answer)
    shown = identify.get(f"/Users/{answer.json()['id']}?attributes=password")
    assert "password" not in shown


def test_w4_an_external_id_alone_is_the_name(identify: Desk) -> None:
    name = identify.name()
    user = read(identify.call("POST", "/Users", {"externalId": name}))
    assert (user["userName"], user["externalId"]) == (name, name)


def test_w5_x11_what_has_no_concept_is_accepted_noted_and_never_returned(identify: Desk) -> None:
    extra: dict[str, Any] = {
        "name": {"givenName": "Ann", "formatted": "Ann Aster"},
        **dict.fromkeys(("nickName", "title", "locale", "preferredLanguage", "timezone", "profileUrl"), "x"),
        **{key: [{"value": "x"}] for key in ("entitlements", "phoneNumbers", "ims", "photos", "roles")},
        "addresses": [{"locality": "x"}],
    }
    inside = {**dict.fromkeys(("employeeNumber", "costCenter", "division", "department"), "x")}
    inside["manager"] = {"managerId": "42", "displayName": "bo"}  # type: ignore[assignment]
    answer = identify.call("POST", "/Users", {"userName": identify.name(), **extra, ENTERPRISE: inside})
    user = read(answer)
    assert not extra.keys() & user.keys()
    assert user[ENTERPRISE] == {"organization": "Root"}
    noted = " ".join(identify.noted(answer))
    for name in (*extra, *inside):
        assert name in noted
    again = {**user, **extra, ENTERPRISE: {**user[ENTERPRISE], **inside}}
    assert identify.put(user, again) == user
    assert identify.patch(user, **extra, **{ENTERPRISE: inside}) == user


def test_w5_an_attribute_of_no_schema_is_refused(identify: Desk) -> None:
    said = refused(identify.call("POST", "/Users", {"userName": identify.name(), "shoeSize": 42}), 400)
    assert "shoeSize" in said


def test_w6_x12_meta_has_a_location_and_two_nulls_and_there_is_no_version(identify: Desk) -> None:
    answer = identify.call("POST", "/Users", {"userName": identify.name()})
    user = read(answer)
    location = f"{identify.house.url}{LOCATION}/Users/{user['id']}"
    assert set(user["meta"]) == {"created", "lastModified", "location", "version", "attributes"}
    assert user["meta"]["location"] == location
    assert (user["meta"]["version"], user["meta"]["attributes"]) == (None, None)
    assert "etag" not in answer.headers
    read(identify.call("PUT", f"/Users/{user['id']}", user, if_match='W/"999"'))
    assert identify.get("/ServiceProviderConfigs")["etag"] == {"supported": False}


def test_w7_the_extensions_of_the_product(identify: Desk) -> None:
    name = identify.name()
    user = identify.user(
        name,
        **{
            HINT: UPN,
            OWN: {
                "Claims": [claim(ROLE, "boss", display="The boss")],
                "ActivationCode": "4711",
                "forceResetPasswordAfterFirstTimeLogin": False,
            },
        },
    )
    assert HINT not in user
    assert claims(user) == {(UPN, name, True), (ROLE, "boss", False), (CODE, "4711", False)}
    assert user[OWN]["ActivationCode"] == "4711"
    assert user[OWN]["forceResetPasswordAfterFirstTimeLogin"] is False
    assert [c["display"] for c in user[OWN]["Claims"] if c["type"] == ROLE] == ["The boss"]
    assert user["schemas"] == [CORE, ENTERPRISE, OWN]


# -- W8, X13, X14, X15, X18: from a userName to the primary claim ------------------------------------------------------


@pytest.mark.parametrize(
    ("prefix", "hint", "type"),
    [
        ("", UPN, UPN),
        (f"{UPN}$@;@$", None, UPN),
        ("", None, NAME),
        (f"{UPN}$@;@$", UPN, UPN),
        ("", "", NAME),
    ],
)
def test_w8_a_name_becomes_the_primary_claim_by_hint_by_combination_by_default(
    identify: Desk, prefix: str, hint: str | None, type: str
) -> None:
    name = identify.name()
    user = identify.user(prefix + name, **({HINT: hint} if hint is not None else {}))
    assert claims(user) == {(type, name, True)}
    assert user["userName"] == name


def test_w8_a_put_and_a_patch_are_mapped_by_the_same_steps(identify: Desk) -> None:
    user = identify.user()
    first, second, third = (identify.name("bo") for _ in range(3))
    assert claims(identify.put(user, {"userName": first, HINT: UPN})) == {(UPN, first, True)}
    assert claims(identify.patch(user, userName=f"{ROLE}$@;@${second}")) == {(ROLE, second, True)}
    assert claims(identify.patch(user, userName=third, **{HINT: UPN})) == {(UPN, third, True)}


def test_w8_the_hint_comes_before_the_combination(identify: Desk) -> None:
    name = identify.name()
    user = identify.user(f"{ROLE}$@;@${name}", **{HINT: UPN})
    assert claims(user) == {(UPN, name, True)}
    assert user["userName"] == name


def test_w8_a_hint_without_a_name_or_that_is_no_text_is_refused(identify: Desk) -> None:
    user = identify.user()
    assert "userName" in refused(identify.call("PATCH", f"/Users/{user['id']}", {HINT: UPN}), 400)
    assert "claim type" in refused(identify.call("POST", "/Users", {"userName": "x", HINT: {"a": 1}}), 400)


def test_w_p1_separator_and_default_claim_type_are_the_tenants_own(sqlite: House) -> None:
    other = desk(sqlite, separator="|", default_claim_type=UPN, email_claim_type="urn:mail")
    name = other.name()
    assert claims(other.user(name)) == {(UPN, name, True)}
    name = other.name()
    assert claims(other.user(f"{ROLE}|{name}")) == {(ROLE, name, True)}
    name = other.name()
    user = other.user(name + "$@;@$x", emails=[{"value": "a@x"}])
    assert claims(user) == {(UPN, name + "$@;@$x", True), ("urn:mail", "a@x", False)}


@pytest.mark.parametrize("combined", ["$@;@$ann", f"{UPN}$@;@$", "$@;@$"])
def test_x14_a_combination_with_an_empty_part_is_refused(identify: Desk, combined: str) -> None:
    assert "separator" in refused(identify.call("POST", "/Users", {"userName": combined}), 400)
    user = identify.user()
    assert "separator" in refused(identify.call("PATCH", f"/Users/{user['id']}", {"userName": combined}), 400)


def test_x14_more_than_one_separator_splits_at_the_first(identify: Desk) -> None:
    name = identify.name()
    assert claims(identify.user(f"{UPN}$@;@${name}$@;@$x")) == {(UPN, f"{name}$@;@$x", True)}


def test_x14_two_users_do_not_share_a_value_whatever_its_type(identify: Desk) -> None:
    name = identify.name("Straße")
    identify.user(f"{UPN}$@;@${name}")
    for same in (name, name.upper(), name.replace("ß", "SS"), f"{ROLE}$@;@${name}"):
        refused(identify.call("POST", "/Users", {"userName": same}), 409)
    other = identify.user()
    refused(identify.call("PATCH", f"/Users/{other['id']}", {"userName": name}), 409)
    refused(identify.call("PUT", f"/Users/{other['id']}", {"userName": name}), 409)
    primary = {OWN: {"Claims": [claim(ROLE, name, primary=True)]}}
    refused(identify.call("PATCH", f"/Users/{other['id']}", primary), 409)


def test_x15_an_external_id_that_is_not_the_name_is_ignored_and_noted(identify: Desk) -> None:
    name = identify.name()
    answer = identify.call("POST", "/Users", {"userName": name, "externalId": "e-1"})
    user = read(answer)
    assert (user["userName"], user["externalId"]) == (name, name)
    assert identify.noted(answer) == {"not the userName, ignored: externalId"}
    for method, body in (("PUT", {"userName": name, "externalId": "e-2"}), ("PATCH", {"externalId": "e-3"})):
        answer = identify.call(method, f"/Users/{user['id']}", body)
        assert read(answer)["externalId"] == name
        assert identify.noted(answer) == {"not the userName, ignored: externalId"}
    answer = identify.call("PUT", f"/Users/{user['id']}", {"userName": name, "externalId": name})
    assert not identify.noted(answer)


def test_x13_a_new_name_rewrites_the_primary_claim_and_is_primary_alone(identify: Desk) -> None:
    user = identify.user(**{HINT: UPN, OWN: {"Claims": [claim(ROLE, "boss")]}})
    name = identify.name("bo")
    changed = identify.patch(user, userName=name)
    assert claims(changed) == {(NAME, name, True), (ROLE, "boss", False)}
    name = identify.name("cleo")
    changed = identify.put(user, {**changed, "userName": name})
    assert claims(changed) == {(NAME, name, True), (ROLE, "boss", False)}


def test_x13_another_claim_that_is_made_primary_renames_the_user(identify: Desk) -> None:
    old, new = identify.name(), identify.name("bo")
    user = identify.user(old)
    changed = identify.patch(user, **{OWN: {"Claims": [claim(UPN, new, primary=True)]}})
    assert changed["userName"] == changed["externalId"] == new
    assert claims(changed) == {(UPN, new, True), (NAME, old, False)}


def test_w9_x13_without_its_primary_claim_a_user_is_named_by_the_default_type_then_by_the_first(identify: Desk) -> None:
    ann, annie, role = identify.name(), identify.name("annie"), identify.name("role")
    user = identify.user(ann, **{HINT: UPN, OWN: {"Claims": [claim(ROLE, role), claim(NAME, annie)]}})
    changed = identify.patch(user, **{OWN: {"Claims": [claim(UPN, ann, operation="delete")]}})
    assert claims(changed) == {(NAME, annie, True), (ROLE, role, False)}
    changed = identify.patch(user, **{OWN: {"Claims": [claim(NAME, annie, operation="delete")]}})
    assert claims(changed) == {(ROLE, role, True)}
    assert changed["userName"] == role
    last = {OWN: {"Claims": [claim(ROLE, role, operation="delete")]}}
    assert "userName is required" in refused(identify.call("PATCH", f"/Users/{user['id']}", last), 400)
    assert identify.get(f"/Users/{user['id']}") == changed


def test_x13_a_user_cannot_be_without_a_name(identify: Desk) -> None:
    bodies: list[dict[str, Any]] = [{}, {"userName": ""}, {"userName": None}, {OWN: {"Claims": []}}]
    for body in bodies:
        assert "userName" in refused(identify.call("POST", "/Users", {"schemas": [CORE], **body}), 400)
    user = identify.user()
    assert "userName" in refused(identify.call("PUT", f"/Users/{user['id']}", {"displayName": "x"}), 400)
    refused(identify.call("PATCH", f"/Users/{user['id']}", {"meta": {"attributes": ["userName"]}}), 400)
    refused(identify.call("PATCH", f"/Users/{user['id']}", {"meta": {"attributes": [f"{OWN}:Claims"]}}), 400)


def test_w9_a_new_user_without_a_name_is_named_by_its_claims(identify: Desk) -> None:
    name = identify.name()
    user = read(identify.call("POST", "/Users", {OWN: {"Claims": [claim(ROLE, "x"), claim(UPN, name, primary=True)]}}))
    assert user["userName"] == name
    assert claims(user) == {(UPN, name, True), (ROLE, "x", False)}


def test_x18_a_claim_type_that_is_not_defined_is_refused(strict: Desk) -> None:
    for body in ({HINT: "urn:odd"}, {"userName": "urn:odd$@;@$ann"}, {OWN: {"Claims": [claim("urn:odd", "1")]}}):
        said = refused(strict.call("POST", "/Users", {"userName": strict.name(), **body}), 400)
        assert "urn:odd" in said
    user = strict.user(**{HINT: UPN, OWN: {"Claims": [claim(ROLE, "boss")]}})
    assert ("urn:odd") in refused(
        strict.call("PATCH", f"/Users/{user['id']}", {OWN: {"Claims": [claim("urn:odd", "1")]}}), 400
    )
    assert strict.put(user, user) == user


# -- claims ------------------------------------------------------------------------------------------------------------


def test_x9_claims_are_matched_by_type_and_value(identify: Desk) -> None:
    name = identify.name()
    user = identify.user(name, **{OWN: {"Claims": [claim(ROLE, "x"), claim(UPN, "x")]}})
    changed = identify.patch(user, **{OWN: {"Claims": [claim(ROLE, "x", display="an x")]}})
    assert claims(changed) == claims(user)
    assert [c for c in changed[OWN]["Claims"] if c.get("display")] == [
        {"type": ROLE, "value": "x", "primary": False, "display": "an x"}
    ]
    changed = identify.patch(user, **{OWN: {"Claims": [claim(ROLE, "x", operation="delete")]}})
    assert claims(changed) == {(NAME, name, True), (UPN, "x", False)}


def test_x9_a_claim_to_be_deleted_that_is_not_there_changes_nothing(identify: Desk) -> None:
    user = identify.user(**{OWN: {"Claims": [claim(ROLE, "x")]}})
    for absent in (claim(ROLE, "y", operation="delete"), claim(UPN, "x", operation="delete")):
        assert identify.patch(user, **{OWN: {"Claims": [absent]}}) == user


def test_w10_claims_are_added_changed_and_deleted_by_patch(identify: Desk) -> None:
    name = identify.name()
    user = identify.user(name)
    user = identify.patch(user, **{OWN: {"Claims": [claim(ROLE, "a"), claim(ROLE, "b")]}})
    assert claims(user) == {(NAME, name, True), (ROLE, "a", False), (ROLE, "b", False)}
    part = [claim(ROLE, "a", operation="delete"), claim(ROLE, "c")]
    user = identify.patch(user, **{OWN: {"Claims": part}})
    assert claims(user) == {(NAME, name, True), (ROLE, "b", False), (ROLE, "c", False)}


def test_w4_an_address_and_its_claim_are_one(identify: Desk) -> None:
    name = identify.name()
    user = identify.user(name, emails=[{"value": "a@x", "type": "work"}])
    user = identify.patch(user, **{OWN: {"Claims": [claim(MAIL, "b@x"), claim(MAIL, "a@x", operation="delete")]}})
    assert user["emails"] == [{"value": "b@x"}]
    user = identify.put(user, {**user, "emails": [{"value": "c@x"}]})
    assert claims(user) == {(NAME, name, True), (MAIL, "c@x", False)}
    user = identify.patch(user, meta={"attributes": ["emails"]})
    assert claims(user) == {(NAME, name, True)}


def test_w7_an_activation_code_and_its_claim_are_one(identify: Desk) -> None:
    user = identify.user(**{OWN: {"Claims": [claim(CODE, "1")]}})
    assert user[OWN]["ActivationCode"] == "1"
    user = identify.patch(user, **{OWN: {"ActivationCode": "2"}})
    assert (CODE, "2", False) in claims(user)
    assert (CODE, "1", False) not in claims(user)
    user = identify.patch(user, meta={"attributes": [f"{OWN}:ActivationCode"]})
    assert "ActivationCode" not in user[OWN]
    body = {"userName": identify.name(), OWN: {"ActivationCode": "1", "Claims": [claim(CODE, "2")]}}
    assert "one activation code" in refused(identify.call("POST", "/Users", body), 400)


@pytest.mark.parametrize(
    "spelled",
    [
        {f"{OWN}:Claims": [claim(ROLE, "boss")]},
        {f"{OWN}.Claims": [claim(ROLE, "boss")]},
        {OWN: {"claims": [claim(ROLE, "boss")]}},
        {OWN.upper(): {"CLAIMS": claim(ROLE, "boss")}},
        {"claims": [claim(ROLE, "boss", primary=False, display="", operation="", employeeNumber="")]},
    ],
)
def test_x10_w_p2_w_p3_claims_are_understood_in_every_spelling(identify: Desk, spelled: dict[str, Any]) -> None:
    name = identify.name()
    user = identify.user(name, **spelled)
    assert claims(user) == {(NAME, name, True), (ROLE, "boss", False)}
    assert set(user[OWN]) == {"Claims"}
    other = identify.user()
    assert (ROLE, "boss", False) in claims(identify.patch(other, **spelled))


@pytest.mark.parametrize(
    "spelled",
    [
        {OWN: {"activationCodes": [claim(CODE, "4711")]}},
        {OWN: {"activationcode": "4711"}},
        {f"{OWN}.ActivationCode": "4711"},
    ],
)
def test_x10_w_p2_activation_codes_are_understood_in_every_spelling(identify: Desk, spelled: dict[str, Any]) -> None:
    assert identify.user(**spelled)[OWN]["ActivationCode"] == "4711"


def test_x10_w_p3_names_of_attributes_are_understood_in_every_spelling(identify: Desk) -> None:
    user = identify.user(**{OWN: {"Claims": [claim(ROLE, "boss")], "ActivationCode": "1"}})
    for spelled in (f"{OWN}:Claims", f"{OWN}.Claims", f"{OWN.upper()}.claims", "claims"):
        shown = identify.get(f"/Users/{user['id']}?attributes={spelled}")
        assert shown.keys() - {"schemas", "meta"} == {"id", OWN}
        assert set(shown[OWN]) == {"Claims"}
    shown = identify.get(f"/Users/{user['id']}?attributes={OWN}")
    assert set(shown[OWN]) == {"Claims", "ActivationCode"}
    assert "userName" not in shown
    for spelled in (f"{OWN}.ActivationCode", f"{OWN}:activationcodes", "ActivationCode"):
        user = identify.patch(user, **{OWN: {"ActivationCode": "1"}})
        user = identify.patch(user, meta={"attributes": [spelled]})
        assert "ActivationCode" not in user[OWN]


# -- X16: organisations ------------------------------------------------------------------------------------------------


def test_x16_a_user_is_in_an_organization_of_the_tenants_tree(strict: Desk) -> None:
    assert strict.user()[ENTERPRISE] == {"organization": "Acorn"}
    for name in ("Acorn", "Sales", "South", "Sales/North", "Acorn/Finance/North"):
        user = strict.user(**{ENTERPRISE: {"organization": name}})
        assert user[ENTERPRISE] == {"organization": name}
        assert strict.put(user, user) == user
    user = strict.patch(user, meta={"attributes": [f"{ENTERPRISE}:organization"]})
    assert user[ENTERPRISE] == {"organization": "Acorn"}


def test_x16_any_other_organization_is_refused(strict: Desk, identify: Desk) -> None:
    user = strict.user()
    for name in ("Elsewhere", "North", "South/Sales"):
        body = {"userName": strict.name(), ENTERPRISE: {"organization": name}}
        assert "organization" in refused(strict.call("POST", "/Users", body), 400)
        refused(strict.call("PATCH", f"/Users/{user['id']}", {ENTERPRISE: {"organization": name}}), 400)
    body = {"userName": identify.name(), ENTERPRISE: {"organization": "Sales"}}
    assert "organization" in refused(identify.call("POST", "/Users", body), 400)


# -- one store, many dialects ------------------------------------------------------------------------------------------


def test_w4_a_user_of_the_standard_has_its_claims_here_and_keeps_what_is_not_seen(house: House) -> None:
    here = desk(house)
    there = _standard(here)
    made = there.user(
        "ann",
        externalId="e-1",
        name={"familyName": "Aster"},
        emails=[{"value": "ann@acorn.test", "type": "work", "primary": True}, {"value": "a@x", "type": "home"}],
        title="Boss",
    )
    user = here.get(f"/Users/{made['id']}")
    assert claims(user) == {(NAME, "ann", True), (MAIL, "ann@acorn.test", False), (MAIL, "a@x", False)}
    assert user["externalId"] == "ann"
    assert here.put(user, user) == user
    after = there.get(f"/Users/{made['id']}").json()
    assert {k: v for k, v in after.items() if k != "meta"} == {k: v for k, v in made.items() if k != "meta"}
    here.patch(user, userName="annie", active=False, displayName="Ann", **{OWN: {"Claims": [claim(MAIL, "b@x")]}})
    after = there.get(f"/Users/{made['id']}").json()
    assert (after["userName"], after["active"], after["displayName"], after["title"]) == ("annie", False, "Ann", "Boss")
    assert [e["value"] for e in after["emails"]] == ["ann@acorn.test", "a@x", "b@x"]
    assert after["externalId"] == "e-1"
    assert after["schemas"] == [USER_2]


def test_w4_a_user_of_identify_is_right_in_the_standard_and_what_changes_there_is_seen_here(house: House) -> None:
    here = desk(house)
    there = _standard(here)
    user = here.user("ann", **{HINT: MAIL, OWN: {"Claims": [claim(ROLE, "boss")], "ActivationCode": "1"}})
    seen = there.get(f"/Users/{user['id']}").json()
    assert (seen["userName"], seen["active"], seen["emails"]) == ("ann", True, [{"value": "ann"}])
    assert not {"externalId", OWN} & seen.keys()
    there.put(f"/Users/{user['id']}", {"schemas": [USER_2], "userName": "bo", "externalId": "e-9"})
    user = here.get(f"/Users/{user['id']}")
    assert claims(user) == {(MAIL, "bo", True), (ROLE, "boss", False), (CODE, "1", False)}
    assert user["externalId"] == "bo"
    assert "emails" not in user
    refused(here.call("POST", "/Users", {"userName": "BO"}), 409)


def _standard(desk: Desk) -> Any:
    """The same tenant through a connection that speaks the standard."""
    return desk.seat.speaking("standard")
