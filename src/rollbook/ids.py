"""The only source of chance (law 3): identifiers and secrets.

Resources and events have ids that are ordered by time (UUID version 7, RFC 9562 §5.7, with a counter inside the
millisecond), so that what is new is filed at the end of every index (decision 0011). Tenants, connections and tokens
have random ones (version 4).
"""

import os
import secrets
import struct
import threading
import time
import uuid


def new_id() -> str:
    """A random identifier, as text: ``"42d7cfdf-73a0-45e0-b796-234a88625f87"``."""
    return str(uuid.UUID(bytes=os.urandom(16), version=4))


_AT_ONCE = 256


class _Ordered:
    """UUIDs of version 7 that never go back inside one process, even when the wall clock does.

    Random bytes are fetched for many at once: asking the system for eight of them takes longer than all the rest.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        self._random: list[int] = []

    def next(self) -> str:
        stamp = (time.time_ns() // 1_000_000) << 12
        with self._lock:
            self._last = stamp if stamp > self._last else self._last + 1
            value = self._last
            if not self._random:
                self._random.extend(struct.unpack(f"!{_AT_ONCE}Q", os.urandom(8 * _AT_ONCE)))
            tail = self._random.pop() >> 2 | 0x8000_0000_0000_0000
        head = (value >> 12 & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | value & 0xFFF
        text = f"{head:016x}{tail:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


ordered_id = _Ordered().next
"""An identifier that sorts after every earlier one of this process; unique among processes."""


def random_bytes(count: int) -> bytes:
    """``count`` bytes that nobody can guess."""
    return secrets.token_bytes(count)
