"""``python -m bench.run``: measure everything in one run, print it, keep it.

``--quick`` measures shorter and with fewer users, ``--only`` some groups; both print and keep nothing, because only
whole runs are compared with each other.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    bulked,
    ceilings,
    databases,
    flood,
    lockers,
    report,
    scale,
    spoken,
    subjects,
    targets,
    tokens,
    transferred,
)
from bench.bulk import Loader, PostgresLoader, SqliteLoader
from bench.load import CONNECTIONS, need_wrk, run_wrk
from bench.machine import Processes, cores, describe, in_memory
from bench.measure import CannotMeasure, Cell, interleave
from bench.paced import run_paced
from bench.servers import Server
from bench.subjects import PRELOADED, Rollbook, Subject
from rollbook.testing.postgres import PostgresServer, start_postgres

GROUPS = (
    "echo",
    "pgbench",
    "apsw",
    "postgres",
    "sqlite",
    "scim2",
    "tokens",
    "dialects",
    "paced",
    "flood",
    "scale",
    "transfer",
)
ENGINES = {"postgres": "PostgreSQL", "sqlite": "SQLite"}
CORES_FOR_TWO_WORKERS = 4
IDLE = 0.5
"""The load average above which somebody else is at work here."""


@dataclass(frozen=True)
class Plan:
    """How long and how much."""

    passes: int
    seconds: float
    warm: float
    paced_seconds: float
    users: int


WHOLE = Plan(passes=3, seconds=5, warm=1, paced_seconds=8, users=1_000_000)
QUICK = Plan(passes=3, seconds=1, warm=1, paced_seconds=3, users=100_000)


@dataclass
class House:
    """A rollbook server, its database's loader, and the tenant that is loaded."""

    engine: str
    rollbook: Rollbook
    loader: Loader
    tenant: scale.Tenant

    @property
    def subject(self) -> Subject:
        return self.tenant.subject


