"""Bodies over HTTP (checklist 3.2 and 3.3): what is refused, what is kept verbatim, and who is who."""

import unicodedata
from typing import Any

import pytest
from tests.support.house import ENTERPRISE, GROUP, USER, Seat
from tests.support.refusals import refused

ANN = {"schemas": [USER], "userName": "ann"}


def raw(*members: str) -> bytes:
    """A user with further JSON members, as they are."""
    return ("{" + ", ".join((f'"schemas": ["{USER}"]', *members)) + "}").encode("utf-8", "surrogatepass")


def deep(levels: int) -> dict[str, Any]:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return {**ANN, "name": value}


NAME = '"userName": "ann"'

SYNTAX: dict[str, bytes] = {
    "22 deep lists": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "22 deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "22 open lists": b"[" * 1_000_000,
    "22 an endless string": b'{"a": "' + b'\\"' * 1_000_000,
    "23 twice": raw(NAME, NAME),
    "23 twice, one escaped": raw(NAME, '"user\\u004eame": "bo"'),
    "23 twice in a letter case": raw(NAME, '"USERNAME": "bo"'),
    "23 twice in a part": raw(NAME, '"name": {"givenName": "a", "GIVENNAME": "b"}'),
    "23 twice in an element": raw(NAME, '"emails": [{"value": "a", "Value": "b"}]'),
    "23 twice in an extension": raw(NAME, f'"{ENTERPRISE}": {{"department": "a", "Department": "b"}}'),
    "23 an extension twice": raw(NAME, f'"{ENTERPRISE}": {{}}', f'"{ENTERPRISE.upper()}": {{"department": "a"}}'),
    "23 schemas twice": raw(NAME, f'"SCHEMAS": ["{GROUP}"]'),
    "24 NaN": raw(NAME, '"title": NaN'),
    "24 Infinity": raw(NAME, '"title": -Infinity'),
    "24 a huge exponent": raw(NAME, '"title": 1e400'),
    "24 65 bits": raw(NAME, '"title": 18446744073709551616'),
    "24 5000 digits": raw(NAME, '"title": ' + "9" * 5000),
    "26 a list": b"[]",
    "26 a text": b'"ann"',
    "26 null": b"null",
    "26 nothing": b"  ",
    "26 more behind it": raw(NAME) + b"{}",
    "26 a comment": b"/* a */" + raw(NAME),
    "26 a comma too many": raw(NAME)[:-1] + b",}",
    "26 single quotes": raw(NAME).replace(b'"', b"'"),
    "26 a byte order mark": b"\xef\xbb\xbf" + raw(NAME),
    "26 UTF-16": raw(NAME).decode().encode("utf-16"),
    "26 Latin-1": raw('"userName": "\xe4nn"').decode().encode("latin-1"),
    "28 a lone surrogate": raw('"userName": "a\\ud800"'),
    "28 a lone surrogate in bytes": raw('"userName": "a\ud800"'),
    "28 a lone low surrogate in a name": raw(NAME, '"\\udc00": 1'),
    "an overlong form": raw('"userName": "ann"').replace(b"ann", b"a\xc0\xaf"),
}


@pytest.mark.parametrize("body", SYNTAX.values(), ids=SYNTAX.keys())
def test_3_2_22_to_28_what_is_no_body_of_ours_is_400_and_does_nothing(seat: Seat, body: bytes) -> None:
    ann = seat.user("bo")["id"]
    for answer in (
        seat.post("/Users", body),
        seat.put(f"/Users/{ann}", body),
        seat.call("PATCH", f"/Users/{ann}", body),
    ):
        refused(answer, 400, "invalidSyntax")
    refused(seat.post("/Users/.search", body), 400, "invalidSyntax")
    assert seat.get("/Users").json()["totalResults"] == 1


def test_3_2_22_a_body_of_32_levels_is_read_and_of_33_not(seat: Seat) -> None:
    assert "nested" not in refused(seat.post("/Users", deep(31)), 400, "invalidValue")
    assert "nested deeper than 32" in refused(seat.post("/Users", deep(32)), 400, "invalidSyntax")


@pytest.mark.parametrize(
    ("sent", "kept"), [("True", True), ("false", False), ("FALSE", False), ("1", True), ("0", False)]
)
def test_3_2_25_texts_for_booleans_that_clients_send(seat: Seat, sent: str, kept: bool) -> None:
    assert seat.user("ann", active=sent)["active"] is kept


@pytest.mark.parametrize("value", [1, 0, 1.0, "yes", "t", "", " true", "on", [], [True], {}, {"value": True}])
def test_3_2_25_anything_else_is_no_boolean(seat: Seat, value: Any) -> None:
    answer = seat.post("/Users", {**ANN, "active": value})
    if value in ([], {}):  # unassigned, so the default
        assert answer.status_code in (201, 400)
    else:
        refused(answer, 400, "invalidValue")


@pytest.mark.parametrize(
    "members",
    [
        ['"userName": "a\\u0000"'], [NAME, '"title": "\\u0000"'], [NAME, '"emails": [{"value": "a\\u0000"}]'],
        [NAME, '"externalId": "\\u0000"'], [NAME, f'"{ENTERPRISE}": {{"department": "a\\u0000"}}'],
    ],
)  # fmt: skip
def test_3_2_27_nul_is_refused_before_the_database(seat: Seat, members: list[str]) -> None:
    refused(seat.post("/Users", raw(*members)), 400, "invalidValue")
    refused(seat.call("GET", "/Users/a%00"), 400)
    refused(seat.get("/Users", filter='userName eq "\0"'), 400)


ODD = {
    "C0": "a\x01\x1fb",
    "C1": "a\x85\x9fb",
    "line separators": "a\u2028b\u2029",
    "bidi": "a\u202eb\u2066c",
    "zero width": "a\u200b\u200d\ufeffb",
    "noncharacters": "\ufffe\uffff\U0010ffff",
    "emoji": "\U0001f469\u200d\U0001f680",
    "NFD": "e\u0301",
    "V24 braces": "{0.__class__} ${7*7} #{7*7} {{7*7}} %s %(x)s <%= 7*7 %>",
    "V24 SQL": "'; DROP TABLE resource;-- \\' \" `",
    "V24 LIKE": "%_\\",
    "V24 HTML": "<script>alert(1)</script>&amp;",
    "spaces": "  a  ",
    "line ends": "a\r\nSet-Cookie: b",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_3_2_29_odd_signs_are_kept_verbatim_and_found(seat: Seat, text: str) -> None:
    made = seat.user("ann", displayName=text, name={"familyName": text}, emails=[{"value": text}], externalId=text)
    for shown in (made, seat.get(f"/Users/{made['id']}").json(), seat.get("/Users").json()["Resources"][0]):
        assert shown["displayName"] == shown["name"]["familyName"] == shown["emails"][0]["value"] == text
        assert shown["externalId"] == text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    quoted = "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in quoted)
    for path in ("displayName", "name.familyName", "emails", "externalId"):
        assert seat.names(f'{path} eq "{quoted}"') == ["ann"], path
        assert seat.names(f'{path} co "{quoted}"') == ["ann"], path
        assert seat.names(f'{path} sw "{quoted}x"') == [], path


@pytest.mark.parametrize("sign", ["\x01", "\x7f", "\x85", "\u2028", "\u202e", "\u200b", "\ufeff", "\n", "\u2066"])
def test_3_2_29_signs_that_nobody_sees_are_refused_in_user_names(seat: Seat, sign: str) -> None:
    refused(seat.post("/Users", {**ANN, "userName": f"a{sign}nn"}), 400, "invalidValue")
    bo = seat.user("bo")["id"]
    refused(seat.put(f"/Users/{bo}", {**ANN, "userName": f"a{sign}nn"}), 400, "invalidValue")
    refused(seat.patch(f"/Users/{bo}", {"op": "replace", "path": "userName", "value": f"a{sign}"}), 400, "invalidValue")


def test_3_2_30_large_values_work_and_are_found(seat: Seat) -> None:
    text = "x" * 2**20
    ann = seat.user("ann", title=text, emails=[{"value": f"{n}@work.example"} for n in range(10_000)])
    assert len(seat.get(f"/Users/{ann['id']}").json()["title"]) == 2**20
    assert seat.names('emails eq "9999@work.example"') == ["ann"]
    assert seat.names('title sw "xxx" and emails[value eq "0@work.example"]') == ["ann"]
    many = {f"unknown{n}": 1 for n in range(10_000)}
    refused(seat.post("/Users", {**ANN, **many}), 400, "invalidSyntax")


def test_3_2_30_as_many_values_as_may_be_fit_every_index(seat: Seat) -> None:
    values = [{"value": f"{n}@work.example"} for n in range(10_000)]
    made = seat.post("/Users", {**ANN, "emails": values}, attributes="id")
    assert made.status_code == 201, made.text
    assert seat.names('emails.value eq "9999@work.example"', attributes="userName") == ["ann"]


def test_3_2_30_a_body_over_the_limit_is_413(seat: Seat) -> None:
    refused(seat.post("/Users", b'{"a": "' + b"x" * 16 * 2**20 + b'"}'), 413)


@pytest.mark.parametrize("name", ["userName", "externalId"])
def test_3_2_31_a_name_of_1024_characters_is_kept_and_one_more_is_400(seat: Seat, name: str) -> None:
    for text in ("a" * 1024, "\U00010400" * 512, "\u00e9" * 1024):
        made = seat.post("/Users", {**ANN, name: text})
        assert made.status_code == 201, made.text
        assert seat.delete(f"/Users/{made.json()['id']}").status_code == 204
    for text in ("a" * 1025, "a" * 10_000, "\U00010400" * 513, "\u20ac" * 1024):
        refused(seat.post("/Users", {**ANN, name: text}), 400, "invalidValue")


@pytest.mark.parametrize(
    "schemas",
    [
        None,
        [],
        {},
        "",
        USER,
        [1],
        [None],
        [[USER]],
        ["urn:unknown"],
        [USER, "urn:unknown"],
        [ENTERPRISE],
        [GROUP],
        [""],
    ],
)
def test_3_2_33_schemas_have_to_be_those_of_the_type(seat: Seat, schemas: Any) -> None:
    refused(seat.post("/Users", {**ANN, "schemas": schemas}), 400, "invalidSyntax")
    ann = seat.user("ann")["id"]
    refused(seat.put(f"/Users/{ann}", {**ANN, "schemas": schemas}), 400, "invalidSyntax")


def test_3_2_33_schemas_are_answered_as_they_are_used(seat: Seat) -> None:
    body = {**ANN, "schemas": [USER.upper(), USER, ENTERPRISE], ENTERPRISE.upper(): {"DEPARTMENT": "rolls"}}
    made = seat.post("/Users", body).json()
    assert made["schemas"] == [USER, ENTERPRISE]
    assert made[ENTERPRISE] == {"department": "rolls"}
    assert seat.post("/Users", {**body, "userName": "bo", ENTERPRISE.upper(): {}}).json()["schemas"] == [USER]


@pytest.mark.parametrize(
    "more",
    [
        {"department": "x"}, {ENTERPRISE: {"title": "x"}}, {ENTERPRISE: []},
        {ENTERPRISE: "x"}, {"urn:unknown": {"a": 1}},
        {"members": []}, {"name": {"unknown": 1}}, {"emails": [{"unknown": 1}]}, {f"{USER}:title": "x"}, {"": 1},
        {"a" * 9999: 1}, {"unknown": None},
    ],
)  # fmt: skip
def test_3_2_33_what_no_schema_has_is_400(seat: Seat, more: dict[str, Any]) -> None:
    detail = refused(seat.post("/Users", {**ANN, **more}), 400)
    assert len(detail) < 500


# -- who is who --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alice", "ALICE"), ("Alice", "\uff21lice"), ("\u00e9va", "e\u0301va"), ("stra\u00dfe", "STRASSE"),
        ("\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2", "\u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c3"), ("K", "\u212a"),
    ],
)  # fmt: skip
def test_3_3_35_and_38_names_that_are_the_same_collide_and_are_found(seat: Seat, one: str, other: str) -> None:
    seat.user(one)
    refused(seat.post("/Users", {**ANN, "userName": other}), 409, "uniqueness")
    assert seat.names(f'userName eq "{other}"') == [one]
    assert seat.names(f'userName sw "{other}"') == [one]
    bo = seat.user("bo")["id"]
    refused(seat.patch(f"/Users/{bo}", {"op": "replace", "path": "userName", "value": other}), 409, "uniqueness")
    refused(seat.put(f"/Users/{bo}", {**ANN, "userName": other}), 409, "uniqueness")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann", "\u0430nn"), ("ann", "ann "), ("ann", " ann"), ("an n", "ann"), ("ann", "\u00e4nn"), ("ann@a", "ann@b"),
        ("I", "\u0131"), ("\U0001f600", "\U0001f601"),
    ],
)  # fmt: skip
def test_3_3_37_and_39_names_that_differ_are_two_users(seat: Seat, one: str, other: str) -> None:
    made = [seat.user(one), seat.user(other)]
    assert [user["userName"] for user in made] == [one, other]
    assert seat.names(f'userName eq "{one}"') == [one]
    assert seat.names(f'userName eq "{other}"') == [other]


