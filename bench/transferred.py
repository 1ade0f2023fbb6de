"""How long the transfer client takes to plan for a large tenant, and how much memory: a source of as many rows as there
are users, every one of whom is looked at."""

import csv
import subprocess
import tempfile
import time
from pathlib import Path

from bench.measure import CannotMeasure
from bench.people import numbered, user_document
from bench.scale import Tenant
from bench.servers import clean_environment
from bench.subjects import SETTINGS, program

_EVERY = 0.05
"""Seconds between two looks at the process."""

_CONFIG = """
[source]
type = "csv"
path = "people.csv"
key = "id"

[target]
dialect = "standard"
base_url = "http://127.0.0.1:{port}/scim/v2"
token = {{ env = "TARGET_TOKEN" }}

[map]
externalId = "id"
userName = "lower(login)"
"name.givenName" = "first"
"name.familyName" = "last"
title = "title"
active = "active"
"""


def plan(tenant: Tenant) -> dict[str, float]:
    """Plan once. **Raises** ``CannotMeasure`` where anything is to do: source and target are the same people."""
    token = tenant.subject.headers["Authorization"].removeprefix("Bearer ")
    with tempfile.TemporaryDirectory(prefix="rollbook-transfer-") as name:
        folder = Path(name)
        (folder / "transfer.toml").write_text(_CONFIG.format(port=tenant.subject.port), "utf-8")
        _write(folder / "people.csv", tenant.users)
        begun = time.perf_counter()
        process = subprocess.Popen(
            [*program(), "transfer", "plan", "--detailed-exitcode"],
            cwd=folder,
            env={**clean_environment(SETTINGS), "TARGET_TOKEN": token},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        memory = _highest(process)
        seconds = time.perf_counter() - begun
        said, _ = process.communicate()
    if process.returncode or f"{tenant.users:,} unchanged" not in said:
        raise CannotMeasure(f"the transfer found something to do: {said[-300:]}")
    return {"users": tenant.users, "seconds": seconds, "memory_mb": memory}


def _highest(process: "subprocess.Popen[str]") -> float:
    """The most memory that a process has had until its end, in MB; looked at now and then, because what the system
    tells afterwards counts the process that began it too."""
    found = 0.0
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                found = int(line.split()[1]) / 1024
        time.sleep(_EVERY)
    return found


def _write(path: Path, users: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "login", "first", "last", "title", "active"))
        for n in range(users):
            user = user_document(numbered(n))
            names = user["name"]
            row = (user["externalId"], user["userName"], names["givenName"], names["familyName"], user["title"], "yes")
            writer.writerow(row)
