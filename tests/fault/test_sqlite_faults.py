"""What may befall an SQLite store: killed processes, a full disk, a second writer, a damaged file.

The oracle is a ledger of acknowledged writes, kept outside of the store.
"""

import asyncio
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from rollbook.clock import SYSTEM_CLOCK
from rollbook.events import Kind
from rollbook.storage.engines.sqlite import SqliteStore
from rollbook.storage.engines.sqlite_tenant import SqliteTenant
from rollbook.storage.errors import Busy, Unavailable
from rollbook.storage.records import Query, Target, Tenant
from rollbook.testing import builders
from rollbook.testing.builders import GROUP, USER, user

pytestmark = pytest.mark.anyio

WRITER = """
import asyncio, sys
from rollbook.clock import SYSTEM_CLOCK
from rollbook.storage.engines.sqlite import SqliteStore
from rollbook.testing import builders

async def main(path, name, count):
    store = SqliteStore(path, clock=SYSTEM_CLOCK)
    await store.open()
    tenant = await store.find_tenant("acorn")
    handle = store.tenant(tenant.id)
    numbers = iter(range(count))

    async def client():
        for number in numbers:
            made = builders.user(tenant, f"{name}{number}")
            await handle.apply(made)
            print(made.id, flush=True)
            await handle.apply(builders.group(tenant, f"{name} {number}", members=[made.id]))

    await asyncio.gather(*(client() for _ in range(8)))
    await store.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def writer(path: str, name: str, count: int) -> "subprocess.Popen[str]":
    """A process that writes users and groups, and says the id of each user once it is acknowledged."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, path, name, str(count)], stdout=subprocess.PIPE, text=True, bufsize=1
    )


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "data" / "rollbook.db")


@pytest.fixture
async def store(path: str) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path, clock=SYSTEM_CLOCK)
    await store.open()
    await store.migrate()
    yield store
    await store.close()


@pytest.fixture
async def acorn(store: SqliteStore) -> Tenant:
    tenant = builders.tenant("acorn")
    await store.create_tenant(tenant, builders.event(Kind.TENANT_CREATED))
    return tenant


@pytest.fixture
def handle(store: SqliteStore, acorn: Tenant) -> SqliteTenant:
    return store.tenant(acorn.id)


async def with_writer(store: SqliteStore, act: Callable[[apsw.Connection], Any]) -> None:
    """Do something to the writer's own connection."""
    await store._opened().writer.outside(act)


def rows_of(path: str, sql: str) -> Any:
    connection = apsw.Connection(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def kill_after(process: "subprocess.Popen[str]", lines: int) -> list[str]:
    """Kill a writer once it has acknowledged so many users; all that it acknowledged."""
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().splitlines()
    process.wait()
    process.stdout.close()
    return acknowledged + [line for line in rest if len(line) == 36]


@pytest.mark.parametrize("lines", [1, 40, 300])
async def test_a_killed_process_loses_no_acknowledged_write(
    path: str, store: SqliteStore, acorn: Tenant, lines: int
) -> None:
    await store.close()
    acknowledged = kill_after(writer(path, "user", 1_000_000), lines)
    await store.open()
    handle = store.tenant(acorn.id)
    for id in acknowledged:
        assert await handle.get(USER.number, id) is not None
    # What was not acknowledged is there whole, or not at all: each with its event, its index rows, its members.
    users, groups = await handle.count(USER.number), await handle.count(GROUP.number)
    assert users >= len(acknowledged) >= lines
    created = [event.resource async for event in handle.events() if event.kind is Kind.RESOURCE_CREATED]
    assert len(created) == users + groups
    assert set(acknowledged) <= set(created)
    by_index = await handle.query(builders.users_where("emails.value", "sw", "user", limit=0))
    assert by_index.total == users
    found = await handle.query(Query((Target(GROUP),), limit=100_000))
    members = await handle.members([row.id for row in found.rows])
    assert all(len(listed) == 1 for listed in members.values())
    assert await store.problems() == []


async def test_a_full_disk_refuses_writes_and_goes_on_reading(
    store: SqliteStore, acorn: Tenant, handle: SqliteTenant, path: str
) -> None:
    ann = user(acorn, "ann")
    await handle.apply(ann)

    def limit(connection: apsw.Connection) -> None:
        ((pages,),) = connection.execute("PRAGMA page_count").fetchall()
        connection.execute(f"PRAGMA max_page_count = {int(str(pages)) + 40}").fetchall()

    await with_writer(store, limit)
    made = [user(acorn, f"user{number}") for number in range(400)]
    outcomes: list[Any] = []
    for start in range(0, len(made), 20):
        batch = made[start : start + 20]
        outcomes += await asyncio.gather(*(handle.apply(insert) for insert in batch), return_exceptions=True)
    refused = [o for o in outcomes if isinstance(o, Exception)]
    assert refused
    assert len(refused) < len(outcomes)
    assert all(isinstance(o, Unavailable) and "full" in o.hint for o in refused)
    for insert, outcome in zip(made, outcomes, strict=True):
        assert (await handle.get(USER.number, insert.id) is None) == isinstance(outcome, Exception)
    assert (await handle.query(builders.users_where("userName", "eq", "ann"))).total == 1
    assert (await handle.query(builders.users_where("displayName", "co", "ann"))).total == 1
    created = [e async for e in handle.events() if e.kind is Kind.RESOURCE_CREATED]
    assert len(created) == await handle.count(USER.number) == len(outcomes) - len(refused) + 1

    await with_writer(store, lambda connection: connection.execute("PRAGMA max_page_count = 1000000").fetchall())
    assert (await handle.apply(user(acorn, "bo"))).version == 1
    assert await store.problems() == []


async def test_a_second_process_writes_beside_us(
    path: str, store: SqliteStore, acorn: Tenant, handle: SqliteTenant
) -> None:
    process = writer(path, "theirs", 150)
    try:
        ours = [user(acorn, f"ours{number}") for number in range(300)]
        for start in range(0, len(ours), 10):
            await asyncio.gather(*(handle.apply(insert) for insert in ours[start : start + 10]))
        output, _ = await asyncio.to_thread(process.communicate)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    theirs = output.split()
    assert len(theirs) == 150
    for id in (*theirs, *(insert.id for insert in ours)):
        assert await handle.get(USER.number, id) is not None
    assert await handle.count(USER.number) == 450
    assert await store.problems() == []


async def test_a_writer_that_holds_the_database_makes_us_busy_not_blind(
    path: str, store: SqliteStore, acorn: Tenant, handle: SqliteTenant
) -> None:
    ann = user(acorn, "ann")
    await handle.apply(ann)
    await with_writer(store, lambda connection: connection.set_busy_timeout(20))
    other = apsw.Connection(path)
    try:
        other.execute("BEGIN IMMEDIATE").fetchall()
        outcomes = await asyncio.gather(
            *(handle.apply(user(acorn, f"user{n}")) for n in range(5)), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [Busy] * 5
        assert await handle.get(USER.number, ann.id) is not None
        assert (await handle.query(builders.users_where("displayName", "co", "ann"))).total == 1
        other.execute("ROLLBACK").fetchall()
        assert (await handle.apply(user(acorn, "user0"))).version == 1
    finally:
        other.close()


async def test_a_file_damaged_by_an_unclean_stop_is_not_opened(path: str, store: SqliteStore, acorn: Tenant) -> None:
    handle = store.tenant(acorn.id)
    await asyncio.gather(*(handle.apply(user(acorn, f"user{n}")) for n in range(300)))
    await store.close()
    kill_after(writer(path, "theirs", 1_000_000), 5)
    assert Path(f"{path}-wal").stat().st_size > 0
    with Path(path).open("r+b") as file:
        for page in range(20, 60):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)
    with pytest.raises(Unavailable) as refusal:
        await store.open()
    assert "damaged" in refusal.value.detail
    assert path in refusal.value.hint


async def test_damage_found_later_is_a_problem(path: str, store: SqliteStore, acorn: Tenant) -> None:
    handle = store.tenant(acorn.id)
    await asyncio.gather(*(handle.apply(user(acorn, f"user{n}")) for n in range(300)))
    await store.close()
    with Path(path).open("r+b") as file:
        for page in range(150, 190):  # of resources: the first pages are the schema, without which nothing opens
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)
    await store.open()
    assert any("damaged" in problem for problem in await store.problems())
    assert any("damaged" in risk for risk in await store.risks())


