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


class _Ordered:
    """UUIDs of version 7 that never go back inside one process, even when the wall clock does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> str:
        stamp = (time.time_ns() // 1_000_000) << 12
        with self._lock:
            self._last = stamp if stamp > self._last else self._last + 1
            value = self._last
        milliseconds, counter = value >> 12, value & 0xFFF
        high = (milliseconds & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | counter
        low = 0x8000_0000_0000_0000 | int.from_bytes(os.urandom(8)) >> 2
        return str(uuid.UUID(int=high << 64 | low))


ordered_id = _Ordered().next
"""An identifier that sorts after every earlier one of this process; unique among processes."""


def random_bytes(count: int) -> bytes:
    """``count`` bytes that nobody can guess."""
    return secrets.token_bytes(count)
