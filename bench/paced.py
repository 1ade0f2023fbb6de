"""Requests at a set rate, whether or not the answers keep up (an open loop), for latencies at half of the highest rate.

wrk sends a request only when the last one was answered, so a server that stalls is asked less, and its stall is counted
once. Here requests come due at random moments (a Poisson process) and latency counts from the moment a request was due,
waiting for one of the 32 connections included. One thread, ``select`` for its timers of microseconds.
"""

import gc
import random
import select
import socket
import statistics
import time
from collections import deque
from collections.abc import Callable

from bench.load import CONNECTIONS, MARK, Work
from bench.measure import Sample
from bench.people import numbered
from bench.wire import answer_length, request_bytes


def requests_of(work: Work, first: int, chance: random.Random) -> Callable[[], bytes]:
    """The same requests as ``lua/load.lua`` makes."""
    number = iter(range(first + 1, 1 << 60))
    headers = work.headers
    if work.kind in ("get", "filter"):  # made beforehand, so that the client is never the one who is late
        paths = [f"{work.path}/{id}" for id in work.ids]
        if work.kind == "filter":
            paths = [work.path.replace(MARK, numbered(n)) for n in range(len(work.ids))]
        whole = [request_bytes("GET", path, headers, None) for path in paths]
        return lambda: chance.choice(whole)

    def make() -> bytes:
        path, body = work.path, work.body
        if work.kind == "patch":
            path = f"{path}/{chance.choice(work.ids)}"
        if body is not None and work.kind in ("create", "patch"):
            body = body.replace(MARK.encode(), numbered(next(number)).encode())
        return request_bytes("GET" if body is None else _METHODS[work.kind], path, headers, body)

    return make


_METHODS = {"create": "POST", "same": "POST", "patch": "PATCH"}


def run_paced(work: Work, rate: float, seconds: float, first: int) -> Sample:
    """Send ``rate`` requests a second for so long."""
    chance = random.Random(first)
    make = requests_of(work, first, chance)
    idle = deque(_connect(work.port) for _ in range(CONNECTIONS))
    busy: dict[socket.socket, tuple[float, bytearray]] = {}
    late: deque[float] = deque()
    took: list[float] = []
    errors = 0
    gc.collect()
    gc.disable()  # a pause of the client's would be told as one of the server's
    begun = now = time.perf_counter()
    end = begun + seconds
    due = begun + chance.expovariate(rate)
    while now < end or busy or late:
        while due <= now and due < end:
            late.append(due)
            due += chance.expovariate(rate)
        while late and idle:
            connection = idle.popleft()  # in turn: one that rests too long is closed by the server
            connection.send(make())
            busy[connection] = (late.popleft(), bytearray())
        wait = min(due, end) - time.perf_counter() if now < end else 1.0
        readable = select.select(list(busy), [], [], max(wait, 0.0))[0]
        now = time.perf_counter()
        for connection in readable:
            since, received = busy[connection]
            piece = connection.recv(1 << 16)
            received += piece
            length = answer_length(received)
            if piece and not (length and len(received) >= length):
                continue
            del busy[connection]
            took.append((now - since) * 1000)
            errors += not received.startswith(b"HTTP/1.1 2")
            idle.append(connection if piece else _connect(work.port))
    gc.enable()
    for connection in idle:
        connection.close()
    ordered = statistics.quantiles(took, n=100)
    return Sample(len(took), now - begun, ordered[49], ordered[98], errors)


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
