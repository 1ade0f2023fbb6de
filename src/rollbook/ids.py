"""The only source of chance (law 3): identifiers and secrets.

Resources and events have ids that are ordered by time (UUID version 7, RFC 9562 §5.7, with a counter inside the
millisecond), so that what is new is filed at the end of every index (decision 0011). Tenants, connections and tokens
have random ones (version 4).
"""

import os
import secrets
import threading
import time
import uuid


def new_id() -> str:
    """A random identifier, as text: ``"42d7cfdf-73a0-45e0-b796-234a88625f87"``."""
    return str(uuid.UUID(bytes=os.urandom(16), version=4))


_AT_ONCE = 256


class _Ordered:
    """UUIDs of version 7 that never go back inside one process, even when the wall clock does.

    Their random halves are made as texts for many at once, and the half that is the time is kept as long as it stands.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        self._millisecond = -1
        self._time = ""
        self._tails: list[str] = []

    def next(self) -> str:
        stamp = (time.time_ns() // 1_000_000) << 12
        with self._lock:
            self._last = value = stamp if stamp > self._last else self._last + 1
            if value >> 12 != self._millisecond:
                self._millisecond = value >> 12
                text = f"{self._millisecond & 0xFFFF_FFFF_FFFF:012x}"
                self._time = f"{text[:8]}-{text[8:]}-7"
            if not self._tails:
                self._tails = _tails()
            return f"{self._time}{value & 0xFFF:03x}-{self._tails.pop()}"


def _tails() -> list[str]:
    """The last two groups of so many UUIDs: 62 random bits behind the two of the variant (RFC 9562 §4.1)."""
    random = os.urandom(8 * _AT_ONCE).hex()
    pieces = (random[start : start + 16] for start in range(0, 16 * _AT_ONCE, 16))
    return [f"{'89ab'[int(piece[0], 16) & 3]}{piece[1:4]}-{piece[4:]}" for piece in pieces]


ordered_id = _Ordered().next
"""An identifier that sorts after every earlier one of this process; unique among processes."""


def random_bytes(count: int) -> bytes:
    """``count`` bytes that nobody can guess."""
    return secrets.token_bytes(count)
