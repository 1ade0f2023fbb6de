"""Made-up requests over HTTP (checklist 32, 42, 109): never a 5xx, and what is accepted is done."""

import uuid
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.house import ENTERPRISE, GROUP, SEARCH, USER, Seat
from tests.support.refusals import refused

from rollbook.scim.attributes import Attribute, Held, Type
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.schema import ResourceType

pytestmark = pytest.mark.parametrize("house", ["sqlite"], indirect=True)

USERS, GROUPS = standard_types()
FUZZ = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])

DEEP: Any = "deep"
for _ in range(20):
    DEEP = {"value": [DEEP]}
JUNK: tuple[Any, ...] = (
    None, [], {}, "", 0, 1, -1, 2**63 - 1, 1.5, 1e300, True, False, "x", "true", " ", "\u202e", "\U0010ffff", [None],
    [[]],
    [{}], [1], ["x"], ["x", "x"], [True], {"value": None}, {"value": "x"}, {"value": ["x"]}, {"VALUE": "x"}, {"a": "b"},
    {"": ""}, [{"value": "x"}], [{"value": "x"}, {"value": "x"}], [{"value": {}}], [{"type": "work"}],
    [{"primary": True}],
    [{"value": "x", "primary": "true"}], DEEP, [DEEP], "2026-01-31T08:00:00Z", "aGk=", "https://acorn.example/x",
)  # fmt: skip


def places(type: ResourceType) -> list[tuple[str | None, Attribute]]:
    """The attributes that a client may send, with the extension that each is in."""
    core = [(None, attribute) for attribute in type.schema.attributes]
    own: list[tuple[str | None, Attribute]] = [(e.schema.id, a) for e in type.extensions for a in e.schema.attributes]
    return [*core, *own]


def plausible(attribute: Attribute) -> st.SearchStrategy[Any]:
    """Values that may do for an attribute, and some that do not."""
    one: st.SearchStrategy[Any]
    if attribute.complex:
        subs = {sub.name: plausible(sub) for sub in attribute.sub_attributes}
        one = st.fixed_dictionaries({}, optional=subs)
    elif attribute.type is Type.BOOLEAN:
        one = st.sampled_from((True, False, "True", "false"))
    else:
        one = st.text(max_size=5) | st.sampled_from(("x", "aGk=", "https://acorn.example/x"))
    whole = st.lists(one, max_size=3) | one if attribute.multi_valued else one
    return st.one_of(whole, whole, whole, st.sampled_from(JUNK))


@st.composite
def bodies(draw: st.DrawFn, type: ResourceType) -> dict[str, Any]:
    """Resources of a type: mostly right ones, with a few attributes each."""
    chosen = draw(st.lists(st.sampled_from(places(type)), max_size=4, unique_by=lambda place: place[1].name))
    body: dict[str, Any] = {"schemas": [type.schema.id]}
    for urn, attribute in chosen:
        holder = body.setdefault(urn, {}) if urn else body
        holder[attribute.name] = draw(plausible(attribute))
    return body


def is_unassigned(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(is_unassigned, value.values()))
    if isinstance(value, list):
        return all(map(is_unassigned, value))
    return value is None


def reflects(attribute: Attribute, sent: Any, kept: Any) -> bool:
    """Whether what was sent is what is kept: no part of an accepted value may be lost or become another."""
    if attribute.read_only or attribute.secret or attribute.held is Held.MEMBERS:
        return True
    if is_unassigned(sent):
        return kept is None or attribute.name == "active"
    if attribute.multi_valued:
        given = [item for item in (sent if isinstance(sent, list) else [sent]) if not is_unassigned(item)]
        one = all(map(lambda item, now: in_one(attribute, item, now), given, kept or ()))
        return one and len(given) == len(kept or ())
    return in_one(attribute, sent, kept)


def in_one(attribute: Attribute, sent: Any, kept: Any) -> bool:
    if attribute.complex:
        if isinstance(sent, str):
            return kept == {"value": sent} if sent else kept is None
        by_name = {name.lower(): item for name, item in sent.items()}
        known = {sub.name.lower(): sub for sub in attribute.sub_attributes}
        return set(by_name) <= set(known) and all(
            reflects(known[name], item, (kept or {}).get(known[name].name)) for name, item in by_name.items()
        )
    if attribute.type is Type.BOOLEAN and isinstance(sent, str):
        return kept is (sent.lower() in ("true", "1"))
    if attribute.type is Type.DATE_TIME:
        return isinstance(kept, str)
    return bool(kept == sent) or (attribute.name == "externalId" and sent == "" and kept is None)


