"""Processes that are measured: started, waited for, stopped. What they are is said in ``subjects``."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.machine import Processes
from bench.measure import CannotMeasure

PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A server process that listens on ``port``; what it says goes to ``log``."""

    def __init__(
        self, name: str, command: Sequence[str], port: int, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.port = port
        self._log = log
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=clean_environment(environment),
                cwd=Path(__file__).parent.parent,
            )
        self.processes = Processes(lambda: self._process.pid)
        self._wait()

    def _wait(self) -> None:
        until = time.perf_counter() + PATIENCE
        while time.perf_counter() < until:
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise CannotMeasure(f"{self.name} did not start: {self._log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """Ask it to end, and make it end."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def clean_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our environment without settings of rollbook's, so that every run measures the defaults."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROLLBOOK_")}
    return {**kept, **(more or {})}
