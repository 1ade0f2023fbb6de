"""What the databases alone can do with the rows that rollbook writes and reads: the ceilings of its storage.

PostgreSQL is asked by its own pgbench (prepared statements, 32 clients), SQLite by a loop over apsw in this process, 32
changes to a commit, as many as there are clients. Both write a user's row, its index rows and its event in one
transaction; both do without what rollbook adds to that (row-level security, version checks, answers).
"""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import apsw

from bench.bulk import Filed
from bench.load import CONNECTIONS
from bench.machine import Processes
from bench.measure import CannotMeasure, Cell, Sample
from bench.people import DIGITS, numbered
from bench.subjects import PRELOADED
from rollbook.ids import new_id, ordered_id
from rollbook.storage.engines.sqlite_connection import connect

AT = "2026-01-31T08:00:00.000Z"
COLUMNS = (
    "tenant_id, type, id, connection_id, unique_key, external_id, display, display_key, version, created,"
    " last_modified, document, search"
)
EVENT = {
    "at": AT,
    "kind": "resource:create",
    "actor": f"token:{new_id()}",
    "peer": "127.0.0.1",
    "request": new_id(),
    "resource_type": "User",
    "resource": new_id(),
    "status": 201,
    "scim_type": "",
    "attributes": '["externalId","userName","name","displayName","emails","phoneNumbers","addresses"]',
    "tolerances": "[]",
    "repeats": 1,
    "version": 1,
}
INDEX = "INSERT INTO attribute_index (tenant_id, type, path, value, id, ordinal)"


def _literal(value: object) -> str:
    """A text as SQL, without colons: pgbench takes ``:word`` for a variable of its own, in literals too."""
    if value is None:
        return "NULL"
    text = str(value).replace("\\", "\\\\").replace("'", "''").replace(":", r"\x3a")
    return f"E'{text}'"


_AT = _literal(AT)


def _own(value: object) -> str:
    """The template's text as SQL, with the number of this transaction's user (``v.n``) in it."""
    return f"replace({_literal(value)}, '{DIGITS}', v.n)" if value is not None else "NULL"


def postgres_scripts(filed: Filed) -> dict[str, str]:
    """pgbench's scripts. The user's number is made of a counter and the client's number, so that it is new."""
    row = filed.columns
    tenant, connection = _literal(row["tenant_id"]) + "::uuid", _literal(row["connection_id"]) + "::uuid"
    kept = ", ".join(_own(row[column]) for column in ("unique_key", "external_id", "display", "display_key"))
    index = ", ".join(f"({path}, {_literal(value)}, {ordinal})" for path, value, ordinal in filed.index)
    event = ", ".join(_literal(value) if isinstance(value, str) else str(value) for value in EVENT.values())
    # Its place in the feed is the column's default, as it is for rollbook.
    record = f"INSERT INTO event (tenant_id, id, {', '.join(EVENT)}) SELECT {tenant}, uuidv7(), {event} FROM v"
    document, search = _own(row["document"]), _own(row["search"]) + "::jsonb"
    number = f"lpad(:n::text, {len(DIGITS)}, '0')"
    known = f"\\set n random(1, {PRELOADED - 1})\n"
    return {
        "create": f"""\\set turn :turn + 1
\\set n :first + :turn * {CONNECTIONS} + :client_id
WITH v AS MATERIALIZED (SELECT {number} AS n, uuidv7() AS id),
r AS (INSERT INTO resource ({COLUMNS})
  SELECT {tenant}, 1, v.id, {connection}, {kept}, 1, {_AT}, {_AT}, {document}, {search} FROM v),
a AS ({INDEX} SELECT {tenant}, 1, i.path, replace(i.value, '{DIGITS}', v.n), v.id, i.ordinal
  FROM v CROSS JOIN (VALUES {index}) AS i(path, value, ordinal))
{record};
""",
        "get": f"""{known}SELECT r.type, r.id, r.version, r.created, r.last_modified, r.document FROM resource r
WHERE r.tenant_id = {tenant} AND r.type = 1 AND r.id = md5(:n::text)::uuid;
""",
        "update": f"""{known}\\set t random(1, 99999999)
WITH v AS MATERIALIZED (SELECT {number} AS n),
u AS (UPDATE resource r SET version = r.version + 1, last_modified = {_AT},
  document = replace({document}, 'Head Gardener', 'Gardener ' || :t::text),
  search = replace({_own(row["search"])}, 'head gardener', 'gardener ' || :t::text)::jsonb FROM v
  WHERE r.tenant_id = {tenant} AND r.type = 1 AND r.id = md5(:n::text)::uuid)
{record};
""",
    }


