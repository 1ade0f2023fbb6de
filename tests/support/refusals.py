"""What every refusal looks like on the wire, whoever refuses (RFC 7644 §3.12)."""

import re
from collections.abc import Callable, Iterator
from threading import Event
from time import monotonic

import httpx2
from tests.support.house import ERROR

_LEAKS = re.compile(
    r"Traceback|File \"|\.py\b|SELECT |INSERT |sqlite|postgres|asyncpg|apsw|orjson|uvicorn", re.IGNORECASE
)


def refused(answer: httpx2.Response, status: int, scim_type: str | None = None) -> str:
    """Hold an answer to the form of a refusal; its detail."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/scim+json"
    assert "server" not in answer.headers
    if answer.request.method == "HEAD":
        assert answer.content == b""
        return ""
    body = answer.json()
    assert body["schemas"] == [ERROR]
    assert body["status"] == str(status)
    assert scim_type is None or body.get("scimType") == scim_type, body
    assert set(body) <= {"schemas", "status", "scimType", "detail"}
    detail: str = body["detail"]
    assert detail, body
    assert not _LEAKS.search(detail), detail
    return detail


def alive(url: str, client: httpx2.Client) -> bool:
    """Whether the server still answers."""
    return client.get(f"{url}/readyz").status_code == 200


def while_seconds(seconds: float) -> Iterator[None]:
    """Turns of asking again, a moment apart, until the time is over."""
    pause, end = Event(), monotonic() + seconds
    while monotonic() < end:
        yield
        pause.wait(0.05)


def until(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Ask until it holds; False where it never did in the time that a promise gives."""
    return any(holds() for _ in while_seconds(seconds))