def done(type: ResourceType, body: dict[str, Any], resource: dict[str, Any]) -> None:
    """Hold a resource to what was asked for it."""
    for urn, attribute in places(type):
        sent = body.get(urn, {}) if urn else body
        kept = resource.get(urn, {}) if urn else resource
        if attribute.name in sent:
            value = sent[attribute.name]
            assert reflects(attribute, value, kept.get(attribute.name)), (attribute.name, value, kept)


def without_empty_objects(body: dict[str, Any]) -> dict[str, Any]:
    kept = {name: item for name, item in body.items() if not (isinstance(item, dict) and is_unassigned(item))}
    return {name: without_empty_objects(item) if name == ENTERPRISE else item for name, item in kept.items()}


def checked(answer: httpx2.Response) -> bool:
    """Whether a request was accepted; a refusal is held to its form."""
    assert answer.status_code < 500 or answer.status_code == 501, answer.text
    if answer.status_code < 400:
        return True
    refused(answer, answer.status_code)
    return False


def read_again(seat: Seat, path: str, answer: httpx2.Response) -> dict[str, Any]:
    """The resource as a later reader sees it: the same as the writer was shown."""
    again: dict[str, Any] = seat.get(path).json()
    assert answer.status_code == 204 or answer.json() == again
    return again


@FUZZ
@given(body=bodies(USERS), other=bodies(USERS))
def test_3_2_32_a_user_that_is_accepted_is_kept_as_it_was_sent(seat: Seat, body: Any, other: Any) -> None:
    for sent in (body, other):
        sent.setdefault("userName", "ann")
    answer = seat.post("/Users", body)
    if not checked(answer):
        assert seat.get("/Users").json()["totalResults"] == 0
        body = {"schemas": [USER], "userName": "ann"}
        answer = seat.post("/Users", body)
    path = f"/Users/{answer.json()['id']}"
    made = read_again(seat, path, answer)
    done(USERS, body, made)
    answer = seat.put(path, other)
    if checked(answer):
        made = read_again(seat, path, answer)
        done(USERS, other, made)
    else:
        assert seat.get(path).json() == made
    seat.delete(path)


@FUZZ
@given(before=bodies(USERS), body=bodies(USERS), whole=st.booleans())
def test_3_2_32_a_patch_that_is_accepted_is_done(seat: Seat, before: Any, body: Any, whole: bool) -> None:
    before.setdefault("userName", f"ann {uuid.uuid4()}")
    answer = seat.post("/Users", before)
    if not checked(answer):
        answer = seat.post("/Users", {"schemas": [USER], "userName": f"ann {uuid.uuid4()}"})
    path = f"/Users/{answer.json()['id']}"
    made = seat.get(path).json()
    del body["schemas"]
    values = {
        f"{urn}:{a.name}" if urn else a.name: (body.get(urn, {}) if urn else body)[a.name]
        for urn, a in places(USERS)
        if a.name in (body.get(urn, {}) if urn else body)
    }
    if whole:
        answer = seat.patch(path, {"op": "replace", "value": body})
    elif values:
        answer = seat.patch(path, *({"op": "Replace", "path": name, "value": value} for name, value in values.items()))
    else:
        answer = seat.patch(path, {"op": "remove", "path": "title"})
    if checked(answer):
        # Both replace and add leave the parts of a complex value that they do not name as they were.
        done(USERS, without_empty_objects(body), read_again(seat, path, answer))
    else:
        assert seat.get(path).json() == made
    seat.delete(path)


@FUZZ
@given(body=bodies(GROUPS), op=st.sampled_from(("add", "replace", "remove")), value=st.sampled_from(JUNK))
def test_3_2_32_groups(seat: Seat, body: Any, op: str, value: Any) -> None:
    body.setdefault("displayName", "staff")
    answer = seat.post("/Groups", body)
    if not checked(answer):
        answer = seat.post("/Groups", {"schemas": [GROUP], "displayName": "staff"})
    path = f"/Groups/{answer.json()['id']}"
    before = seat.get(path).json()
    for operation in ({"op": op, "path": "members", "value": value}, {"op": op, "value": {"members": value}}):
        checked(seat.patch(path, operation))
        assert seat.get(path).json() == before
    for message in ({"op": op, "path": value, "value": value}, {"op": value, "path": "members", "value": value}):
        checked(seat.patch(path, message))
    seat.delete(path)