def postgres_users(filed: Filed) -> str:
    """The users that gets and updates are about, as one statement."""
    row = filed.columns
    kept = ", ".join(_own(row[column]) for column in ("unique_key", "external_id", "display", "display_key"))
    return f"""INSERT INTO resource ({COLUMNS})
SELECT {_literal(row["tenant_id"])}::uuid, 1, md5(v.i::text)::uuid, {_literal(row["connection_id"])}::uuid, {kept}, 1,
  {_AT}, {_AT}, {_own(row["document"])}, {_own(row["search"])}::jsonb
FROM (SELECT i, lpad(i::text, {len(DIGITS)}, '0') AS n FROM generate_series(0, {PRELOADED - 1}) AS i) AS v"""


def postgres_cells(pgbench: Path, url: str, filed: Filed, processes: Processes) -> list[Cell]:
    """``url`` is an administrator's, whom row-level security does not bind; the database has the users already."""
    counter = _counter()

    def load(script: str) -> Callable[[float], Sample]:
        return lambda seconds: _pgbench(pgbench, url, script, seconds, next(counter))

    scripts = postgres_scripts(filed)
    return [Cell("pgbench", operation, load(script), processes) for operation, script in scripts.items()]


def _pgbench(pgbench: Path, url: str, script: str, seconds: float, first: int) -> Sample:
    parts = urlsplit(url)
    with tempfile.TemporaryDirectory(prefix="rollbook-bench-") as name:
        (Path(name) / "script.sql").write_text(script)
        command = [str(pgbench), "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-T", str(round(seconds))]
        command += ["-f", "script.sql", "-D", f"first={first}", "-D", "turn=0", "-l", "--sampling-rate=0.1"]
        command += ["-h", "127.0.0.1", "-p", str(parts.port), "-U", parts.username or "", parts.path.strip("/")]
        environment = {**os.environ, "PGPASSWORD": unquote(parts.password or "")}
        done = subprocess.run(command, cwd=name, env=environment, capture_output=True, text=True, check=False)
        took = [float(line.split()[2]) / 1000 for file in Path(name).glob("pgbench_log.*") for line in file.open()]
    found = dict(line.split(" = ", 1) for line in done.stdout.splitlines() if " = " in line)
    if done.returncode or "tps" not in found or not took:
        raise CannotMeasure(f"pgbench failed: {done.stderr[-2000:]}")
    rate = float(found["tps"].split()[0])
    count = int(
        next(line for line in done.stdout.splitlines() if line.startswith("number of transactions actually")).split()[
            -1
        ]
    )
    failed = int(
        next(line for line in done.stdout.splitlines() if "failed transactions" in line).split(":")[1].split()[0]
    )
    return Sample(count, count / rate, *_percentiles(took), errors=failed)


def sqlite_cells(path: Path, filed: Filed) -> list[Cell]:
    """The database has a schema and the tenant of ``filed``, and nothing else."""
    connection = connect(str(path), wait=5_000, writes=True)
    loop = _SqliteLoop(connection, filed)
    return [
        Cell("apsw", operation, load, Processes())
        for operation, load in (("create", loop.create), ("get", loop.get), ("update", loop.update))
    ]


