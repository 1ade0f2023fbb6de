"""Protocol requirements 13, 20, 32 and the numbers about size, at the edge of HTTP: HEAD, OPTIONS, Prefer, limits."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.house import GROUP, SEARCH, USER, House, Seat, running_house
from tests.support.postgres import fresh_database

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

# -- 13: the root ----------------------------------------


def test_protocol_13_the_root_finds_what_every_type_has_both_ways(seat: Seat) -> None:
    ann, group = seat.user("ann", displayName="Ann"), seat.group("Foresters")
    seat.user("bo")
    wanted = {ann["id"], group["id"]}
    asked = {"filter": "displayName pr", "sortBy": "displayName", "count": 5}
    listed = seat.get("/", **asked)
    searched = seat.post("/.search", {"schemas": [SEARCH], **asked})
    assert listed.status_code == searched.status_code == 200
    assert listed.json() == searched.json()
    assert {r["id"] for r in listed.json()["Resources"]} == wanted
    assert [r["meta"]["resourceType"] for r in listed.json()["Resources"]] == ["User", "Group"]
    assert seat.get("/", count=1).json()["totalResults"] == 3
    assert seat.get("/", filter='userName eq "ann"').json()["totalResults"] == 1, "a Group has no userName"


# -- HEAD and OPTIONS ----------------------------------------


def test_protocol_13_head_has_the_headers_of_get_and_no_body_wherever_there_is_get(seat: Seat) -> None:
    ann, group = seat.user("ann"), seat.group("Foresters")
    places = [f"/Users/{ann['id']}", f"/Groups/{group['id']}", "/Users", "/Groups", "/", "/Me", "/Changes"]
    places += ["/ServiceProviderConfig", "/Schemas", f"/Schemas/{USER}", "/ResourceTypes", "/ResourceTypes/User"]
    places += [f"/Groups/{group['id']}/members", "/Users/nobody", "/Nothing"]
    passing = ("date", "x-request-id", "content-length")
    for place in places:
        got, head = seat.get(place), seat.call("HEAD", place)
        assert head.content == b"", place
        assert head.status_code == got.status_code, place
        assert head.headers["content-length"] == str(len(got.content)), place
        left = {k: v for k, v in head.headers.items() if k not in passing}
        assert left == {k: v for k, v in got.headers.items() if k not in passing}, place


@pytest.mark.parametrize(
    ("place", "allowed"),
    [
        ("/Users", "GET, HEAD, POST, OPTIONS"),
        ("/Users/x", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("/.search", "POST, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS"),
        ("/Bulk", "POST, OPTIONS"),
        ("/ServiceProviderConfig", "GET, HEAD, OPTIONS"),
    ],
)
def test_protocol_13_options_and_a_405_say_the_same_methods(seat: Seat, place: str, allowed: str) -> None:
    answer = seat.call("OPTIONS", place)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allowed, b"")
    other = next(m for m in ("DELETE", "PUT", "POST", "GET") if m not in allowed)
    refused = seat.call(other, place, {})
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)


# -- 20: Prefer ----------------------------------------

MINIMAL = {"prefer": "return=minimal"}
WHOLE = {"prefer": "return=representation"}


def test_protocol_20_a_post_that_prefers_little_gets_the_id_alone(seat: Seat) -> None:
    body = {"schemas": [USER], "userName": "ann", "title": "Forester"}
    answer = seat.post("/Users", body, headers=MINIMAL)
    assert (answer.status_code, answer.headers["preference-applied"]) == (201, "return=minimal")
    assert answer.json().keys() == {"schemas", "id"}
    assert answer.headers["location"].endswith(answer.json()["id"])
    assert answer.headers["etag"] == 'W/"1"'
    assert seat.get("/Users", filter='title eq "Forester"').json()["totalResults"] == 1


def test_protocol_20_a_put_or_patch_that_prefers_little_gets_204(seat: Seat) -> None:
    ann = seat.user("ann")
    path = f"/Users/{ann['id']}"
    put = seat.put(path, {"schemas": [USER], "userName": "ann", "title": "x"}, headers=MINIMAL)
    patch = seat.patch(path, {"op": "replace", "path": "title", "value": "y"}, headers=MINIMAL)
    for answer, version in ((put, 2), (patch, 3)):
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["preference-applied"] == "return=minimal"
        assert answer.headers["etag"] == f'W/"{version}"'
        assert answer.headers["content-location"] == ann["meta"]["location"]


def test_protocol_20_who_prefers_the_resource_gets_it_even_where_members_came(seat: Seat) -> None:
    ann, group = seat.user("ann"), seat.group("Foresters")
    path = f"/Groups/{group['id']}"
    operation = {"op": "add", "path": "members", "value": [{"value": ann["id"]}]}
    assert seat.patch(path, operation).status_code == 204
    operation["op"] = "remove"
    answer = seat.patch(path, operation, headers=WHOLE)
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "return=representation")
    made = seat.post("/Users", {"schemas": [USER], "userName": "bo"}, headers=WHOLE)
    assert (made.headers["preference-applied"], made.json()["userName"]) == ("return=representation", "bo")


@pytest.mark.parametrize("preferred", ["respond-async", "return=nothing", "", "handling=strict, wait=10"])
def test_protocol_20_a_preference_that_is_not_followed_is_not_said_to_be(seat: Seat, preferred: str) -> None:
    answer = seat.post("/Users", {"schemas": [USER], "userName": "ann"}, headers={"prefer": preferred})
    assert answer.status_code == 201
    assert "preference-applied" not in answer.headers
    assert answer.json()["userName"] == "ann"


def test_protocol_20_attributes_that_are_asked_for_win_over_the_preference_for_little(seat: Seat) -> None:
    ann = seat.user("ann", title="Forester")
    answer = seat.put(f"/Users/{ann['id']}?attributes=title", {**ann, "title": "Baker"}, headers=MINIMAL)
    assert (answer.status_code, answer.json()["title"]) == (200, "Baker")
    assert "preference-applied" not in answer.headers
    assert "preference-applied" not in seat.get("/Users", headers=MINIMAL).headers
    refused = seat.post("/Users", {"schemas": [USER]}, headers=MINIMAL)
    assert (refused.status_code, "preference-applied" in refused.headers) == (400, False)


# -- 32 and the numbers: limits of a house of their own ----------------------------------------


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def narrow(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with small limits."""
    limits = {
        "ROLLBOOK_TENANT_REQUESTS_PER_SECOND": "0.01",
        "ROLLBOOK_TENANT_BURST": "40",
        "ROLLBOOK_PAGE_BYTES": "65536",
        "ROLLBOOK_ATTRIBUTE_VALUES": "5",
    }
    if request.param == "sqlite":
        database = f"sqlite:///{tmp_path_factory.mktemp('narrow') / 'rollbook.db'}"
        with running_house("sqlite", database, **limits) as house:
            yield house
        return
    with (
        fresh_database(request.getfixturevalue("postgres_admin_url")) as url,
        running_house("postgres", url, **limits) as house,
    ):
        yield house


