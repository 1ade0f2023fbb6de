"""How long the transfer client takes to plan for a large tenant, and how much memory: a source of as many rows as there
are users, every one of whom is looked at."""

import csv
import os
import subprocess
import tempfile
import time
from pathlib import Path

from bench.measure import CannotMeasure
from bench.people import numbered, user_document
from bench.scale import Tenant
from bench.servers import clean_environment
from bench.subjects import SETTINGS, program

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
        )
        assert process.stdout is not None
        said = process.stdout.read().decode()
        process.stdout.close()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begun
    if process.returncode or f"{tenant.users:,} unchanged" not in said:
        raise CannotMeasure(f"the transfer found something to do: {said[-300:]}")
    cpu = used.ru_utime + used.ru_stime
    return {"users": tenant.users, "seconds": seconds, "cpu_seconds": cpu, "memory_mb": used.ru_maxrss / 1024}


def _write(path: Path, users: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "login", "first", "last", "title", "active"))
        for n in range(users):
            user = user_document(numbered(n))
            names = user["name"]
            row = (user["externalId"], user["userName"], names["givenName"], names["familyName"], user["title"], "yes")
            writer.writerow(row)