WORDS = (
    "userName", "emails", "emails[", "type", "value", "]", "].value", "(", ")", "not", "and", "or", "eq", "co", "pr",
    "gt", "ne",
    "null", "true", "1", "-1.5e3", '"x"', '"', '"\\"', "members", "groups", "meta.created", '"2026-01-31T08:00:00Z"',
    "name",
    "name.familyName", "active", "id", "password", "schemas", "\\", "\u20ac", "'", "$ref", "urn:", f"{USER}:title",
    ".", ":", "*",
    "addresses[country", "displayName", "x509Certificates", "externalId", "ann", "\x00", "\ud7ff", "%", "--",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS), max_size=9).flatmap(
    lambda words: st.sampled_from((" ".join(words), "".join(words)))
)
LEAVES = st.sampled_from(
    (
        'userName eq "ann"', 'emails.value co "x"', 'emails[type eq "x" and value pr]', "active eq true", "title pr",
        "id pr",
        'meta.created gt "2026-01-31T08:00:00Z"', 'groups.display sw "x"', "name.givenName eq null", "not (title pr)",
        'displayName ge "x"', 'members.value eq "x"', f'{USER}:title ne "x"', 'emails[type eq "x"].value eq "x"',
        "nothing pr",
    )
)  # fmt: skip
RIGHT = st.recursive(
    LEAVES,
    lambda inner: st.tuples(inner, st.sampled_from((" and ", " or ", " AND not (")), inner).map(
        lambda parts: "".join(parts) + ")" * parts[1].endswith("(")
    ),
    max_leaves=4,
)
PATHS = st.sampled_from(
    (
        "title", "TITLE", "name", "name.givenName", "emails", "emails.value", 'emails[type eq "work"]',
        "emails[value pr].type",
        'emails[type eq "home"].value', "emails[not (type pr)]", f"{USER}:title", ENTERPRISE, f"{ENTERPRISE}:manager",
        f"{ENTERPRISE}:department", f"{ENTERPRISE}:manager.value", "roles", 'roles[primary eq "True"].value',
        "active", "schemas",
    )
)  # fmt: skip


@FUZZ
@given(
    text=TEXTS | RIGHT | RIGHT, sort=st.sampled_from((*WORDS, None)), path=st.sampled_from(("/Users", "/Groups", "/"))
)
def test_3_4_42_any_text_is_a_filter_or_is_refused(seat: Seat, text: str, sort: str | None, path: str) -> None:
    query = {"filter": text, **({"sortBy": sort} if sort else {})}
    by_url = seat.get(path, **query)
    by_body = seat.post(f"{path.rstrip('/')}/.search", {"schemas": [SEARCH], **query})
    assert checked(by_url) == checked(by_body)
    if by_url.status_code == 200:
        assert by_url.json() == by_body.json()


@FUZZ
@given(text=TEXTS | PATHS | PATHS, op=st.sampled_from(("add", "replace", "remove")), value=st.sampled_from(JUNK))
def test_3_5_56_any_text_is_a_path_or_is_refused(seat: Seat, text: str, op: str, value: Any) -> None:
    ann = seat.post("/Users", {"schemas": [USER], "userName": "ann", "emails": [{"value": "x", "type": "work"}]})
    path = f"/Users/{ann.json()['id']}"
    for operation in ({"op": op, "path": text, "value": value}, {"op": op, "value": {text: value}}):
        before = seat.get(path).json()
        answer = seat.patch(path, operation)
        if checked(answer):
            read_again(seat, path, answer)
        else:
            assert seat.get(path).json() == before
    seat.delete(path)


SEGMENTS = (
    "Users", "Groups", "Schemas", "ResourceTypes", "ServiceProviderConfig", "Bulk", "Me", ".search", "users",
    "%55sers", "%2E",
    "%00", "%FF", "%252e", "..", ".", "", "x", "urn:ietf:params:scim:schemas:core:2.0:User", "%E2%82%AC", "a;b", "~",
    "t", "scim",
    "00000000-0000-4000-8000-000000000000", "%0d%0a", "*", "$", "@", "a" * 300,
)  # fmt: skip


@FUZZ
@given(
    segments=st.lists(st.sampled_from(SEGMENTS), max_size=4),
    method=st.sampled_from(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "BREW")),
    body=st.sampled_from((None, *JUNK)),
    known=st.booleans(),
)
def test_any_address_and_method_is_answered(
    seat: Seat, segments: list[str], method: str, body: Any, known: bool
) -> None:
    target = "/scim/v2/" + "/".join(segments)
    content = b"" if body is None else httpx2.Request("POST", "http://x", json=body).content
    login = f"Authorization: Bearer {seat.token}\r\n" if known else ""
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{login}Content-Length: {len(content)}\r\n\r\n"
    with seat.house.server.connect() as connection:
        connection.send(head.encode() + content)
        answer = connection.answer(head=method == "HEAD")
    assert answer.status < 500 or answer.status == 501
    if answer.status >= 400 and method != "HEAD":
        assert answer.json()["status"] == str(answer.status)
        assert answer.headers["content-type"] == "application/scim+json"
