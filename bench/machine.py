"""What the machine is and what processes cost, from Linux's /proc."""

import os
import platform
import re
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PACKAGES = ("rollbook", "uvicorn", "httptools", "uvloop", "orjson", "asyncpg", "apsw")
_TICK = os.sysconf("SC_CLK_TCK")


class Processes:
    """Some processes with all their descendants. ``roots`` is asked anew each time, for servers that come and go."""

    def __init__(self, *roots: Callable[[], int]) -> None:
        self.roots = roots

    def ids(self) -> list[int]:
        children = _children()
        found: list[int] = []
        waiting = [root() for root in self.roots]
        while waiting:
            id = waiting.pop()
            found.append(id)
            waiting += children.get(id, ())
        return found

    def cpu(self) -> float:
        """Seconds of CPU so far, of those that have ended too (once their parent has noticed)."""
        ticks = 0
        for id in self.ids():
            fields = _stat(id)
            ticks += sum(map(int, fields[11:15])) if fields else 0
        return ticks / _TICK

    def rss(self) -> float:
        """MB of memory of the largest one, now."""
        return max((_memory(id, "VmRSS") for id in self.ids()), default=0.0)

    def peak_rss(self) -> float:
        """MB of memory that the largest one has ever had."""
        return max((_memory(id, "VmHWM") for id in self.ids()), default=0.0)


def _stat(id: int) -> list[str] | None:
    try:
        # "pid (name) state ppid …": the name may hold anything, so what counts begins after the last bracket.
        return Path(f"/proc/{id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _children() -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    return children


def _memory(id: int, field: str) -> float:
    try:
        found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{id}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def cores() -> int:
    return len(os.sched_getaffinity(0))


def in_memory(folder: Path) -> bool:
    """Whether a folder's file system is memory."""
    mounts = [(line.split()[1], line.split()[2]) for line in Path("/proc/mounts").read_text().splitlines()]
    holding = [(point, kind) for point, kind in mounts if folder.is_relative_to(point)]
    return max(holding, key=lambda mount: len(mount[0]), default=("", ""))[1] in ("tmpfs", "ramfs")


def describe() -> dict[str, Any]:
    """The machine, the versions, the commit."""
    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    changed = _git("status", "--porcelain", "--", "src", "bench", "requirements")
    return {
        "commit": _git("rev-parse", "HEAD") + (" with changes" if changed else ""),
        "machine": {
            "cpu": cpu[1].strip() if cpu else platform.machine(),
            "cores": cores(),
            "memory_gib": round(int(memory[1]) / 1024**2) if memory else 0,
            "kernel": platform.release(),
            "load_before": round(os.getloadavg()[0], 2),
        },
        "versions": {"python": platform.python_version(), **{p: version(p) for p in PACKAGES}},
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "unknown"
