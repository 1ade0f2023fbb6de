"""Requests a second for each connection, and for each tenant (``protocol`` 32)."""

from typing import Any

import pytest
from tests.support.hands import Hands

from rollbook.scim.errors import TooManyRequests
from rollbook.storage.records import Connection
from rollbook.web.rate import Limit, Rate


def _connection(name: str, **settings: Any) -> Connection:
    return Connection(name, name, "standard", "standard", settings, "2026-01-31T08:00:00.000Z")


def _rate(hands: Hands, per_second: float | None, burst: int, tenant: Limit | None = None) -> Rate:
    return Rate(hands.clock(), Limit(per_second, burst) if per_second else None, tenant)


def _taken(rate: Rate, connection: str, tries: int, /, tenant: str = "acorn", **settings: Any) -> int:
    taken = 0
    for _ in range(tries):
        try:
            rate.take(tenant, _connection(connection, **settings))
        except TooManyRequests:
            break
        taken += 1
    return taken


def test_without_a_limit_nothing_is_counted_and_nothing_is_told() -> None:
    rate = _rate(Hands(), None, 1)
    assert _taken(rate, "default", 100_000) == 100_000
    assert rate.take("acorn", _connection("default")) == ()


def test_a_burst_is_allowed_and_one_more_is_429_with_retry_after() -> None:
    rate = _rate(Hands(), 2, 5)
    assert _taken(rate, "default", 100) == 5
    with pytest.raises(TooManyRequests) as refused:
        rate.take("acorn", _connection("default"))
    assert dict(refused.value.headers) == {
        "retry-after": "1",
        "x-rate-limit-retry-after-seconds": "1",
        "x-rate-limit-limit": "5",
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": "3",
    }


def test_the_rate_holds_after_the_burst() -> None:
    hands = Hands()
    rate = _rate(hands, 2, 5)
    _taken(rate, "default", 100)
    for _ in range(20):
        hands.move(0.5)
        assert _taken(rate, "default", 100) == 1


def test_every_answer_says_how_much_is_left() -> None:
    hands = Hands()
    rate = _rate(hands, 2, 3)
    told = [dict(rate.take("acorn", _connection("default"))) for _ in range(3)]
    assert [t[b"x-rate-limit-remaining"] for t in told] == [b"2", b"1", b"0"]
    assert {t[b"x-rate-limit-limit"] for t in told} == {b"3"}
    hands.move(10)
    assert dict(rate.take("acorn", _connection("default")))[b"x-rate-limit-remaining"] == b"2"


def test_each_connection_is_counted_by_itself() -> None:
    rate = _rate(Hands(), 1, 3)
    assert (_taken(rate, "default", 100), _taken(rate, "okta", 100)) == (3, 3)


def test_a_connection_may_have_a_limit_of_its_own() -> None:
    rate = _rate(Hands(), 1, 3)
    assert _taken(rate, "okta", 100, rate=50, burst=7) == 7
    assert _taken(rate, "entra", 100, burst=9) == 9, "what it does not say is as the server is set"
    assert _taken(_rate(Hands(), None, 1), "okta", 100, rate=4.0) == 4, "and without a limit of the server's"


def test_a_tenants_connections_share_its_limit_and_what_is_refused_is_not_counted() -> None:
    rate = _rate(Hands(), 1, 4, Limit(1, 6))
    assert (_taken(rate, "default", 100), _taken(rate, "okta", 100)) == (4, 2)
    assert _taken(rate, "birch", 100, tenant="birch") == 4
    with pytest.raises(TooManyRequests) as refused:
        rate.take("acorn", _connection("okta"))
    assert "tenant" in refused.value.detail


def test_of_two_limits_the_nearer_one_is_told() -> None:
    rate = _rate(Hands(), 1, 4, Limit(1, 3))
    assert dict(rate.take("acorn", _connection("default")))[b"x-rate-limit-remaining"] == b"2"


def test_a_wall_clock_that_jumps_changes_nothing() -> None:
    hands = Hands()
    rate = _rate(hands, 1, 1)
    assert _taken(rate, "default", 10) == 1
    hands.wall = hands.wall.replace(year=2030)
    assert _taken(rate, "default", 10) == 0
