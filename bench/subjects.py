"""How each server that is measured is started, and the requests that all of them are measured with."""

import hashlib
import json
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from bench.load import MARK, Work, run_wrk
from bench.machine import ROOT, Processes
from bench.measure import CannotMeasure, Cell, Sample
from bench.people import numbered, title_patch, user_body, user_name
from bench.servers import Server, clean_environment, free_port
from bench.wire import Wire
from rollbook.identity.master_key import new_master_key

CACHE = ROOT / "bench" / ".cache"
LOCK = ROOT / "requirements" / "bench.txt"
UVICORN = ("--http", "httptools", "--loop", "uvloop", "--no-access-log", "--log-level", "warning", "--workers", "1")
SETTINGS = {"ROLLBOOK_CONFIG": "", "ROLLBOOK_DRAIN_SECONDS": "0", "ROLLBOOK_MASTER_KEY": new_master_key()}
"""No file of the operator's, no pause at the end, and a key for this run; everything else is as it is installed."""

PRELOADED = 5_000
"""Users that a subject has before anything is measured; gets, filters and PATCHes are about them."""


@dataclass
class Subject:
    """A SCIM server (or what stands for one) with everything that a load needs to know."""

    name: str
    port: int
    base: str
    processes: Processes
    headers: dict[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    runs: int = 0

    def wire(self) -> Wire:
        return Wire(self.port, self.headers, self.base)

    def number(self) -> int:
        """A number below a million unused ones."""
        self.runs += 1
        return self.runs * 1_000_000

    def cell(self, operation: str, work: Work) -> Cell:
        def load(seconds: float) -> Sample:
            return run_wrk(work, seconds, self.number())

        return Cell(self.name, operation, load, self.processes)

    def requests(self) -> dict[str, Work]:
        """The four operations, the same for every server."""
        return {
            "create": self._work("create", "/Users", body=user_body(MARK)),
            "get": self._work("get", "/Users"),
            "filter": self._work("filter", user_filter(f'userName eq "{user_name(MARK)}"')),
            "PATCH": self._work("patch", "/Users", body=title_patch(MARK)),
        }

    def _work(self, kind: str, path: str, body: bytes | None = None) -> Work:
        return Work(kind, self.port, self.base + path, body, self.ids, self.headers)

    def cells(self) -> list[Cell]:
        return [self.cell(operation, work) for operation, work in self.requests().items()]

    def prove(self) -> None:
        """Do each operation once and look at what came of it. **Raises** ``CannotMeasure``."""
        wire, number = self.wire(), numbered(99_999_999)
        made = wire.must("POST", "/Users", user_body(number))
        found = wire.must("GET", user_filter(f'userName eq "{user_name(number)}"'))
        wire.must("PATCH", f"/Users/{made['id']}", title_patch(number))
        seen = wire.must("GET", f"/Users/{made['id']}")
        wire.must("DELETE", f"/Users/{made['id']}")
        wire.close()
        if found["totalResults"] != 1 or found["Resources"][0]["id"] != made["id"]:
            raise CannotMeasure(f"{self.name} did not find the user that it had made")
        if seen["title"] != f"Gardener {number}" or seen["userName"] != user_name(number):
            raise CannotMeasure(f"{self.name} did not change the user that it was asked to change")


def user_filter(filter: str, more: str = "") -> str:
    """The path of a query for users."""
    return f"/Users?filter={quote(filter, safe='#')}{more}"


def at_port(work: Work, port: int) -> Work:
    """The same requests to another server."""
    return replace(work, port=port)


def wrk_version() -> str:
    done = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).split()[1]


def echo(folder: Path, keep: Callable[[Server], Server]) -> Subject:
    """A plain ASGI application."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.apps.echo:app", "--port", str(port), *UVICORN]
    server = keep(Server("echo", command, port, folder / "echo.log"))
    return Subject("echo", port, "", server.processes)


def echo_cells(subject: Subject) -> list[Cell]:
    return [
        subject.cell("GET", Work("same", subject.port, "/")),
        subject.cell("POST", Work("same", subject.port, "/", user_body())),
    ]


def peer(folder: Path, keep: Callable[[Server], Server]) -> Subject:
    """scim2-server in memory, on uvicorn."""
    port = free_port()
    command = [str(peer_python()), "-m", "uvicorn", "bench.apps.peer:app", "--port", str(port), *UVICORN]
    server = keep(Server("scim2-server", command, port, folder / "peer.log"))
    subject = Subject("scim2-server", port, "/v2", server.processes, {"Content-Type": "application/scim+json"})
    wire = subject.wire()
    made = [wire.must("POST", "/Users", user_body(numbered(n)))["id"] for n in range(PRELOADED)]
    wire.close()
    subject.ids = tuple(made)
    return subject


def peer_python() -> Path:
    """The interpreter of an environment with exactly what ``requirements/bench.txt`` says."""
    home = CACHE / f"peer-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        venv.create(home, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
        done = subprocess.run([*install, "-r", str(LOCK)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotMeasure(f"scim2-server could not be installed: {done.stderr[-2000:]}")
        (home / "complete").touch()
    return python


@dataclass
class Rollbook:
    """A rollbook server on one database, and how tenants come to be in it."""

    name: str
    database: str
    server: Server
    processes: Processes

    def tenant(self, name: str) -> tuple[str, Subject]:
        """A new tenant's id and a way in."""
        tenant = command("tenant", "create", name, "--json", "--database", self.database)
        token = command("token", "create", name, "--json", "--database", self.database)
        headers = {"Authorization": f"Bearer {token['token']}", "Content-Type": "application/scim+json"}
        return tenant["id"], Subject(self.name, self.server.port, "/scim/v2", self.processes, headers)


def rollbook(
    name: str,
    database: str,
    folder: Path,
    keep: Callable[[Server], Server],
    *beside: Callable[[], int],
    workers: int = 1,
) -> Rollbook:
    """Start it. ``beside`` are the processes of its database, whose CPU is the server's too."""
    port = free_port()
    serve = [*program(), "serve", "--port", str(port), "--database", database, "--workers", str(workers)]
    server = keep(Server(name, serve, port, folder / f"{name.replace(' ', '-')}-{workers}.log", SETTINGS))
    return Rollbook(name, database, server, Processes(*server.processes.roots, *beside))


def command(*arguments: str, stdin: str = "") -> dict[str, str]:
    """Run a command of rollbook's that prints an object (or nothing). **Raises** ``CannotMeasure``."""
    done = subprocess.run(
        [*program(), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment(SETTINGS),
    )
    if done.returncode:
        raise CannotMeasure(f"rollbook {' '.join(arguments[:2])} failed: {done.stderr.strip()}")
    found: dict[str, str] = json.loads(done.stdout) if "--json" in arguments else {}
    return found


def program() -> list[str]:
    """The command of this installation."""
    return [str(Path(sys.executable).with_name("rollbook"))]
