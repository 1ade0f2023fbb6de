"""Fixtures that every test may ask for."""

from collections.abc import Iterator

import pytest
from tests.support.postgres import any_postgres, fresh_database


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Tests marked ``anyio`` run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_admin_url() -> Iterator[str]:
    """The URL of a real PostgreSQL, as its administrator."""
    with any_postgres() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_admin_url: str) -> Iterator[str]:
    """An empty database of this test's own, as its owner, who is no superuser."""
    with fresh_database(postgres_admin_url) as url:
        yield url
