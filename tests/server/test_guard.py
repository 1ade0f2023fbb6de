"""What is refused by whole headers: host, path, method, coding, size, what proxies say (the checklist's numbers)."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from tests.support.server import RawAnswer, RunningServer, running_server

ECHO = "tests.support.echo_app:application"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
HOST = b"Host: localhost\r\n"
MIB = 1024 * 1024


def echo(**settings: Any) -> Any:
    return running_server(ECHO, options={"drain_seconds": 0}, env={"ECHO": json.dumps(settings)})


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """Any host, no proxy: the defaults."""
    with echo() as running:
        yield running


@pytest.fixture(scope="module")
def named() -> Iterator[RunningServer]:
    """Serves one host name, and trusts a proxy on this machine."""
    with echo(hosts=["scim.example.org"], proxies=["127.0.0.0/8", "10.0.0.0/8"]) as running:
        yield running


def refused(answer: RawAnswer, status: int) -> None:
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/scim+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    told = answer.json()
    assert told["schemas"] == [ERROR]
    assert told["status"] == str(status)
    assert told["detail"].endswith(".")


def get(path: str = "/echo", *fields: str, host: str | None = "localhost", method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *([f"Host: {host}"] if host is not None else []), *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def post(body: bytes, *fields: bytes) -> bytes:
    lines = [b"POST /echo HTTP/1.1", b"Host: localhost", b"Content-Length: %d" % len(body), *fields, b"", body]
    return b"\r\n".join(lines)


# -- host --------------------------------------------------------------------------------------------------------------


def test_3_1_01_a_request_without_host_is_400(server: RunningServer) -> None:
    refused(server.raw(get(host=None)), 400)


@pytest.mark.parametrize("second", ["localhost", "evil.example"])
def test_3_1_01_two_hosts_are_400(server: RunningServer, second: str) -> None:
    refused(server.raw(get("/echo", f"Host: {second}")), 400)


MALFORMED_HOSTS = [
    "",
    "a b",
    "a/b",
    "a@b",
    "a,b",
    "a:b",
    "a:123456",
    "a:-1",
    "[::1",
    "::1",
    "http://a",
    "a#b",
    "é",
    "-a",
    "a" * 300,
    "[fe80::1%eth0]",
    "a;b",
    "a\\b",
]


@pytest.mark.parametrize("host", MALFORMED_HOSTS)
def test_3_1_01_a_malformed_host_is_400(server: RunningServer, host: str) -> None:
    refused(server.raw(get(host=host)), 400)


@pytest.mark.parametrize("host", ["localhost", "a.example", "A.Example:8443", "127.0.0.1:80", "[::1]:8080", "my_app"])
def test_3_1_01_without_an_allow_list_any_well_formed_host_is_served(server: RunningServer, host: str) -> None:
    assert server.raw(get(host=host)).status == 200


@pytest.mark.parametrize("host", ["scim.example.org", "SCIM.example.org:443", "scim.example.org."])
def test_3_1_01_an_allowed_host_is_served(named: RunningServer, host: str) -> None:
    assert named.raw(get(host=host)).status == 200


@pytest.mark.parametrize("host", ["localhost", "localhost:80", "127.0.0.1", "127.8.8.8:1", "[::1]:8080", "a.localhost"])
def test_3_1_01_loopback_names_are_always_served(named: RunningServer, host: str) -> None:
    assert named.raw(get(host=host)).status == 200


OTHER_HOSTS = [
    "evil.example",
    "example.org",
    "xscim.example.org",
    "scim.example.org.evil",
    "10.0.0.1",
    "localhost.evil",
]


@pytest.mark.parametrize("host", OTHER_HOSTS)
def test_3_1_01_another_host_is_400(named: RunningServer, host: str) -> None:
    refused(named.raw(get(host=host)), 400)
    refused(named.raw(get(host=host)), 400)


def test_3_1_01_a_probe_calls_by_any_address(named: RunningServer) -> None:
    assert named.raw(get("/readyz", host="10.1.2.3:8080")).status == 200
    refused(named.raw(get("/readyz", host="a b")), 400)


# -- path and query ----------------------------------------------------------------------------------------------------

BAD_PATHS = [
    "/t1/../t2/Users",
    "/..",
    "/../etc/passwd",
    "/a/./b",
    "/a/.",
    "/a/..",
    "/a..b",
    "/%2e%2e/a",
    "/%2E./a",
    "/a/%2e/b",
    "/t1%2f..%2ft2",
    "/t1%2Ft2",
    "/t1%5ct2",
    "/t1\\t2",
    "/a%00b",
    "/%ff%00",
    "/%ff",
    "/%c3%28",
    "/%ed%a0%80",
    "/%c0%af",
    "/a%0ab",
    "/a%1bb",
    "/a%7fb",
    "/a%c2%85b",
    "/a%252fb",
    "/a%25",
    "//Users",
    "/scim//v2",
    "/Users//",
    "/Users;a=b",
    "/Users%3ba=b",
    "/a%",
    "/a%2",
    "/a%zz",
    '/a"b',
    "/a<b>",
    "/a{b}",
    "/a|b",
    "/a^b",
    "/a`b",
    "/é",
    "/%2fhealthz",
    "/health%2fz",
    "//healthz",
]


@pytest.mark.parametrize("path", BAD_PATHS)
def test_3_1_04_a_path_that_can_be_read_in_two_ways_is_400(server: RunningServer, path: str) -> None:
    refused(server.raw(get(path)), 400)


GOOD_PATHS = [
    "/",
    "/Users",
    "/Users/",
    "/t/acorn/scim/v2/Users/2819c223-7f76-453a-919d-413861904646",
    "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User",
    "/Users/ann@example.org",
    "/Users/ann%20bo",
    "/Users/%C3%A4nn",
    "/Users/%E2%82%AC",
    "/Users/.search",
    "/Users/.search/",
    "/a.b/c",
    "/(a)'!*$&+,=~_-",
]


@pytest.mark.parametrize("path", GOOD_PATHS)
def test_3_1_04_a_plain_path_passes_as_it_was_sent(server: RunningServer, path: str) -> None:
    assert server.raw(get(path)).json()["path"] == path


def test_3_1_04_an_encoded_spelling_of_a_probe_is_no_probe(named: RunningServer) -> None:
    refused(named.raw(get("/health%7A", host="evil.example")), 400)
    assert named.raw(get("/health%7A")).json()["path"] == "/health%7A"


@pytest.mark.parametrize("query", ["a#b", "a=\x7f", "a=\xff", "a=\xc3\x28"])
def test_3_1_04_a_query_that_is_no_text_is_400(server: RunningServer, query: str) -> None:
    refused(server.raw(get(f"/echo?{query}")), 400)


@pytest.mark.parametrize("query", ["", "filter=a%20eq%20%22b%22", "a=../..//;%2f%00", 'a="b"', "a?b", "?"])
def test_3_1_04_a_query_passes_as_it_was_sent(server: RunningServer, query: str) -> None:
    assert server.raw(get(f"/echo?{query}")).json()["query"] == query


def test_3_1_04_a_query_in_raw_utf_8_is_400_and_says_what_to_do(server: RunningServer) -> None:
    answer = server.raw(b"GET /echo?a=" + "ä€".encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n")
    refused(answer, 400)
    assert "percent-encoded" in answer.json()["detail"]


# -- bodies ------------------------------------------------------------------------------------------------------------


def test_3_1_06_a_content_length_over_the_limit_is_413_before_the_body_is_sent(server: RunningServer) -> None:
    refused(server.raw(b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % (16 * MIB + 1)), 413)


def test_3_1_06_a_body_of_16_mib_passes(server: RunningServer) -> None:
    assert server.raw(post(b"a" * 16 * MIB)).json()["size"] == 16 * MIB


def test_3_1_06_a_chunked_body_of_16_mib_passes(server: RunningServer) -> None:
    head = b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + b"a" * MIB + b"\r\n"
    assert server.raw(head + chunk * 16 + b"0\r\n\r\n").json()["size"] == 16 * MIB


def test_3_1_06_a_chunked_body_is_counted_while_it_is_read(server: RunningServer) -> None:
    head = b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    with server.connect() as connection:
        connection.send(head)
        for _ in range(16):
            connection.send(b"100000\r\n" + b"a" * MIB + b"\r\n")
        connection.send(b"1\r\na\r\n")
        refused(connection.answer(), 413)


def test_3_1_06_chunks_of_one_byte_are_one_body(server: RunningServer) -> None:
    head = b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    assert server.raw(head + b"1;a=b\r\na\r\n" * 1000 + b"0\r\n\r\n").json()["size"] == 1000


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "GZIP", "identity, gzip", "x-nobody-knows"])
def test_3_1_07_a_content_coding_is_415(server: RunningServer, coding: str) -> None:
    answer = server.raw(post(b"{}", b"Content-Encoding: " + coding.encode()))
    refused(answer, 415)
    assert answer.headers["accept-encoding"] == "identity"


def test_3_1_07_two_content_codings_are_415(server: RunningServer) -> None:
    refused(server.raw(post(b"{}", b"Content-Encoding: identity", b"Content-Encoding: gzip")), 415)


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_3_1_07_identity_is_no_coding(server: RunningServer, coding: str) -> None:
    assert server.raw(post(b"{}", b"Content-Encoding: " + coding.encode())).json()["body"] == "{}"


def test_3_1_07_a_transfer_coding_other_than_chunked_is_501(server: RunningServer) -> None:
    head = b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
    refused(server.raw(head), 501)


def test_3_1_08_expect_100_continue_is_answered_before_the_body_is_sent(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert connection.answer().status == 100
        connection.send(b"{}")
        assert connection.answer().json()["body"] == "{}"


def test_3_1_08_a_body_that_would_be_refused_is_not_asked_for(server: RunningServer) -> None:
    length = b"Content-Length: %d\r\n" % (17 * MIB)
    refused(server.raw(b"POST /echo HTTP/1.1\r\n" + HOST + length + b"Expect: 100-continue\r\n\r\n"), 413)


def test_a_get_without_a_body_is_answered_at_once(server: RunningServer) -> None:
    with httpx2.Client(base_url=server.url) as client:
        assert [client.get("/echo").json()["size"] for _ in range(3)] == [0, 0, 0]


def test_a_get_with_a_body_is_one_request(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(get("/echo", "Content-Length: 3") + b"abc" + get("/after"))
        assert connection.answer().json()["body"] == "abc"
        assert connection.answer().json()["path"] == "/after"


def test_a_client_that_hangs_up_inside_its_body_is_no_error(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 100\r\n\r\nabc")
    assert server.raw(get()).status == 200
    assert "Traceback" not in server.log()
    assert "exception" not in server.log()


# -- methods -----------------------------------------------------------------------------------------------------------


def test_3_1_12_trace_is_405_and_says_what_is_allowed(server: RunningServer) -> None:
    answer = server.raw(get(method="TRACE"))
    refused(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


@pytest.mark.parametrize("method", ["PROPFIND", "LINK", "M-SEARCH", "PURGE"])
def test_3_1_12_a_method_of_another_protocol_is_501(server: RunningServer, method: str) -> None:
    refused(server.raw(get(method=method)), 501)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_3_1_12_the_methods_of_scim_pass(server: RunningServer, method: str) -> None:
    assert server.raw(get(method=method)).json()["method"] == method


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_3_1_13_a_method_override_is_ignored(server: RunningServer, name: str) -> None:
    assert server.raw(get("/echo", f"{name}: DELETE", method="POST")).json()["method"] == "POST"


# -- what proxies say --------------------------------------------------------------------------------------------------

FORWARDED = [
    "X-Forwarded-For: 203.0.113.9",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Port: 1",
    "Forwarded: for=203.0.113.9;host=evil.example",
    "X-Real-IP: 203.0.113.9",
    "X-Original-URL: /t/birch/scim/v2/Users",
    "X-Rewrite-URL: /t/birch/scim/v2/Users",
    "X-Tenant: birch",
]


@pytest.mark.parametrize("field", FORWARDED)
def test_3_1_14_and_15_what_a_client_says_of_itself_is_dropped(server: RunningServer, field: str) -> None:
    told = server.raw(get("/echo", field)).json()
    assert told["headers"] == {"host": "localhost"}
    assert (told["path"], told["peer"]) == ("/echo", "127.0.0.1")


@pytest.mark.parametrize(
    ("forwarded", "peer"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.1.1.1", "203.0.113.9"),
        ("203.0.113.9, 10.1.1.1, 127.0.0.2", "203.0.113.9"),
        ("2001:db8::9", "2001:db8::9"),
        ("not an address", "127.0.0.1"),
        ("203.0.113.9, nonsense", "127.0.0.1"),
        ("10.1.1.1", "10.1.1.1"),
        ("", "127.0.0.1"),
    ],
)
def test_3_1_14_a_trusted_proxy_tells_the_address_of_its_client(
    named: RunningServer, forwarded: str, peer: str
) -> None:
    told = named.raw(get("/echo", f"X-Forwarded-For: {forwarded}", "X-Forwarded-Host: evil.example")).json()
    assert told["peer"] == peer
    assert told["headers"] == {"host": "localhost"}


# -- credentials and answers -------------------------------------------------------------------------------------------


def test_3_1_16_two_authorization_headers_are_401_with_a_challenge(server: RunningServer) -> None:
    answer = server.raw(get("/echo", "Authorization: Bearer ann", "authorization: Bearer bo"))
    refused(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert b"ann" not in answer.body


def test_headers_sent_twice_are_joined(server: RunningServer) -> None:
    told = server.raw(get("/echo", "Accept: a", "Accept: b", "Cookie: c=1", "Cookie: d=2")).json()
    assert told["headers"] == {"host": "localhost", "accept": "a, b", "cookie": "c=1; d=2"}


def test_3_1_19_an_origin_is_never_reflected(server: RunningServer) -> None:
    answer = server.raw(get("/echo", "Origin: https://evil.example", method="OPTIONS"))
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_3_1_20_every_answer_has_the_headers_of_the_edge(server: RunningServer) -> None:
    for path in ("/echo", "/refuse", "/bug", "/healthz", "/a//b"):
        headers = server.raw(get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "private, no-cache"
        assert len(headers["x-request-id"]) == 24


def test_a_request_id_is_ours_and_new_each_time(server: RunningServer) -> None:
    answers = [server.raw(get("/echo", "X-Request-Id: ann")) for _ in range(3)]
    assert len({answer.headers["x-request-id"] for answer in answers} - {"ann"}) == 3
    assert all(answer.headers["x-request-id"] == answer.json()["id"] for answer in answers)


def test_a_refusal_carries_its_headers_and_keeps_the_connection(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(get("/refuse") + get("/echo"))
        answer = connection.answer()
        refused(answer, 409)
        assert answer.headers["retry-after"] == "7"
        assert connection.answer().status == 200


def test_3_1_21_a_bug_is_500_with_its_id_and_nothing_else(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(get("/bug") + get("/echo"))
        answer = connection.answer()
        refused(answer, 500)
        name = answer.headers["x-request-id"]
        assert name in answer.json()["detail"]
        assert b"LookupError" not in answer.body
        assert b"ann" not in answer.body
        assert connection.answer().status == 200
    (record,) = [one for one in map(json.loads, server.log().splitlines()[1:]) if one.get("request") == name]
    assert record["level"] == "error"
    assert record["exception"][0]["type"] == "builtins.LookupError"
    assert "echo_app.py" in record["exception"][0]["frames"][-1]
    assert "secret of ann" not in server.log()


def test_an_answer_cannot_be_split_by_a_header_value(server: RunningServer) -> None:
    answer = server.raw(get("/broken-header"))
    assert answer.status == 500
    assert "set-cookie" not in answer.headers


# -- the probes --------------------------------------------------------------------------------------------------------


def test_the_probes_answer_json(server: RunningServer) -> None:
    for path in ("/healthz", "/readyz"):
        answer = server.raw(get(path))
        assert (answer.status, answer.json()) == (200, {"status": "ok"})
        assert answer.headers["content-type"] == "application/json"


def test_the_probes_can_only_be_read(server: RunningServer) -> None:
    answer = server.raw(get("/readyz", method="POST"))
    refused(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD"


# -- the access log ----------------------------------------------------------------------------------------------------


def test_3_9_101_the_access_log_tells_nothing_that_a_client_sent() -> None:
    with echo(access_log=True) as running:
        running.raw(get("/Users/canary-id?filter=canary-filter", "Authorization: Bearer canary-token"))
        running.raw(post(b"canary-body"))
        running.signal()
        running.wait()
        log = running.log()
    records = [json.loads(line) for line in log.splitlines()[1:]]
    assert [record["method"] for record in records if record["event"] == "request"][-2:] == ["GET", "POST"]
    assert "canary" not in log
