"""A database that the first release has filled serves the latest one."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import orjson
import pytest

from rollbook.clock import SYSTEM_CLOCK
from rollbook.events import Event, Kind
from rollbook.ids import new_id
from rollbook.storage.contract import Store
from rollbook.storage.engines.postgres import PostgresStore
from rollbook.storage.engines.sqlite import SqliteStore
from rollbook.storage.migrations import migrations
from rollbook.storage.records import DEFAULT_SCOPES, Insert
from rollbook.testing.builders import (
    GROUP,
    LATER,
    START,
    USER,
    event,
    group,
    members_changed,
    replaced,
    tenant,
    user,
    user_document,
    users_where,
)

pytestmark = pytest.mark.anyio

ACORN = tenant("acorn")
ANN = user(ACORN, "ann", external_id="e-1")
BO = user(ACORN, "bo")
GARDENERS = group(ACORN, members=[ANN.id, BO.id])
CREATED = event(Kind.TENANT_CREATED)
DIGEST = b"d" * 32
Rows = list[tuple[str, dict[str, Any]]]


def filled() -> Rows:
    """The rows, as the first release wrote them, by their tables."""
    own = {"tenant_id": ACORN.id}
    rows: Rows = [
        ("rollbook_schema", {"version": 1, "name": "0001_start", "applied": START}),
        (
            "tenant",
            {
                "id": ACORN.id,
                "name": "acorn",
                "name_key": "acorn",
                "dialect": "standard",
                "status": "active",
                "created": START,
            },
        ),
        ("connection", {**own, "id": ACORN.connection, "name": "default", "created": START}),
        (
            "token",
            {
                **own,
                "id": new_id(),
                "connection_id": ACORN.connection,
                "name": "sync",
                "digest": DIGEST,
                "hint": "x9k2",
                "created": START,
                "expires": None,
                "revoked": None,
            },
        ),
        ("event", event_row(CREATED)),
    ]
    for insert in (ANN, BO, GARDENERS):
        rows += [("resource", resource_row(insert)), ("event", event_row(insert.event))]
        key = {**own, "type": insert.type, "id": insert.id}
        names = ("path", "value", "ordinal")
        rows += [("attribute_index", {**key, **dict(zip(names, row, strict=True))}) for row in insert.index]
    for id in GARDENERS.members:
        rows.append(("member", {**own, "group_id": GARDENERS.id, "member_id": id, "member_type": USER.number}))
    return rows


def resource_row(insert: Insert) -> dict[str, Any]:
    content = insert.content
    return {
        "tenant_id": ACORN.id,
        "type": insert.type,
        "id": insert.id,
        "connection_id": insert.connection,
        "unique_key": content.key,
        "external_id": content.external_id,
        "display": content.display,
        "display_key": content.display_key,
        "version": 1,
        "created": insert.at,
        "last_modified": insert.at,
        "document": content.document.decode(),
        "search": content.search.decode(),
    }


def event_row(made: Event) -> dict[str, Any]:
    lists = {name: orjson.dumps(getattr(made, name)).decode() for name in ("attributes", "tolerances")}
    return {"tenant_id": ACORN.id, **asdict(made), "kind": made.kind.value, **lists}


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Store:
    path = str(tmp_path / "first.db")
    connection = apsw.Connection(path)
    connection.execute(migrations("sqlite")[0].sql)
    for table, row in filled():
        places = ", ".join("jsonb(?)" if name == "search" else "?" for name in row)
        connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", tuple(row.values()))
    connection.close()
    return SqliteStore(path, clock=SYSTEM_CLOCK)


@pytest.fixture
async def on_postgres(postgres_url: str) -> Store:
    connection = await asyncpg.connect(postgres_url)
    await connection.execute(migrations("postgres")[0].sql)
    async with connection.transaction():
        await connection.execute("SELECT set_config('app.tenant', $1, true)", ACORN.id)
        for table, row in filled():
            values = {name: f"\\x{value.hex()}" if isinstance(value, bytes) else value for name, value in row.items()}
            if "search" in values:
                values["search"] = orjson.loads(values["search"])
            await connection.execute(
                f"INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, $1)",
                orjson.dumps(values).decode(),
            )
    await connection.close()
    return PostgresStore(postgres_url, clock=SYSTEM_CLOCK, connections=2)


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    made: Store = request.getfixturevalue(request.param)
    return made


async def test_what_the_first_release_has_filed_is_found_and_changed(store: Store, tmp_path: Path) -> None:
    await store.open()
    assert await store.migrate() == [migration.name for migration in migrations(store.name)[1:]]
    await store.ping()
    assert await store.problems() == []

    token, found, connection = await store.find_token(DIGEST) or pytest.fail("the token is gone")
    assert (found.name, token.scopes, connection.name) == ("acorn", DEFAULT_SCOPES, "default")
    handle = store.tenant(ACORN.id)
    assert [await handle.count(type.number) for type in (USER, GROUP)] == [2, 1]
    ann = await handle.get(USER.number, ANN.id)
    assert ann is not None
    assert (ann.document, ann.version, ann.last_modified) == (ANN.content.document, 1, START)
    assert [row.id for row in (await handle.query(users_where("emails.value", "eq", "ann@acorn.example"))).rows] == [
        ANN.id
    ]
    assert {member.id for member in (await handle.members([GARDENERS.id]))[GARDENERS.id]} == {ANN.id, BO.id}
    assert [one async for one in handle.events()] == sorted(
        [CREATED, ANN.event, BO.event, GARDENERS.event], key=lambda one: (one.at, one.id)
    )

    other = replaced(ANN, user_document("ann", displayName="Ann Elder", emails=None), at=LATER, external_id="e-1")
    assert (await handle.apply(other)).version == 2
    assert (await handle.query(users_where("emails.value", "eq", "ann@acorn.example"))).total == 0
    assert (await handle.query(users_where("displayName", "eq", "ann elder"))).total == 1
    assert (await handle.apply(members_changed(GARDENERS, remove=[BO.id]))).changed
    await handle.apply(user(ACORN, "cleo"))

    backup = str(tmp_path / "backup.db")
    await store.backup(backup)
    await store.restore(backup)
    assert [await handle.count(type.number) for type in (USER, GROUP)] == [3, 1]
    await store.close()
