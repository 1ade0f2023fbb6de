"""The writer: batches, refusals and bugs, each for its own caller."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from rollbook.storage.engines import sqlite_writer
from rollbook.storage.engines.sqlite_connection import connect, create_file
from rollbook.storage.engines.sqlite_writer import Transaction, Work, Writer
from rollbook.storage.errors import Busy, NotFound

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "writer.db")


@pytest.fixture
async def writer(path: str) -> AsyncIterator[Writer]:
    create_file(path)
    connection = connect(path, wait=100, writes=True)
    connection.execute("CREATE TABLE seed (name TEXT NOT NULL UNIQUE)").fetchall()
    writer = Writer(connection, asyncio.get_running_loop())
    yield writer
    await writer.close()


def seed(name: str) -> Work[str]:
    def work(transaction: Transaction) -> str:
        transaction.change("INSERT INTO seed VALUES (?)", (name,))
        return name

    return work


def refused(transaction: Transaction) -> None:
    raise NotFound


def refused_too_late(transaction: Transaction) -> None:
    transaction.change("INSERT INTO seed VALUES ('too late')")
    raise NotFound


def broken(transaction: Transaction) -> None:
    transaction.change("INSERT INTO seed VALUES ('broken')")
    raise ZeroDivisionError


def seeds(path: str) -> list[Any]:
    connection = apsw.Connection(path)
    try:
        return [row[0] for row in connection.execute("SELECT name FROM seed ORDER BY name")]
    finally:
        connection.close()


@asynccontextmanager
async def held(writer: Writer) -> AsyncIterator[None]:
    """The writer is busy for the length of the block: what is submitted in it waits, and then makes one batch."""
    loop, started, done = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def hold(connection: apsw.Connection) -> None:
        loop.call_soon_threadsafe(started.set)
        asyncio.run_coroutine_threadsafe(done.wait(), loop).result()

    holding = writer.outside(hold)
    await started.wait()
    yield
    done.set()
    await holding


async def together(writer: Writer, *works: Work[Any]) -> list[Any]:
    """Have works done in one batch."""
    async with held(writer):
        futures = [writer.submit(work) for work in works]
    return await asyncio.gather(*futures, return_exceptions=True)


async def test_a_batch_is_one_transaction(writer: Writer, path: str) -> None:
    def count(transaction: Transaction) -> int:
        return transaction.rows("SELECT count(*) FROM seed")[0][0]  # type: ignore[no-any-return]

    assert await together(writer, seed("acorn"), count, seed("birch"), count) == ["acorn", 1, "birch", 2]
    assert seeds(path) == ["acorn", "birch"]


async def test_half_of_many_who_wait_make_a_commit_and_the_others_are_begun_before_they_hear_of_it(
    writer: Writer, path: str
) -> None:
    log: list[tuple[str, int]] = []

    def numbered(n: int) -> Work[None]:
        def work(transaction: Transaction) -> None:
            begun = transaction.rows("SELECT count(*) FROM seed")[0][0]
            assert begun == len(log), "a commit holds what is begun with it, and what was before"
            seed(f"seed {n:02}")(transaction)
            log.append(("begun", n))

        return work

    async with held(writer):
        waiting = [writer.submit(numbered(n), quick=True) for n in range(40)]
        for n, future in enumerate(waiting):
            future.add_done_callback(lambda _, n=n: log.append(("told", n)))  # type: ignore[misc]
    await asyncio.gather(*waiting)
    assert log == [("begun", n) for n in range(40)] + [("told", n) for n in range(40)]
    assert len(seeds(path)) == 40


async def test_what_comes_last_is_done_after_the_others(writer: Writer) -> None:
    order: list[str] = []
    async with held(writer):
        futures = [
            writer.submit(lambda _: order.append("insert"), last=True),
            writer.submit(lambda _: order.append("update")),
        ]
    await asyncio.gather(*futures)
    assert order == ["update", "insert"]


@pytest.mark.parametrize(
    ("work", "raised"), [(refused, NotFound), (refused_too_late, NotFound), (broken, ZeroDivisionError)]
)
async def test_a_failure_is_its_callers_alone(
    writer: Writer, path: str, work: Work[Any], raised: type[Exception]
) -> None:
    outcomes = await together(writer, seed("acorn"), work, seed("birch"), work, seed("acorn"))
    assert [outcomes[0], outcomes[2]] == ["acorn", "birch"]
    assert [type(outcomes[1]), type(outcomes[3])] == [raised, raised]
    assert isinstance(outcomes[4], apsw.ConstraintError)
    assert seeds(path) == ["acorn", "birch"]


async def test_a_lone_failure_leaves_nothing(writer: Writer, path: str) -> None:
    for work, raised in ((refused_too_late, NotFound), (broken, ZeroDivisionError)):
        with pytest.raises(raised):
            await writer.submit(work)
    assert seeds(path) == []
    assert await writer.submit(seed("acorn")) == "acorn"


async def test_too_many_waiting_writes_are_turned_away(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_writer, "WAITING", 3)
    async with held(writer):
        waiting = [writer.submit(seed(name)) for name in ("acorn", "birch", "cedar")]
        with pytest.raises(Busy):
            writer.submit(seed("elder"))
    assert await asyncio.gather(*waiting) == ["acorn", "birch", "cedar"]
