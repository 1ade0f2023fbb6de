"""How many requests a second a connection may make (GCRA: a leaky bucket that is one number for each connection)."""

import math

from rollbook.clock import Clock
from rollbook.scim.errors import TooManyRequests

_REMEMBERED = 10_000


class Rate:
    """``per_second`` None means no limit. ``burst`` requests may come at once; counted in each worker."""

    def __init__(self, clock: Clock, per_second: float | None, burst: int) -> None:
        self._clock = clock
        self._interval = 1 / per_second if per_second else 0.0
        self._slack = self._interval * max(burst, 1)
        self._due: dict[str, float] = {}

    def take(self, connection: str) -> None:
        """Count one request. **Raises** ``TooManyRequests`` with ``Retry-After`` (whole seconds, RFC 9110 §10.2.3)."""
        if not self._interval:
            return
        now = self._clock.elapsed()
        due = max(self._due.get(connection, now), now) + self._interval
        wait = due - now - self._slack
        if wait > 1e-9:
            seconds = str(max(1, math.ceil(wait)))
            raise TooManyRequests(
                f"This connection sends more than {1 / self._interval:g} requests a second. Wait {seconds} s.",
                headers=(("retry-after", seconds),),
            )
        if len(self._due) >= _REMEMBERED:
            self._due = {key: value for key, value in self._due.items() if value > now}
        self._due[connection] = due
