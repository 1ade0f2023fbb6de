"""Houses of these tests' own: they issue tokens, so they have a master key; the one on PostgreSQL has two workers."""

from collections.abc import Iterator

import pytest
from tests.identity.stage import Desk, make_desk
from tests.support.house import House, Seat, running_house
from tests.support.postgres import fresh_database

from rollbook.identity.master_key import new_master_key

PROXY = {"ROLLBOOK_TRUSTED_PROXIES": "127.0.0.1"}
"""Requests say where they come from (``Desk.post``)."""


@pytest.fixture(scope="session")
def _issuing_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running_house("sqlite", f"sqlite:///{tmp_path_factory.mktemp('identity')}/rollbook.db", **PROXY) as house:
        yield house


@pytest.fixture(scope="session")
def _issuing_on_postgres(postgres_admin_url: str) -> Iterator[House]:
    env = {**PROXY, "ROLLBOOK_WORKERS": "2", "ROLLBOOK_MASTER_KEY": new_master_key()}
    with fresh_database(postgres_admin_url) as url, running_house("postgres", url, **env) as house:
        yield house


@pytest.fixture(params=["sqlite", "postgres with two workers"])
def house(request: pytest.FixtureRequest) -> House:
    """A running rollbook that issues tokens."""
    engine = "sqlite" if request.param == "sqlite" else "postgres"
    found: House = request.getfixturevalue(f"_issuing_on_{engine}")
    return found


_DESKS: dict[str, Desk] = {}


@pytest.fixture
def desk(house: House) -> Desk:
    """A client of acorn with every grant, and an API system user; one for all tests that leave them as they are."""
    if house.url not in _DESKS:
        _DESKS[house.url] = make_desk(house.seat("acorn"))
    return _DESKS[house.url]


@pytest.fixture
def seat(desk: Desk) -> Seat:
    """Its tenant."""
    return desk.seat


@pytest.fixture
def own_seat(house: House) -> Seat:
    """A tenant of this test's own."""
    return house.seat("acorn")


@pytest.fixture
def own_desk(own_seat: Seat) -> Desk:
    """A client, a user and a tenant of this test's own."""
    return make_desk(own_seat)
