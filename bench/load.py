"""The load generator: wrk with ``lua/load.lua``, one thread, 32 connections, as fast as answers come back."""

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from bench.measure import CannotMeasure, Sample
from bench.people import DIGITS

SCRIPT = Path(__file__).parent / "lua" / "load.lua"
MARK = "#" * len(DIGITS)
CONNECTIONS = 32


def need_wrk() -> None:
    """Install wrk where that can be done without a question. **Raises** ``CannotMeasure`` where it cannot."""
    if shutil.which("wrk"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-q", "wrk"], stdout=subprocess.DEVNULL, check=False)
    if not shutil.which("wrk"):
        raise CannotMeasure("wrk is missing: install it (Debian and Ubuntu: apt-get install wrk), then run this again")


@dataclass(frozen=True)
class Work:
    """Requests of one kind to one server. ``path`` and ``body`` hold ``MARK`` where a number goes."""

    kind: str
    port: int
    path: str
    body: bytes | None = None
    ids: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


def run_wrk(work: Work, seconds: float, first: int, *, connections: int = CONNECTIONS, threads: int = 1) -> Sample:
    """Send for so long. ``first`` is below every number that a create of this run uses.

    **Raises** ``CannotMeasure`` where wrk itself fails. Refused and broken requests are counted in the sample.
    """
    with tempfile.TemporaryDirectory(prefix="rollbook-bench-") as name:
        folder = Path(name)
        files = []
        for part, content in (("body", work.body), ("ids", "\n".join(work.ids).encode() or None)):
            if content is not None:
                (folder / part).write_bytes(content)
            files.append(str(folder / part) if content is not None else "-")
        headers = [f"-H{name}: {value}" for name, value in work.headers.items()]
        command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
        command += ["-s", str(SCRIPT), *headers, f"http://127.0.0.1:{work.port}"]
        command += ["--", work.kind, work.path, *files, str(first)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode or not lines:
        raise CannotMeasure(f"wrk failed: {done.stderr.strip() or done.stdout.strip()}")
    found = json.loads(lines[-1].removeprefix("RESULT "))
    return Sample(
        count=found["requests"],
        seconds=found["microseconds"] / 1e6,
        p50=found["p50"] / 1e3,
        p99=found["p99"] / 1e3,
        errors=found["status"] + found["broken"],
    )
