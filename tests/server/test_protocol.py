"""Limits and deadlines of the HTTP edge, on a real server and a raw socket (the numbers are those of the checklist)."""

import contextlib
import json
import time
from collections.abc import Iterator

import pytest
from tests.support.server import RawAnswer, RunningServer, running_server

DEADLINES = {"header_seconds": 0.4, "body_seconds": 0.6, "idle_seconds": 0.5, "linger_seconds": 1.0}
HOST = b"Host: localhost\r\n"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server("tests.support.echo_app:application", options={"drain_seconds": 0}) as running:
        yield running


@pytest.fixture(scope="module")
def hasty() -> Iterator[RunningServer]:
    """A server with the same edge and deadlines that a test can wait for."""
    options = {"drain_seconds": 0, "limits": DEADLINES}
    with running_server("tests.support.echo_app:application", options=options) as running:
        yield running


def refused(answer: RawAnswer, status: int) -> None:
    """The answer is a SCIM error that ends its connection."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/scim+json"
    assert answer.headers["connection"] == "close"
    assert "server" not in answer.headers
    told = answer.json()
    assert told["schemas"] == [ERROR]
    assert told["status"] == str(status)
    assert told["detail"].endswith(".")


def get(path: bytes = b"/echo", fields: bytes = b"") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + fields + b"\r\n"


def padded_path(size: int) -> bytes:
    return b"/" + b"a" * (size - 1)


# -- sizes -------------------------------------------------------------------------------------------------------------


def test_3_1_02_headers_of_32_kib_pass(server: RunningServer) -> None:
    room = 32 * 1024 - len("host") - len("localhost") - 4 - len("x-a") - 4
    assert server.raw(get(fields=b"X-A: " + b"a" * room + b"\r\n")).status == 200


def test_3_1_02_headers_one_byte_over_32_kib_are_431(server: RunningServer) -> None:
    room = 32 * 1024 - len("host") - len("localhost") - 4 - len("x-a") - 4
    refused(server.raw(get(fields=b"X-A: " + b"a" * (room + 1) + b"\r\n")), 431)


@pytest.mark.parametrize("size", [100_000, 5_000_000])
def test_3_1_02_a_huge_header_is_431(server: RunningServer, size: int) -> None:
    refused(server.raw(get(fields=b"X-A: " + b"a" * size + b"\r\n")), 431)


def test_3_1_02_a_huge_header_is_refused_before_it_ends(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(b"GET / HTTP/1.1\r\n" + HOST + b"X-A: ")
        for _ in range(50):
            connection.send(b"a" * 4096)
        refused(connection.answer(), 431)


def test_3_1_02_a_hundred_headers_pass(server: RunningServer) -> None:
    assert server.raw(get(fields=b"".join(b"X-%d: a\r\n" % n for n in range(99)))).status == 200


def test_3_1_02_a_hundred_and_one_headers_are_431(server: RunningServer) -> None:
    refused(server.raw(get(fields=b"".join(b"X-%d: a\r\n" % n for n in range(100)))), 431)


def test_3_1_02_five_thousand_headers_are_431(server: RunningServer) -> None:
    refused(server.raw(get(fields=b"".join(b"X-%d: a\r\n" % n for n in range(5000)))), 431)


def test_3_1_02_a_large_body_does_not_count_as_headers(server: RunningServer) -> None:
    body = b"x" * 200_000
    request = b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 200000\r\n\r\n" + body
    with server.connect() as connection:
        connection.send(request + get(b"/after")[:-2])
        assert connection.answer().json()["size"] == 200_000
        connection.send(b"\r\n")
        assert connection.answer().json()["path"] == "/after"


def test_3_1_03_a_url_of_8_kib_passes(server: RunningServer) -> None:
    assert server.raw(get(padded_path(8192))).status == 200


def test_3_1_03_a_url_over_8_kib_is_414(server: RunningServer) -> None:
    refused(server.raw(get(padded_path(8193))), 414)


def test_3_1_03_a_query_counts_as_url(server: RunningServer) -> None:
    refused(server.raw(get(b"/echo?filter=" + b"a" * 8192)), 414)


@pytest.mark.parametrize("size", [100_000, 1_000_000])
def test_3_1_03_a_huge_url_is_414_even_if_it_never_ends(server: RunningServer, size: int) -> None:
    refused(server.raw(b"GET " + padded_path(size)), 414)


# -- malformed messages ------------------------------------------------------------------------------------------------

POST = b"POST /echo HTTP/1.1\r\n" + HOST

MALFORMED = {
    "content-length and transfer-encoding": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "transfer-encoding and content-length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two content-lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "two equal content-lengths": POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "content-length with a sign": POST + b"Content-Length: +3\r\n\r\nabc",
    "negative content-length": POST + b"Content-Length: -3\r\n\r\nabc",
    "hexadecimal content-length": POST + b"Content-Length: 0x3\r\n\r\nabc",
    "list of content-lengths": POST + b"Content-Length: 3, 3\r\n\r\nabc",
    "content-length beyond 64 bits": POST + b"Content-Length: 99999999999999999999999\r\n\r\nabc",
    "unknown transfer-encoding": POST + b"Transfer-Encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "chunked not last": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "folded header": get(fields=b"X-A: a\r\n b\r\n"),
    "folded host": b"GET /echo HTTP/1.1\r\nHost:\r\n localhost\r\n\r\n",
    "space before the colon": get(fields=b"X-A : a\r\n"),
    "header without a colon": get(fields=b"X-A\r\n"),
    "header without a name": get(fields=b": a\r\n"),
    "NUL in a header": get(fields=b"X-A: a\x00b\r\n"),
    "NUL in a header name": get(fields=b"X\x00A: a\r\n"),
    "bare LF after the request line": b"GET /echo HTTP/1.1\nHost: localhost\r\n\r\n",
    "bare LF after a header": b"GET /echo HTTP/1.1\r\nHost: localhost\n\r\n",
    "bare LF everywhere": b"GET /echo HTTP/1.1\nHost: localhost\n\n",
    "bare CR in a header": get(fields=b"X-A: a\rb\r\n"),
    "garbage version": b"GET /echo HTTP/x\r\n" + HOST + b"\r\n",
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03hello",
    "HTTP/2 without an upgrade": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "chunk size is no number": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "chunk size with a sign": POST + b"Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n",
    "chunk size with a prefix": POST + b"Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
    "chunk size beyond 64 bits": POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    "chunk longer than its size": POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    "chunk ended by a bare LF": POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n",
    "chunk extension with a bare LF": POST + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\nabc\r\n0\r\n\r\n",
    "trailers": POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nAuthorization: Bearer x\r\n\r\n",
    "target that is no path": b"GET echo HTTP/1.1\r\n" + HOST + b"\r\n",
    "target of another scheme": b"GET ftp://localhost/echo HTTP/1.1\r\n" + HOST + b"\r\n",
    "target of another host": b"GET http://evil.example/echo HTTP/1.1\r\n" + HOST + b"\r\n",
    "target with a user": b"GET http://ann@localhost/echo HTTP/1.1\r\n" + HOST + b"\r\n",
    "upgrade with a body": POST + b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 40\r\n\r\n" + get(),
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED.keys())
def test_3_1_05_a_malformed_message_is_400(server: RunningServer, message: bytes) -> None:
    with server.connect() as connection:
        connection.send(message)
        refused(connection.answer(), 400)
        assert connection.closed()


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED.keys())
def test_3_1_05_a_malformed_message_byte_by_byte_is_400(server: RunningServer, message: bytes) -> None:
    with server.connect() as connection:
        for byte in message:
            connection.send(bytes((byte,)))
        refused(connection.answer(), 400)


def test_3_1_05_trailers_never_reach_the_application(server: RunningServer) -> None:
    answer = server.raw(POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Tenant: birch\r\nHost: evil\r\n\r\n")
    refused(answer, 400)


def test_3_1_05_a_flood_of_trailer_bytes_is_refused(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: ")
        for _ in range(100):
            connection.send(b"a" * 4096)
        refused(connection.answer(), 400)


def test_3_1_05_the_rest_of_a_refused_message_is_no_request(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(b"GET /echo HTTP/1.1\r\nX A: a\r\n\r\n" + get() + get())
        refused(connection.answer(), 400)
        assert connection.closed()


def test_3_1_05_an_answer_on_its_way_comes_before_the_refusal_of_the_next_request(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(get(b"/slow/0.2") + b"GET /echo HTTP/1.1\r\nX A: a\r\n\r\n")
        assert connection.answer().status == 200
        refused(connection.answer(), 400)
        assert connection.closed()


def test_3_1_05_a_bad_body_behind_a_slow_request_is_refused_in_its_turn(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(get(b"/slow/0.2") + POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
        assert connection.answer().status == 200
        refused(connection.answer(), 400)
        assert connection.closed()


def test_pipelined_requests_are_answered_in_order(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(get(b"/slow/0.1") + POST + b"Content-Length: 3\r\n\r\nabc" + b"".join(map(get, [b"/a", b"/b"])))
        told = [connection.answer().json() for _ in range(4)]
    assert [one["path"] for one in told] == ["/slow/0.1", "/echo", "/a", "/b"]
    assert [one["body"] for one in told] == ["", "abc", "", ""]


def test_an_empty_header_value_does_not_run_into_the_next_name(server: RunningServer) -> None:
    headers = server.raw(b"GET /echo HTTP/1.1\r\nX-Empty:\r\n" + HOST + b"\r\n").json()["headers"]
    assert headers == {"x-empty": "", "host": "localhost"}


# -- versions and methods ----------------------------------------------------------------------------------------------


def test_3_1_09_http_1_0_is_answered_and_closed(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(b"GET /echo HTTP/1.0\r\n" + HOST + b"\r\n")
        answer = connection.answer()
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert connection.closed()


@pytest.mark.parametrize("version", [b"2.0", b"0.9"])
def test_3_1_09_another_version_is_505(server: RunningServer, version: bytes) -> None:
    refused(server.raw(b"GET /echo HTTP/" + version + b"\r\n" + HOST + b"\r\n"), 505)


def test_3_1_09_a_request_line_without_a_version_is_505(server: RunningServer) -> None:
    refused(server.raw(b"GET /echo\r\n\r\n"), 505)


def test_3_1_09_an_upgrade_is_not_offered_and_the_request_is_answered(server: RunningServer) -> None:
    fields = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
    with server.connect() as connection:
        connection.send(get(fields=fields))
        answer = connection.answer()
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert connection.closed()


def test_3_1_09_a_websocket_is_not_offered(server: RunningServer) -> None:
    fields = (
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    assert server.raw(get(fields=fields)).status == 200


@pytest.mark.parametrize("method", [b"FOO", b"get", b"GETT", b"BREW-COFFEE", b"X" * 30])
def test_3_1_12_a_method_nobody_knows_is_501(server: RunningServer, method: bytes) -> None:
    refused(server.raw(method + b" /echo HTTP/1.1\r\n" + HOST + b"\r\n"), 501)


def test_3_1_12_connect_is_405(server: RunningServer) -> None:
    answer = server.raw(b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n")
    refused(answer, 405)
    assert "GET" in answer.headers["allow"]


def test_a_target_in_absolute_form_is_a_path_if_its_host_is_ours(server: RunningServer) -> None:
    told = server.raw(b"GET http://localhost/echo?a=b HTTP/1.1\r\n" + HOST + b"\r\n").json()
    assert (told["path"], told["query"]) == ("/echo", "a=b")


# -- deadlines ---------------------------------------------------------------------------------------------------------


def test_3_1_10_headers_that_never_end_are_408(hasty: RunningServer) -> None:
    with hasty.connect() as connection:
        connection.send(b"GET /echo HTTP/1.1\r\nHost: loc")
        refused(connection.answer(), 408)
        assert connection.closed()


def test_3_1_10_headers_sent_slowly_are_408(hasty: RunningServer) -> None:
    with hasty.connect(timeout=0.1) as connection:
        for byte in b"GET /echo HTTP/1.1\r\n" + b"X-Slow: a\r\n" * 20:
            connection.send(bytes((byte,)))
            with contextlib.suppress(TimeoutError):
                refused(connection.answer(), 408)
                return
    raise AssertionError("the server waited for all of it")


def test_3_1_10_slow_headers_after_keep_alive_are_408(hasty: RunningServer) -> None:
    with hasty.connect() as connection:
        connection.send(get())
        assert connection.answer().status == 200
        connection.send(b"GET /ec")
        refused(connection.answer(), 408)


def test_3_1_10_a_connection_that_says_nothing_is_closed(hasty: RunningServer) -> None:
    with hasty.connect() as connection:
        assert connection.closed()


def test_3_1_10_empty_lines_do_not_keep_a_connection_open(hasty: RunningServer) -> None:
    with hasty.connect(timeout=0.1) as connection:
        for _ in range(50):
            connection.send(b"\r\n")
            if connection.closed():
                return
    raise AssertionError("the server listened on")


def test_3_1_10_a_body_that_never_ends_is_408(hasty: RunningServer) -> None:
    with hasty.connect() as connection:
        connection.send(POST + b"Content-Length: 100\r\n\r\nabc")
        refused(connection.answer(), 408)
        assert connection.closed()


def test_3_1_10_a_body_of_one_byte_now_and_then_is_408(hasty: RunningServer) -> None:
    with hasty.connect(timeout=0.1) as connection:
        connection.send(POST + b"Content-Length: 100\r\n\r\n")
        for _ in range(100):
            connection.send(b"a")
            with contextlib.suppress(TimeoutError):
                refused(connection.answer(), 408)
                return
    raise AssertionError("the server waited for all of it")


def test_3_1_10_an_idle_connection_is_closed(hasty: RunningServer) -> None:
    with hasty.connect() as connection:
        connection.send(get() + get())
        assert [connection.answer().status, connection.answer().status] == [200, 200]
        assert connection.closed()


def test_3_1_10_a_long_answer_is_not_cut_by_a_deadline(hasty: RunningServer) -> None:
    with hasty.connect() as connection:
        connection.send(get())
        assert connection.answer().status == 200
        connection.send(get(b"/slow/1.2"))
        assert connection.answer().status == 200
        connection.send(get())
        assert connection.answer().status == 200


def test_3_1_10_slow_clients_do_not_stop_the_others(hasty: RunningServer) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(hasty.connect()).send(b"GET /echo HTTP/1.1\r\nHost: loc")
        assert hasty.raw(get()).status == 200


# -- the answer survives -----------------------------------------------------------------------------------------------


def test_3_1_06_the_413_of_a_large_upload_reaches_a_client_that_sends_all_of_it_first(server: RunningServer) -> None:
    size = 17 * 1024 * 1024
    with server.connect() as connection:
        connection.send(POST + b"Content-Length: %d\r\n\r\n" % size)
        for _ in range(17):
            connection.send(b"a" * 1024 * 1024)
        refused(connection.answer(), 413)
        assert connection.closed()


def test_3_1_06_an_upload_that_goes_on_after_its_413_is_cut(hasty: RunningServer) -> None:
    with hasty.connect(timeout=0.05) as connection:
        connection.send(POST + b"Content-Length: %d\r\n\r\n" % 10**10)
        refused(connection.answer(), 413)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                connection.socket.sendall(b"a" * 65536)
            except OSError:
                return
    raise AssertionError("the server read on")


def test_3_1_21_the_answer_names_no_server_and_has_one_date(server: RunningServer) -> None:
    answer = server.raw(get())
    assert "server" not in answer.headers
    assert answer.headers["date"].endswith(" GMT")


def test_a_head_answer_has_the_headers_of_get_and_no_body(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(get(b"/pid") + get(b"/pid").replace(b"GET", b"HEAD", 1) + get(b"/pid"))
        plain, head, again = connection.answer(), connection.answer(head=True), connection.answer()
    assert json.loads(plain.body) == json.loads(again.body)
    different = {"x-request-id", "date"}
    assert {name: value for name, value in plain.fields if name not in different} == {
        name: value for name, value in head.fields if name not in different
    }


def test_an_answer_without_content_has_no_length(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(get(b"/nothing") + get(b"/pid"))
        nothing = connection.answer()
        assert nothing.status == 204
        assert "content-length" not in nothing.headers
        assert connection.answer().status == 200
