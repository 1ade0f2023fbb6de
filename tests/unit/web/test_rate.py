"""Requests a second for each connection (``protocol`` 32)."""

import pytest
from tests.support.hands import Hands

from rollbook.scim.errors import TooManyRequests
from rollbook.web.rate import Rate


def _taken(rate: Rate, connection: str, tries: int) -> int:
    taken = 0
    for _ in range(tries):
        try:
            rate.take(connection)
        except TooManyRequests:
            break
        taken += 1
    return taken


def test_without_a_limit_nothing_is_counted() -> None:
    assert _taken(Rate(Hands().clock(), None, 1), "acorn", 100_000) == 100_000


def test_a_burst_is_allowed_and_one_more_is_429_with_retry_after() -> None:
    rate = Rate(Hands().clock(), 2, 5)
    assert _taken(rate, "acorn", 100) == 5
    with pytest.raises(TooManyRequests) as refused:
        rate.take("acorn")
    assert dict(refused.value.headers)["retry-after"] == "1"


def test_the_rate_holds_after_the_burst() -> None:
    hands = Hands()
    rate = Rate(hands.clock(), 2, 5)
    _taken(rate, "acorn", 100)
    for _ in range(20):
        hands.move(0.5)
        assert _taken(rate, "acorn", 100) == 1


def test_each_connection_is_counted_by_itself() -> None:
    rate = Rate(Hands().clock(), 1, 3)
    assert (_taken(rate, "acorn", 100), _taken(rate, "birch", 100)) == (3, 3)


def test_a_wall_clock_that_jumps_changes_nothing() -> None:
    hands = Hands()
    rate = Rate(hands.clock(), 1, 1)
    assert _taken(rate, "acorn", 10) == 1
    hands.wall = hands.wall.replace(year=2030)
    assert _taken(rate, "acorn", 10) == 0