@pytest.mark.parametrize(
    "name", ["ann bo", "ann@example.org", "\U0001f600", "o'hara", "DOMAIN\\ann", "ann/bo", "a,b;c", "-"]
)
def test_3_3_36_names_that_providers_send_are_kept(seat: Seat, name: str) -> None:
    assert seat.user(name)["userName"] == name
    refused(seat.post("/Users", {**ANN, "userName": unicodedata.normalize("NFD", name.upper())}), 409, "uniqueness")


@pytest.mark.parametrize("name", ["", " ", "\u00a0", None, [], {}, 1, True, ["ann"], {"value": "ann"}])
def test_3_3_36_what_is_no_name_is_refused(seat: Seat, name: Any) -> None:
    refused(seat.post("/Users", {**ANN, "userName": name}), 400, "invalidValue")


def test_3_3_38_ids_and_external_ids_are_exact(seat: Seat) -> None:
    upper, lower = seat.user("ann", externalId="ABC"), seat.user("bo", externalId="abc")
    assert seat.names('externalId eq "abc"') == ["bo"]
    assert seat.names('externalId eq "Abc"') == []
    assert seat.names(f'id eq "{upper["id"].upper()}"') == []
    assert seat.names(f'id eq "{lower["id"]}"') == ["bo"]
    refused(seat.post("/Users", {**ANN, "userName": "cleo", "externalId": "abc"}), 409, "uniqueness")


def test_3_3_40_and_v9_an_e_mail_or_a_name_adopts_nobody(seat: Seat) -> None:
    ann = seat.user("ann", emails=[{"value": "ann@work.example"}], externalId="1")
    twin = seat.user("bo", emails=[{"value": "ann@work.example"}], externalId=ann["id"])
    assert twin["id"] != ann["id"]
    for body in ({**ANN, "externalId": "2"}, {**ANN, "id": ann["id"]}, {**ANN, "userName": "cleo", "externalId": "1"}):
        detail = refused(seat.post("/Users", body), 409, "uniqueness")
        assert ann["id"] not in detail
    assert seat.get(f"/Users/{ann['id']}").json()["meta"]["version"] == 'W/"1"'
