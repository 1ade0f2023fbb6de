"""Another SCIM service as a source: a running rollbook, and services that behave badly."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support.house import Seat

from rollbook.transfer.errors import SourceFailed
from rollbook.transfer.source_settings import ScimSource
from rollbook.transfer.sources.opening import open_source
from rollbook.transfer.sources.rows import Row

Answer = tuple[int, dict[str, str], Any]


def read(source: ScimSource, *wanted: str) -> list[Row]:
    return list(open_source(source, Path()).rows(frozenset(wanted)))


@contextmanager
def service(answer: Callable[[dict[str, str], dict[str, str]], Answer]) -> Iterator[str]:
    """A service whose answers are a function of query and headers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            status, headers, body = answer(query, dict(self.headers))
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def users(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": str(number), "userName": f"user{number}"} for number in numbers]


def test_users_of_a_running_service_are_read_page_by_page(acorn: Seat) -> None:
    for number in range(7):
        emails = [{"value": f"h{number}@x", "type": "home"}, {"value": f"w{number}@x", "type": "work", "primary": True}]
        acorn.user(f"user{number}", name={"givenName": "Änn"}, emails=emails)
    source = ScimSource(base_url=acorn.base, token=lambda: acorn.token, page_size=3)
    rows = read(source, "userName", "name.givenName", "emails.value", "active")
    assert sorted(row.values["userName"] for row in rows) == [f"user{number}" for number in range(7)]
    first = next(row.values for row in rows if row.values["userName"] == "user0")
    assert first["emails.value"] == ["w0@x", "h0@x"]
    assert first["name.givenName"] == "Änn"


def test_a_refused_login_is_told(acorn: Seat) -> None:
    with pytest.raises(SourceFailed, match="refuses the login"):
        read(ScimSource(base_url=acorn.base, token=lambda: "wrong"), "userName")


def test_a_service_of_version_1_without_pages_is_read_at_once() -> None:
    def answer(query: dict[str, str], headers: dict[str, str]) -> Answer:
        assert headers["Accept"] == "application/json"
        assert headers["Authorization"].startswith("Basic ")
        assert not query
        listed = [{**one, "schemas": ["urn:scim:schemas:core:1.0"]} for one in users(1, 2, 3)]
        return 200, {}, {"schemas": ["urn:scim:schemas:core:1.0"], "totalResults": 3, "Resources": listed}

    with service(answer) as url:
        source = ScimSource(base_url=url, version="1.1", page_size=0, username="ann", password=lambda: "secret")
        assert [row.values["userName"] for row in read(source, "userName")] == ["user1", "user2", "user3"]


def test_a_running_service_of_version_1_is_read(acorn: Seat) -> None:
    old = acorn.speaking("scim11")
    for number in range(5):
        acorn.user(f"user{number}", name={"givenName": "Änn"})
    source = ScimSource(base_url=old.base, version="1.1", token=lambda: old.token, page_size=2)
    rows = read(source, "userName", "name.givenName")
    assert sorted(row.values["userName"] for row in rows) == [f"user{number}" for number in range(5)]
    assert {row.values["name.givenName"] for row in rows} == {"Änn"}


def test_what_is_lost_between_pages_is_noticed() -> None:
    asked: list[int] = []

    def answer(query: dict[str, str], headers: dict[str, str]) -> Answer:
        asked.append(int(query["startIndex"]))
        whole = users(1, 2, 3, 4, 5)
        if len(asked) == 2:  # somebody has deleted the first: everybody moves up, and one is lost
            whole = users(2, 3, 4, 5)
        start = int(query["startIndex"]) - 1
        return 200, {}, {"totalResults": 5, "Resources": whole[start : start + 2]}

    with service(answer) as url:
        rows = read(ScimSource(base_url=url, page_size=2), "userName")
    assert len(rows) == 5
    assert asked.count(1) == 2


def test_a_service_that_never_agrees_with_itself_is_given_up() -> None:
    with (
        service(
            lambda query, headers: (200, {}, {"totalResults": 9, "Resources": users(1)[int(query["startIndex"]) - 1 :]})
        ) as url,
        pytest.raises(SourceFailed, match="changes while it is read"),
    ):
        read(ScimSource(base_url=url), "userName")


def test_a_busy_service_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("rollbook.transfer.sources.scim.time.sleep", slept.append)
    answers: list[Answer] = [
        (429, {"Retry-After": "7"}, {}),
        (503, {}, {}),
        (200, {}, {"totalResults": 1, "Resources": users(1)}),
    ]
    with service(lambda query, headers: answers.pop(0)) as url:
        assert len(read(ScimSource(base_url=url), "userName")) == 1
    assert slept == [7.0, 1.0]


def test_what_is_no_list_of_users_is_told() -> None:
    with service(lambda query, headers: (200, {}, ["hello"])) as url, pytest.raises(SourceFailed, match="no list"):
        read(ScimSource(base_url=url), "userName")
