"""HTTP as ``rollbook serve`` answers it (checklist 3.1, V4 to V7): what tests of the guard alone do not see."""

from typing import Any

import httpx2
import pytest
from tests.support.house import PATCH_OP, SEARCH, USER, Seat
from tests.support.refusals import refused

pytestmark = pytest.mark.parametrize("house", ["sqlite"], indirect=True)

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")
ROUTES = (
    "",
    "/",
    "/Users",
    "/Users/1",
    "/Users/.search",
    "/Groups",
    "/Groups/1",
    "/.search",
    "/Me",
    "/Bulk",
    "/Nothing",
)
DISCOVERY = ("/ServiceProviderConfig", "/Schemas", f"/Schemas/{USER}", "/ResourceTypes", "/ResourceTypes/User")


def spellings(route: str) -> tuple[str, ...]:
    if route in ("", "/"):
        return (route,)
    return route, f"{route}/", route.upper(), route.lower(), route.replace("s", "%73"), f"{route}?filter=a"


def without(seat: Seat, method: str, path: str, **headers: str) -> httpx2.Response:
    """A request without the seat's token."""
    return seat.house.client.request(method, seat.base + path, headers=headers)


@pytest.fixture(scope="module")
def bases() -> tuple[str, ...]:
    return "/scim/v2", "/t/acorn/scim/v2"


@pytest.mark.parametrize("route", ROUTES)
def test_v5_without_a_token_every_route_is_401(seat: Seat, bases: tuple[str, ...], route: str) -> None:
    for base in (*bases, f"/t/{seat.name}/scim/v2", f"/t/{seat.tenant.id}/scim/v2"):
        for path in spellings(route):
            for method in METHODS:
                answer = seat.house.client.request(method, seat.house.url + base + path)
                refused(answer, 401)
                assert answer.headers["www-authenticate"] == 'Bearer realm="rollbook"'


@pytest.mark.parametrize("route", DISCOVERY)
def test_v5_discovery_is_open_to_readers_alone(seat: Seat, route: str) -> None:
    for method in METHODS:
        answer = without(seat, method, route)
        assert answer.status_code == (200 if method in ("GET", "HEAD") else 401), method
    refused(without(seat, "GET", f"{route}?filter=id%20pr"), 403)


@pytest.mark.parametrize(
    "sent",
    [
        "", "Bearer", "Bearer null", "Bearer undefined", "Bearer None", "Bearer 0", "Basic {token}", "Token {token}",
        "{token}", "Bearer\t{token}", "Bearer {token}x", "Bearer x{token}", "Bearer {upper}", "Bearer {cut}",
        "Bearer {token},Bearer {token}", "Bearer {token} {token}", 'Bearer "{token}"', "Bearer {token}\xe9",
        "Bearer rbk_", "Bearer ' OR 1=1 --", "Bearer " + "a" * 10_000,
    ],
)  # fmt: skip
def test_v7_and_3_1_16_what_is_no_token_is_401(seat: Seat, sent: str) -> None:
    token = seat.token
    value = sent.format(token=token, upper=token.upper(), cut=token[:-1])
    answer = without(seat, "GET", "/Users", authorization=value.encode("latin-1"))  # type: ignore[arg-type]
    detail = refused(answer, 401)
    assert token not in answer.text + str(answer.headers)
    assert "a" * 100 not in detail


@pytest.mark.parametrize("sent", [b"Bearer ", b"Bearer   ", b"Bearer \xff", b"Bearer \t"])
def test_v7_an_empty_token_is_401(seat: Seat, sent: bytes) -> None:
    raw = b"GET /scim/v2/Users HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + sent + b"\r\n\r\n"
    assert seat.house.server.raw(raw).status == 401


def test_3_1_16_two_credentials_are_401(seat: Seat) -> None:
    both = [("authorization", f"Bearer {seat.token}"), ("authorization", f"Bearer {seat.token}")]
    refused(seat.house.client.get(f"{seat.base}/Users", headers=both), 401)


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "BeArEr", "Bearer "])
def test_3_1_16_the_scheme_has_no_letter_case(seat: Seat, scheme: str) -> None:
    assert without(seat, "GET", "/Users", authorization=f"{scheme} {seat.token}").status_code == 200


