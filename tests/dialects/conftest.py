"""Fixtures of the dialects' tests."""

import pytest
from tests.dialects.identify_stage import Desk, desk
from tests.support.house import House


@pytest.fixture(scope="session")
def sqlite(_house_on_sqlite: House) -> House:
    """The running house on SQLite, for what is the same on every engine."""
    return _house_on_sqlite


@pytest.fixture(scope="session")
def identify(sqlite: House) -> Desk:
    """A tenant that speaks Identify, as it is without settings; one for all tests, which take names of their own."""
    return desk(sqlite)