class _SqliteLoop:
    def __init__(self, connection: apsw.Connection, filed: Filed) -> None:
        self._connection = connection
        self._row = tuple(filed.columns.values())
        self._names = list(filed.columns)
        self._index = filed.index
        self._tenant = str(filed.columns["tenant_id"])
        self._numbers = _counter()
        self._places = iter(range(1, 1 << 60))
        self._insert = f"INSERT INTO resource ({COLUMNS}) VALUES ({', '.join('?' * 12)}, jsonb(?))"
        self._event = (
            f"INSERT INTO event (tenant_id, id, {', '.join(EVENT)}, place) VALUES ({', '.join('?' * (len(EVENT) + 3))})"
        )
        with connection:
            self._ids = [self._write(n) for n in range(PRELOADED)]

    def create(self, seconds: float) -> Sample:
        number = iter(range(next(self._numbers), 1 << 60))
        return self._commits(seconds, lambda: self._write(next(number)))

    def update(self, seconds: float) -> Sample:
        number = iter(range(1 << 60))
        document, search = (self._row[self._names.index(name)] for name in ("document", "search"))
        sql = (
            "UPDATE resource SET version = version + 1, last_modified = ?, document = ?, search = jsonb(?)"
            " WHERE tenant_id = ? AND type = 1 AND id = ?"
        )

        def change() -> None:
            n = next(number)
            title = numbered(n)
            place = n * 7919 % PRELOADED
            texts = (text.replace(DIGITS, numbered(place)) for text in (document, search))
            changed = (text.replace("ead Gardener", title).replace("ead gardener", title) for text in texts)
            self._connection.execute(sql, (AT, *changed, self._tenant, self._ids[place]))
            self._record()

        return self._commits(seconds, change)

    def get(self, seconds: float) -> Sample:
        sql = (
            "SELECT type, id, version, created, last_modified, CAST(document AS BLOB) FROM resource"
            " WHERE tenant_id = ? AND type = 1 AND id = ?"
        )
        took: list[float] = []
        begun, cpu = time.perf_counter(), time.process_time()
        now, until, n = begun, begun + seconds, 0
        while now < until:
            self._connection.execute(sql, (self._tenant, self._ids[n * 7919 % PRELOADED])).fetchall()
            before, now, n = now, time.perf_counter(), n + 1
            took.append((now - before) * 1000)
        return Sample(n, now - begun, *_percentiles(took), errors=0, cpu=time.process_time() - cpu)

    def _write(self, n: int) -> str:
        number, id = numbered(n), ordered_id()
        values = [value.replace(DIGITS, number) if isinstance(value, str) else value for value in self._row]
        values[self._names.index("id")] = id
        values[self._names.index("tenant_id")] = self._tenant
        self._connection.execute(self._insert, values)
        for path, value, ordinal in self._index:
            row = (self._tenant, 1, path, value.replace(DIGITS, number), id, ordinal)
            self._connection.execute(f"{INDEX} VALUES (?, ?, ?, ?, ?, ?)", row)
        self._record()
        return id

    def _record(self) -> None:
        event = (self._tenant, ordered_id(), *EVENT.values(), next(self._places))
        self._connection.execute(self._event, event)

    def _commits(self, seconds: float, change: Callable[[], object]) -> Sample:
        took: list[float] = []
        begun, cpu = time.perf_counter(), time.process_time()
        now, until = begun, begun + seconds
        while now < until:
            self._connection.execute("BEGIN IMMEDIATE")
            for _ in range(CONNECTIONS):
                change()
            self._connection.execute("COMMIT")
            before, now = now, time.perf_counter()
            took.append((now - before) * 1000)
        count = len(took) * CONNECTIONS
        return Sample(count, now - begun, *_percentiles(took), errors=0, cpu=time.process_time() - cpu)


def _counter() -> Iterator[int]:
    """Numbers with a million free ones after each."""
    return iter(range(1_000_000, 100_000_000, 1_000_000))


def _percentiles(took: list[float]) -> tuple[float, float]:
    ordered = statistics.quantiles(took, n=100) if len(took) > 1 else took * 99
    return ordered[49], ordered[98]
