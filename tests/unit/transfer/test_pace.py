"""How fast, how often, how long: as values."""

from datetime import UTC, datetime

import pytest

from rollbook.transfer.pace import Breaker, Bucket, backoff, nothing_left, retry_after

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)


def test_a_bucket_lets_a_burst_through_and_then_so_many_a_second() -> None:
    bucket = Bucket(10, 3, 0.0)
    assert [round(bucket.take(0.0), 3) for _ in range(5)] == [0, 0, 0, 0.1, 0.2]
    assert bucket.take(10.0) == 0


def test_a_bucket_without_a_rate_waits_only_where_a_server_asks_for_it() -> None:
    bucket = Bucket(None, 1, 0.0)
    assert [bucket.take(0.0) for _ in range(100)] == [0.0] * 100
    bucket.close(2.5)
    assert (bucket.take(1.0), bucket.take(3.0)) == (1.5, 0.0)


def test_waiting_doubles_up_to_half_a_minute_and_chance_shortens_it() -> None:
    assert [backoff(attempt, 1.0) for attempt in (1, 2, 5, 50)] == [0.5, 1, 8, 30]
    assert backoff(3, 0.25) == 0.5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("-3", 0.0),
        ("Sat, 31 Jan 2026 08:01:30 GMT", 90.0),
        ("Sat, 31 Jan 2026 07:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "12"}, 12.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 30)}, 30.0),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "4"}, 4.0),
        ({"x-rate-limit-remaining": "0"}, 1.0),
        ({"x-rate-limit-remaining": "5", "x-rate-limit-reset": "12"}, None),
        ({}, None),
    ],
)
def test_an_allowance_that_is_used_up_says_until_when(headers: dict[str, str], seconds: float | None) -> None:
    assert nothing_left(headers, NOW) == seconds


def test_a_breaker_opens_lets_one_through_and_gives_up() -> None:
    breaker = Breaker(failures=3, openings=2, pause=5)
    for _ in range(3):
        assert breaker.wait(0) == 0
        breaker.failed(0)
    assert breaker.wait(0) == 5
    breaker.failed(1)  # one that was at work when it opened
    assert (breaker.wait(1), breaker.spent) == (4, False)
    breaker.failed(5)
    assert breaker.wait(5) == 10
    breaker.failed(15)
    assert breaker.spent


def test_a_breaker_forgets_failures_once_something_goes_well() -> None:
    breaker = Breaker(failures=2, openings=1, pause=5)
    breaker.failed(0)
    breaker.succeeded()
    breaker.failed(0)
    assert breaker.wait(0) == 0
