"""Fixtures of the transfer's tests: one command process and one server for the session, a stage for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.house import House, Seat
from tests.support.transfer_hand import Hand, running_hand
from tests.support.transfer_stage import Stage, people


@pytest.fixture(scope="session")
def hand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hand]:
    """``rollbook transfer``."""
    with running_hand(tmp_path_factory.mktemp("hand")) as found:
        yield found


@pytest.fixture
def acorn(_house_on_sqlite: House) -> Seat:
    """A tenant that has nobody."""
    return _house_on_sqlite.seat("acorn")


@pytest.fixture
def stage(tmp_path: Path, hand: Hand, acorn: Seat) -> Stage:
    """Ten people and a target that has nobody."""
    return Stage(tmp_path, hand, acorn.base, acorn.token, rows=people(10))
