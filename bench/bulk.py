"""Many users quickly: copies, made inside the database, of one user that the server itself has filed.

Through the server a million users would take minutes. Copying the row that it made, with another number in it, gives
the same rows (see ``people``), index rows included; only the events of those writes are missing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import apsw
import asyncpg

from bench.people import DIGITS

_COLUMNS = (
    "tenant_id, type, id, connection_id, unique_key, external_id, display, display_key, version, created,"
    " last_modified, document, search"
)
_COPIED = ("r.unique_key", "r.external_id", "r.display", "r.display_key")
_TEXTS = ", ".join(f"replace({column}, '{DIGITS}', f.n)" for column in _COPIED)
_DOCUMENT = f"replace(r.document, '{DIGITS}', f.n)"
_STEP = 50_000


@dataclass(frozen=True)
class Filed:
    """A user as the server has filed it: what the ceilings write too."""

    columns: dict[str, Any]
    index: list[tuple[int, str, int]]


class Loader(Protocol):
    """What both engines offer. ``template`` is the id of the user number 0 of a tenant."""

    def users(self, tenant: str, template: str, count: int) -> None:
        """Bring a tenant that has the template up to ``count`` users."""

    def members(self, tenant: str, group: str, count: int) -> None:
        """Fill an empty group with so many users."""

    def ids(self, tenant: str, count: int) -> list[str]:
        """The ids of the users number 0, 1, 2 and so on."""

    def filed(self, tenant: str, template: str) -> Filed: ...

    def settle(self) -> None:
        """Leave the database as some quiet time would."""


class PostgresLoader:
    def __init__(self, url: str) -> None:
        self._url = url

    def users(self, tenant: str, template: str, count: int) -> None:
        fresh = (
            "CREATE TEMP TABLE fresh ON COMMIT DROP AS SELECT lpad(n::text, 8, '0') AS n, gen_random_uuid() AS id"
            " FROM generate_series({first}, {last}) AS n"
        )
        resources = f"""INSERT INTO resource ({_COLUMNS}) SELECT r.tenant_id, r.type, f.id, r.connection_id, {_TEXTS},
          1, r.created, r.last_modified, {_DOCUMENT}, replace(r.search::text, '{DIGITS}', f.n)::jsonb
        FROM resource r CROSS JOIN fresh f WHERE r.tenant_id = $1 AND r.type = 1 AND r.id = $2"""
        index = f"""INSERT INTO attribute_index (tenant_id, type, path, value, id, ordinal)
        SELECT a.tenant_id, a.type, a.path, replace(a.value, '{DIGITS}', f.n), f.id, a.ordinal
        FROM attribute_index a CROSS JOIN fresh f WHERE a.tenant_id = $1 AND a.type = 1 AND a.id = $2
        ORDER BY a.path, f.n"""

        async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
            for first in range(1, count, _STEP):
                async with connection.transaction():
                    await _enter(connection, tenant)
                    await connection.execute(fresh.format(first=first, last=min(first + _STEP, count) - 1))
                    await connection.execute(resources, tenant, template)
                    await connection.execute(index, tenant, template)

        self._run(work)

    def members(self, tenant: str, group: str, count: int) -> None:
        async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
            async with connection.transaction():
                await _enter(connection, tenant)
                await connection.execute(
                    "INSERT INTO member (tenant_id, group_id, member_id, member_type) SELECT r.tenant_id, $2, r.id, 1"
                    " FROM resource r WHERE r.tenant_id = $1 AND r.type = 1 ORDER BY r.id LIMIT $3",
                    tenant,
                    group,
                    count,
                )

        self._run(work)

    def ids(self, tenant: str, count: int) -> list[str]:
        async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
            async with connection.transaction():
                await _enter(connection, tenant)
                rows = await connection.fetch(
                    "SELECT id::text FROM resource WHERE tenant_id = $1 AND type = 1 ORDER BY unique_key LIMIT $2",
                    tenant,
                    count,
                )
                return [row[0] for row in rows]

        return list(self._run(work))

    def filed(self, tenant: str, template: str) -> Filed:
        async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> Filed:
            async with connection.transaction():
                await _enter(connection, tenant)
                row = await connection.fetchrow(
                    f"SELECT {_COLUMNS} FROM resource WHERE tenant_id = $1 AND type = 1 AND id = $2", tenant, template
                )
                index = await connection.fetch(
                    "SELECT path, value, ordinal FROM attribute_index WHERE tenant_id = $1 AND type = 1 AND id = $2",
                    tenant,
                    template,
                )
                return Filed(dict(row or {}), [tuple(found) for found in index])

        found = self._run(work)
        assert isinstance(found, Filed)
        return found

    def settle(self) -> None:
        async def work(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
            await connection.execute("VACUUM (ANALYZE)")

        self._run(work)

    def _run(self, work: Any) -> Any:
        async def session() -> Any:
            connection = await asyncpg.connect(self._url)
            try:
                return await work(connection)
            finally:
                await connection.close()

        return asyncio.run(session())


async def _enter(connection: "asyncpg.Connection[asyncpg.Record]", tenant: str) -> None:
    await connection.execute("SELECT set_config('app.tenant', $1, true)", tenant)


class SqliteLoader:
    """Uses the server's file beside the server, which rests meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def users(self, tenant: str, template: str, count: int) -> None:
        fresh = """WITH RECURSIVE number(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM number WHERE n < ?2)
        INSERT INTO fresh SELECT printf('%08d', n), lower(printf('%s-%s-4%s-8%s-%s', hex(randomblob(4)),
          hex(randomblob(2)), substr(hex(randomblob(2)), 2), substr(hex(randomblob(2)), 2), hex(randomblob(6))))
        FROM number"""
        resources = f"""INSERT INTO resource ({_COLUMNS}) SELECT r.tenant_id, r.type, f.id, r.connection_id, {_TEXTS},
          1, r.created, r.last_modified, {_DOCUMENT}, jsonb(replace(json(r.search), '{DIGITS}', f.n))
        FROM resource r CROSS JOIN fresh f WHERE r.tenant_id = ?1 AND r.type = 1 AND r.id = ?2"""
        index = f"""INSERT INTO attribute_index (tenant_id, type, path, value, id, ordinal)
        SELECT a.tenant_id, a.type, a.path, replace(a.value, '{DIGITS}', f.n), f.id, a.ordinal
        FROM attribute_index a CROSS JOIN fresh f WHERE a.tenant_id = ?1 AND a.type = 1 AND a.id = ?2
        ORDER BY a.path, f.n"""
        connection = self._open()
        connection.execute("CREATE TEMP TABLE fresh (n TEXT, id TEXT)")
        for first in range(1, count, _STEP):
            with connection:
                connection.execute("DELETE FROM fresh")
                connection.execute(fresh, (first, min(first + _STEP, count) - 1))
                connection.execute(resources, (tenant, template))
                connection.execute(index, (tenant, template))
        connection.close()

    def members(self, tenant: str, group: str, count: int) -> None:
        connection = self._open()
        connection.execute(
            "INSERT INTO member (tenant_id, group_id, member_id, member_type) SELECT r.tenant_id, ?2, r.id, 1"
            " FROM resource r WHERE r.tenant_id = ?1 AND r.type = 1 ORDER BY r.id LIMIT ?3",
            (tenant, group, count),
        )
        connection.close()

    def ids(self, tenant: str, count: int) -> list[str]:
        connection = self._open()
        rows = connection.execute(
            "SELECT id FROM resource WHERE tenant_id = ? AND type = 1 ORDER BY unique_key LIMIT ?", (tenant, count)
        ).fetchall()
        connection.close()
        return [str(row[0]) for row in rows]

    def filed(self, tenant: str, template: str) -> Filed:
        connection = self._open()
        columns = _COLUMNS.replace(" search", " json(search)")
        key: Sequence[str] = (tenant, template)
        rows = connection.execute(
            f"SELECT {columns} FROM resource WHERE tenant_id = ? AND type = 1 AND id = ?", key
        ).fetchall()
        index = connection.execute(
            "SELECT path, value, ordinal FROM attribute_index WHERE tenant_id = ? AND type = 1 AND id = ?", key
        ).fetchall()
        connection.close()
        names = _COLUMNS.replace(" ", "").split(",")
        return Filed(dict(zip(names, rows[0], strict=True)), [(int(str(p)), str(v), int(str(o))) for p, v, o in index])

    def settle(self) -> None:
        connection = self._open()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.close()

    def _open(self) -> apsw.Connection:
        connection = apsw.Connection(self._path)
        connection.set_busy_timeout(60_000)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -400000").fetchall()
        return connection
