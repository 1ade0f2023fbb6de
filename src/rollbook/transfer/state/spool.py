"""The snapshot of a source in a run's SQLite file, and the rows of several sources while they are put together."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import apsw
import orjson

from rollbook.transfer.records import BadRow, Entry, SourceCount

_TABLES = """
DROP TABLE IF EXISTS source_entry;
DROP TABLE IF EXISTS source_bad;
DROP TABLE IF EXISTS source_row;
CREATE TABLE source_entry (
  key TEXT PRIMARY KEY, line INTEGER NOT NULL, origin TEXT NOT NULL, attributes BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE source_bad (
  n INTEGER PRIMARY KEY, source TEXT NOT NULL, line INTEGER NOT NULL, reason TEXT NOT NULL, key TEXT NOT NULL
);
CREATE INDEX source_bad_key ON source_bad (key);
CREATE TABLE source_row (
  source INTEGER, key TEXT, n INTEGER, line INTEGER NOT NULL, cells BLOB NOT NULL, PRIMARY KEY (source, key, n)
) WITHOUT ROWID;
"""
_AT_ONCE = 1000


def _found(connection: apsw.Connection, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    return list(connection.execute(statement, values))


class Spool:
    """The tables of one snapshot. Opening them empties them."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        connection.execute(_TABLES).fetchall()

    def transaction(self) -> apsw.Connection:
        """All or nothing of what happens within ``with``."""
        return self._connection

    def add(self, entry: Entry) -> bool:
        """Keep an entry; False where its key is there already."""
        self._connection.execute(
            "INSERT INTO source_entry VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (entry.key, entry.line, entry.origin, orjson.dumps(entry.attributes, option=orjson.OPT_SORT_KEYS)),
        )
        return self._connection.changes() == 1

    def line(self, key: str) -> int:
        """The line of the entry of a key."""
        return int(_found(self._connection, "SELECT line FROM source_entry WHERE key = ?", (key,))[0][0])

    def take_contested(self) -> Iterator[tuple[str, int, int]]:
        """Take out the entries whose keys stand in bad rows too: key, line, and the first line of the others."""
        found = _found(
            self._connection,
            "SELECT entry.key, entry.line, min(bad.line) FROM source_bad AS bad JOIN source_entry AS entry USING (key)"
            " GROUP BY entry.key ORDER BY entry.line",
        )
        for key, line, other in found:
            self._connection.execute("DELETE FROM source_entry WHERE key = ?", (key,))
            yield key, line, other

    def add_bad(self, bad: BadRow) -> None:
        self._connection.execute(
            "INSERT INTO source_bad (source, line, reason, key) VALUES (?, ?, ?, ?)",
            (bad.source, bad.line, bad.reason, bad.key),
        )

    def add_row(self, source: int, key: str, number: int, line: int, cells: Mapping[str, Any]) -> None:
        """Keep a row of one of several sources."""
        self._connection.execute(
            "INSERT INTO source_row VALUES (?, ?, ?, ?, ?)", (source, key, number, line, orjson.dumps(cells))
        )

    def rows(self, key: str, sources: int) -> Iterator[tuple[int, int, Mapping[str, Any]]]:
        """The rows that all sources have of a key: source, line and cells, in the order of the sources."""
        statement = "SELECT source, line, cells FROM source_row WHERE source = ? AND key = ? ORDER BY n"
        for source, line, cells in (
            row for index in range(sources) for row in _found(self._connection, statement, (index, key))
        ):
            yield source, line, orjson.loads(cells)

    def keys(self, sources: Iterable[int]) -> Iterator[str]:
        """The keys that any of these sources has, in order."""
        chosen = orjson.dumps(list(sources)).decode()
        last = ""
        while True:
            found = _found(
                self._connection,
                "SELECT DISTINCT key FROM source_row WHERE source IN (SELECT value FROM json_each(?)) AND key > ?"
                " ORDER BY key LIMIT ?",
                (chosen, last, _AT_ONCE),
            )
            for (key,) in found:
                yield key
            if len(found) < _AT_ONCE:
                return
            last = found[-1][0]

    def forget_rows(self) -> None:
        """The sources are put together."""
        self._connection.execute("DELETE FROM source_row")


class SpooledSnapshot:
    """``records.Snapshot`` over a spool that is full."""

    def __init__(self, connection: apsw.Connection, taken: str, sources: tuple[SourceCount, ...]) -> None:
        self._connection = connection
        self.taken = taken
        self.sources = sources
        self.count = int(self._one("SELECT count(*) FROM source_entry"))
        self.bad_count = int(self._one("SELECT count(*) FROM source_bad"))
        self.keyless = int(self._one("SELECT count(*) FROM source_bad WHERE key = ''"))
        self.hash = self._digest()

    def _one(self, statement: str, *values: Any) -> Any:
        found = _found(self._connection, statement, values)
        return found[0][0] if found else None

    def _pages(self) -> Iterator[list[tuple[Any, ...]]]:
        last = ""
        while True:
            page = _found(
                self._connection,
                "SELECT key, line, origin, attributes FROM source_entry WHERE key > ? ORDER BY key LIMIT ?",
                (last, _AT_ONCE),
            )
            if not page:
                return
            yield page
            last = page[-1][0]

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for page in self._pages():
            for key, _, _, attributes in page:
                digest.update(key.encode() + b"\0" + attributes + b"\n")
        return digest.hexdigest()

    def __iter__(self) -> Iterator[Entry]:
        for page in self._pages():
            for key, line, origin, attributes in page:
                yield Entry(key, line, orjson.loads(attributes), origin)

    def get(self, key: str) -> Entry | None:
        """The entry of a key."""
        found = _found(self._connection, "SELECT key, line, origin, attributes FROM source_entry WHERE key = ?", (key,))
        return Entry(key, found[0][1], orjson.loads(found[0][3]), found[0][2]) if found else None

    def bad(self) -> Iterator[BadRow]:
        """The bad rows, in the order in which they were met."""
        last = 0
        statement = "SELECT n, line, reason, key, source FROM source_bad WHERE n > ? ORDER BY n LIMIT ?"
        while page := _found(self._connection, statement, (last, _AT_ONCE)):
            for _, *fields in page:
                yield BadRow(*fields)
            last = page[-1][0]

    def spoiled(self, key: str) -> bool:
        """Whether a bad row has this key and no good one does."""
        return bool(
            self._one(
                "SELECT EXISTS (SELECT 1 FROM source_bad WHERE key = ?)"
                " AND NOT EXISTS (SELECT 1 FROM source_entry WHERE key = ?)",
                key,
                key,
            )
        )
