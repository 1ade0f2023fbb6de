"""SQLite keeps the storage contract, and its schema is PostgreSQL's."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from rollbook.clock import SYSTEM_CLOCK
from rollbook.storage.contract import Store
from rollbook.storage.engines.sqlite import SqliteStore
from rollbook.storage.migrations import migrations
from rollbook.testing.storage_contract import StorageContract


class TestSqlite(StorageContract):
    @pytest.fixture
    def new_store(self, tmp_path: Path) -> Callable[[], Store]:
        return lambda: SqliteStore(str(tmp_path / "data" / "rollbook.db"), clock=SYSTEM_CLOCK)


def tables(engine: str) -> dict[str, list[str]]:
    """The columns of each table, as the migrations of an engine make them."""
    sql = re.sub(r"--.*", "", "\n".join(migration.sql for migration in migrations(engine)))
    found = {}
    for name, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\s*\)", sql, re.DOTALL):
        words = [line.split()[0] for line in body.splitlines() if line.strip()]
        found[name] = [word for word in words if word.islower()]
    return found


def test_both_engines_have_the_same_tables_and_columns() -> None:
    assert tables("sqlite") == tables("postgres")
    assert len(tables("sqlite")) > 8


def test_both_engines_have_the_same_schema_versions() -> None:
    versions = [[migration.version for migration in migrations(engine)] for engine in ("sqlite", "postgres")]
    assert versions[0] == versions[1] == list(range(1, len(versions[0]) + 1))