class Run:
    """One run: what it has started ends with it."""

    def __init__(self, plan: Plan, only: frozenset[str], folder: Path, stack: ExitStack) -> None:
        self.plan = plan
        self.only = only
        self.folder = folder
        self.stack = stack
        self.postgres: PostgresServer | None = None
        self.houses: list[House] = []
        self.results = targets.Results([], {}, [], {}, {})

    def keep(self, server: Server) -> Server:
        self.stack.callback(server.stop)
        return server

    def measure(self) -> targets.Results:
        """All groups, in the order in which they need each other."""
        tell("starting servers and databases")
        self._start_houses()
        self.results.cells = [cell for cells in self._cells() for cell in cells]
        interleave(self.results.cells, self.plan.passes, self.plan.seconds, self.plan.warm, tell)
        self.results.rss = {house.engine: house.rollbook.server.processes.peak_rss() for house in self.houses}
        self._two_workers()
        if "tokens" in self.only:
            self._tokens()
        if "dialects" in self.only:
            self._dialects()
        if "paced" in self.only:
            self._paced()
        if "flood" in self.only:
            self._flood()
        if "scale" in self.only:
            self._scale()
        if "transfer" in self.only:
            self._transfer()
        return self.results

    def _start_houses(self) -> None:
        wanted = [group for group in ENGINES if group in self.only]
        if "postgres" in self.only or "pgbench" in self.only:
            self.postgres = self.stack.enter_context(start_postgres(durable=True, settings=databases.SETTINGS))
        # The ceilings write rows as rollbook has filed them, so its server is there even where only they are measured.
        wanted += [e for e, c in (("postgres", "pgbench"), ("sqlite", "apsw")) if c in self.only and e not in wanted]
        for engine in wanted:
            self.houses.append(self._house(engine))

    def _house(self, engine: str) -> House:
        name, loader = ENGINES[engine], self._loader(engine)
        house = subjects.rollbook(name, self._database(engine), self.folder, self.keep, *self._beside(engine))
        tenant = scale.new_tenant(house, loader, "acorn", PRELOADED, tell)
        tenant.subject.ids = tuple(loader.ids(tenant.id, PRELOADED))
        tenant.subject.prove()
        loader.settle()
        return House(name, house, loader, tenant)

    def _database(self, engine: str) -> str:
        if engine == "sqlite":
            return f"sqlite:///{self.folder}/rollbook.db"
        return self._postgres_url

    def _loader(self, engine: str) -> Loader:
        if engine == "sqlite":
            return SqliteLoader(self.folder / "rollbook.db")
        assert self.postgres is not None
        self._postgres_url = databases.fresh_database(self.postgres, "rollbook")
        return PostgresLoader(self._postgres_url)

    def _beside(self, engine: str) -> tuple[Callable[[], int], ...]:
        if engine == "sqlite":
            return ()
        server = self.postgres
        assert server is not None
        return (lambda: databases.postmaster(server),)

    def _cells(self) -> Iterator[list[Cell]]:
        if "echo" in self.only:
            yield subjects.echo_cells(subjects.echo(self.folder, self.keep))
        for house in self.houses:
            filed = house.loader.filed(house.tenant.id, house.tenant.template)
            if house.engine == "PostgreSQL" and "pgbench" in self.only:
                assert self.postgres is not None
                owner = databases.fresh_database(self.postgres, "ceilings")
                subjects.command("db", "migrate", "--database", owner)
                administrator = databases.administrator(self.postgres, "ceilings")
                databases.execute(administrator, ceilings.postgres_users(filed), "VACUUM (ANALYZE)")
                pgbench, processes = self.postgres.binaries / "pgbench", Processes(*self._beside("postgres"))
                yield ceilings.postgres_cells(pgbench, administrator, filed, processes)
            if house.engine == "SQLite" and "apsw" in self.only:
                path = self.folder / "ceilings.db"
                subjects.command("db", "migrate", "--database", f"sqlite:///{path}")
                yield ceilings.sqlite_cells(path, filed)
        for house in self.houses:
            if _group(house) in self.only:
                yield house.subject.cells()
        if "scim2" in self.only:
            peer = subjects.peer(self.folder, self.keep)
            peer.prove()
            yield peer.cells()

    def _two_workers(self) -> None:
        house = next((house for house in self.houses if house.engine == "PostgreSQL"), None)
        if house is None or "postgres" not in self.only:
            return
        if cores() < CORES_FOR_TWO_WORKERS:
            note = f"needs {CORES_FOR_TWO_WORKERS} free cores, this machine has {cores()}"
            self.results.two_workers = {"ratio": None, "note": note}
            return
        two = subjects.rollbook(
            "PostgreSQL", house.rollbook.database, self.folder, self.keep, *self._beside("postgres"), workers=2
        )
        work = house.subject.requests()["get"]
        rates = [
            run_wrk(replaced, self.plan.seconds, house.subject.number(), threads=2).rate
            for _ in range(self.plan.passes)
            for replaced in (work, subjects.at_port(work, two.server.port))
        ]
        one, both = sorted(rates[::2]), sorted(rates[1::2])
        middle = len(one) // 2
        self.results.two_workers = {"ratio": both[middle] / one[middle], "note": "", "one": one, "two": both}

    def _paced(self) -> None:
        for house in self.houses:
            for operation, work in house.subject.requests().items():
                highest = self.results.rate(house.engine, operation)
                if highest is None:
                    continue
                sample = run_paced(work, highest / 2, self.plan.paced_seconds, house.subject.number())
                name = f"{house.engine} {operation}"
                if sample.errors:
                    raise CannotMeasure(f"{name}: {sample.errors} requests were refused at half of the highest rate")
                self.results.paced[name] = {
                    "asked": highest / 2,
                    "rate": sample.rate,
                    "p50_ms": sample.p50,
                    "p99_ms": sample.p99,
                }
                tell(f"paced {name}: p50 {sample.p50:.2f} ms, p99 {sample.p99:.2f} ms")

    def _tokens(self) -> None:
        for house in self.houses:
            found = tokens.compare(
                house.rollbook, house.subject, house.tenant.id, self.plan.passes, self.plan.seconds, tell
            )
            self.results.tokens[house.engine] = found

    def _dialects(self) -> None:
        for house in self.houses:
            found = spoken.compare(
                house.rollbook, house.subject, house.tenant.id, self.plan.passes, self.plan.seconds, tell
            )
            self.results.dialects[house.engine] = found

    def _flood(self) -> None:
        for house in self.houses:
            if _group(house) not in self.only:
                continue
            work, number = house.subject.requests()["get"], house.subject.number()
            found = flood.measure(house.rollbook, house.tenant.id, work, self.plan.paced_seconds, number)
            self.results.floods[house.engine] = found
            tell(f"flood {house.engine}: GET p99 {found['quiet_p99_ms']:.2f} ms quiet, {found['p99_ms']:.2f} ms in it")

    def _scale(self) -> None:
        for house in self.houses:
            if _group(house) not in self.only:
                continue
            tenants = scale.load_tenants(house.rollbook, house.loader, self.plan.users, tell)
            small, listed, large = tenants[0], tenants[1], tenants[-1]
            memory = house.rollbook.server.processes
            self.results.listings[house.engine] = scale.list_all(listed, memory.rss)
            self.results.bulks[house.engine] = bulked.create_in_bulks(house.rollbook, self.plan.passes)
            self.results.singles += scale.ask(house.engine, small, large)
            self.results.singles += scale.change_members(house.engine, house.loader, listed)
            self.results.singles += lockers.measure(house.rollbook, house.engine, house.loader, large, tell)

    def _transfer(self) -> None:
        for house in self.houses:
            if _group(house) not in self.only:
                continue
            tenant = scale.new_tenant(house.rollbook, house.loader, "elm", scale.LISTED, tell)
            house.loader.settle()
            found = transferred.plan(tenant)
            self.results.transfers[house.engine] = found
            tell(f"transfer {house.engine}: {found['users']:,.0f} in {found['seconds']:.1f} s")


