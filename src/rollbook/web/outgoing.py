"""Answers that are made in one turn of the event loop are written together, when the turn ends.

A write wakes its reader. Where the reader is on this machine (a proxy, a load generator), waking it costs more than the
rest of the write, and a reader that is woken for each answer of a turn sleeps again before the next: writing them
together wakes it once. An answer waits for this no longer than for the other requests of its turn, which would have
been served before its reader's next request anyway.

Source: measured, decision 0026.
"""

import asyncio
from typing import Any

_HELD_BYTES = 256 * 1024
"""What may be held at once: large answers are on their way while the next one is made."""


class Outgoing:
    """What is to be written when this turn of the loop ends."""

    __slots__ = ("_bytes", "_loop", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []
        self._bytes = 0

    def put(self, transport: asyncio.Transport, data: bytes) -> None:
        """Have something written, after what was put before."""
        waiting = self._waiting
        if not waiting:
            self._loop.call_soon(self.flush)
        waiting.append((transport, data))
        self._bytes += len(data)
        if self._bytes > _HELD_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write everything now. What a connection that has ended since would have been told is dropped."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        for transport, data in waiting:
            if not transport.is_closing():
                try:
                    transport.write(data)
                except Exception:  # noqa: BLE001 - what is wrong with one connection is not its neighbours' trouble
                    transport.abort()


class Together(asyncio.Transport):
    """A transport whose writes wait for the end of the turn; all else that is said of it keeps its place among them."""

    def __init__(self, transport: asyncio.Transport, outgoing: Outgoing) -> None:
        super().__init__()
        self._transport = transport
        self._outgoing = outgoing
        self.is_closing = transport.is_closing  # type: ignore[method-assign]
        self.pause_reading = transport.pause_reading  # type: ignore[method-assign]
        self.resume_reading = transport.resume_reading  # type: ignore[method-assign]
        self.abort = transport.abort  # type: ignore[method-assign]
        self.can_write_eof = transport.can_write_eof  # type: ignore[method-assign]
        self.set_protocol = transport.set_protocol  # type: ignore[method-assign]

    def write(self, data: Any) -> None:
        """Write, with the others of this turn."""
        self._outgoing.put(self._transport, data)

    def close(self) -> None:
        """Close, after what was written."""
        self._outgoing.flush()
        self._transport.close()

    def write_eof(self) -> None:
        """End this direction, after what was written."""
        self._outgoing.flush()
        self._transport.write_eof()

    def get_write_buffer_size(self) -> int:
        """Bytes that the client has not taken yet."""
        self._outgoing.flush()
        return self._transport.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As the transport says."""
        return self._transport.get_extra_info(name, default)