def test_3_1_16_a_token_elsewhere_than_in_the_header_is_none(seat: Seat) -> None:
    ask = seat.house.client.request
    for name in ("access_token", "token", "authorization", "bearer_token"):
        refused(ask("GET", f"{seat.base}/Users", params={name: seat.token}), 401)
        refused(ask("GET", f"{seat.base}/Users", headers={"cookie": f"{name}={seat.token}"}), 401)
        body = {"schemas": [USER], "userName": "ann", name: seat.token}
        refused(ask("POST", f"{seat.base}/Users", json=body), 401)
    for name in ("x-authorization", "x-auth-token", "proxy-authorization", "x-php-sessid", "x-api-key"):
        refused(ask("GET", f"{seat.base}/Users", headers={name: f"Bearer {seat.token}"}), 401)


def test_3_1_12_head_is_get_without_its_body(seat: Seat) -> None:
    ann = seat.user("ann")["id"]
    for path in ("/Users", f"/Users/{ann}", "/Users/nobody", "/Users?filter=(", "/", "/Schemas", "/Me", "/Nothing"):
        get, head = seat.call("GET", path), seat.call("HEAD", path)
        assert head.content == b""
        differing = ("date", "x-request-id")
        assert head.status_code == get.status_code
        assert {k: v for k, v in head.headers.items() if k not in differing} == {
            k: v for k, v in get.headers.items() if k not in differing
        }


ALLOWED = {
    "/": "GET, HEAD, OPTIONS",
    "/Users": "GET, HEAD, POST, OPTIONS",
    "/Groups": "GET, HEAD, POST, OPTIONS",
    "/Users/1": "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    "/Users/.search": "POST, OPTIONS",
    "/.search": "POST, OPTIONS",
    "/Schemas": "GET, HEAD, POST, OPTIONS",
}


@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items())
def test_3_1_12_options_and_405_say_what_is_possible(seat: Seat, path: str, allowed: str) -> None:
    answer = seat.call("OPTIONS", path)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allowed, b"")
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "QUERY"):
        if method not in allowed.split(", "):
            answer = seat.call(method, path, {})
            refused(answer, 405)
            assert answer.headers["allow"] == allowed


def test_3_1_12_what_is_not_offered_is_501_and_what_is_no_method_too(seat: Seat) -> None:
    refused(seat.call("GET", "/Me"), 501)
    for method in ("BREW", "PROPFIND", "LINK"):
        refused(seat.call(method, "/Users"), 501)
    refused(seat.call("TRACE", "/Users"), 405)


@pytest.mark.parametrize("name", ["x-http-method-override", "x-http-method", "x-method-override", "_method"])
def test_3_1_13_a_method_in_a_header_or_a_parameter_is_ignored(seat: Seat, name: str) -> None:
    ann = f"/Users/{seat.user('ann')['id']}"
    for sent in ("GET", "POST"):
        seat.call(sent, ann, {} if sent == "POST" else None, headers={name: "DELETE"})
        seat.call(sent, f"{ann}?{name}=DELETE", {} if sent == "POST" else None)
    assert seat.get(ann).json()["meta"]["version"] == 'W/"1"'


LIES = {
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "https",
    "x-forwarded-prefix": "/evil",
    "x-forwarded-port": "444",
    "x-forwarded-for": "203.0.113.9",
    "forwarded": "for=203.0.113.9;host=evil.example;proto=https",
    "x-real-ip": "203.0.113.9",
    "x-original-url": "/evil",
    "x-rewrite-url": "/evil",
}


def test_3_1_14_and_15_locations_and_events_believe_nobody(seat: Seat) -> None:
    other = seat.house.seat("birch")
    lies = {**LIES, "x-tenant": other.name, "host": f"localhost:{seat.house.server.port}"}
    made = seat.post("/Users", {"schemas": [USER], "userName": "ann"}, headers=lies)
    assert made.status_code == 201
    location = f"{seat.base}/Users/{made.json()['id']}"
    assert (made.headers["location"], made.json()["meta"]["location"]) == (location, location)
    staff = seat.group("staff", made.json()["id"])["id"]
    shown = seat.call("GET", f"/Groups/{staff}", headers=lies)
    assert shown.json()["members"][0]["$ref"] == location
    assert "evil" not in shown.text
    assert {event.peer for event in seat.events() if event.request} == {"127.0.0.1"}
    assert other.get("/Users").json()["totalResults"] == 0


