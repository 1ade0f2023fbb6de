"""The only source of time (law 3: time and chance are parameters).

Two clocks, because they answer two questions: ``now`` is the wall clock, for what is written down (events, ``meta``,
expiry); ``elapsed`` is monotonic, for what is measured or waited for (caches, rate limits, deadlines) and never jumps.

The written form of a moment is one everywhere: UTC, milliseconds, fixed width (``2026-01-31T08:00:00.000Z``), so that
comparing texts is comparing instants (for the years 0001 to 9999).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache


def _wall() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """Tells the time; tests hand in a clock that they move by hand."""

    now: Callable[[], datetime]
    """The wall clock, always with the zone UTC."""
    elapsed: Callable[[], float]
    """Seconds since some fixed moment; never goes back."""

    def written(self) -> str:
        """The present moment in its written form."""
        return written(self.now())


class _SystemClock(Clock):
    """The system's. Its written form is asked for with every write, so the text of a second is made once."""

    __slots__ = ()

    def written(self) -> str:
        second, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        return f"{_second(second)}.{nanoseconds // 1_000_000:03d}Z"


@lru_cache(2)
def _second(second: int) -> str:
    """A second since 1970, written down without its fraction."""
    return datetime.fromtimestamp(second, UTC).isoformat()[:19]


SYSTEM_CLOCK: Clock = _SystemClock(now=_wall, elapsed=time.monotonic)


def written(moment: datetime) -> str:
    """Write a moment down: UTC, milliseconds, ``Z``; always 24 characters.

    >>> written(datetime(2026, 1, 31, 8, 0, 0, 1999, tzinfo=UTC))
    '2026-01-31T08:00:00.001Z'
    """
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"
