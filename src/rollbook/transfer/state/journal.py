"""What lasts between runs, one SQLite file for each target: links, grace, runs, and every operation before and after.

An operation is ``planned``, then ``begun`` (synced to the disk before its first request), then ``done``, ``failed``,
``conflict`` or ``skipped``. What was begun and has no end is looked at by ``resume``. The lock is a transaction that
lasts as long as the process does, in a file of its own: however a process ends, its lock ends with it.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import orjson

from rollbook.ids import random_bytes
from rollbook.transfer.errors import AtWork, TransferError
from rollbook.transfer.operations import Note, Operation
from rollbook.transfer.users import Change

Json = Any
VERSION = 1

_SCHEMA = """
CREATE TABLE link (id TEXT PRIMARY KEY, key TEXT UNIQUE, user_name TEXT NOT NULL, since TEXT NOT NULL,
  how TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE grace (id TEXT PRIMARY KEY, since TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE kept (id TEXT NOT NULL, steps BLOB NOT NULL, wanted BLOB NOT NULL, there BLOB NOT NULL,
  PRIMARY KEY (id, steps)) WITHOUT ROWID;
CREATE TABLE run (number INTEGER PRIMARY KEY AUTOINCREMENT, plan TEXT NOT NULL, verb TEXT NOT NULL, begun TEXT NOT NULL,
  ended TEXT, outcome TEXT NOT NULL, header BLOB NOT NULL, counts BLOB);
CREATE TABLE operation (run INTEGER NOT NULL, n INTEGER NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL,
  state TEXT NOT NULL, begun TEXT, ended TEXT, detail TEXT, id TEXT, PRIMARY KEY (run, n)) WITHOUT ROWID;
CREATE INDEX operation_open ON operation (run, state, n) WHERE state IN ('planned', 'begun');
CREATE TABLE note (run INTEGER NOT NULL, n INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (run, n)) WITHOUT ROWID;
CREATE TABLE approval (plan TEXT PRIMARY KEY, number INTEGER NOT NULL, at TEXT NOT NULL, run INTEGER NOT NULL)
  WITHOUT ROWID;
"""


def settled(change: Change) -> tuple[bytes, bytes, bytes]:
    """A wish and what became of it, to be compared with another: its steps, what was wanted, what is there."""
    return (
        orjson.dumps(change.steps),
        orjson.dumps(change.after, option=orjson.OPT_SORT_KEYS),
        orjson.dumps(change.before, option=orjson.OPT_SORT_KEYS),
    )


class Link(NamedTuple):
    """Whom of the source a user of the target is; key None: it is ours, and nobody of the source."""

    id: str
    key: str | None
    user_name: str
    since: str
    how: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run. ``outcome``: ``running``, ``done``, ``some_failed``, ``stopped`` (by a brake: nothing was done)."""

    number: int
    plan: str
    verb: str
    begun: str
    ended: str | None
    outcome: str
    header: Mapping[str, Json]
    counts: Mapping[str, int]

    def parts(self, counts: Mapping[str, int]) -> list[tuple[str, dict[str, int]]]:
        """Of a run that was cut off: when each of its parts began, and what was done in it. Else nothing."""
        cuts = self.header.get("resumed", ())
        begun = [self.begun, *(one["at"] for one in cuts)]
        ends: list[Mapping[str, int]] = [*(one["counts"] for one in cuts), _ended(counts)]
        found = []
        before: Mapping[str, int] = {}
        for at, done in zip(begun, ends, strict=True):
            more = {what: number - before.get(what, 0) for what, number in done.items()}
            found.append((at, {what: number for what, number in more.items() if number}))
            before = done
        return found if cuts else []


def _ended(counts: Mapping[str, int]) -> dict[str, int]:
    return {what: number for what, number in counts.items() if not what.endswith((" planned", " begun"))}


class Mark(NamedTuple):
    """An operation that has begun or ended. The link goes into the same transaction."""

    n: int
    state: str
    at: str
    detail: str = ""
    id: str = ""
    link: Link | None = None
    unlink: str = ""
    grace: str = ""
    """The id of a user whose grace begins."""
    left: tuple[Change, ...] | None = None
    """What the target has taken, and keeps otherwise (``before``); None: nobody knows anything new."""
    no_grace: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """An operation as a report tells it."""

    n: int
    operation: Operation
    state: str
    begun: str | None
    ended: str | None
    detail: str
    id: str


class Lock:
    """Held by one process at a time. **Raises** ``AtWork``."""

    def __init__(self, path: Path) -> None:
        _make(path.parent)
        self._connection = apsw.Connection(str(path))
        try:
            self._connection.execute("PRAGMA journal_mode = DELETE").fetchall()
            self._connection.execute("BEGIN EXCLUSIVE")
        except apsw.BusyError:
            self._connection.close()
            raise AtWork(
                "another run of this target is at work", hint="wait until it ends: one run at a time"
            ) from None

    def release(self) -> None:
        self._connection.close()


class Journal:
    """One file, one connection; safe in a thread as long as one uses it at a time."""

    def __init__(self, path: Path) -> None:
        _make(path.parent)
        self._connection = apsw.Connection(str(path))
        self._connection.set_busy_timeout(10_000)
        try:
            self._connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").fetchall()
            found = self._connection.execute("PRAGMA user_version").fetchone()
        except apsw.NotADBError:
            raise TransferError(f"{path.name} is no state file of a transfer") from None
        version = found[0] if found else 0
        if version == 0:
            with self._connection:
                self._connection.execute(_SCHEMA + f"PRAGMA user_version = {VERSION}").fetchall()
        elif version != VERSION:
            raise TransferError(f"{path.name} was written by another version of rollbook (form {version})")

    def close(self) -> None:
        self._connection.close()

    # links

    def links(self) -> Iterator[Link]:
        """Everybody who is ours, by source key."""
        cursor = self._connection.cursor().execute(
            "SELECT id, key, user_name, since, how FROM link ORDER BY key IS NULL, key, id"
        )
        yield from (Link(*row) for row in cursor)

    def link(self, links: Iterable[Link]) -> None:
        """Note whom users are; what was known of the same user or the same key is forgotten."""
        with self._connection:
            for link in links:
                self._link(link)

    def _link(self, link: Link) -> None:
        if link.key is not None:
            self._connection.execute("DELETE FROM link WHERE key = ? AND id <> ?", (link.key, link.id))
        self._connection.execute("INSERT OR REPLACE INTO link VALUES (?, ?, ?, ?, ?)", link)

    def unlink(self, ids: Iterable[str]) -> None:
        """Forget users that are gone."""
        with self._connection:
            for id in ids:
                self._forget(id)

    def _forget(self, id: str) -> None:
        self._connection.execute("DELETE FROM link WHERE id = ?", (id,))
        self._connection.execute("DELETE FROM grace WHERE id = ?", (id,))
        self._connection.execute("DELETE FROM kept WHERE id = ?", (id,))

    def kept(self, id: str) -> set[tuple[bytes, bytes, bytes]]:
        """What a target was told of a user, took, and keeps otherwise (``settled``)."""
        rows = self._connection.execute("SELECT steps, wanted, there FROM kept WHERE id = ?", (id,)).fetchall()
        return set(rows)  # type: ignore[arg-type]

    def keeps(self) -> bool:
        """Whether there is any such user."""
        return self._connection.execute("SELECT 1 FROM kept LIMIT 1").fetchone() is not None

    def _keep(self, id: str, left: Iterable[Change]) -> None:
        self._connection.execute("DELETE FROM kept WHERE id = ?", (id,))
        for change in left:
            self._connection.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)", (id, *settled(change)))

    def graces(self) -> dict[str, str]:
        """Leavers in grace: since when."""
        return dict(self._connection.execute("SELECT id, since FROM grace").fetchall())  # type: ignore[arg-type]

    # runs

    def begin(self, plan: str, verb: str, at: str, header: Mapping[str, Json], lines: Iterable[bytes]) -> int:
        """A run with all that it will do (the lines of its plan), in one transaction. Its number."""
        with self._connection:
            self._connection.execute(
                "INSERT INTO run (plan, verb, begun, outcome, header) VALUES (?, ?, ?, 'running', ?)",
                (plan, verb, at, orjson.dumps(dict(header))),
            )
            number = self._connection.last_insert_rowid()
            n = 0
            for line in lines:
                said = orjson.loads(line)
                if "kind" in said:
                    n += 1
                    self._connection.execute(
                        "INSERT INTO operation (run, n, kind, body, state) VALUES (?, ?, ?, ?, 'planned')",
                        (number, n, said["kind"], line),
                    )
                elif "note" in said:
                    n += 1
                    self._connection.execute("INSERT INTO note VALUES (?, ?, ?)", (number, n, line))
                elif "link" in said:
                    self._link(Link(*said["link"]))
                elif "unlink" in said:
                    self._forget(said["unlink"])
                elif "grace" in said:
                    self._connection.execute("INSERT OR IGNORE INTO grace VALUES (?, ?)", (said["grace"], at))
        return number

    def resumed(self, run: int, at: str) -> None:
        """Note that a run goes on after it was cut off, and how much of it had been done by then (``RunRow.parts``)."""
        row = self.run(run)
        if row is None:
            return
        done = _ended(self.counts(run))
        before = [one for one in row.header.get("resumed", ()) if one["counts"] != done]
        header = {**row.header, "resumed": [*before, {"at": at, "counts": done}]}
        self._connection.execute("UPDATE run SET header = ? WHERE number = ?", (orjson.dumps(header), run))

    def approve(self, plan: str, number: int, at: str) -> None:
        """Record that a plan may pass its brakes, once. **Raises** ``TransferError`` where it was used."""
        try:
            with self._connection:
                self._connection.execute("INSERT INTO approval VALUES (?, ?, ?, 0)", (plan, number, at))
        except apsw.ConstraintError:
            raise TransferError(f"plan {plan} was allowed before, and that holds once") from None

    def approved(self, plan: str) -> bool:
        """Whether it was."""
        return self._connection.execute("SELECT 1 FROM approval WHERE plan = ?", (plan,)).fetchone() is not None

    def mark(self, run: int, marks: Iterable[Mark]) -> None:
        """Several operations that have begun or ended, in one transaction: it is on the disk when this returns."""
        with self._connection:
            for mark in marks:
                column = "begun" if mark.state == "begun" else "ended"
                self._connection.execute(
                    f"UPDATE operation SET state = ?, {column} = ?, detail = ?, id = coalesce(nullif(?, ''), id)"
                    " WHERE run = ? AND n = ?",
                    (mark.state, mark.at, mark.detail, mark.id, run, mark.n),
                )
                if mark.link is not None:
                    self._link(mark.link)
                if mark.unlink:
                    self._forget(mark.unlink)
                if mark.grace:
                    self._connection.execute("INSERT OR IGNORE INTO grace VALUES (?, ?)", (mark.grace, mark.at))
                if mark.left is not None:
                    self._keep(mark.id, mark.left)
                if mark.no_grace:
                    self._connection.execute("DELETE FROM grace WHERE id = ?", (mark.no_grace,))

    def open(self, run: int, state: str, kinds: tuple[str, ...], after: int, limit: int) -> list[tuple[int, Operation]]:
        """Operations that wait, in order."""
        rows = self._connection.execute(
            "SELECT n, body FROM operation WHERE run = ? AND state = ? AND n > ?"
            f" AND kind IN ({', '.join('?' * len(kinds))}) ORDER BY n LIMIT ?",
            (run, state, after, *kinds, limit),
        ).fetchall()
        return [(int(n), Operation.from_json(orjson.loads(body))) for n, body in rows]  # type: ignore[arg-type]

    def close_open(self, run: int, state: str, detail: str, at: str) -> int:
        """End whatever waits. How many that were."""
        self._connection.execute(
            "UPDATE operation SET state = ?, detail = ?, ended = ? WHERE run = ? AND state = 'planned'",
            (state, detail, at, run),
        )
        return self._connection.changes()

    def counts(self, run: int) -> dict[str, int]:
        """Operations of a run by kind and state: ``create done``."""
        rows = self._connection.execute(
            "SELECT kind || ' ' || state, count(*) FROM operation WHERE run = ? GROUP BY kind, state", (run,)
        ).fetchall()
        return dict(rows)  # type: ignore[arg-type]

    def waiting(self, run: int) -> int:
        """Operations without an end."""
        found = self._connection.execute(
            "SELECT count(*) FROM operation WHERE run = ? AND state IN ('planned', 'begun')", (run,)
        ).fetchone()
        return int(found[0]) if found else 0

    def end(self, run: int, outcome: str, at: str, keep: int) -> None:
        """A run is over; operations of runs that are long past are forgotten, their counts are not."""
        counts = orjson.dumps(self.counts(run))
        with self._connection:
            self._connection.execute(
                "UPDATE run SET outcome = ?, ended = ?, counts = ? WHERE number = ?", (outcome, at, counts, run)
            )
            self._connection.execute("DELETE FROM operation WHERE run <= ?", (run - keep,))
            self._connection.execute("DELETE FROM note WHERE run <= ?", (run - keep,))

    def run(self, number: int | None = None) -> RunRow | None:
        """A run, or the last one."""
        where = "number = ?" if number is not None else "? IS NULL ORDER BY number DESC LIMIT 1"
        row = self._connection.execute(
            f"SELECT number, plan, verb, begun, ended, outcome, header, counts FROM run WHERE {where}",
            (number,),
        ).fetchone()
        return _run(row) if row else None

    def unfinished(self) -> RunRow | None:
        """The run that was begun and did not end."""
        row = self._connection.execute("SELECT max(number) FROM run WHERE ended IS NULL").fetchone()
        return self.run(row[0]) if row and row[0] is not None else None

    def last_done(self) -> RunRow | None:
        """The last run that went to its end."""
        row = self._connection.execute(
            "SELECT number, plan, verb, begun, ended, outcome, header, counts FROM run"
            " WHERE outcome IN ('done', 'some_failed') ORDER BY number DESC LIMIT 1"
        ).fetchone()
        return _run(row) if row else None

    def base(self) -> int:
        """The number of the last run that may have changed something, or 0: what a plan stands on."""
        found = self._connection.execute("SELECT max(number) FROM run WHERE outcome <> 'stopped'").fetchone()
        return int(found[0] or 0) if found else 0

    def operations(self, run: int) -> Iterator[Done]:
        """What a run has done, in order."""
        cursor = self._connection.cursor().execute(
            "SELECT n, body, state, begun, ended, detail, id FROM operation WHERE run = ? ORDER BY n", (run,)
        )
        for n, body, state, begun, ended, detail, id in cursor:
            yield Done(n, Operation.from_json(orjson.loads(body)), state, begun, ended, detail or "", id or "")

    def notes(self, run: int) -> Iterator[Note]:
        """What a run had to tell, in order."""
        cursor = self._connection.cursor().execute("SELECT body FROM note WHERE run = ? ORDER BY n", (run,))
        yield from (Note.from_json(orjson.loads(body)) for (body,) in cursor)


def _run(row: tuple[Any, ...]) -> RunRow:
    number, plan, verb, begun, ended, done, header, counts = row
    said = orjson.loads(header)
    return RunRow(number, plan, verb, begun, ended, done, said, orjson.loads(counts) if counts else {})


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as refused:
        raise TransferError(
            f"the state of the transfer cannot be kept in {folder}: {refused.strerror or 'the system refuses it'}",
            hint="`state` in the config says where it is kept",
        ) from None


def plan_key(folder: Path) -> bytes:
    """The key that plans are signed with: made where there is none, readable by its owner alone."""
    path = folder / "plan.key"
    _make(folder)
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(random_bytes(32).hex().encode())
    key = path.read_bytes().strip()
    if len(key) != 64:
        raise TransferError(f"{path.name} in the state folder is no key of plans", hint="delete it: a new one is made")
    return bytes.fromhex(key.decode())
