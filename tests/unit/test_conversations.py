"""Recorded conversations: how a file is read, and which lies of a server come out."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from rollbook.testing.conversations import Answer, Misheard, hold, read_conversation

FILE = """preset: entra
page_size: 2

# A remark.
=== Ann comes
POST /Users

{"userName": "ann"}
---
201
Location: *
noted: dropped: password

{"id": "${ann}", "emails": [{"value": "b"}, {"value": "a"}], "title": null}

=== Ann changes
PATCH /Users/${ann}?count=1&filter=a eq "b"
Content-Type: -

{"title": "Sower"}
---
200
ETag: W/"*"

{"id": "${ann}", "title": "Sower"}
--- then
{"title": "Sower"}
"""


class Server:
    """Answers as it should, but for what a test says."""

    def __init__(self, **lies: Any) -> None:
        self.user: dict[str, Any] = {"id": "1", "userName": "ann", "emails": [{"value": "a"}, {"value": "b"}]}
        self.lies = lies
        self.asked: list[tuple[str, str, Mapping[str, str], bytes | None]] = []

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        self.asked.append((method, target, headers, body))
        status = 200
        if method == "POST":
            status = self.lies.get("status", 201)
        elif method == "PATCH" and "forgets" not in self.lies:
            self.user = {**self.user, "title": self.lies.get("title", "Sower")}
        shown = self.user if method != "PATCH" else {**self.user, **self.lies.get("answer", {"title": "Sower"})}
        named = {"location": "/Users/1", "etag": self.lies.get("etag", 'W/"1"'), "x-request-id": method}
        return Answer(status, named, json.dumps(shown).encode())

    def noted(self, request: str) -> tuple[str, ...]:
        notes: tuple[str, ...] = self.lies.get("noted", ("dropped: password",))
        return notes if request == "POST" else ()


def test_a_file_is_read_and_held() -> None:
    conversation = read_conversation(FILE)
    assert (conversation.preset, conversation.settings) == ("entra", {"page_size": "2"})
    assert [(step.title, step.line) for step in conversation.steps] == [("Ann comes", 5), ("Ann changes", 16)]
    server = Server()
    hold(conversation, server.ask, server.noted)
    assert [asked[:2] for asked in server.asked] == [
        ("POST", "/Users"),
        ("GET", "/Users/1"),
        ("PATCH", "/Users/1?count=1&filter=a%20eq%20%22b%22"),
        ("GET", "/Users/1"),
    ]
    assert server.asked[0][2] == {"content-type": "application/scim+json"}
    assert server.asked[2][2:] == ({}, b'{"title": "Sower"}')


@pytest.mark.parametrize(
    ("lies", "heard"),
    [
        ({"status": 200}, "200 and not 201"),
        ({"etag": "1"}, "the header ETag is '1'"),
        ({"noted": ()}, "noted are"),
        ({"noted": ("dropped: password", "more")}, "noted are"),
        ({"forgets": True}, "what was answered is not what is there"),
        ({"title": "Digger"}, "what was answered is not what is there"),
        ({"answer": {"title": "Digger"}}, "'Digger' is not 'Sower'"),
        ({"answer": {"id": "2"}}, "'2' is not '1'"),
        ({"answer": {"title": 1}}, "1 is not 'Sower'"),
    ],
)
def test_a_lie_comes_out(lies: dict[str, Any], heard: str) -> None:
    server = Server(**lies)
    with pytest.raises(Misheard) as found:
        hold(read_conversation(FILE), server.ask, server.noted)
    assert heard in str(found.value)


def test_a_change_that_changes_nothing_has_to_be_announced() -> None:
    file = "=== Ann stays{}\nPATCH /Users/1\n\n{{}}\n---\n200\n"
    silent = Server(forgets=True, answer={})
    hold(read_conversation(file.format(": unchanged")), silent.ask)
    with pytest.raises(Misheard, match="nothing has changed"):
        hold(read_conversation(file.format("")), silent.ask)
    with pytest.raises(Misheard, match="something has changed"):
        hold(read_conversation(file.format(": unchanged")), Server().ask)


@pytest.mark.parametrize(
    ("expected", "found", "fits"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": None}, {"b": 2}, True),
        ({"a": None}, {"a": 1}, False),
        ({"a": 1}, {}, False),
        ({"a": 1}, [], False),
        ([1, 2], [2, 1], True),
        ([1], [1, 1], False),
        ([{"a": 1}], [{"a": 2}], False),
        ([], "", False),
        (True, 1, False),
        (1, 1.0, False),
    ],
)
def test_what_holds_what(expected: Any, found: Any, fits: bool) -> None:
    file = f"=== x\nGET /x\n---\n200\n\n{json.dumps({'x': expected})}"
    answer = Answer(200, {}, json.dumps({"x": found}).encode())
    if fits:
        hold(read_conversation(file), lambda *_: answer)
    else:
        with pytest.raises(Misheard):
            hold(read_conversation(file), lambda *_: answer)


@pytest.mark.parametrize("file", ["=== x\nGET /x\n", "=== x\nGET /x\n---\n200\n\nno json"])
def test_what_is_no_conversation_is_refused(file: str) -> None:
    with pytest.raises(Misheard, match="line 1"):
        read_conversation(file)
