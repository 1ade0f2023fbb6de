"""The storage contract on a real PostgreSQL."""

from collections.abc import Callable

import pytest

from rollbook.clock import SYSTEM_CLOCK
from rollbook.storage.contract import Store
from rollbook.storage.engines.postgres import PostgresStore
from rollbook.testing.storage_contract import StorageContract


class TestPostgres(StorageContract):
    @pytest.fixture
    def new_store(self, postgres_url: str) -> Callable[[], Store]:
        return lambda: PostgresStore(postgres_url, clock=SYSTEM_CLOCK, connections=4)
