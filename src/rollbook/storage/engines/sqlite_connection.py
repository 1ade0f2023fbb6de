"""SQLite connections: how one is opened, and what its errors mean to us. No statement of ours stands here.

Source: the SQLite documentation of each PRAGMA; apsw's own names for result codes. One SQLite library serves the whole
process: apsw's, never the standard library's beside it (two copies of SQLite drop each other's file locks).
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from rollbook.storage.errors import Busy, StoreError, Unavailable

WRITER_WAIT = 5_000
"""Milliseconds that a writer waits for another process's write. Precedent: 5 s is the driver default of the standard
library and of Rails."""

READER_WAIT = 200
"""Milliseconds that a read waits. In WAL mode a read waits for nobody but a recovery; this one may run on the event
loop, so it gives up soon."""

WRITER_CACHE, READER_CACHE, POINT_CACHE = 12_000, 8_000, 24_000
"""KiB of pages that a connection keeps at most; the system's own cache holds the rest. The one that reads single
resources keeps more: where nobody writes, what it needs is there (measured: a get in 5 µs, not 7)."""

STATEMENTS = 400
"""Prepared statements kept by each connection: our own (about 60, multi-row forms too) and the filters' shapes."""

CHECKED_AT_OPEN = 256 * 1024 * 1024
"""Bytes. A file up to this size is checked whenever somebody wants to serve it (1.4 ms for each MiB); a larger one when
the operator asks for its risks."""

# The writer that serves makes its checkpoints elsewhere (``sqlite_checkpoints``). Others make one at every 64 MiB of
# journal, not at 4: random keys touch the same pages again and again, and a checkpoint writes each of them once.
_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 16000",
    "PRAGMA temp_store = MEMORY",
)

_AWAY = (
    apsw.FullError,
    apsw.IOError,
    apsw.ReadOnlyError,
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.CantOpenError,
    apsw.PermissionsError,
    apsw.AuthError,
    apsw.NoMemError,
    apsw.ConnectionClosedError,
)
_BUSY = (apsw.BusyError, apsw.LockedError)


def refusal(error: Exception) -> StoreError | None:
    """What an error of SQLite is to our callers; None for one that would be a bug."""
    told: StoreError | None = None
    if isinstance(error, _BUSY):
        told = Busy("the database is busy with another writer")
    elif isinstance(error, apsw.FullError):
        told = Unavailable("the database cannot grow", hint=f"the disk is full, or the size limit is reached: {error}")
    elif isinstance(error, _AWAY):
        told = Unavailable("the database file cannot be used", hint=str(error))
    if told is not None:
        told.__cause__ = error
    return told


@contextmanager
def refusing() -> Iterator[None]:
    """Errors of SQLite leave this block as ours. **Raises** ``Busy``, ``Unavailable``; bugs go on as they are."""
    try:
        yield
    except apsw.Error as error:
        translated = refusal(error)
        if translated is None:
            raise
        raise translated from error


def rows(connection: apsw.Connection, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows that a statement returns. The statement is run to its end, so it holds no lock afterwards."""
    try:
        return connection.execute(sql, values).fetchall()
    except apsw.Error as error:
        translated = refusal(error)
        if translated is None:
            raise
        raise translated from error


def create_file(path: str) -> None:
    """Make the file and its folder where they are not there yet, for nobody but us to read."""
    file = Path(path)
    try:
        if not file.parent.is_dir():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise Unavailable("the database file cannot be opened", hint=f"{file}: {error.strerror}") from error


def connect(path: str, *, wait: int, writes: bool, cache: int | None = None) -> apsw.Connection:
    """A connection to an existing file, in WAL mode. A connection that does not write is held to that by SQLite."""
    with refusing():
        connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE, statementcachesize=STATEMENTS)
        connection.set_busy_timeout(WRITER_WAIT)
        connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
        connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
        for pragma in _PRAGMAS:
            connection.execute(pragma).fetchall()
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchall()[0][0]
        if mode != "wal":
            raise Unavailable("the database file cannot be used", hint=f"{path}: no WAL mode on this file system")
        cache = cache or (WRITER_CACHE if writes else READER_CACHE)
        connection.execute(f"PRAGMA cache_size = -{cache}").fetchall()
        if not writes:
            connection.execute("PRAGMA query_only = ON").fetchall()
        connection.set_busy_timeout(wait)
    return connection


def check_after_unclean_stop(path: str) -> None:
    """Prove the file sound where whoever used it last did not close it.

    A clean end takes the ``-wal`` file away. Where one is left and nobody has the file open (else it is simply in use),
    the last user was killed. **Raises** ``Unavailable`` where the file is damaged.
    """
    wal = Path(f"{path}-wal")
    if not wal.is_file() or wal.stat().st_size == 0 or Path(path).stat().st_size > CHECKED_AT_OPEN:
        return
    with refusing():
        connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
            try:
                connection.execute("BEGIN IMMEDIATE").fetchall()
            except apsw.BusyError:
                return
            connection.execute("ROLLBACK").fetchall()
            found = damage(connection, "quick_check")
        finally:
            connection.close()
    if found:
        raise Unavailable("the database file is damaged", hint=f"{path}: {found[0]}")


def damage(connection: apsw.Connection, check: str = "integrity_check") -> list[str]:
    """What SQLite's own check finds wrong, at most ten lines; nothing where all is well."""
    try:
        found = [str(row[0]) for row in connection.execute(f"PRAGMA {check}(10)").fetchall()]
    except apsw.CorruptError as error:
        return [str(error)]
    return [] if found == ["ok"] else found
