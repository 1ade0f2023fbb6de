"""The work file of one run: the source's entries beside the target's users, matched by SQL, in bounded memory.

It is thrown away: what lasts is in the journal.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import apsw
import orjson

from rollbook.transfer.users import Group, TargetUser

_SCHEMA = """
CREATE TABLE wanted (n INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, external TEXT, name TEXT, extra TEXT,
  there INTEGER, how TEXT, trouble TEXT);
CREATE TABLE there (n INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, external TEXT, name TEXT, extra TEXT,
  walk INTEGER NOT NULL, body BLOB NOT NULL, wanted INTEGER, trouble TEXT);
CREATE TABLE link (id TEXT PRIMARY KEY, key TEXT UNIQUE) WITHOUT ROWID;
CREATE TABLE pair (wanted INTEGER, there INTEGER, PRIMARY KEY (wanted, there)) WITHOUT ROWID;
CREATE TABLE line (n INTEGER PRIMARY KEY, place INTEGER NOT NULL, body BLOB NOT NULL);
"""
_INDEXES = """
CREATE INDEX wanted_name ON wanted (name); CREATE INDEX wanted_external ON wanted (external);
CREATE INDEX wanted_extra ON wanted (extra) WHERE extra IS NOT NULL;
CREATE INDEX there_name ON there (name); CREATE INDEX there_external ON there (external);
CREATE INDEX there_extra ON there (extra) WHERE extra IS NOT NULL;
CREATE INDEX line_place ON line (place, n);
"""
RANKS = {"externalId": "external", "userName": "name", "the attribute of policy.match": "extra"}
"""What finds somebody who is not linked, in this order."""


class Wanted(NamedTuple):
    """An entry by what finds it."""

    key: str
    external: str | None
    name: str | None
    extra: str | None


class Workspace:
    """One file, one connection."""

    def __init__(self, path: Path) -> None:
        for old in (path, *(path.with_name(path.name + end) for end in ("-journal", "-wal", "-shm"))):
            old.unlink(missing_ok=True)
        self._path = path
        self.connection = apsw.Connection(str(path))
        # Nothing of it has to outlive a crash.
        self._run("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32000").fetchall()
        self._run("PRAGMA locking_mode = EXCLUSIVE;" + _SCHEMA).fetchall()

    def close(self) -> None:
        self.connection.close()
        self._path.unlink(missing_ok=True)

    def _run(self, sql: str, values: Iterable[object] = ()) -> "apsw.Cursor":
        return self.connection.execute(sql, tuple(values) or None)

    def want(self, entries: Iterable[Wanted]) -> None:
        """Note entries."""
        with self.connection:
            self.connection.executemany("INSERT INTO wanted (key, external, name, extra) VALUES (?, ?, ?, ?)", entries)

    def saw(self, walk: int, users: Iterable[tuple[TargetUser, str, str | None, bytes]]) -> int:
        """Note users of the target: each with its name and the extra attribute as they are matched, and its body. How
        many of them this walk had met before."""
        again = 0
        with self.connection:
            for user, name, extra, body in users:
                if self._run("SELECT 1 FROM there WHERE id = ? AND walk = ?", (user.id, walk)).fetchone():
                    again += 1
                self._run(
                    "INSERT INTO there (id, external, name, extra, walk, body) VALUES (?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT (id) DO UPDATE SET external = excluded.external, name = excluded.name,"
                    " extra = excluded.extra, walk = excluded.walk, body = excluded.body",
                    (user.id, user.external_id, name, extra, walk, body),
                )
        return again

    def forget_but(self, walk: int) -> int:
        """Keep whom this walk has met, and those who were asked for one by one (walk 0). How many others there were."""
        self._run("DELETE FROM there WHERE walk NOT IN (0, ?)", (walk,))
        return self.connection.changes()

    def count(self, table: str, where: str = "1") -> int:
        """How many rows."""
        found = self._run(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()
        assert found is not None
        return int(found[0])

    def links(self, links: Iterable[tuple[str, str | None]]) -> None:
        """Target id and source key of whoever is ours."""
        with self.connection:
            self.connection.executemany("INSERT INTO link (id, key) VALUES (?, ?)", links)

    def match_links(self) -> None:
        """Whom our own state knows."""
        self._run(_INDEXES).fetchall()
        self.rematch_links()

    def rematch_all(self) -> None:
        """Match again: other users are there now."""
        self._run("UPDATE wanted SET there = NULL, how = NULL, trouble = NULL")
        self._run("UPDATE there SET wanted = NULL, trouble = NULL")
        self.rematch_links()
        self.match_rest()

    def seen(self) -> str:
        """Whoever is there now, as one text that can be compared."""
        digest = hashlib.sha256()
        for (id,) in self.connection.cursor().execute("SELECT id FROM there ORDER BY id"):
            digest.update(str(id).encode() + b"\0")
        return digest.hexdigest()

    def rematch_links(self) -> None:
        """Whom our own state knows, once more."""
        with self.connection:
            self._run(
                "UPDATE wanted SET how = 'link', there = (SELECT t.n FROM link l JOIN there t ON t.id = l.id"
                " WHERE l.key = wanted.key)"
                " WHERE EXISTS (SELECT 1 FROM link l JOIN there t ON t.id = l.id WHERE l.key = wanted.key)"
            )
            self._taken()

    def vanished(self) -> Iterator[tuple[str, str | None]]:
        """Links to users that no walk has met: target id and source key."""
        rows = self._run(
            "SELECT id, key FROM link WHERE NOT EXISTS (SELECT 1 FROM there t WHERE t.id = link.id) ORDER BY id"
        ).fetchall()
        yield from ((str(id), None if key is None else str(key)) for id, key in rows)

    def unlink(self, id: str) -> None:
        self._run("DELETE FROM link WHERE id = ?", (id,))

    def match_rest(self) -> None:
        """Everybody else, rank by rank. Who might be two people is in trouble, and so are both of these."""
        with self.connection:
            for column, what in (("name", "userName"), ("external", "externalId")):
                self._run(
                    f"UPDATE wanted SET trouble = 'duplicate: another entry of the source has the same {what}'"
                    f" WHERE {column} IN (SELECT {column} FROM wanted WHERE {column} IS NOT NULL"
                    f" GROUP BY {column} HAVING count(*) > 1)"
                )
            for what, column in RANKS.items():
                self._match(what, column)
            # A name that somebody keeps is no name for another.
            self._run(
                "UPDATE wanted SET trouble = 'taken: its userName is that of another user of the target'"
                " WHERE trouble IS NULL AND EXISTS (SELECT 1 FROM there t WHERE t.name = wanted.name"
                " AND t.n IS NOT wanted.there AND t.wanted IS NULL)"
            )
            # Whom an unclear entry may mean is nobody's leaver and no stranger.
            for column, what in (("name", "userName"), ("external", "externalId")):
                self._run(
                    f"UPDATE there SET trouble = 'ambiguous: an unclear entry of the source has its {what}'"
                    " WHERE wanted IS NULL AND trouble IS NULL"
                    " AND NOT EXISTS (SELECT 1 FROM link l WHERE l.id = there.id)"
                    f" AND {column} IN (SELECT {column} FROM wanted WHERE trouble IS NOT NULL)"
                )

    def _match(self, what: str, column: str) -> None:
        self._run("DELETE FROM pair")
        self._run(
            f"INSERT INTO pair SELECT w.n, t.n FROM wanted w JOIN there t ON t.{column} = w.{column}"
            " WHERE w.there IS NULL AND t.wanted IS NULL AND w.trouble IS NULL AND t.trouble IS NULL"
        )
        several = "SELECT {0} FROM pair GROUP BY {0} HAVING count(*) > 1"
        unclear = (
            f"SELECT wanted, there FROM pair WHERE wanted IN ({several.format('wanted')})"
            f" OR there IN ({several.format('there')})"
        )
        rows = self._run(unclear).fetchall()
        for wanted, there in rows:
            trouble = f"ambiguous: {what} is that of several"
            self._run("UPDATE wanted SET trouble = ? WHERE n = ?", (trouble, wanted))
            self._run("UPDATE there SET trouble = ? WHERE n = ?", (trouble, there))
            self._run("DELETE FROM pair WHERE wanted = ? OR there = ?", (wanted, there))
        self._run(
            "UPDATE wanted SET how = ?, there = (SELECT p.there FROM pair p WHERE p.wanted = wanted.n)"
            " WHERE n IN (SELECT wanted FROM pair)",
            (what,),
        )
        self._taken()

    def _taken(self) -> None:
        self._run("UPDATE there SET wanted = w.n FROM wanted w WHERE w.there = there.n AND there.wanted IS NULL")

    def met(self, key: str) -> tuple[str | None, str | None, bytes | None]:
        """How an entry was found, its trouble, and the body of the user that it is."""
        found = self._run(
            "SELECT w.how, w.trouble, t.body FROM wanted w LEFT JOIN there t ON t.n = w.there WHERE w.key = ?", (key,)
        ).fetchone()
        return found or (None, None, None)

    def alone(self) -> Iterator[tuple[bytes, str | None, str | None, bool]]:
        """Users that no entry is: body, trouble, the source key of their link, whether they have a link."""
        yield from self.connection.cursor().execute(
            "SELECT t.body, t.trouble, l.key, l.id IS NOT NULL FROM there t LEFT JOIN link l ON l.id = t.id"
            " WHERE t.wanted IS NULL ORDER BY t.id"
        )

    def newcomers(self) -> Iterator[str]:
        """Keys of entries that nobody is."""
        cursor = self.connection.cursor().execute(
            "SELECT key FROM wanted WHERE there IS NULL AND trouble IS NULL ORDER BY key"
        )
        yield from (key for (key,) in cursor)

    def settle(self, key: str, trouble: str) -> None:
        """An entry has turned out to be unclear."""
        self._run("UPDATE wanted SET trouble = ? WHERE key = ?", (trouble, key))

    def put(self, lines: Iterable[tuple[int, bytes]]) -> None:
        """Keep lines of the plan, each with its place: operations by the order of their kinds, then the rest."""
        with self.connection:
            self.connection.executemany("INSERT INTO line (place, body) VALUES (?, ?)", lines)

    def lines(self, first: int = 0, last: int = 99) -> Iterator[bytes]:
        """The lines of these places, in order."""
        cursor = self.connection.cursor()
        rows = cursor.execute("SELECT body FROM line WHERE place BETWEEN ? AND ? ORDER BY place, n", (first, last))
        yield from (body for (body,) in rows)


def packed(user: TargetUser, names: frozenset[str]) -> bytes:
    """A user in few bytes: of its document, only what has one of these names."""
    document = {name: value for name, value in user.document.items() if name.lower() in names}
    groups = [(group.id, group.display) for group in user.groups]
    return orjson.dumps((user.id, user.user_name, user.external_id, user.active, user.version, groups, document))


def unpacked(body: bytes) -> TargetUser:
    """The user again."""
    id, name, external, active, version, groups, document = orjson.loads(body)
    return TargetUser(id, name, external, active, version, tuple(Group(*group) for group in groups), document)