def test_protocol_32_the_connections_of_a_tenant_share_its_limit_and_every_answer_says_what_is_left(
    narrow: House,
) -> None:
    seat = narrow.seat("acorn")
    other = seat.by("other")
    told = [(seat if n % 2 else other).get("/Users", count=0) for n in range(40)]
    assert {answer.status_code for answer in told} == {200}
    assert [int(a.headers["x-rate-limit-remaining"]) for a in told] == list(range(39, -1, -1))
    assert {a.headers["x-rate-limit-limit"] for a in told} == {"40"}
    assert int(told[0].headers["x-rate-limit-reset"]) > 0
    for way in (seat, other):
        refused = way.get("/Users", count=0)
        assert (refused.status_code, refused.json()["status"]) == (429, "429")
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["x-rate-limit-remaining"] == "0"
    assert narrow.seat("birch").get("/Users").status_code == 200


def test_protocol_32_a_connection_may_have_a_rate_of_its_own(narrow: House) -> None:
    seat = narrow.seat("acorn")
    slow = seat.by("slow", rate="0.01", burst="2")
    assert [slow.get("/Users", count=0).status_code for _ in range(3)] == [200, 200, 429]
    assert seat.get("/Users", count=0).status_code == 200


def test_protocol_32_without_a_limit_nothing_is_said_of_it(seat: Seat) -> None:
    assert not [name for name in seat.get("/Users").headers if name.startswith("x-rate")]


