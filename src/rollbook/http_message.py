"""HTTP messages as values: what the edge hands down, and what it is handed back.

No parsing lives here beyond looking a header up: the edge (``web``) has already guarded size, host and form.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Request:
    """One whole request.

    **Shape**: ``path`` is the raw path (percent-encoded, checked by the guard, so ASCII), without the query string;
    ``query`` is the raw query string; ``headers`` has lower-case names; ``peer`` is the client's address as text.
    """

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    peer: str = ""
    id: str = ""
    document: Any = None
    """The body's JSON, of a part of a greater body that has been read (an operation of a bulk)."""
    again: int = 0
    """How often it has been answered anew, because what it was read by had changed."""

    def header(self, name: str) -> str | None:
        """The value of a header (lower-case name), or None."""
        return self.headers.get(name)


@dataclass(slots=True)
class Response:
    """One answer; ``headers`` are pairs of lower-case names and values, ready for ASGI."""

    status: int
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""
    tells_cache: bool = False
    """Whether ``headers`` say how long this may be kept; else the edge says that it may not."""
    rest: AsyncIterator[bytes] | None = None
    """What follows ``body``, piece by piece, where nobody knows yet how much that is; None: ``body`` is whole. Where it
    breaks off, so does the answer: the client sees that it has not got all."""
    request_id: str = ""
    """The name that the client gave its request, where it is to come back; else the edge tells its own."""
