"""A clock that is moved by hand."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rollbook.clock import Clock


@dataclass
class Hands:
    """Both clocks of ``Clock``, moved together or apart."""

    wall: datetime = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
    seconds: float = 1000.0

    def clock(self) -> Clock:
        return Clock(now=lambda: self.wall, elapsed=lambda: self.seconds)

    def move(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds
