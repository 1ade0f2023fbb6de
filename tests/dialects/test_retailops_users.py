"""Users of Retail Ops on the running server. The numbers are those of the dialect."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from tests.dialects.retailops_stage import BASE, MEMBERS, configure, made, openid, person, put, refused, searched, shop
from tests.support.house import ENTERPRISE, SEARCH, USER, House, Seat

from rollbook.dialects.hooks.retailops import URN

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NOBODY = "42d7cfdf-73a0-45e0-b796-234a88625f87"
MAIL = [{"value": "ann@acorn.example", "type": "Work", "primary": True}]


@pytest.fixture
def house(_house_on_sqlite: House) -> House:
    return _house_on_sqlite


@pytest.fixture
def shop_seat(house: House) -> Seat:
    return shop(house)


@pytest.fixture
def many(_house_on_sqlite: House, _many: dict[str, Seat]) -> Seat:
    """A tenant with 60 users, for tests that change nothing."""
    if "seat" not in _many:
        _many["seat"] = seat = shop(_house_on_sqlite)
        for number in range(60):
            made(seat, f"user{59 - number:02}")
    return _many["seat"]


@pytest.fixture(scope="module")
def _many() -> dict[str, Seat]:
    return {}


def ids(answer: Any) -> list[str]:
    return [user["id"] for user in answer.json()["Resources"]]


def test_s2_s7_the_search_has_a_slash_at_its_end_and_answers_with_the_envelope(many: Seat) -> None:
    answer = searched(many, startIndex=1, count=3)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/scim+json")
    body = answer.json()
    assert (body["schemas"], body["totalResults"], body["itemsPerPage"], body["startIndex"]) == ([LIST], 60, 3, 1)
    assert len(body["Resources"]) == 3


def test_s7_users_come_in_the_order_of_their_ids(many: Seat) -> None:
    found = [id for start in (1, 21, 41) for id in ids(searched(many, startIndex=start, count=20))]
    assert len(set(found)) == 60
    assert found == sorted(found)


def test_s8_s9_s10_s11_a_user_is_created_read_and_put(shop_seat: Seat) -> None:
    name = {"honorificPrefix": "Dr", "givenName": "Ann", "familyName": "Aster"}
    own = {"role": "Seller", "profile": "P1", "domain": "EU", "isLinkToAllStores": False, "storeCodeList": ["S1", "S2"]}
    body = person(externalId="E-1", name=name, emails=MAIL, preferredLanguage="fr", active=False, **own)
    answer = shop_seat.post("/Users", body)
    assert answer.status_code == 201
    user = answer.json()
    meta = user.pop("meta")
    assert set(meta) == {"resourceType", "created", "lastModified", "location", "version"}
    assert meta["resourceType"] == "User"
    assert all(DATE.fullmatch(meta[moment]) for moment in ("created", "lastModified"))
    id = user.pop("id")
    assert user == {**body, "retailOps": {**own, "openIDUserID": None, "sendInviteLink": False}}
    assert shop_seat.get(f"/Users/{id}").json() == {**user, "id": id, "meta": meta}
    assert shop_seat.client.get(meta["location"], headers={"authorization": f"Bearer {shop_seat.token}"}).json()["id"]
    changed = put(shop_seat, answer.json(), preferredLanguage="en", role="Director", externalId=None)
    assert changed.status_code == 200
    now = changed.json()
    assert (now["preferredLanguage"], now["retailOps"]["role"]) == ("en", "Director")
    assert "externalId" not in now
    assert now["meta"]["created"] == meta["created"]
    refused(shop_seat.get(f"/Users/{NOBODY}"), 404)
    refused(shop_seat.call("PUT", f"/Users/{NOBODY}", body), 404)


def test_s10_every_answer_has_all_seven_members(shop_seat: Seat) -> None:
    user = made(shop_seat)
    (found,) = searched(shop_seat).json()["Resources"]
    for shown in (user, shop_seat.get(f"/Users/{user['id']}").json(), found, put(shop_seat, user).json()):
        assert shown["retailOps"] == {
            "role": None, "profile": None, "openIDUserID": None, "domain": None,
            "sendInviteLink": False, "isLinkToAllStores": False, "storeCodeList": [],
        }  # fmt: skip
        assert set(shown["schemas"]) == {USER, URN}
    assert set(user["retailOps"]) == MEMBERS


def test_s12_all_members_of_a_put_mean_what_they_say(shop_seat: Seat) -> None:
    link = openid()
    user = made(shop_seat, preferredLanguage="fr", active=True, openIDUserID=link, role="Seller", storeCodeList=["S1"])
    shown = put(shop_seat, user, preferredLanguage="de", role="Director", storeCodeList=["S2", "S3"]).json()
    assert shown["preferredLanguage"] == "de"
    assert (shown["retailOps"]["role"], shown["retailOps"]["storeCodeList"]) == ("Director", ["S2", "S3"])
    assert (shown["active"], shown["retailOps"]["openIDUserID"]) == (True, link)


def test_s13_refusals_are_scim_errors(shop_seat: Seat) -> None:
    refused(shop_seat.get(f"/Users/{NOBODY}"), 404)
    refused(shop_seat.post("/Users", {"schemas": [USER]}), 400, "invalidValue")
    refused(shop_seat.post("/Users", b"{"), 400, "invalidSyntax")
    refused(shop_seat.client.get(f"{shop_seat.base}/Users"), 401)


def test_s14_versions_guard_reading_and_writing(shop_seat: Seat) -> None:
    user = made(shop_seat)
    tag, path = user["meta"]["version"], f"/Users/{user['id']}"
    assert shop_seat.get(path).headers["etag"] == tag
    assert shop_seat.call("GET", path, headers={"if-none-match": tag}).status_code == 304
    body = {**user, "preferredLanguage": "en"}
    first = shop_seat.call("PUT", path, body, headers={"if-match": tag})
    assert first.status_code == 200
    assert first.headers["etag"] != tag
    refused(shop_seat.call("PUT", path, body, headers={"if-match": tag}), 412)


def test_s15_a_password_is_not_taken(shop_seat: Seat) -> None:
    user = made(shop_seat, password="several words")
    assert "password" not in user
    assert "password" in str(shop_seat.events()[-1].tolerances)


def test_v1_the_urn_is_an_alias_and_both_at_once_are_refused(shop_seat: Seat) -> None:
    body = {"schemas": [USER, URN], "userName": "ann", URN: {"role": "Seller"}}
    answer = shop_seat.post("/Users", body)
    assert (answer.status_code, answer.json()["retailOps"]["role"], URN in answer.json()) == (201, "Seller", False)
    refused(shop_seat.post("/Users", {**body, "userName": "bo", "retailOps": {}}), 400, "invalidSyntax")
    schemas = {"schemas": [USER], "userName": "cleo", "retailOps": {"role": "Seller"}}
    assert shop_seat.post("/Users", schemas).json()["retailOps"]["role"] == "Seller"


@pytest.mark.parametrize(("member", "setting"), [("role", "roles"), ("profile", "profiles"), ("domain", "domains")])
def test_v2_v3_values_are_of_the_tenants_lists(house: House, member: str, setting: str) -> None:
    seat = shop(house, **{setting: ["One", "Two"]})
    assert made(seat, **{member: "One"})["retailOps"][member] == "One"
    assert "One, Two" in refused(seat.post("/Users", person("bo", **{member: "one"})), 400, "invalidValue")
    assert made(shop(house), **{member: "anything"})["retailOps"][member] == "anything"


def test_v4_stores_are_of_the_tenants_list_and_all_stores_need_none(house: House) -> None:
    seat = shop(house, stores=["S1", "S2"])
    assert made(seat, storeCodeList=["S2"])["retailOps"]["storeCodeList"] == ["S2"]
    refused(seat.post("/Users", person("bo", storeCodeList=["S2", "S3"])), 400, "invalidValue")
    cleo = made(seat, "cleo", storeCodeList=["S1"], isLinkToAllStores=True)["retailOps"]
    assert (cleo["isLinkToAllStores"], cleo["storeCodeList"]) == (True, [])


def test_s_p6_v5_active_needs_an_openid_user(shop_seat: Seat) -> None:
    refused(shop_seat.post("/Users", person(active=True)), 400, "invalidValue")
    link = openid()
    user = made(shop_seat, active=True, openIDUserID=link)
    assert (user["active"], user["retailOps"]["openIDUserID"]) == (True, link)
    other = made(shop_seat, "bo")
    assert other["active"] is False
    refused(put(shop_seat, other, active=True), 400, "invalidValue")
    assert put(shop_seat, other, active=True, openIDUserID=openid()).json()["active"] is True


def test_v5_what_was_read_can_be_put_again_and_an_absent_active_is_kept(shop_seat: Seat) -> None:
    user = made(shop_seat, active=True, openIDUserID=openid())
    again = put(shop_seat, user)
    assert (again.status_code, again.json()) == (200, user)
    assert put(shop_seat, user, active=None).json() == user
    refused(put(shop_seat, user, openIDUserID=None), 400, "invalidValue")
    refused(put(shop_seat, user, openIDUserID="  "), 400, "invalidValue")
    other = made(shop_seat, "bo")
    assert put(shop_seat, other, active=None).json() == other


def test_s_p7_v7_an_openid_user_is_linked_to_one_user_until_that_is_deactivated(shop_seat: Seat, house: House) -> None:
    link = openid()
    ann = made(shop_seat, active=True, openIDUserID=link)
    refused(shop_seat.post("/Users", person("bo", active=True, openIDUserID=link)), 409, "uniqueness")
    bo = made(shop_seat, "bo")
    refused(put(shop_seat, bo, active=True, openIDUserID=link), 409, "uniqueness")
    assert made(shop(house), active=True, openIDUserID=link)["active"] is True
    gone = put(shop_seat, ann, active=False)
    assert (gone.json()["active"], gone.json()["retailOps"]["openIDUserID"]) == (False, None)
    assert put(shop_seat, ann, active=False).json() == gone.json()
    assert put(shop_seat, bo, active=True, openIDUserID=link).json()["retailOps"]["openIDUserID"] == link


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_v7_of_those_who_come_at_once_one_is_linked(engine: str, request: pytest.FixtureRequest) -> None:
    seat = shop(request.getfixturevalue(f"_house_on_{engine}"))
    link = openid()

    def come(number: int) -> int:
        with httpx2.Client() as client:
            body = person(f"user{number}", active=True, openIDUserID=link)
            return replace(seat, client=client).post("/Users", body).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(come, range(8))) == [201, *[409] * 7]


def test_s_p7_what_is_said_of_the_link_of_an_inactive_user_is_dropped_and_noted(shop_seat: Seat) -> None:
    user = made(shop_seat, openIDUserID=openid())
    assert (user["active"], user["retailOps"]["openIDUserID"]) == (False, None)
    assert "not active, so not linked: retailOps.openIDUserID" in shop_seat.events()[-1].tolerances


def test_v8_names_are_unique_and_stay_as_they_are_unless_the_tenant_says_otherwise(house: House) -> None:
    seat = shop(house)
    user = made(seat, "Ann")
    refused(seat.post("/Users", person("ANN")), 409, "uniqueness")
    refused(put(seat, user, userName="bo"), 400, "mutability")
    assert put(seat, user, userName="ANN").status_code == 200
    free = shop(house, user_name_immutable=False)
    assert put(free, made(free), userName="bo").json()["userName"] == "bo"


def test_v8_an_external_id_is_unique_in_its_connection(shop_seat: Seat) -> None:
    made(shop_seat, externalId="E-1")
    refused(shop_seat.post("/Users", person("bo", externalId="E-1")), 409, "uniqueness")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/Users/{id}"),
        ("PATCH", "/Users/{id}"),
        ("POST", "/Bulk"),
        ("GET", "/Me"),
        ("GET", "/Groups"),
        ("POST", "/Groups"),
        ("GET", f"/Groups/{NOBODY}"),
        ("POST", "/.search"),
    ],
)
def test_v9_what_the_provider_lacks_is_501(shop_seat: Seat, method: str, path: str) -> None:
    user = made(shop_seat)
    refused(shop_seat.call(method, path.format(id=user["id"])), 501)
    assert shop_seat.get(f"/Users/{user['id']}").json() == user


def test_v9_what_the_provider_has_elsewhere_is_405(shop_seat: Seat) -> None:
    answer = shop_seat.call("PUT", "/Users", {})
    refused(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"


def test_v10_getting_the_list_is_the_same_search(many: Seat) -> None:
    assert many.get("/Users", startIndex=5, count=7).json() == searched(many, startIndex=5, count=7).json()


def test_v11_the_search_is_found_without_its_slash_and_not_redirected(many: Seat) -> None:
    assert searched(many, "/Users/.search", count=2).json() == searched(many, count=2).json()


def test_v12_a_filter_is_refused_an_order_is_not_looked_at_and_attributes_are(many: Seat) -> None:
    refused(searched(many, filter='userName eq "user01"'), 400, "invalidFilter")
    refused(many.get("/Users", filter="garbage ("), 400, "invalidFilter")
    refused(searched(many, cursor=""), 400, "invalidCursor")
    plain = searched(many, count=5)
    for order in ({"sortBy": "userName"}, {"sortBy": "nothing", "sortOrder": "descending"}):
        assert searched(many, count=5, **order).json() == plain.json()
    (only,) = searched(many, count=1, attributes=["userName", "retailOps.role"]).json()["Resources"]
    assert set(only) == {"schemas", "id", "userName", "retailOps"}
    assert only["retailOps"] == {"role": None}
    (rest,) = searched(many, count=1, excludedAttributes=["retailOps", "meta"]).json()["Resources"]
    assert "retailOps" not in rest
    (whole,) = searched(many, count=1, attributes=[URN]).json()["Resources"]
    assert set(whole["retailOps"]) == MEMBERS


@pytest.mark.parametrize(
    ("asked", "items", "start"),
    [
        ({}, 10, 1),
        ({"count": 50}, 50, 1),
        ({"count": 51}, 50, 1),
        ({"count": 0}, 0, 1),
        ({"count": -3}, 0, 1),
        ({"startIndex": 0, "count": 2}, 2, 1),
        ({"startIndex": -9, "count": 2}, 2, 1),
        ({"startIndex": 58}, 3, 58),
    ],
)
def test_v13_pages_have_ten_users_and_fifty_at_most(many: Seat, asked: dict[str, int], items: int, start: int) -> None:
    body = searched(many, **asked).json()
    assert (body["totalResults"], body["itemsPerPage"], body["startIndex"]) == (60, items, start)
    assert len(body.get("Resources", [])) == items


@pytest.mark.parametrize("schemas", [None, [], [USER], "x", SEARCH])
def test_v13_a_search_says_that_it_is_one(many: Seat, schemas: Any) -> None:
    body = {"count": 1} if schemas is None else {"schemas": schemas}
    refused(many.post("/Users/.search/", body), 400, "invalidSyntax")


def test_v17_a_user_is_created_with_its_place_and_its_version(shop_seat: Seat) -> None:
    answer = shop_seat.post("/Users", person())
    assert answer.status_code == 201
    assert answer.headers["location"] == answer.json()["meta"]["location"]
    assert answer.headers["location"] == f"{shop_seat.house.url}{BASE}/Users/{answer.json()['id']}"
    assert answer.headers["etag"] == answer.json()["meta"]["version"]


def test_v19_nothing_costs_anything(shop_seat: Seat) -> None:
    for answer in (shop_seat.get("/Users"), shop_seat.post("/Users", {}), shop_seat.delete("/Users")):
        assert answer.status_code != 402


@pytest.mark.parametrize("media", ["application/json", "application/scim+json", "application/json; charset=utf-8"])
def test_v20_requests_are_json_of_either_kind(shop_seat: Seat, media: str) -> None:
    answer = shop_seat.post("/Users", person(), headers={"content-type": media})
    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/scim+json")
    refused(shop_seat.post("/Users", person("bo"), headers={"content-type": "text/xml"}), 415)


def test_v21_what_the_product_lacks_is_dropped_and_named(shop_seat: Seat) -> None:
    more = {"title": "Lead", "displayName": "Ann", "nickName": "A", ENTERPRISE: {"department": "Tills"}}
    name = {"givenName": "Ann", "formatted": "Ann Aster"}
    user = made(shop_seat, name=name, **more)
    assert not {*more} & set(user)
    assert user["name"] == {"givenName": "Ann"}
    dropped = str(shop_seat.events()[-1].tolerances)
    assert all(path in dropped for path in ("title", "displayName", "nickName", "name.formatted", ENTERPRISE))
    refused(shop_seat.post("/Users", person("bo", colour="red")), 400, "invalidSyntax")


def test_what_a_tenant_sets_anew_holds_within_seconds_for_those_who_are_there(house: House) -> None:
    seat = shop(house)
    assert made(seat, role="anything")["retailOps"]["role"] == "anything"
    configure(seat, roles=["Seller"])
    again = seat.speaking("retailops")  # another credential, so nothing is remembered of it
    refused(again.post("/Users", person("bo", role="anything")), 400, "invalidValue")
