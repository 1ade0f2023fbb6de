"""What a log line may hold (checklist 3.9)."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.clock import Clock
from rollbook.web import logs

NOON = Clock(now=lambda: datetime(2026, 1, 31, 12, tzinfo=UTC), elapsed=lambda: 0.0)


@pytest.fixture(scope="module")
def stream() -> Iterator[io.StringIO]:
    """Everything that is logged in this module."""
    kept = logging.getLogger().handlers[:], logging.getLogger().level
    before = structlog.get_config()
    written = io.StringIO()
    logs.configure(logs.LogSettings("info"), stream=written, clock=NOON)
    yield written
    logging.getLogger().handlers[:], level = kept
    logging.getLogger().setLevel(level)
    structlog.configure(**before)


@pytest.fixture
def record(stream: io.StringIO) -> Callable[..., dict[str, Any]]:
    """Log something; the one record that came of it."""

    def log(event: str = "tested", **values: Any) -> dict[str, Any]:
        stream.seek(0)
        stream.truncate()
        structlog.get_logger().info(event, **values)
        (line,) = stream.getvalue().splitlines()
        told: dict[str, Any] = json.loads(line)
        return told

    return log


Record = Callable[..., dict[str, Any]]


def test_3_9_101_a_record_is_one_line_with_its_time_and_level(record: Record) -> None:
    assert record(status=200) == {
        "at": "2026-01-31T12:00:00.000Z",
        "level": "info",
        "event": "tested",
        "status": 200,
    }


@pytest.mark.parametrize(
    "sign", ["\n", "\r", "\r\n", "\x1b[2J", "\u2028", "\u2029", "\x85", "\x00", "\ud800", "\u202e"]
)
def test_3_9_101_no_sign_breaks_a_line_or_reaches_a_terminal(record: Record, stream: io.StringIO, sign: str) -> None:
    assert record(sign, name=f"a{sign}b")["name"] == f"a{sign}b"
    assert stream.getvalue()[:-1].isascii()
    assert stream.getvalue()[:-1].isprintable()


def test_3_9_101_a_value_of_a_mebibyte_is_cut_at_a_kibibyte(record: Record) -> None:
    assert record(name="a" * 2**20)["name"] == "a" * 1024 + "…"
    assert len(json.dumps(record(many=[["a" * 2**20] * 200] * 200))) < 3_000_000
    assert record(deep={"a": {"b": {"c": {"d": {"e": {}}}}}})["deep"]["a"]["b"]["c"] == {"d": "<dict>"}


@pytest.mark.parametrize("name", ["token", "authorization", "Password", "body", "filter", "query", "url", "secret"])
def test_v29_a_value_under_a_name_of_secrets_is_not_written(record: Record, name: str) -> None:
    assert record(**{name: "canary"})[name] == "(not logged)"
    assert record(inner={name: "canary"})["inner"][name] == "(not logged)"


def test_v29_an_exception_is_told_without_its_text(record: Record, stream: io.StringIO) -> None:
    try:
        try:
            raise KeyError("canary")
        except KeyError as error:
            raise ValueError("canary") from error
    except ValueError as error:
        told = record(exc_info=error)
    assert [one["type"] for one in told["exception"]] == ["builtins.ValueError", "builtins.KeyError"]
    assert told["exception"][0]["frames"][-1].endswith("test_v29_an_exception_is_told_without_its_text")
    assert "canary" not in stream.getvalue()


def test_v29_a_record_of_a_library_is_told_without_its_values(stream: io.StringIO) -> None:
    stream.seek(0)
    stream.truncate()
    logging.getLogger("uvicorn.error").info("not told")
    logging.getLogger("asyncpg").warning("value %r is odd", "canary")
    told = json.loads(stream.getvalue())
    assert (told["event"], told["logger"], told["level"]) == ("value %r is odd", "asyncpg", "warning")


class Talkative:
    def __repr__(self) -> str:
        return "canary"


def test_v29_an_object_is_told_by_its_type(record: Record) -> None:
    assert record(thing=Talkative(), raw=b"canary")["thing"] == "<Talkative>"
    assert record(raw=b"canary")["raw"] == "<bytes>"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(deadline=None)
@given(value=VALUES, event=st.text())
def test_3_9_101_whatever_is_logged_is_one_line_of_json(stream: io.StringIO, value: Any, event: str) -> None:
    stream.seek(0)
    stream.truncate()
    structlog.get_logger().info(event, thing=value)
    assert stream.getvalue().count("\n") == 1
    json.loads(stream.getvalue())