async def test_a_restore_that_fails_changes_nothing(
    path: str, store: SqliteStore, acorn: Tenant, handle: SqliteTenant, tmp_path: Path
) -> None:
    await asyncio.gather(*(handle.apply(user(acorn, f"user{n}")) for n in range(300)))
    backup = tmp_path / "backup.db"
    await store.backup(str(backup))
    with backup.open("r+b") as file:
        for page in range(20, 60):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)
    await handle.apply(user(acorn, "cleo"))
    with pytest.raises(Exception, match="backup"):
        await store.restore(str(backup))
    assert await handle.count(USER.number) == 301
    assert await store.problems() == []


@pytest.mark.parametrize("content", [b"no database at all, but long enough to look at " * 100, b"short"])
async def test_a_file_that_is_no_database_is_not_opened(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "rollbook.db"
    file.write_bytes(content)
    store = SqliteStore(str(file), clock=SYSTEM_CLOCK)
    with pytest.raises(Unavailable):
        await store.open()
    assert file.read_bytes() == content
    await store.close()


async def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await SqliteStore(str(tmp_path), clock=SYSTEM_CLOCK).open()


async def test_file_and_folder_are_for_their_owner_alone(path: str, store: SqliteStore, handle: SqliteTenant) -> None:
    for file, mode in ((path, 0o600), (f"{path}-wal", 0o600), (str(Path(path).parent), 0o700)):
        assert stat.S_IMODE(Path(file).stat().st_mode) == mode
    Path(path).chmod(0o644)
    assert any("0644" in risk for risk in await store.risks())


async def test_a_clean_end_leaves_one_file(path: str, store: SqliteStore, acorn: Tenant, handle: SqliteTenant) -> None:
    await handle.apply(user(acorn))
    assert (await handle.query(builders.users_where("displayName", "co", "ann"))).total == 1
    await store.close()
    assert [file.name for file in Path(path).parent.iterdir()] == ["rollbook.db"]
    assert rows_of(path, "SELECT count(*) FROM resource") == [(1,)]


async def test_writes_that_wait_at_the_end_are_made(store: SqliteStore, acorn: Tenant, handle: SqliteTenant) -> None:
    writes = [asyncio.create_task(handle.apply(user(acorn, f"user{n}"))) for n in range(50)]
    await asyncio.sleep(0)
    await store.close()
    assert [applied.version for applied in await asyncio.gather(*writes)] == [1] * 50
    with pytest.raises(Unavailable):
        await handle.apply(user(acorn, "late"))
    with pytest.raises(Unavailable):
        await handle.get(USER.number, acorn.id)
