"""Answers that go out piece by piece, on a real server and a raw socket."""

import time
from collections.abc import Iterator

import httpx2
import pytest
from tests.support.server import RawConnection, RunningServer, running_server

HOST = b"Host: localhost\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server("tests.support.echo_app:application", options={"drain_seconds": 0}) as running:
        yield running


def whole(connection: RawConnection) -> bytes:
    """All that comes until the server closes."""
    parts = []
    while part := connection.socket.recv(65536):
        parts.append(part)
    return b"".join(parts)


def ask(server: RunningServer, path: str, version: str = "1.1", fields: bytes = b"", method: str = "GET") -> bytes:
    with server.connect() as connection:
        connection.send(f"{method} {path} HTTP/{version}\r\n".encode() + HOST + fields + b"\r\n")
        return whole(connection)


def written(server: RunningServer) -> list[int]:
    told: list[int] = httpx2.get(f"{server.url}/written").json()
    return told


def test_pieces_are_chunks_and_the_connection_goes_on(server: RunningServer) -> None:
    with httpx2.Client() as client:
        answer = client.get(f"{server.url}/pieces/3/4")
        assert answer.content == b"first" + b"a" * 12
        assert answer.headers["transfer-encoding"] == "chunked"
        assert "content-length" not in answer.headers
        assert client.get(f"{server.url}/pieces/0/0").content == b"first"
        assert client.get(f"{server.url}/echo").status_code == 200


def test_two_requests_in_one_segment_are_answered_in_order(server: RunningServer) -> None:
    get = b"GET /%s HTTP/1.1\r\n" + HOST
    with server.connect() as connection:
        connection.send(get % b"pieces/2/3" + b"\r\n" + get % b"pid" + b"Connection: close\r\n\r\n")
        first, _, second = whole(connection).partition(b"0\r\n\r\n")
    assert first.endswith(b"\r\n\r\n5\r\nfirst\r\n3\r\naaa\r\n3\r\naaa\r\n")
    assert second.startswith(b"HTTP/1.1 200 OK")


def test_a_client_that_knows_no_chunks_is_told_the_end_by_closing(server: RunningServer) -> None:
    head, _, body = ask(server, "/pieces/2/3", version="1.0").partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert b"connection: close" in head
    assert body == b"firstaaaaaa"


def test_a_head_has_no_pieces(server: RunningServer) -> None:
    said = ask(server, "/pieces/2/3", method="HEAD", fields=b"Connection: close\r\n")
    assert said.startswith(b"HTTP/1.1 200 OK")
    assert said.endswith(b"\r\n\r\n")
    assert b"first" not in said


def test_an_answer_that_breaks_off_is_seen_to(server: RunningServer) -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(f"{server.url}/breaks/2/3")
    assert "an answer broke off" in server.log()
    assert "the secret of ann" not in server.log()


def test_a_client_that_does_not_read_makes_nobody_write(server: RunningServer) -> None:
    """What is not read is not made: the pieces wait in nobody's memory."""
    count, size = 4000, 65536
    with server.connect() as connection:
        connection.send(f"GET /pieces/{count}/{size} HTTP/1.1\r\n".encode() + HOST + b"\r\n")
        connection.socket.recv(1)
        made = -1
        while (now := written(server)[0]) != made:
            made = now
            time.sleep(0.05)
        assert made < count / 4
        ended = written(server)[1]
    deadline = time.monotonic() + 10
    while written(server)[1] == ended:
        assert time.monotonic() < deadline, "the pieces of a client that has gone are still made"
        time.sleep(0.01)
