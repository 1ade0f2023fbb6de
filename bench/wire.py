"""The bench's own HTTP client: one raw connection, as little of its own time in an answer as Python allows.

wrk measures load; this measures single answers (and proves that each subject does what it is measured at).
"""

import re
import socket
import time
from typing import Any

import orjson

from bench.measure import CannotMeasure

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)


def request_bytes(method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def answer_length(received: bytes | bytearray) -> int:
    """How long the whole answer is, or 0 where that cannot be known yet."""
    head = received.find(b"\r\n\r\n")
    if head < 0:
        return 0
    if length := _LENGTH.search(received, 0, head):
        return head + 4 + int(length[1])
    if _CHUNKED.search(received, 0, head):
        return len(received) if received.endswith(b"\r\n0\r\n\r\n") else 0
    return head + 4  # 204: no body and no length


class Wire:
    """A connection to a server on this machine."""

    def __init__(self, port: int, headers: dict[str, str], base: str) -> None:
        self._headers = headers
        self._base = base
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self._socket.close()

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        """One request. The status and the parsed body (None without one)."""
        received = self._exchange(request_bytes(method, self._base + path, self._headers, body))
        head, _, content = bytes(received).partition(b"\r\n\r\n")
        if _CHUNKED.search(head):
            content = _joined(content)
        return int(received[9:12]), orjson.loads(content) if content else None

    def must(self, method: str, path: str, body: bytes | None = None) -> Any:
        """One request that has to succeed. **Raises** ``CannotMeasure`` where it does not."""
        status, content = self.ask(method, path, body)
        if not 200 <= status < 300:
            raise CannotMeasure(f"{method} {path} was answered {status}: {content}")
        return content

    def timed(self, method: str, path: str, body: bytes | None = None) -> float:
        """Milliseconds from the first byte sent to the last byte received. **Raises** ``CannotMeasure``."""
        sent = request_bytes(method, self._base + path, self._headers, body)
        begun = time.perf_counter()
        received = self._exchange(sent)
        took = time.perf_counter() - begun
        if not received.startswith(b"HTTP/1.1 2"):
            raise CannotMeasure(f"{method} {path} was answered {received[:400]!r}")
        return took * 1000

    def _exchange(self, sent: bytes) -> bytearray:
        self._socket.sendall(sent)
        received = bytearray(self._socket.recv(1 << 18))
        while not (length := answer_length(received)) or len(received) < length:
            piece = self._socket.recv(1 << 18)
            if not piece:
                raise CannotMeasure("the server closed the connection within an answer")
            received += piece
        return received


def _joined(chunks: bytes) -> bytes:
    whole, rest = b"", chunks
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        count = int(size, 16)
        whole, rest = whole + rest[:count], rest[count + 2 :]
    return whole
