"""Protocol requirements 27, 29, 30 and 32: discovery, errors, media types, load. Names begin with the number."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.house import ENTERPRISE, ERROR, GROUP, PATCH_OP, SEARCH, USER, House, Seat, running_house
from tests.support.postgres import fresh_database
from tests.support.refusals import until

from rollbook.identity.token_text import write_token
from rollbook.testing.postgres import start_postgres

BODY = b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ann"}'


# -- 27: discovery -----------------------------------------------------------------------------------------------------


def test_protocol_27_what_is_announced_is_what_is_served(seat: Seat) -> None:
    config = seat.get("/ServiceProviderConfig").json()
    ann = seat.user("ann")
    patched = seat.patch(f"/Users/{ann['id']}", {"op": "add", "path": "title", "value": "x"})
    assert config["patch"]["supported"] is (patched.status_code == 200) is True
    assert config["filter"]["supported"] is (seat.names("title pr") == ["ann"]) is True
    assert config["sort"]["supported"] is (seat.get("/Users", sortBy="title").status_code == 200) is True
    assert config["etag"]["supported"] is ("etag" in seat.get(f"/Users/{ann['id']}").headers) is True
    assert config["bulk"]["supported"] is (seat.post("/Bulk", {}).status_code == 400) is True
    assert config["bulk"] == {"supported": True, "maxOperations": 10_000, "maxPayloadSize": 16 * 1024**2}
    assert config["changePassword"]["supported"] is False
    pages = config["pagination"]
    seat.user("bo")
    assert pages["index"] is True
    assert pages["defaultPaginationMethod"] == "index"
    assert pages["cursor"] is ("nextCursor" in seat.get("/Users", cursor="", count=1).json())
    assert config["filter"]["maxResults"] == pages["maxPageSize"] == 1000
    assert pages["defaultPageSize"] == 100


def test_protocol_27_every_attribute_that_a_schema_announces_can_be_written_and_comes_back(seat: Seat) -> None:
    example: dict[str, Any] = {"string": "x", "boolean": True, "reference": "https://x.example", "binary": "YQ=="}
    example |= {"integer": 1, "decimal": 1.5, "dateTime": "2026-01-31T08:00:00.000Z"}

    def value(attribute: dict[str, Any]) -> Any:
        subs = [s for s in attribute.get("subAttributes", []) if s["mutability"] != "readOnly"]
        one = {s["name"]: value(s) for s in subs} if attribute["type"] == "complex" else example[attribute["type"]]
        return [one] if attribute["multiValued"] else one

    schemas = {s["id"]: s["attributes"] for s in seat.get("/Schemas").json()["Resources"]}
    core, extension = (
        {a["name"]: value(a) for a in schemas[urn] if a["mutability"] == "readWrite"} for urn in (USER, ENTERPRISE)
    )
    made = seat.post("/Users", {"schemas": [USER, ENTERPRISE], **core, ENTERPRISE: extension})
    assert made.status_code == 201, made.text
    shown = {k: v for k, v in made.json().items() if k not in ("id", "meta", "schemas")}
    assert shown == {**core, ENTERPRISE: extension}


@pytest.mark.parametrize("path", ["/ServiceProviderConfig", "/Schemas", "/ResourceTypes", f"/Schemas/{USER}"])
def test_protocol_27_discovery_needs_no_credential_and_takes_no_filter(seat: Seat, path: str) -> None:
    assert seat.get(path).json() == seat.get(path, headers={"authorization": ""}).json()
    for headers in ({}, {"authorization": ""}):
        answer = seat.get(path, filter='id eq "x"', headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (403, "403")


def test_protocol_27_one_entry_is_found_by_its_name_and_else_404(seat: Seat) -> None:
    for urn in (USER, GROUP, ENTERPRISE):
        assert seat.get(f"/Schemas/{urn}").json()["id"] == urn
    for name in ("User", "Group"):
        assert seat.get(f"/ResourceTypes/{name}").json()["id"] == name
    for path in ("/Schemas/urn:x:nothing", "/ResourceTypes/Locker"):
        assert seat.get(path).status_code == 404


def test_protocol_27_the_base_with_the_tenants_name_announces_its_own_locations(seat: Seat) -> None:
    base = f"{seat.house.url}/t/{seat.name}/scim/v2"
    config = seat.call("GET", "/ServiceProviderConfig", base=base).json()
    assert config["meta"]["location"].endswith("/ServiceProviderConfig")
    types = seat.call("GET", "/ResourceTypes", base=base).json()["Resources"]
    assert [t["endpoint"] for t in types] == ["/Users", "/Groups"]


# -- 29: errors --------------------------------------------------------------------------------------------------------

LEAKS = re.compile(
    r"Traceback|File \"|, line \d+, in|rollbook|asyncpg|apsw|sqlite|postgres|orjson|SELECT|INSERT|UPDATE|Exception|Error\(|https?://",
    re.IGNORECASE,
)
CANARY = "canary-7f3a"


def wrong_requests(seat: Seat) -> Iterator[tuple[Any, int]]:
    ann = seat.user("ann")
    path = f"/Users/{ann['id']}"
    quoted = f'"{CANARY}"'
    yield seat.get("/Users", filter=f"userName zz {quoted}"), 400
    yield seat.get("/Users", filter=f"userName eq {quoted} and shoeSize eq {quoted}"), 400
    yield seat.get("/Users", filter=f"active eq {quoted}"), 400
    yield seat.get("/Users", filter=f"meta.created gt {quoted}"), 400
    yield seat.get("/Users", filter="(" * 100), 400
    yield seat.get("/Users", sortBy="name"), 400
    yield seat.get("/Users", count="ten"), 400
    yield seat.get(f"/Users/{CANARY}"), 404
    yield seat.get(f"/{CANARY}"), 404
    yield seat.post("/Users", b'{"userName": "' + CANARY.encode()), 400
    yield seat.post("/Users", b"\xff\xfe"), 400
    yield seat.post("/Users", b'["' + CANARY.encode() + b'"]'), 400
    yield seat.post("/Users", b'{"schemas": [], "schemas": []}'), 400
    yield seat.post("/Users", {"schemas": [USER], "userName": "bo", "active": CANARY}), 400
    yield seat.post("/Users", {"schemas": [USER], "userName": "ann"}), 409
    yield seat.post("/Users", {"schemas": [USER], "userName": "bo", "password": 7, "title": 7}), 400
    yield seat.post("/Groups", {"schemas": [GROUP], "displayName": "x", "members": [{"value": "nobody"}]}), 400
    yield seat.post("/Users/.search", {"schemas": [SEARCH], "filter": 7}), 400
    yield seat.put(path, {"schemas": [USER]}), 400
    yield seat.put(path, ann, headers={"if-match": 'W/"0"'}), 412
    yield seat.patch(path, {"op": "remove"}), 400
    yield seat.patch(path, {"op": "replace", "path": f"emails[value eq {quoted}].value", "value": "x"}), 400
    yield seat.patch(path, {"op": "replace", "path": "id", "value": CANARY}), 400
    yield seat.call("PATCH", path, {"schemas": [PATCH_OP], "Operations": CANARY}), 400
    yield seat.call("PUT", "/Users", {}), 405
    yield seat.get("/Users", headers={"authorization": f"Bearer {CANARY}"}), 401
    yield seat.get("/Users", headers={"authorization": ""}), 401
    yield seat.get("/Users", headers={"accept": "text/html"}), 406
    yield seat.post("/Users", b"<user/>", headers={"content-type": "application/xml"}), 415
    yield seat.get("/Me"), 501
    yield seat.get("/Schemas", filter="id pr"), 403
    yield seat.call("GET", "/Users", base=f"{seat.house.url}/t/somebody-else/scim/v2"), 404


def test_protocol_29_every_error_is_a_scim_error_that_a_person_can_act_on(seat: Seat) -> None:
    for answer, status in wrong_requests(seat):
        where = (answer.request.method, str(answer.request.url), answer.text)
        assert answer.status_code == status, where
        assert answer.headers["content-type"] == "application/scim+json", where
        told = answer.json()
        assert told.keys() <= {"schemas", "status", "scimType", "detail"}, where
        assert (told["schemas"], told["status"]) == ([ERROR], str(status)), where
        assert (status == 400) <= ("scimType" in told), where
        detail = told["detail"]
        assert len(detail) > 20, where
        assert detail[-1] in ".)", where
        assert not LEAKS.search(detail), where
        assert CANARY not in answer.text, where


# -- 30: media types ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        "application/scim+json",
        "application/json",
        "text/json",
        "application/scim+json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
        'application/json; profile="x"; charset="utf-8"',
        "",
    ],
)
def test_protocol_30_a_json_body_may_be_called_so_in_every_way(seat: Seat, sent: str) -> None:
    answer = seat.post("/Users", BODY, headers={"content-type": sent})
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"] == "application/scim+json"


@pytest.mark.parametrize(
    "sent",
    ["application/xml", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json"],
)
def test_protocol_30_another_kind_of_body_is_415(seat: Seat, sent: str) -> None:
    assert seat.post("/Users", BODY, headers={"content-type": sent}).status_code == 415
    assert seat.get("/Users").json()["totalResults"] == 0


def test_protocol_30_a_body_without_a_type_is_read_only_if_it_is_json(seat: Seat) -> None:
    assert seat.post("/Users", BODY, headers={"content-type": ""}).status_code == 201
    assert seat.post("/Users", b"userName=bo", headers={"content-type": ""}).status_code in (400, 415)


@pytest.mark.parametrize(
    "accepted",
    [
        "application/scim+json",
        "application/json",
        "text/json",
        "*/*",
        "application/*",
        "text/html, application/json;q=0.1",
        "APPLICATION/SCIM+JSON; charset=utf-8",
        "",
    ],
)
def test_protocol_30_a_client_that_accepts_json_gets_it(seat: Seat, accepted: str) -> None:
    answer = seat.get("/Users", headers={"accept": accepted})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/scim+json")


@pytest.mark.parametrize("accepted", ["text/html", "application/xml, image/*", "application/scim+json;q=0", "*/*;q=0"])
def test_protocol_30_a_client_that_accepts_none_gets_406(seat: Seat, accepted: str) -> None:
    answer = seat.get("/Users", headers={"accept": accepted})
    assert (answer.status_code, answer.json()["status"]) == (406, "406")


# -- 32: too many ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with one request every ten seconds, and three at once before that."""
    database = f"sqlite:///{tmp_path_factory.mktemp('narrow') / 'rollbook.db'}"
    limits = {"ROLLBOOK_REQUESTS_PER_SECOND": "0.1", "ROLLBOOK_BURST": "3"}
    with running_house("sqlite", database, **limits) as house:
        yield house