@pytest.mark.parametrize(
    ("media", "status"),
    [
        ("application/scim+json", 201),
        ("application/json", 201),
        ("text/json", 201),
        ("APPLICATION/SCIM+JSON; Charset=UTF-8", 201),
        ('application/json;charset="utf-8";version=2', 201),
        ("", 201),
        ("text/plain", 415),
        ("application/xml", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/json; charset=utf-16", 415),
        ("application/json; charset=iso-8859-1", 415),
        ("application/jsonx", 415),
        ("application/json, text/html", 415),
    ],
)
def test_3_1_18_content_types(seat: Seat, media: str, status: int) -> None:
    answer = seat.post("/Users", {"schemas": [USER], "userName": "ann"}, headers={"content-type": media})
    if status == 415:
        refused(answer, 415)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("", 200),
        ("application/json", 200),
        ("application/scim+json;q=0.1", 200),
        ("text/html, application/*;q=0.5", 200),
        ("text/html", 406),
        ("application/scim+json;q=0", 406),
        ("application/xml, text/html;q=0.9", 406),
        ("application/scim+json;q=0.000, text/html", 406),
        ("nonsense", 406),
    ],
)
def test_3_1_18_accept(seat: Seat, accept: str, status: int) -> None:
    answer = seat.call("GET", "/Users", headers={"accept": accept})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/scim+json"


def answers(seat: Seat) -> list[httpx2.Response]:
    ann = f"/Users/{seat.user('ann')['id']}"
    html = {"origin": "https://evil.example", "access-control-request-method": "DELETE"}
    return [
        seat.call("GET", ann, headers=html),
        seat.call("OPTIONS", ann, headers=html),
        seat.call("GET", "/Users", headers=html),
        seat.call("POST", "/Users", {}, headers=html),
        seat.call("DELETE", "/Users", headers=html),
        seat.call("GET", "/<script>alert(1)</script>", headers=html),
        without(seat, "GET", "/Users", **html),
        without(seat, "GET", "/ServiceProviderConfig", **html),
        seat.house.client.get(f"{seat.house.url}/", headers=html),
        seat.house.client.get(f"{seat.house.url}/healthz", headers=html),
        seat.delete(ann, headers=html),
    ]


def test_3_1_19_to_21_every_answer_has_the_headers_of_the_edge_and_no_others(seat: Seat) -> None:
    known = {
        "allow", "cache-control", "content-length", "content-location", "content-type", "date", "etag", "location",
        "connection", "www-authenticate", "x-content-type-options", "x-request-id",
    }  # fmt: skip
    for answer in answers(seat):
        assert set(answer.headers) <= known, answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "private, no-cache"
        assert "<script>" not in answer.text


def test_v4_a_parameter_selects_no_resource(seat: Seat) -> None:
    ann, bo = seat.user("ann")["id"], seat.user("bo")["id"]
    query: dict[str, Any] = {"id": bo, "tenant": "other", "tenant_id": "other", "userName": "bo"}
    assert seat.get(f"/Users/{ann}", **query).json()["id"] == ann
    assert seat.call("DELETE", f"/Users/{ann}", **query).status_code == 204
    assert seat.get(f"/Users/{bo}").status_code == 200


def test_3_1_04_paths_that_leave_their_resource_are_refused(seat: Seat) -> None:
    ann = seat.user("ann")["id"]
    for path in (
        f"/Users/{ann}/../{ann}",
        f"/Users/%2e%2e/Users/{ann}",
        f"/Users//{ann}",
        f"/Users/{ann}%00",
        f"/Users/{ann};a=b",
    ):
        raw = f"GET /scim/v2{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {seat.token}\r\n\r\n".encode()
        assert seat.house.server.raw(raw).status == 400
    for path in (f"/Users/{ann}/emails", f"/Users/{ann.upper()}", f"/Users/%{ord(ann[0]):x}{ann[1:]}", f"/users/{ann}"):
        refused(seat.call("GET", path), 404)


@pytest.mark.parametrize("path", ["/Users", "/.search", "/Users/.search"])
def test_3_1_18_a_body_that_is_none_of_ours_says_so(seat: Seat, path: str) -> None:
    refused(seat.post(path, b""), 400, "invalidSyntax")
    refused(seat.post(path, {"schemas": [PATCH_OP], "Operations": []}), 400)
    refused(seat.post("/Groups", {"schemas": [SEARCH]}), 400, "invalidSyntax")
