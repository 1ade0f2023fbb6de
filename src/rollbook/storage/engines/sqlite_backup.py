"""Copies of a whole SQLite store: one file, consistent, written and read back by SQLite's own backup interface."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from rollbook.storage.engines.sqlite_connection import damage, refusing
from rollbook.storage.errors import StoreError
from rollbook.storage.migrations import latest

_NEW_EPOCH = "UPDATE feed_epoch SET epoch = lower(hex(randomblob(16)))"
_VERSION = "SELECT max(version) FROM rollbook_schema"


def write_backup(source: apsw.Connection, path: str) -> None:
    """Copy a database to a new file, and prove the copy sound. **Raises** ``StoreError``; then there is no file."""
    file = Path(path)
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise StoreError("the backup's file exists already", hint=path) from error
    except OSError as error:
        raise StoreError("the backup's file cannot be written", hint=f"{path}: {error.strerror}") from error
    try:
        with refusing():
            target = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
            try:
                _copy(source, target)
                target.execute("PRAGMA journal_mode = DELETE").fetchall()  # one file, with nothing beside it
                found = damage(target)
            finally:
                target.close()
        if found:
            raise StoreError("the backup is damaged", hint=found[0])
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def read_backup(path: str, target: apsw.Connection) -> None:
    """Replace a database by a backup, in one transaction. **Raises** ``StoreError``; then nothing has changed."""
    with open_backup(path) as source, refusing():
        _copy(source, target)
        target.execute(_NEW_EPOCH).fetchall()


@contextmanager
def open_backup(path: str) -> Iterator[apsw.Connection]:
    """A backup, opened for reading, and proved to be ours, sound and of this release. **Raises** ``StoreError``."""
    if not Path(path).is_file():
        raise StoreError("there is no such backup", hint=path)
    connection = None
    try:
        connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
        found = damage(connection)
        version = None if found else connection.execute(_VERSION).fetchall()[0][0]
    except apsw.Error as error:
        if connection is not None:
            connection.close()
        raise StoreError("this file is no backup of rollbook", hint=f"{path}: {error}") from error
    try:
        if found:
            raise StoreError("the backup is damaged", hint=found[0])
        if version != latest("sqlite"):
            raise StoreError(f"the backup is at schema {version}, this release needs {latest('sqlite')}", hint=path)
        yield connection
    finally:
        connection.close()


def _copy(source: apsw.Connection, target: apsw.Connection) -> None:
    with target.backup("main", source, "main") as copy:
        copy.step(-1)  # all pages in one step: of one moment, whoever writes meanwhile
