"""The numbers of the HTTP edge: how large and how slow a request may be.

Sizes that belong to the protocol (pages, depth of JSON, length of a filter) live with the protocol, not here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What the edge accepts before anything of a request is understood; sizes in bytes, times in seconds."""

    header_bytes: int = 32 * 1024
    """All header lines together (431 above). nginx: 32 KiB, Apache: 100 lines of 8 KiB, HAProxy: 16 KiB."""
    header_count: int = 100
    """Header lines (431 above), as Apache and HAProxy."""
    url_bytes: int = 8 * 1024
    """The request target, path and query (414 above), as nginx and Apache."""
    body_bytes: int = 16 * 1024 * 1024
    """The body as sent (413 above)."""
    header_seconds: float = 5
    """From the first byte (or the connection) to the end of the headers."""
    body_seconds: float = 30
    """From the end of the headers to the end of the body."""
    idle_seconds: float = 60
    """How long a connection may be kept open between two requests."""
    linger_seconds: float = 3
    """How long a refused request is still read and thrown away, so that the client gets to read its answer."""