def test_protocol_32_a_connection_that_asks_too_much_is_429_with_retry_after(narrow: House) -> None:
    acorn, birch = narrow.seat("acorn"), narrow.seat("birch")
    statuses = [acorn.get("/Users", count=0).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    answer = acorn.get("/Users")
    assert answer.json()["status"] == "429"
    assert int(answer.headers["retry-after"]) >= 1
    assert birch.get("/Users").status_code == 200, "another tenant is not held up"
    for path in ("/ServiceProviderConfig", "/Schemas"):
        assert acorn.get(path, headers={"authorization": ""}).status_code == 200
    for path in ("/healthz", "/readyz"):
        assert narrow.client.get(narrow.url + path).status_code == 200


def test_protocol_32_while_the_database_is_away_it_is_503_and_discovery_and_health_answer() -> None:
    settings = {"synchronous_commit": "on"}  # a kill loses nothing
    with (
        start_postgres(settings=settings) as server,
        fresh_database(server.url) as url,
        running_house("postgres", url) as house,
    ):
        seat = house.seat("acorn")
        ann = seat.user("ann")
        server.kill()
        try:
            _is_away(seat, f"/Users/{ann['id']}")
        finally:
            server.start()
        assert seat.get(f"/Users/{ann['id']}").json() == ann


def _is_away(seat: Seat, path: str) -> None:
    new = {"authorization": f"Bearer {write_token(bytes(32))}"}  # not seen before: the database has to be asked
    for answer in (
        seat.get("/Users"),
        seat.get(path),
        seat.post("/Users", BODY),
        seat.patch(path, {"op": "add", "path": "title", "value": "x"}),
        seat.put(path, BODY),
        seat.delete(path),
        seat.get("/"),
        seat.post("/.search", {"schemas": [SEARCH]}),
        seat.get("/Changes"),
        seat.get(path, headers=new),
        seat.get("/Me", headers=new),
        seat.get("/Schemas/urn:example:acorn:2.0:Device", headers=new),  # perhaps the tenant's own: nobody can say now
        seat.get("/ResourceTypes/Device", headers=new),
    ):
        assert (answer.status_code, answer.json()["status"]) == (503, "503"), answer.text
        assert answer.headers["content-type"] == "application/scim+json"
        assert int(answer.headers["retry-after"]) >= 1
        assert not LEAKS.search(answer.json()["detail"])
    for discovery in ("/ServiceProviderConfig", "/Schemas", "/ResourceTypes"):
        assert seat.get(discovery, headers={"authorization": ""}).status_code == 200
        assert seat.get(discovery, headers=new).status_code == 200
    assert seat.get("/ResourceTypes/Device", headers={"authorization": ""}).status_code == 404
    for open_path in ("/healthz", "/docs", "/openapi.json"):
        assert seat.house.client.get(seat.house.url + open_path).status_code == 200
    # What it found out is kept for a second.
    assert until(lambda: seat.house.client.get(f"{seat.house.url}/readyz").status_code == 503)