def test_numbers_an_attribute_may_have_so_many_values_and_not_one_more(narrow: House) -> None:
    seat = narrow.seat("acorn")

    def mails(count: int) -> list[dict[str, Any]]:
        return [{"value": f"{n}@acorn.example"} for n in range(count)]

    ann = seat.user("ann", emails=mails(5))
    path = f"/Users/{ann['id']}"
    refused = [
        seat.post("/Users", {"schemas": [USER], "userName": "bo", "emails": mails(6)}),
        seat.put(path, {**ann, "emails": mails(6)}),
        seat.patch(path, {"op": "add", "path": "emails", "value": [{"value": "more@acorn.example"}]}),
        seat.patch(path, {"op": "add", "value": {"ims": mails(6)}}),
    ]
    for answer in refused:
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue"), answer.text
        assert "5 values" in answer.json()["detail"]
    assert seat.get(path).json() == ann
    assert seat.group("Foresters", *(seat.user(f"u{n}")["id"] for n in range(7)))["members"][6], "members are rows"


def test_numbers_an_answer_of_many_small_resources_ends_before_it_is_too_large(narrow: House) -> None:
    seat = narrow.seat("acorn")
    users = [
        {"method": "POST", "path": "/Users", "bulkId": f"b{n}", "data": {"schemas": [USER], "userName": f"u{n}"}}
        for n in range(300)
    ]
    assert seat.post("/Bulk", {"schemas": [BULK], "Operations": users}).status_code == 200
    for parameters in ({"count": 1000}, {"count": 1000, "cursor": ""}):
        answer = seat.get("/Users", **parameters)
        page = answer.json()
        assert page["totalResults"] == 300
        assert 100 < len(page["Resources"]) == page["itemsPerPage"] < 300
        assert 50_000 < len(answer.content) <= 65_536
    assert len(seat.get("/Users", count=1000, cursor=page["nextCursor"]).json()["Resources"]) > 0


def test_numbers_an_answer_ends_before_it_is_too_large_and_says_how_much_it_holds(narrow: House) -> None:
    seat = narrow.seat("acorn")
    for n in range(5):
        seat.user(f"u{n}", title="x" * 20_000)
    first = seat.get("/Users").json()
    assert (first["totalResults"], first["itemsPerPage"], len(first["Resources"])) == (5, 3, 3)
    rest = seat.get("/Users", startIndex=4).json()
    assert [u["userName"] for u in first["Resources"] + rest["Resources"]] == [f"u{n}" for n in range(5)]
    assert len(seat.get("/Users", attributes="userName").json()["Resources"]) == 3, "as kept, whatever is shown"
    large = seat.user("large", title="x" * 100_000)
    assert seat.get("/Users", filter='userName eq "large"').json()["Resources"] == [large], "one is always answered"
    walked, cursor = [], ""
    for _ in range(9):
        page = seat.get("/Users", cursor=cursor).json()
        walked += [u["userName"] for u in page["Resources"]]
        if (cursor := page.get("nextCursor", "")) == "":
            break
    assert walked == [f"u{n}" for n in range(5)] + ["large"]


def test_numbers_members_weigh_too_before_they_are_read(narrow: House) -> None:
    seat = narrow.seat("acorn")
    people = [f"u{n}" for n in range(400)]
    members = [{"value": f"bulkId:{name}"} for name in people]
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": name, "data": {"schemas": [USER], "userName": name}}
        for name in people
    ]
    operations += [
        {
            "method": "POST",
            "path": "/Groups",
            "bulkId": name,
            "data": {"schemas": [GROUP], "displayName": name, "members": members},
        }
        for name in ("g1", "g2", "g3")
    ]
    answer = seat.post("/Bulk", {"schemas": [BULK], "Operations": operations})
    assert {done["status"] for done in answer.json()["Operations"]} == {"201"}
    page = seat.get("/Groups").json()
    assert (page["totalResults"], page["itemsPerPage"]) == (3, 1)
    assert len(page["Resources"][0]["members"]) == 400
    assert seat.get("/Groups", excludedAttributes="members").json()["itemsPerPage"] == 3
