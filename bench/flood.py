"""What a flood of logins does to those who read: GETs at a set rate, without and with 200 logins at once beside them.

Each login costs the server 64 MiB and tens of milliseconds of a core by design (argon2id). The flood is a process of
its own with 200 connections, each asking anew as soon as it is answered; all passwords are right, for wrong ones are
soon refused for nothing. GETs come due by the clock (``bench/paced.py``), so that a stall is not hidden.
"""

import asyncio
import base64
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.load import Work
from bench.measure import CannotMeasure
from bench.paced import run_paced
from bench.subjects import Rollbook, command

LOGINS = 200
USERS = 20
RATE = 200.0
"""GETs a second: what several tenants' clients ask in earnest."""


def measure(house: Rollbook, tenant: str, work: Work, seconds: float, first: int) -> dict[str, float]:
    """The latencies of GETs (``work``), quiet and in the flood, and what became of the logins."""
    database = ("--database", house.database)
    client = command(
        "client", "create", "flood", "--tenant", tenant, "--grant", "password", "--opaque", "--json", *database
    )
    password = "a flood of logins, every one of them right"
    users = [f"flood-{number}" for number in range(USERS)]
    for name in users:
        command("user", "create", tenant, name, "--password-stdin", "--json", *database, stdin=password + "\n")
    quiet = run_paced(work, RATE, seconds, first)
    asked = {"port": house.server.port, "seconds": seconds + 1, "users": users, "password": password, **client}
    flood = subprocess.Popen(
        [sys.executable, "-m", "bench.flood"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[1],
    )
    try:
        assert flood.stdin is not None
        flood.stdin.write(json.dumps(asked).encode())
        flood.stdin.close()
        time.sleep(0.5)  # until all are connected
        loud = run_paced(work, RATE, seconds, first)
        assert flood.stdout is not None
        statuses = json.loads(flood.stdout.read())
    finally:
        flood.kill()
        flood.wait()
    if quiet.errors or loud.errors or not statuses.get("200"):
        raise CannotMeasure(f"a flood of logins: {quiet.errors}, {loud.errors} GETs refused; logins {statuses}")
    return {
        "asked": RATE,
        "quiet_p50_ms": quiet.p50,
        "quiet_p99_ms": quiet.p99,
        "rate": loud.rate,
        "p50_ms": loud.p50,
        "p99_ms": loud.p99,
        "logins": statuses["200"] / (seconds + 1),
        "told_to_wait": statuses.get("503", 0) / (seconds + 1),
    }


async def _login(asked: dict[str, Any], number: int, end: float, statuses: dict[str, int]) -> None:
    name = asked["users"][number % len(asked["users"])]
    form = f"grant_type=password&username={name}&password={asked['password'].replace(' ', '+')}".encode()
    basic = base64.b64encode(f"{asked['client_id']}:{asked['client_secret']}".encode()).decode()
    request = (
        f"POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {basic}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
    ).encode() + form
    while (left := end - time.monotonic()) > 0:
        reader, writer = await asyncio.open_connection("127.0.0.1", asked["port"])
        try:
            writer.write(request)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), left)
            status = head[9:12].decode()
            statuses[status] = statuses.get(status, 0) + 1
            if status == "503":  # a client that does what Retry-After says
                await asyncio.sleep(min(left, 2.0))
        except (TimeoutError, asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


async def _flood(asked: dict[str, Any]) -> dict[str, int]:
    statuses: dict[str, int] = {}
    end = time.monotonic() + asked["seconds"]
    await asyncio.gather(*(_login(asked, number, end, statuses) for number in range(LOGINS)))
    return statuses


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_flood(json.load(sys.stdin)))))
