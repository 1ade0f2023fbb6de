"""Fixtures that every test may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.house import House, Seat, running_house
from tests.support.postgres import any_postgres, fresh_database

from rollbook.identity.master_key import new_master_key


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


@pytest.fixture(scope="session")
def _house_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    path: Path = tmp_path_factory.mktemp("house") / "rollbook.db"
    with running_house("sqlite", f"sqlite:///{path}") as house:
        yield house


@pytest.fixture(scope="session")
def _house_on_postgres(postgres_admin_url: str) -> Iterator[House]:
    key = {"ROLLBOOK_MASTER_KEY": new_master_key()}  # on SQLite it makes one of its own
    with fresh_database(postgres_admin_url) as url, running_house("postgres", url, **key) as house:
        yield house


@pytest.fixture(params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest) -> House:
    """A running rollbook, on each engine; one for the whole session, so tests take tenants of their own (``seat``)."""
    found: House = request.getfixturevalue(f"_house_on_{request.param}")
    return found


@pytest.fixture
def seat(house: House) -> Seat:
    """A new tenant, acorn, in the running house."""
    return house.seat("acorn")
