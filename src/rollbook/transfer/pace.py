"""How fast, how often, how long: token bucket, waiting between attempts, what servers say of it, circuit breaker.

No IO: time comes as a number of seconds that never goes back, chance as a fraction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
_EPOCH = 1_000_000_000
"""Numbers above are seconds since 1970, not seconds from now."""


class Bucket:
    """So many requests a second, so many at once. Without a rate nothing waits, unless a server asks for it."""

    def __init__(self, rate: float | None, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = max(burst, 1)
        self._tokens = float(self._burst)
        self._at = now
        self._closed_until = now

    def take(self, now: float) -> float:
        """Take the next place; how many seconds to wait for it."""
        wait = max(self._closed_until - now, 0.0)
        if self._rate is None:
            return wait
        self._tokens = min(self._tokens + (now - self._at) * self._rate, float(self._burst)) - 1
        self._at = now
        return max(wait, -self._tokens / self._rate)

    def close(self, until: float) -> None:
        """Let nobody through before this moment."""
        self._closed_until = max(self._closed_until, until)


def backoff(attempt: int, chance: float) -> float:
    """Seconds before the next attempt, after ``attempt`` that failed (1 and up): doubling, with full jitter.

    >>> [backoff(attempt, 1.0) for attempt in (1, 2, 3, 10)]
    [0.5, 1.0, 2.0, 30.0]
    """
    return chance * min(FIRST_WAIT * 2.0 ** (attempt - 1), LONGEST_WAIT)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds that a server asks to wait, as a number or as a date (RFC 9110 §10.2.3); None: it does not say."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(float(text), 0.0)
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max((moment - now).total_seconds(), 0.0) if moment.tzinfo else None


def nothing_left(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until a used-up allowance is filled again, by the headers that servers have for it; None: some is left.

    **Source**: ``X-Rate-Limit-*`` (SailPoint, Okta), ``X-RateLimit-*`` (GitHub), ``RateLimit-*`` (a draft of the
    IETF). Their reset is seconds from now, or since 1970.
    """
    for prefix in ("x-rate-limit-", "x-ratelimit-", "ratelimit-"):
        if headers.get(f"{prefix}remaining", "").strip() != "0":
            continue
        try:
            reset = float(headers.get(f"{prefix}reset", ""))
        except ValueError:
            return 1.0
        return max(reset - now.timestamp() if reset > _EPOCH else reset, 0.0)
    return None


@dataclass(slots=True)
class Breaker:
    """Opens after so many failed attempts in a row: then one attempt is let through after a while, and where that
    fails as well, a longer while. ``spent`` once nothing came through for the last time."""

    failures: int = 12
    openings: int = 4
    pause: float = 5.0
    _failed: int = 0
    _opened: int = 0
    _until: float = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next attempt may be made."""
        return max(self._until - now, 0.0)

    def succeeded(self) -> None:
        self._failed = self._opened = 0
        self._until = 0.0

    def failed(self, now: float) -> None:
        self._failed += 1
        if self._failed >= self.failures and now >= self._until:
            self._failed = self.failures - 1
            self._until = now + self.pause * 2**self._opened
            self._opened += 1

    @property
    def spent(self) -> bool:
        """Whether to give the target up."""
        return self._opened > self.openings
