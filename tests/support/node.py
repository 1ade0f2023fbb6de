"""Node and packages of npm's, for judges that are written in JavaScript.

Node is fetched with apt-get, as root on Debian, where it is missing; packages go into a cache outside of the project,
and nothing of them is kept in it. Where either cannot be had, the tests that need it are skipped, and say so.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rollbook-tests" / "npm"


def package(name: str, version: str) -> tuple[Path | None, str]:
    """A folder in which scripts can import a package; None, and why not."""
    if reason := _no_node():
        return None, reason
    folder = CACHE / f"{name}-{version}"
    done = folder / "done"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists():
            return folder, ""
        install = ["npm", "install", "--prefix", str(folder), "--no-save", "--no-package-lock", "--ignore-scripts"]
        try:
            run = subprocess.run(
                [*install, "--no-audit", "--no-fund", f"{name}@{version}"], capture_output=True, text=True, timeout=180
            )
        except subprocess.TimeoutExpired:
            return None, f"npm has not fetched {name} within three minutes"
        if run.returncode:
            return None, f"npm cannot fetch {name}: {run.stderr.strip()[-200:]}"
        done.touch()
    return folder, ""


def _no_node() -> str:
    if shutil.which("node") and shutil.which("npm"):
        return ""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return "Node and npm are not installed: as root, apt-get install nodejs npm"
    with (Path(tempfile.gettempdir()) / "rollbook-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "nodejs", "npm"],
        ):
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
            if done.returncode:
                return f"`{' '.join(command)}` failed: {done.stderr.strip()[-300:]}"
    return "" if shutil.which("node") and shutil.which("npm") else "apt-get installed no Node that can be found"