def _group(house: House) -> str:
    return next(group for group, name in ENGINES.items() if name == house.engine)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter and with fewer users; nothing is kept")
    parser.add_argument("--only", metavar="NAMES", help=f"some of {', '.join(GROUPS)}; nothing is kept")
    options = parser.parse_args()
    only = frozenset(options.only.split(",")) if options.only else frozenset(GROUPS)
    if unknown := only - set(GROUPS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    try:
        return run(QUICK if options.quick else WHOLE, only, keep=not (options.quick or options.only))
    except CannotMeasure as reason:
        tell(f"bench: {reason}")
        return 1


def run(plan: Plan, only: frozenset[str], *, keep: bool) -> int:
    """Measure, print, keep. 1 where any request was refused: then the numbers mean nothing, and are not kept."""
    need_wrk()
    described, begun = describe(), time.perf_counter()
    if described["machine"]["load_before"] > IDLE:
        tell(f"bench: this machine is busy (load {described['machine']['load_before']}); its numbers will be too")
    with ExitStack() as stack:
        results = Run(plan, only, stack.enter_context(_folder()), stack).measure()
        described["versions"] |= _other_versions()
    described["run"] = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "minutes": round((time.perf_counter() - begun) / 60),
        "passes": plan.passes,
        "seconds": plan.seconds,
        "connections": CONNECTIONS,
        "users": plan.users,
    }
    kept = report.document(described, results, targets.rows(results))
    print(report.tables(kept))
    if wrong := [cell.name for cell in results.cells if cell.errors]:
        tell(f"bench: refused requests in {', '.join(wrong)}; nothing is kept")
        return 1
    if keep:
        report.save(kept)
        tell(f"kept in {report.LATEST} and {report.PAGE}")
    return 0


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for SQLite files and logs. **Raises** ``CannotMeasure`` where PostgreSQL's would be in memory."""
    if in_memory(Path(tempfile.gettempdir())):
        raise CannotMeasure("syncing costs nothing in memory: set TMPDIR to a folder on a disk, then run this again")
    subjects.CACHE.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=subjects.CACHE))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _other_versions() -> dict[str, str]:
    locked = dict(line.split(" ")[0].split("==") for line in subjects.LOCK.read_text().splitlines() if "==" in line)
    return {"scim2-server": locked["scim2-server"], "wrk": subjects.wrk_version(), "PostgreSQL": databases.version()}


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    if not Path("/proc/self/stat").exists():
        tell("bench: this measures processes by Linux's /proc")
        sys.exit(1)
    os.umask(0o022)
    sys.exit(main())
