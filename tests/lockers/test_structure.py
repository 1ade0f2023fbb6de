"""The System API: the structure, by the routes that every kind has."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.lockers.conftest import Company, Desk
from tests.support.house import House

NOBODY = "0199c1f2-7a5e-7000-8000-000000000009"


def test_a_thing_is_made_read_changed_and_deleted(desk: Desk) -> None:
    made = desk.call("POST", "/locations", {"name": "Head office", "timeZone": "Europe/Berlin", "externalId": "b1"})
    assert made.status_code == 201
    body = made.json()
    assert made.headers["location"] == f"/api/v1/locations/{body['id']}"
    assert (made.headers["etag"], body["version"]) == ('"1"', 1)
    assert (body["timeZone"], body["state"], body["attributes"]) == ("Europe/Berlin", "active", {})
    path = f"/locations/{body['id']}"
    read = desk.call("GET", path)
    assert (read.json(), read.headers["etag"]) == (body, '"1"')
    assert desk.call("GET", path, headers={"if-none-match": '"1"'}).status_code == 304
    assert desk.call("HEAD", path).status_code == 200
    changed = desk.call("PATCH", path, {"address": "Main Street 1", "externalId": None}, match='"1"')
    assert changed.status_code == 200
    assert (changed.headers["etag"], changed.json()["version"]) == ('"2"', 2)
    assert (changed.json()["address"], changed.json()["externalId"]) == ("Main Street 1", None)
    assert changed.json()["name"] == "Head office"
    assert desk.call("DELETE", path, match='W/"2"').status_code == 204
    assert desk.code("GET", path) == (404, "notFound")
    assert desk.kinds() == ["location:create", "location:change", "location:delete"]


def test_a_merge_patch_reaches_into_objects(company: Company) -> None:
    made = company.make("/locations", {"name": "L", "attributes": {"a": "1", "b": "2"}})
    path = f"/locations/{made['id']}"
    after = company.call("PATCH", path, {"attributes": {"a": None, "c": "3"}}, match="*").json()
    assert after["attributes"] == {"b": "2", "c": "3"}
    assert company.code("PATCH", path, {"attributes": {"b": 2}}, match="*") == (400, "invalidBody")
    assert company.call("PATCH", path, {"attributes": None}, match="*").json()["attributes"] == {}
    link = f"/links/{company.link}"
    night = {"hours": {"from": "22:00", "until": "06:00"}}
    assert company.call("PATCH", link, night, match="*").json()["hours"] == night["hours"]
    after = company.call("PATCH", link, {"hours": {"until": None}}, match="*").json()
    assert after["hours"] == {"from": "22:00", "until": "24:00"}
    assert company.call("PATCH", link, {"hours": None}, match="*").json()["hours"] is None


def test_a_write_needs_the_version_that_was_read(desk: Desk) -> None:
    path = f"/locations/{desk.make('/locations', {'name': 'L'})['id']}"
    for method, body in (("PATCH", {"name": "M"}), ("DELETE", None)):
        assert desk.code(method, path, body) == (428, "preconditionRequired")
        assert desk.code(method, path, body, match='"7"') == (412, "preconditionFailed")
        assert desk.code(method, path, body, match="seven") == (412, "preconditionFailed")
        assert desk.code(method, f"/locations/{NOBODY}", body, match="*") == (404, "notFound")
        assert desk.code(method, "/locations/nobody", body, match="*") == (404, "notFound")
    assert desk.call("PATCH", path, {"name": "M"}, match='"7", "1"').status_code == 200
    assert desk.call("DELETE", path, match="*").status_code == 204


@pytest.mark.parametrize(
    ("path", "body", "pointers"),
    [
        ("/locations", {}, {"/name"}),
        ("/locations", {"name": ""}, {"/name"}),
        ("/locations", {"name": " L"}, {"/name"}),
        ("/locations", {"name": "a\tb"}, {"/name"}),
        ("/locations", {"name": 1, "timeZone": "Nowhere/Land"}, {"/name", "/timeZone"}),
        ("/locations", {"name": "L", "timeZone": "../../etc/passwd"}, {"/timeZone"}),
        ("/locations", {"name": "L", "nmae": "M"}, {"/nmae"}),
        ("/locations", {"name": "L", "attributes": {"a": 1}}, {"/attributes/a"}),
        ("/sections", {"locationId": "x", "name": "S"}, {"/locationId"}),
        ("/lockers", {"lockerBankId": NOBODY, "number": "1", "openSeconds": 0}, {"/openSeconds"}),
        ("/lockers", {"lockerBankId": NOBODY, "number": "1", "openSeconds": 5.5}, {"/openSeconds"}),
        ("/links", {"userGroupId": NOBODY, "lockerGroupId": NOBODY, "rights": ["fly"]}, {"/rights/0"}),
        ("/links", {"userGroupId": NOBODY, "lockerGroupId": NOBODY, "hours": {"from": "8"}}, {"/hours/from"}),
        ("/links", {"userGroupId": NOBODY, "lockerGroupId": NOBODY, "validFrom": "2026-01-01"}, {"/validFrom"}),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(desk: Desk, path: str, body: object, pointers: set[str]) -> None:
    answer = desk.call("POST", path, body)
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["code"] == "invalidBody"
    assert {one["pointer"] for one in problem["errors"]} == pointers
    assert "pydantic" not in answer.text
    assert "passwd" not in answer.text


def test_a_body_has_to_be_json(desk: Desk) -> None:
    assert desk.code("POST", "/locations", b"{") == (400, "invalidSyntax")
    assert desk.code("POST", "/locations", b"[]") == (400, "invalidSyntax")
    assert desk.code("POST", "/locations", b'{"name": "a", "name": "b"}') == (400, "invalidSyntax")
    assert desk.code("POST", "/locations", b'{"name": "a\\u0000"}') == (400, "invalidValue")
    assert desk.code("POST", "/locations", b"") == (400, "invalidBody")
    answer = desk.code("POST", "/locations", b"name=a", headers={"content-type": "text/plain"})
    assert answer == (415, "unsupportedMediaType")
    merge = {"content-type": "application/merge-patch+json"}
    path = f"/locations/{desk.make('/locations', {'name': 'L'})['id']}"
    assert desk.call("PATCH", path, {"name": "M"}, headers=merge, match="*").status_code == 200


def test_siblings_have_names_of_their_own(company: Company) -> None:
    for path, body in (
        ("/locations", {"name": "HEAD office"}),
        ("/sections", {"locationId": company.location, "name": "Ground Floor"}),
        ("/lockers", {"lockerBankId": company.bank, "number": "001"}),
    ):
        assert company.code("POST", path, body) == (409, "taken")
    assert company.make("/lockers", {"lockerBankId": company.bank, "number": "1"})["number"] == "1"


def test_parents_have_to_be_there_and_stay(company: Company) -> None:
    for path, body in (
        ("/sections", {"locationId": NOBODY, "name": "S"}),
        ("/lockers", {"lockerBankId": NOBODY, "number": "1"}),
        ("/links", {"userGroupId": company.ann, "lockerGroupId": company.group}),
    ):
        assert company.code("POST", path, body) == (422, "noParent")
    for path in (f"/locations/{company.location}", f"/locker-banks/{company.bank}", f"/locker-groups/{company.group}"):
        assert company.code("DELETE", path, match="*") == (409, "inUse")


def test_a_link_says_rights_days_and_hours_as_people_do(company: Company) -> None:
    path = f"/links/{company.link}"
    assert company.get(path)["rights"] == ["use", "reserve"]
    assert company.get(path)["hours"] is None
    patch = {"days": ["fri", "mon"], "hours": {"from": "08:00", "until": "18:30"}, "maxLockers": 1}
    changed = company.call("PATCH", path, patch, match="*").json()
    assert (changed["days"], changed["hours"], changed["maxLockers"]) == (["mon", "fri"], patch["hours"], 1)
    patch = {"hours": {"until": "24:00"}, "maxLockers": None, "validFrom": "2026-11-23T08:00:00+01:00"}
    changed = company.call("PATCH", path, patch, match="*").json()
    assert changed["hours"] == {"from": "08:00", "until": "24:00"}
    assert (changed["maxLockers"], changed["validFrom"]) == (None, "2026-11-23T07:00:00.000Z")
    assert company.call("PATCH", path, {"hours": None}, match="*").json()["hours"] is None
    backwards = {"validUntil": "2026-11-22T08:00:00Z"}
    assert company.code("PATCH", path, backwards, match="*") == (400, "invalidBody")


def test_lists_go_on_where_they_ended(company: Company) -> None:
    first = company.get("/lockers", limit=2)
    rest = company.get("/lockers", limit=2, cursor=first["nextCursor"])
    assert [one["number"] for one in (*first["items"], *rest["items"])] == ["001", "002", "003"]
    assert rest["nextCursor"] is None
    for query in (
        {"lockerBankId": company.bank},
        {"locationId": company.location},
        {"sectionId": company.section},
        {"lockerGroupId": company.group},
        {"kind": "day", "accessible": "false", "state": "active"},
    ):
        assert len(company.items("/lockers", **query)) == 3
    assert [one["number"] for one in company.items("/lockers", number="002")] == ["002"]
    assert company.items("/lockers", lockerBankId=NOBODY) == []
    assert company.items("/locations", externalId="x") == []
    assert company.code("GET", "/lockers", cursor="?") == (400, "invalidCursor")
    assert company.code("GET", "/lockers", limit=0) == (400, "invalidParameter")
    assert company.code("GET", "/lockers", bankId=company.bank) == (400, "invalidParameter")


def test_what_has_changed_is_listed(company: Company) -> None:
    since = company.get(f"/lockers/{company.doors[2]}")["lastModified"]
    assert company.call("PATCH", f"/lockers/{company.doors[0]}", {"size": "L"}, match="*").status_code == 200
    page = company.get("/lockers", updatedSince=since, limit=1)
    rest = company.get("/lockers", updatedSince=since, limit=1, cursor=page["nextCursor"])
    assert [one["number"] for one in (*page["items"], *rest["items"])][-1] == "001"


def test_a_location_is_read_as_a_tree(company: Company) -> None:
    tree = company.get(f"/locations/{company.location}/tree")
    (section,) = tree["sections"]
    (bank,) = section["lockerBanks"]
    assert (tree["name"], section["name"], bank["name"]) == ("Head office", "Ground floor", "A")
    assert [one["number"] for one in bank["lockers"]] == ["001", "002", "003"]
    assert company.code("GET", f"/locations/{NOBODY}/tree") == (404, "notFound")


def test_a_group_has_lockers(company: Company) -> None:
    path = f"/locker-groups/{company.group}/lockers"
    first = company.get(path, limit=2)
    rest = company.get(path, cursor=first["nextCursor"])
    assert first["items"] + rest["items"] == sorted(company.doors)
    assert company.make(path, {"remove": [company.doors[0]]}, dryRun="true") == {"changed": 1}
    assert company.make(path, {"remove": [company.doors[0]], "add": [company.doors[1]]}) == {"changed": 1}
    assert company.get(path)["items"] == sorted(company.doors[1:])
    assert company.code("POST", path, {"add": [NOBODY]}) == (422, "noLocker")
    assert company.code("GET", f"/locker-groups/{NOBODY}/lockers") == (404, "notFound")


def test_a_rehearsal_says_what_would_be(desk: Desk) -> None:
    answer = desk.call("POST", "/locations", {"name": "L"}, dryRun="true")
    assert (answer.status_code, answer.headers["dry-run"]) == (200, "true")
    assert "location" not in answer.headers
    assert desk.items("/locations") == []
    path = f"/locations/{desk.make('/locations', {'name': 'L'})['id']}"
    assert desk.code("POST", "/locations", {"name": "L"}, dryRun="true") == (409, "taken")
    assert desk.call("DELETE", path, match="*", dryRun="true").status_code == 204
    assert desk.call("PATCH", path, {"name": "M"}, match="*", dryRun="true").json()["name"] == "M"
    assert desk.get(path)["name"] == "L"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/lockers", ("number", "size", "externalId", "cursor")),
        ("/locations", ("name", "externalId")),
        ("/links", ("externalId",)),
        ("/availability", ("size",)),
        ("/users", ("userName", "externalId", "badge")),
        ("/user-groups", ("displayName", "externalId")),
        ("/events", ("after",)),
        ("/access/explain", ("user", "locker")),
    ],
)
def test_control_characters_are_no_values_of_parameters(company: Company, path: str, names: tuple[str, ...]) -> None:
    whole = {"user": "ann", "userBy": "userName", "locker": "1", "lockerBy": "externalId"} if "explain" in path else {}
    for name in names:
        for value in ("\0", "a\0b", "a\nb"):
            query = whole | {name: value}
            answer = company.call("GET", path, **query)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalidParameter"), (path, name)
            assert [one["pointer"] for one in answer.json()["errors"]] == [name]


def test_no_write_takes_a_rehearsal_for_the_real_thing(company: Company) -> None:
    door = company.doors[0]
    company.make("/assignments", {"userId": company.ann, "lockerId": door})
    company.make(f"/lockers/{door}/share", {"userId": company.bo})
    before = company.get(f"/lockers/{door}"), company.items("/assignments", open="true"), len(company.kinds())
    body: Any
    for path, body in (
        (f"/lockers/{door}/block", {}),
        (f"/lockers/{door}/unblock", None),
        (f"/lockers/{door}/unlock", {}),
        (f"/lockers/{door}/unshare", {"userId": company.bo}),
        (f"/users/{company.ann}/badges", {"add": [{"value": "1"}]}),
        ("/assignments:expire", None),
    ):
        answer = company.call("POST", path, body, dryRun="true")
        assert (answer.status_code, answer.headers["dry-run"]) == (200, "true"), path
    for method, path, body in (
        ("PUT", f"/lockers/{door}/pin", {"pin": "1234"}),
        ("POST", f"/lockers/{door}/pin/check", {"pin": "1234"}),
    ):
        assert company.code(method, path, body, dryRun="true") == (400, "invalidParameter"), path
    after = company.get(f"/lockers/{door}"), company.items("/assignments", open="true"), len(company.kinds())
    assert after == before


def test_a_request_with_a_key_is_done_once(desk: Desk) -> None:
    first = desk.call("POST", "/locations", {"name": "L"}, key="order 1")
    again = desk.call("POST", "/locations", {"name": "L"}, key="order 1")
    assert (again.status_code, again.json(), again.headers["etag"]) == (201, first.json(), '"1"')
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert desk.code("POST", "/locations", {"name": "M"}, key="order 1") == (422, "keyReused")
    assert desk.code("POST", "/locations", {"name": "L"}, key="order 2") == (409, "taken")
    assert desk.call("POST", "/locations", {"name": "N"}, key="order 2").status_code == 201
    assert len(desk.items("/locations")) == 2


def test_of_twins_that_come_at_once_one_is_done(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(desk.call, "POST", "/locations", {"name": "L"}, key="k") for _ in range(8)]
        answers = [one.result() for one in asked]
    assert {one.status_code for one in answers} == {201}
    assert len({one.text for one in answers}) == 1
    assert len(desk.items("/locations")) == 1


def test_scopes_open_what_they_say(house: House) -> None:
    for scope, method, path in (
        ("system.read", "GET", "/locations"),
        ("system.write", "POST", "/locations"),
        ("lockers.manage", "POST", "/assignments"),
        ("audit.read", "GET", "/events"),
    ):
        without = Desk(house.seat("acorn", scopes=tuple(s for s in _ALL if s != scope)))
        answer = without.call(method, path, {})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert f'scope="{scope}"' in answer.headers["www-authenticate"]
        assert Desk(house.seat("acorn", scopes=(scope,))).call(method, path, {}).status_code != 403


_ALL = ("scim.read", "scim.write", "system.read", "system.write", "lockers.manage", "access.read", "audit.read")


def test_without_a_credential_there_is_nothing_but_the_document(desk: Desk) -> None:
    client = desk.seat.client
    for path in ("/locations", "/nowhere", ""):
        answer = client.get(f"{desk.base}{path}")
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert client.post(f"{desk.base}/locations", content=b"x" * 10).status_code == 401
    document = client.get(f"{desk.base}/openapi.json")
    assert document.json()["openapi"] == "3.1.0"
    assert (
        client.get(f"{desk.base}/openapi.json", headers={"if-none-match": document.headers["etag"]}).status_code == 304
    )
    page = client.get(f"{desk.base}/docs")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "../../docs/swagger-ui-bundle.js" in page.text


def test_addresses_and_methods_that_are_not_there(desk: Desk) -> None:
    assert desk.code("GET", "/nowhere") == (404, "notFound")
    assert desk.code("GET", "") == (404, "notFound")
    assert desk.code("PUT", "/locations", {}) == (405, "methodNotAllowed")
    assert desk.call("PUT", "/locations", {}).headers["allow"] == "GET, HEAD, POST"
    refused = desk.call("TRACE", "/locations")  # by the edge, in the form of the address
    assert (refused.status_code, refused.json()["code"]) == (405, "methodNotAllowed")


def test_the_tenant_may_stand_in_the_address(company: Company, house: House) -> None:
    named = f"{house.url}/t/{company.seat.name}/api/v1"
    assert len(company.call("GET", "/lockers", base=named).json()["items"]) == 3
    made = company.call("POST", "/locations", {"name": "Second"}, base=named)
    assert made.headers["location"].startswith(f"/t/{company.seat.name}/api/v1/locations/")
    assert company.code("GET", "/lockers", base=f"{house.url}/t/birch/api/v1") == (404, "notFound")
    assert company.get("/company")["name"] == company.seat.name


def test_a_refused_write_leaves_an_event(desk: Desk) -> None:
    desk.code("POST", "/locations", {})
    assert [one.kind for one in desk.seat.events()][-1] == "write:refuse"
