"""A real server in a process of its own, and a raw socket for what no HTTP client would send.

``running_server`` starts either an application factory by import string (through ``rollbook.web.server.serve``) or a
whole command, waits until the socket answers, and stops it by SIGTERM at the end.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 30.0


@dataclass
class RunningServer:
    """A server that answers at ``host``:``port``."""

    process: subprocess.Popen[bytes]
    host: str
    port: int
    log_file: Path

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def log(self) -> str:
        """What it wrote on stdout and stderr until now."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def connect(self, timeout: float = 10.0) -> "RawConnection":
        return RawConnection(self.host, self.port, timeout)

    def raw(self, data: bytes, timeout: float = 10.0) -> "RawAnswer":
        """Send bytes on a connection of their own; the first answer."""
        with self.connect(timeout) as connection:
            connection.send(data)
            return connection.answer()

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def wait(self, timeout: float = _PATIENCE) -> int:
        """Its exit code, once it has ended."""
        return self.process.wait(timeout)


@dataclass
class RawAnswer:
    """One HTTP answer as it stood on the wire."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """The header fields; a field sent twice fails the test that looks."""
        assert len({name for name, _ in self.fields}) == len(self.fields), self.fields
        return dict(self.fields)

    def json(self) -> Any:
        return json.loads(self.body)


class RawConnection:
    """A TCP connection on which bytes are sent as given and answers are read by their framing."""

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self.socket = socket.create_connection((host, port), timeout)
        self._kept = b""

    def __enter__(self) -> "RawConnection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send all of it; a server that has hung up in the meantime is no error here (its answer may be waiting)."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def answer(self, *, head: bool = False) -> RawAnswer:
        """The next answer (``head``: to a HEAD request, which has no body)."""
        while b"\r\n\r\n" not in self._kept:
            self._read()
        block, self._kept = self._kept.split(b"\r\n\r\n", 1)
        first, *lines = block.decode("latin-1").split("\r\n")
        status = int(first.split(" ")[1])
        fields = [(name.lower(), value) for name, value in (line.split(": ", 1) for line in lines)]
        length = 0 if head or status < 200 else int(dict(fields).get("content-length", "0"))
        while len(self._kept) < length:
            self._read()
        body, self._kept = self._kept[:length], self._kept[length:]
        return RawAnswer(status, fields, body)

    def closed(self) -> bool:
        """Whether the server ends the connection within the timeout, with nothing more to say."""
        try:
            while True:
                data = self.socket.recv(65536)
                if not data:
                    return not self._kept
                self._kept += data
        except ConnectionResetError:
            return not self._kept
        except TimeoutError:
            return False

    def _read(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError(f"the server closed the connection after {self._kept!r}")
        self._kept += data


@contextlib.contextmanager
def running_server(
    app: str | Sequence[str],
    *,
    options: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    path: str = "/healthz",
    patience: float = _PATIENCE,
) -> Iterator[RunningServer]:
    """A running server: an import string of an application factory, or a command.

    In a command, ``{port}`` and ``{host}`` are filled in: ``[sys.executable, "-m", "rollbook", "serve", "--port",
    "{port}"]``. ``options`` are those of ``serve`` (with an import string), ``env`` is added to the environment,
    ``path`` is what is asked until it answers anything at all.
    """
    chosen = port if port is not None else free_port()
    if isinstance(app, str):
        given = json.dumps({"app_factory": app, "host": host, "port": chosen, **(options or {})})
        command = [sys.executable, "-m", "tests.support.serve_app", given]
    else:
        command = [part.format(port=chosen, host=host) for part in app]
    with tempfile.TemporaryDirectory(prefix="rollbook-server-") as folder:
        log_file = Path(folder) / "log"
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **(env or {})}, stdout=log, stderr=subprocess.STDOUT
            )
        server = RunningServer(process, host, chosen, log_file)
        try:
            _until_it_answers(server, path, patience)
            yield server
        finally:
            stop(process)


def free_port(host: str = "127.0.0.1") -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        found: int = probe.getsockname()[1]
        return found


def stop(process: subprocess.Popen[bytes], patience: float = _PATIENCE) -> None:
    """End a process that is still there: politely twice (which skips the drain window), then not."""
    if process.poll() is not None:
        return
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.2)
            return
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def read_line(stream: Any, timeout: float = _PATIENCE) -> bytes:
    """One line of a pipe, or a failed test."""
    readable, _, _ = select.select([stream], [], [], timeout)
    assert readable, "nothing was written in time"
    line: bytes = stream.readline()
    return line


def _until_it_answers(server: RunningServer, path: str, patience: float) -> None:
    end = time.monotonic() + patience
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended with {server.process.returncode}:\n{server.log()}")
        with contextlib.suppress(OSError):
            server.raw(request, timeout=max(0.1, end - time.monotonic()))
            return
        time.sleep(0.02)
    raise RuntimeError(f"the server did not answer in {patience} s:\n{server.log()}")
