"""Filters, sorts and pages over HTTP (checklist 3.4, V19, V20): bombs, injections and secrets."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.support.house import ENTERPRISE, PATCH_OP, SEARCH, USER, Seat
from tests.support.refusals import alive, refused

BOMBS = {
    "parentheses": "(" * 100_000,
    "closed parentheses": "(" * 33 + "title pr" + ")" * 33,
    "not": "not (" * 33 + "title pr" + ")" * 33,
    "not without an end": "not " * 100_000,
    "and": " and ".join(["title pr"] * 100_000),
    "or": "title pr or " * 100_000,
    "brackets": "emails[" * 100_000,
    "brackets in brackets": "emails[emails[type pr]]",
    "quotes": '"' * 100_000,
    "escaped quotes": 'title eq "' + '\\"' * 4_000,
    "a word and a quote": "a" * 8_000 + '"',
    "dots": "a" + ".a" * 4_000 + " pr",
    "colons": "urn:" * 2_000 + "a pr",
    "a long literal": 'title eq "' + "a" * 9_000 + '"',
    "a long number": "title eq " + "9" * 8_000,
    "a long name": "a" * 8_000 + " pr",
    "backslashes": 'title eq "' + "\\" * 8_001 + '"',
    "spaces": " " * 8_100,
}

Ask = Callable[[Seat, str], httpx2.Response]

ROADS: dict[str, tuple[Ask, tuple[int, ...]]] = {
    "GET": (lambda seat, text: seat.get("/Users", filter=text[:9000]), (400, 414)),
    "root": (lambda seat, text: seat.get("/", filter=text[:9000]), (400, 414)),
    ".search": (lambda seat, text: seat.post("/Users/.search", {"schemas": [SEARCH], "filter": text}), (400,)),
    "PATCH": (
        lambda seat, text: seat.patch(f"/Users/{seat.user('ann')['id']}", {"op": "remove", "path": text}),
        (400,),
    ),
    "brackets": (
        lambda seat, text: seat.patch(f"/Users/{seat.user('ann')['id']}", {"op": "remove", "path": f"emails[{text}]"}),
        (400,),
    ),
    "a key": (
        lambda seat, text: seat.patch(
            f"/Users/{seat.user('ann')['id']}", {"op": "add", "value": {f"emails[{text}].value": "a"}}
        ),
        (400,),
    ),
    "sortBy": (lambda seat, text: seat.get("/Users", sortBy=text[:9000]), (400, 414)),
}


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
@pytest.mark.parametrize(("ask", "statuses"), ROADS.values(), ids=ROADS.keys())
def test_3_4_41_bombs_are_refused_on_every_road(seat: Seat, ask: Ask, statuses: tuple[int, ...], bomb: str) -> None:
    answer = ask(seat, bomb)
    if answer.status_code == 200:  # the root asks about types that lack the attribute; a sort by spaces is none
        assert bomb in (BOMBS["a long name"], BOMBS["colons"], BOMBS["spaces"])
        return
    assert answer.status_code in statuses, answer.text[:300]
    detail = refused(answer, answer.status_code)
    assert len(detail) < 500
    assert alive(seat.house.url, seat.house.client)


def test_3_4_41_the_limits_of_a_filter_are_8192_bytes_and_32_levels(seat: Seat) -> None:
    def search(text: str) -> httpx2.Response:
        return seat.post("/Users/.search", {"schemas": [SEARCH], "filter": text})

    fits = 'title eq "' + "a" * (8192 - 11) + '"'
    assert len(fits) == 8192
    assert search(fits).status_code == 200
    refused(search(fits + " "), 400, "invalidFilter")
    refused(search('title eq "' + "\u20ac" * 2728 + '"'), 400, "invalidFilter")
    assert search("(" * 32 + "title pr" + ")" * 32).status_code == 200
    refused(search("(" * 33 + "title pr" + ")" * 33), 400, "invalidFilter")
    many = " or ".join(['title eq "a"'] * 500)
    assert search(many).status_code == 200
    assert search("not (" * 32 + "title pr" + ")" * 32).json()["totalResults"] == 0
    assert search("emails[" + " or ".join(["value pr"] * 600) + "]").status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        'title eq "', 'title eq "a', 'title eq a"', "title eq 'a'", 'title eq "\\x"', 'title eq "\\u12"',
        'title eq "\\u0000"',
        'title eq "\\ud800"', 'title eq "a\nb"', 'title eq "a"b', 'title eq "a" "b"', 'title eq"a"', "title eq",
        "eq", "",
        "title == 1", "title", 'title like "a"', 'title eq "a" and', "and", "()", "title pr)", "(title pr",
        "title pr; DROP",
        'title eq "a" -- x', "title eq 1", "title eq 01", "title eq 1e999", "title eq NaN", "title eq {}",
        "title eq [1]",
        "active eq 1", 'active co "t"', "active gt true", 'meta.created eq "yesterday"', "meta.created sw \"2\"",
        "name eq \"a\"",
        "emails[", "emails[]", "emails[type eq \"a\"", "emails.type.value pr", "userName[value pr]", "title gt null",
        "__proto__ pr", "constructor.name pr", "tenant_id pr", "r.id pr", "document pr", "search pr", "unique_key pr",
        "userName'-- eq \"a\"", "userName;-- pr", '"userName" eq "a"', "userName/**/ pr", "user\x00Name pr",
        "password pr",
        f'{USER}:nothing pr', f'{ENTERPRISE}:title pr', "urn:x:title pr", "$ref pr", "*", "* pr", "emails.* pr",
        "title pr\x00",
    ],
)  # fmt: skip
def test_3_4_42_and_43_what_is_no_filter_of_this_type_is_400(seat: Seat, text: str) -> None:
    for path in ("/Users", "/Users/.search"):
        if path == "/Users":
            answer = seat.get(path, filter=text)
        else:
            answer = seat.post(path, {"schemas": [SEARCH], "filter": text})
        if "\x00" in text:
            refused(answer, 400)
        else:
            refused(answer, 400, "invalidFilter")


LITERALS = [
    "'; DROP TABLE resource;--", "' OR '1'='1", "\") OR 1=1--", "x'));--", "\\'; --", "%", "_", "a%", "%%", "[a-z]*",
    ".*", "^a",
    "$1", "?1", ":a", "{0}", "%s", "$$", "\\", "\\\\", "\\%", "\\_", "/*", "--", "\u2019 or 1=1", "jsonb", "NULL",
    "1=1",
]  # fmt: skip


@pytest.mark.parametrize("literal", LITERALS)
def test_3_4_43_and_44_literals_are_literals(seat: Seat, literal: str) -> None:
    seat.user("ann", title="abc", emails=[{"value": "abc@x", "type": "work"}], externalId="abc")
    seat.user("bo", title=literal, emails=[{"value": literal, "type": literal}], externalId=literal)
    quoted = '"' + literal.replace("\\", "\\\\").replace('"', '\\"') + '"'
    for path in ("title", "emails", "emails.value", "externalId"):
        for operator in ("eq", "co", "sw", "ew"):
            assert seat.names(f"{path} {operator} {quoted}") == ["bo"], (path, operator)
    assert seat.names(f"emails[type eq {quoted} and value co {quoted}]") == ["bo"]
    assert seat.names(f"not (title co {quoted})") == ["ann"]
    assert seat.names(f"title eq {quoted}", sortBy="emails.value", sortOrder="descending") == ["bo"]


SECRET = ("password", f"{USER}:password", "PASSWORD")


@pytest.mark.parametrize("name", SECRET)
def test_3_4_46_and_v20_a_password_cannot_be_asked_about(seat: Seat, name: str) -> None:
    ann = seat.user("ann", password="canary-secret")["id"]
    for operator in ('eq "canary-secret"', 'sw "c"', 'ne "x"', "pr", 'gt "a"'):
        for text in (f"{name} {operator}", f"not ({name} {operator})", f"title pr or {name} {operator}"):
            detail = refused(seat.get("/Users", filter=text), 400, "invalidFilter")
            assert "canary" not in detail
            refused(seat.get("/", filter=text), 400, "invalidFilter")
            refused(seat.post("/.search", {"schemas": [SEARCH], "filter": text}), 400, "invalidFilter")
    refused(seat.get("/Users", sortBy=name), 400)
    for query in ({"attributes": name}, {"attributes": f"{name},userName"}, {"excludedAttributes": "userName"}):
        for answer in (seat.get("/Users", **query), seat.get(f"/Users/{ann}", **query)):
            assert answer.status_code == 200
            assert "canary" not in answer.text
    refused(seat.patch(f"/Users/{ann}", {"op": "replace", "path": f'emails[{name} eq "a"].value', "value": "b"}), 400)


PROJECTIONS: list[tuple[dict[str, str], set[str]]] = [
    ({"attributes": "userName"}, {"schemas", "id", "userName"}),
    ({"attributes": "USERNAME, name.givenName"}, {"schemas", "id", "userName", "name"}),
    ({"attributes": "*"}, {"schemas", "id"}),
    ({"attributes": "nothing"}, {"schemas", "id"}),
    ({"attributes": ",".join(f"a{n}" for n in range(1000))}, {"schemas", "id"}),
    ({"attributes": "meta.version"}, {"schemas", "id", "meta"}),
    ({"attributes": "' OR 1=1 --,__proto__,../.."}, {"schemas", "id"}),
    ({"excludedAttributes": "id,schemas,meta,name,active"}, {"schemas", "id", "userName"}),
    ({"excludedAttributes": "nothing,*"}, {"schemas", "id", "userName", "name", "active", "meta"}),
    ({"attributes": ""}, {"schemas", "id", "userName", "name", "active", "meta"}),
]


@pytest.mark.parametrize(("query", "shown"), PROJECTIONS)
def test_3_4_47_projections_show_what_may_be_seen(seat: Seat, query: dict[str, str], shown: set[str]) -> None:
    ann = seat.user("ann", name={"givenName": "Ann"}, password="x")["id"]
    assert set(seat.get(f"/Users/{ann}", **query).json()) == shown
    assert [set(resource) for resource in seat.get("/Users", **query).json()["Resources"]] == [shown]
    listed = {key: value.split(",") for key, value in query.items()}
    found = seat.post("/Users/.search", {"schemas": [SEARCH], **listed}).json()["Resources"]
    assert [set(resource) for resource in found] == [shown]
    made = seat.post(
        "/Users", {"schemas": [USER], "userName": "bo", "name": {"givenName": "Bo"}, "password": "x"}, **query
    )
    assert set(made.json()) == shown


def test_3_4_47_both_projections_at_once_are_400(seat: Seat) -> None:
    refused(seat.get("/Users", attributes="id", excludedAttributes="name"), 400, "invalidValue")


PAGES: list[tuple[dict[str, Any], int, int]] = [
    ({"startIndex": 0}, 1, 3), ({"startIndex": -5}, 1, 3), ({"startIndex": "-9" * 3}, 0, 0), ({"startIndex": 2}, 2, 2),
    ({"startIndex": 4}, 4, 0), ({"startIndex": 2**31}, 2**31, 0), ({"startIndex": 2**63 - 1}, -1, 0),
    ({"startIndex": 2**63}, -1, 0), ({"startIndex": "9" * 100}, -1, 0), ({"startIndex": "-" + "9" * 100}, 1, 3),
    ({"count": 0}, 1, 0), ({"count": -1}, 1, 0), ({"count": 10**9}, 1, 3), ({"count": "9" * 100}, 1, 3),
    ({"startIndex": "+2", "count": "1"}, 2, 1),
]  # fmt: skip


@pytest.mark.parametrize(("query", "start", "number"), PAGES)
def test_3_4_48_any_integer_is_a_page(seat: Seat, query: dict[str, Any], start: int, number: int) -> None:
    for name in ("ann", "bo", "cleo"):
        seat.user(name)
    for more in ({}, {"sortBy": "userName"}, {"sortBy": "emails", "filter": "active eq true"}):
        answer = seat.get("/Users", **query, **more)
        if start == 0:
            refused(answer, 400, "invalidValue")
            continue
        page = answer.json()
        assert (page["totalResults"], page["itemsPerPage"], len(page["Resources"])) == (3, number, number)
        assert page["startIndex"] == start or start == -1


@pytest.mark.parametrize("name", ["startIndex", "count"])
@pytest.mark.parametrize("value", ["1.5", "abc", "", "1e3", "0x10", "1 2", "\u0661", "true", "null", "1;"])
def test_3_4_48_what_is_no_integer_is_400(seat: Seat, name: str, value: str) -> None:
    refused(seat.get("/Users", **{name: value}), 400, "invalidValue")
    refused(seat.post("/Users/.search", {"schemas": [SEARCH], name: value}), 400, "invalidValue")


@pytest.mark.parametrize("value", [1.5, True, [], {}, [1], {"a": 1}])
def test_3_4_48_what_is_no_integer_in_a_search_is_400(seat: Seat, value: Any) -> None:
    for name in ("startIndex", "count", "sortBy", "sortOrder", "filter"):
        refused(seat.post("/Users/.search", {"schemas": [SEARCH], name: value}), 400)


def test_3_4_48_51_and_52_what_is_repeated_or_garbage_is_400(seat: Seat) -> None:
    for query in ("count=1&count=1", "startIndex=1&STARTINDEX=2", "sortBy=id&sortby=id", "attributes=id&attributes=id"):
        refused(seat.call("GET", f"/Users?{query}"), 400, "invalidValue")
    refused(seat.call("GET", "/Users?filter=id%20pr&Filter=id%20pr"), 400, "invalidFilter")
    for order in ("up", "ASC", "descending;", "1"):
        refused(seat.get("/Users", sortBy="id", sortOrder=order), 400, "invalidValue")
    for sort in (
        "nothing",
        "name",
        "a b",
        "userName desc",
        "userName,id",
        "1",
        "password",
        "emails[type pr]",
        "(select 1)",
    ):
        refused(seat.get("/Users", sortBy=sort), 400, "invalidValue")


def test_3_4_53_no_refusal_repeats_what_was_asked(seat: Seat) -> None:
    canary = "canary-4711"
    for text in (
        f'title eq "{canary}', f'title zz "{canary}"', f'active eq "{canary}"', f'meta.created eq "{canary}"',
        f'title eq "{canary}" and (', f'title eq {canary}', f'emails[type eq "{canary}"', f'password eq "{canary}"',
    ):  # fmt: skip
        assert canary not in seat.get("/Users", filter=text).text
        assert canary not in seat.post("/.search", {"schemas": [SEARCH], "filter": text}).text
        ann = {"schemas": [PATCH_OP], "Operations": [{"op": "remove", "path": f"emails[{text}]"}]}
        answer = seat.call("PATCH", "/Users/nobody", ann)
        assert canary not in answer.text


def test_v19_a_page_is_never_longer_than_its_limit(seat: Seat) -> None:
    for number in range(110):
        seat.post("/Groups", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": f"g{number}"})
    page = seat.get("/Groups").json()
    assert (page["totalResults"], page["itemsPerPage"], len(page["Resources"])) == (110, 100, 100)
    config = seat.get("/ServiceProviderConfig").json()
    assert config["filter"] == {"supported": True, "maxResults": 1000}
