"""Databases as sources: SQLite, PostgreSQL, and another one through SQLAlchemy."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import apsw
import asyncpg
import pytest

from rollbook.transfer.errors import SourceFailed
from rollbook.transfer.source_settings import SqlSource
from rollbook.transfer.sources.opening import open_source
from rollbook.transfer.sources.rows import Row

TABLE = "CREATE TABLE people (id TEXT, login TEXT, badge INTEGER, since DATE, active BOOLEAN, note TEXT)"
ROWS = "INSERT INTO people VALUES ('007', 'ann', 42, '2026-01-31', true, NULL), ('008', 'Ünal', NULL, NULL, false, '')"
QUERY = "SELECT id, login, badge, since, active, note FROM people ORDER BY id"


def read(source: SqlSource, folder: Path) -> list[Row]:
    opened = open_source(source, folder)
    return list(opened.rows(frozenset(opened.columns() or ())))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    connection = apsw.Connection(str(tmp_path / "people.db"))
    connection.execute(TABLE).fetchall()
    connection.execute(ROWS).fetchall()
    connection.close()
    return tmp_path


def test_sqlite_is_read_as_text(folder: Path) -> None:
    rows = read(SqlSource(key="id", url="sqlite:///people.db", query=QUERY), folder)
    assert [row.line for row in rows] == [1, 2]
    assert rows[0].values == {
        "id": "007", "login": "ann", "badge": "42", "since": "2026-01-31", "active": "1", "note": "",
    }  # fmt: skip
    assert rows[1].values["badge"] == ""


def test_sqlite_is_not_written_to(folder: Path) -> None:
    source = SqlSource(key="id", url="sqlite:///people.db", query="DELETE FROM people RETURNING id")
    with pytest.raises(SourceFailed, match="refuses the query"):
        read(source, folder)
    assert len(read(SqlSource(key="id", url="sqlite:///people.db", query=QUERY), folder)) == 2


def test_a_query_that_finds_nothing_has_columns_all_the_same(folder: Path) -> None:
    source = SqlSource(key="id", url="sqlite:///people.db", query=f"SELECT * FROM ({QUERY}) WHERE id = 'x'")
    assert open_source(source, folder).columns() == ("id", "login", "badge", "since", "active", "note")
    assert read(source, folder) == []


def test_the_query_may_stand_in_a_file_and_be_wrong(folder: Path) -> None:
    (folder / "people.sql").write_text("SELECT nothing FROM people")
    with pytest.raises(SourceFailed, match="refuses the query") as failed:
        read(SqlSource(key="id", url="sqlite:///people.db", query_file="people.sql"), folder)
    assert "nothing" in failed.value.hint
    with pytest.raises(SourceFailed, match="no database"):
        read(SqlSource(key="id", url="sqlite:///nowhere.db", query=QUERY), folder)


def test_any_other_database_is_read_through_sqlalchemy(folder: Path) -> None:
    rows = read(SqlSource(key="id", url="sqlite+pysqlite:///" + str(folder / "people.db"), query=QUERY), folder)
    assert [row.values["login"] for row in rows] == ["ann", "Ünal"]
    with pytest.raises(SourceFailed, match="names no database"):
        read(SqlSource(key="id", url="nonsense://x", query=QUERY), folder)


def test_postgres_is_read_as_text_and_not_written_to(postgres_url: str, tmp_path: Path) -> None:
    async def fill() -> None:
        connection = await asyncpg.connect(postgres_url)
        await connection.execute(TABLE)
        await connection.execute(ROWS)
        await connection.execute(
            "INSERT INTO people SELECT lpad(n::text, 6, '0'), 'u' || n FROM generate_series(1, 2500) n"
        )
        await connection.close()

    asyncio.run(fill())
    rows = read(SqlSource(key="id", url=lambda: postgres_url, query=QUERY), tmp_path)
    assert len(rows) == 2502
    found = {row.values["id"]: row.values for row in rows}
    assert found["007"] == {
        "id": "007", "login": "ann", "badge": "42", "since": "2026-01-31", "active": "true", "note": "",
    }  # fmt: skip
    with pytest.raises(SourceFailed, match="refuses the query"):
        read(SqlSource(key="id", url=lambda: postgres_url, query="DELETE FROM people RETURNING id"), tmp_path)


def test_a_password_stands_apart_from_the_url(postgres_url: str, tmp_path: Path) -> None:
    parts = urlsplit(postgres_url)
    bare = parts._replace(netloc=f"{parts.username}@{parts.hostname}:{parts.port}").geturl()
    password = parts.password or ""
    rows = read(SqlSource(key="id", url=bare, password=lambda: password, query="SELECT 'x' AS id"), tmp_path)
    assert rows[0].values == {"id": "x"}
    with pytest.raises(SourceFailed, match="has a password in it") as failed:
        read(SqlSource(key="id", url=postgres_url, query="SELECT 'x' AS id"), tmp_path)
    assert password not in failed.value.detail + failed.value.hint
    with pytest.raises(SourceFailed, match="cannot be reached"):
        read(SqlSource(key="id", url=bare, password=lambda: "wrong", query="SELECT 'x' AS id"), tmp_path)


def test_a_query_of_several_statements_is_refused(folder: Path) -> None:
    for query, right in (("SELECT id FROM people; SELECT 2", False), ("SELECT id FROM people;\n-- all\n", True)):
        source = SqlSource(key="id", url="sqlite:///people.db", query=query)
        if right:
            assert open_source(source, folder).columns() == ("id",)
        else:
            with pytest.raises(SourceFailed, match="the query has several statements"):
                open_source(source, folder).columns()
