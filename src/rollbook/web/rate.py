"""How many requests a second a connection may make, and a tenant with all of its connections together.

GCRA: a leaky bucket that is one number for each key. Counted in each worker. Where a limit is set, every answer says
how much is left, in headers that SailPoint and others read: ``x-rate-limit-limit``, ``-remaining``, ``-reset`` (seconds
until all of it is there again); of two limits the one of which less is left. A refusal has ``Retry-After`` (whole
seconds, RFC 9110 §10.2.3).
"""

import math
from typing import NamedTuple

from rollbook.clock import Clock
from rollbook.scim.errors import TooManyRequests
from rollbook.storage.records import Connection

_REMEMBERED = 10_000

Headers = tuple[tuple[bytes, bytes], ...]


class Limit(NamedTuple):
    """``burst`` requests may come at once, and ``per_second`` after that."""

    per_second: float
    burst: int


class _Standing(NamedTuple):
    """How a key stands after a request was counted."""

    burst: int
    remaining: int
    reset: int

    def headers(self) -> tuple[tuple[str, str], ...]:
        return (
            ("x-rate-limit-limit", str(self.burst)),
            ("x-rate-limit-remaining", str(self.remaining)),
            ("x-rate-limit-reset", str(self.reset)),
        )


class Rate:
    """Counts requests. ``connection`` is each connection's limit unless it has one of its own, ``tenant`` each
    tenant's; None means no limit."""

    def __init__(self, clock: Clock, connection: Limit | None, tenant: Limit | None = None) -> None:
        self._clock = clock
        self._connection = connection
        self._tenant = tenant
        self._due: dict[str, float] = {}

    def take(self, tenant: str, connection: Connection) -> Headers:
        """Count one request; the headers of its answer. **Raises** ``TooManyRequests``.

        A request that is refused is not counted, by either limit.
        """
        own = self._own(connection) if connection.settings else self._connection
        if own is None and self._tenant is None:
            return ()
        now = self._clock.elapsed()
        found = []
        for key, limit, who in ((connection.id, own, "connection"), (tenant, self._tenant, "tenant")):
            if limit is not None:
                found.append((key, *self._weigh(key, limit, now, who)))
        if len(self._due) >= _REMEMBERED:
            self._due = {key: due for key, due in self._due.items() if due > now}
        self._due.update((key, due) for key, due, _ in found)
        standing = min((standing for _, _, standing in found), key=lambda standing: standing.remaining)
        return tuple((name.encode(), value.encode()) for name, value in standing.headers())

    def _own(self, connection: Connection) -> Limit | None:
        """A connection's own limit: what it does not say is as the server is set."""
        base = self._connection
        per_second = connection.settings.get("rate") or (base.per_second if base else None)
        if per_second is None:
            return None
        burst = connection.settings.get("burst") or (base.burst if base else math.ceil(per_second))
        return Limit(per_second, burst)

    def _weigh(self, key: str, limit: Limit, now: float, who: str) -> tuple[float, _Standing]:
        interval = 1 / limit.per_second
        slack = interval * max(limit.burst, 1)
        due = max(self._due.get(key, now), now) + interval
        wait = due - now - slack
        if wait > 1e-9:
            seconds = str(max(1, math.ceil(wait)))
            standing = _Standing(limit.burst, 0, math.ceil(due - interval - now))
            raise TooManyRequests(
                f"This {who} sends more than {limit.per_second:g} requests a second. Wait {seconds} s.",
                headers=(
                    ("retry-after", seconds),
                    ("x-rate-limit-retry-after-seconds", seconds),
                    *standing.headers(),
                ),
            )
        return due, _Standing(limit.burst, int((slack - (due - now)) / interval + 1e-9), math.ceil(due - now))
