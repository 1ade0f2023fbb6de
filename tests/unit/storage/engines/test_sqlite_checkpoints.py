"""Checkpoints beside the writer: the journal stays short, readers are not waited for, nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from rollbook.storage.engines import sqlite_checkpoints
from rollbook.storage.engines.sqlite_checkpoints import Checkpoints
from rollbook.storage.engines.sqlite_connection import connect, create_file

FULL = 40
MANY = 3_000
"""Commits after which a journal that did not begin anew never will."""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sqlite_checkpoints, "FULL", FULL)
    monkeypatch.setattr(sqlite_checkpoints, "LATER", 10)
    path = str(tmp_path / "checkpoints.db")
    create_file(path)
    return path


@pytest.fixture
def writing(path: str) -> Iterator[apsw.Connection]:
    connection = connect(path, wait=100, writes=True)
    connection.execute("CREATE TABLE seed (id INTEGER PRIMARY KEY, name TEXT)").fetchall()
    checkpoints = Checkpoints(connection)
    yield connection
    checkpoints.close()
    connection.close()
    assert not Path(f"{path}-wal").exists()


def sow(connection: apsw.Connection) -> None:
    connection.execute("INSERT INTO seed (name) VALUES (hex(randomblob(500)))").fetchall()


def begins_anew(connection: apsw.Connection) -> bool:
    """Whether the journal is begun anew while one commit follows the other."""
    longest = 0
    for _ in range(MANY):
        sow(connection)
        pages = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)[0]
        if pages < longest:
            return True
        longest = pages
    return False


def test_a_journal_that_is_full_begins_anew_while_commits_go_on(writing: apsw.Connection) -> None:
    assert begins_anew(writing)
    assert begins_anew(writing)


def test_a_reader_of_an_older_state_is_not_waited_for_and_holds_it_up_only(path: str, writing: apsw.Connection) -> None:
    reading = connect(path, wait=100, writes=False)
    reading.execute("BEGIN").fetchall()
    before = reading.execute("SELECT count(*) FROM seed").fetchall()
    for _ in range(FULL * 3):
        sow(writing)
    assert reading.execute("SELECT count(*) FROM seed").fetchall() == before
    reading.execute("COMMIT").fetchall()
    assert begins_anew(writing)
    assert reading.execute("SELECT count(*) >= ? FROM seed", (FULL * 3,)).fetchall() == [(1,)]
    reading.close()
