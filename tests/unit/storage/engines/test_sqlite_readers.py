"""Reads on threads: one that takes too long ends, and leaves its thread and its connection to the others."""

import time
from pathlib import Path

import apsw
import pytest

from rollbook.storage.engines.sqlite_readers import Readers
from rollbook.storage.errors import Busy

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.mark.anyio
async def test_a_read_that_never_ends_is_ended(tmp_path: Path) -> None:
    path = str(tmp_path / "rollbook.db")
    apsw.Connection(path).close()
    readers = Readers(path, 1, time.monotonic)
    try:
        for _ in range(2):
            with pytest.raises(Busy):
                await readers.run(lambda connection: list(connection.execute(ENDLESS)), longest=0.01)
            assert await readers.run(lambda connection: list(connection.execute("SELECT 1"))) == [(1,)]
        few = f"{ENDLESS} LIMIT 1".replace("FROM n)", "FROM n WHERE i < 1000000)")
        assert await readers.run(lambda connection: list(connection.execute(few)), longest=None) == [(1_000_000,)]
    finally:
        await readers.close()
