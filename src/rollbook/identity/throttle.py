"""Slower and slower for those who fail: logins of system users, and clients that do not prove themselves.

Failures are counted in the database, so they are shared by all workers and outlive each. Of what is counted only
digests are kept. Several counts stand side by side:

============================  =====  =======  ===================================================================
what is counted                free  longest  whom it delays
============================  =====  =======  ===================================================================
a user at an address              5  15 min   its logins from there, a right one too; a success begins anew
a user, a client's users         50  1 min    logins from where the user has not logged in before
a client at an address           10  15 min   wrong secrets alone: a right one cannot be guessed, so it is never delayed
an address                      100  15 min   both, as above
============================  =====  =======  ===================================================================

Encrypted logins are counted the same way, as a user at an address, by the number of the key (each way of failing by
itself) and by the name; only the first delay is a minute there, because their clients are told that five failures are
too many.

So a stranger who fails, for whichever user or client, never stops those who come from where they always come from.
After so many free failures each one doubles the delay, from one second on. What comes too early is refused before
anything is looked at, and is not counted. Whether a user or a client exists makes no difference.
"""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from math import ceil
from typing import NamedTuple

from rollbook.clock import Clock
from rollbook.oauth.errors import SlowDown, TemporarilyUnavailable
from rollbook.storage.contract import Store
from rollbook.storage.entrance_records import Failed, Failures

ADDRESS_FAILURES = 100
WAITING = 64
"""Logins that wait for another login of the same user from the same address: more are told to come back."""

_GOOD_FOR = int(timedelta(days=90).total_seconds())
"""How long an address counts as one from which a user logs in. Refresh tokens last a month."""
_AGAIN = int(timedelta(days=1).total_seconds())
"""How often a success is written down anew."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Failures that cost nothing, and the longest delay. One that lies back by ``window`` seconds counts no more; what
    comes after those that cost nothing waits for ``first`` seconds."""

    free: int
    longest: int
    window: int = 3600
    first: int = 1

    def delay(self, failures: int) -> int:
        """Seconds to wait after so many failures."""
        over = failures - self.free
        return 0 if over < 0 else min(self.longest, self.first << min(over, 30))


USER_AT_ADDRESS = Rule(5, 900, 86_400)
USER = Rule(50, 60)
CLIENT_AT_ADDRESS = Rule(10, 900)
ENCRYPTED_AT_ADDRESS = Rule(5, 900, 86_400, 60)


class Counted(NamedTuple):
    key: bytes
    rule: Rule


class Turn:
    """A login that is being looked at: whoever began it says how it ended."""

    def __init__(self) -> None:
        self.right: bool | None = None


class Throttle:
    """Counts, and refuses. One for a process."""

    def __init__(self, store: Store, clock: Clock, *, address_failures: int = ADDRESS_FAILURES) -> None:
        self._store = store
        self._clock = clock
        self._address = Rule(address_failures, 900)
        self._turns: dict[bytes, tuple[asyncio.Lock, int]] = {}
        self._waiting = 0

    @asynccontextmanager
    async def login(self, user: str, client: str, peer: str, rule: Rule = USER_AT_ADDRESS) -> AsyncIterator[Turn]:
        """A login of a user (by the key of its name), which begins when it may. What is right or wrong is said to the
        turn; where nothing is said, nothing is counted.

        Logins of one user from one address go one after the other: else many could begin before the first has failed.
        **Raises** ``SlowDown``, ``TemporarilyUnavailable``.
        """
        address = address_of(peer)
        pair = Counted(_key("user", user, address), rule)
        wide = [
            Counted(_key("user", user), USER),
            Counted(_key("users of", client), USER),
            Counted(_key("address", address), self._address),
        ]
        async with self._one_at_a_time(pair.key):
            found = await self._failures([pair, *wide])
            good = found[pair.key].good if pair.key in found else 0
            now = self._now()
            known = good + _GOOD_FOR > now / 1000
            self._refuse([pair] if known else [pair, *wide], found, now)
            turn = Turn()
            yield turn
            if turn.right is False:
                await self._count([pair, *wide])
            elif turn.right:
                stale = good + _AGAIN <= now / 1000
                if stale or found[pair.key].times:
                    seconds = now // 1000
                    await self._store.entrance.succeed(pair.key, seconds, seconds + _GOOD_FOR)

    async def client_failed(self, client: str, peer: str) -> None:
        """A client has not proved itself. **Raises** ``SlowDown`` where it has failed too often, and counts it not."""
        address = address_of(peer)
        counted = [
            Counted(_key("client", client, address), CLIENT_AT_ADDRESS),
            Counted(_key("address", address), self._address),
        ]
        self._refuse(counted, await self._failures(counted), self._now())
        await self._count(counted)

    @asynccontextmanager
    async def _one_at_a_time(self, key: bytes) -> AsyncIterator[None]:
        turn, here = self._turns.get(key, (asyncio.Lock(), 0))
        if here and self._waiting >= WAITING:
            raise TemporarilyUnavailable("Too many logins at once: try again in a moment.", retry_after=2)
        self._turns[key] = (turn, here + 1)
        self._waiting += bool(here)
        try:
            async with turn:
                self._waiting -= bool(here)
                here = 0
                yield
        finally:
            self._waiting -= bool(here)
            left = self._turns[key][1] - 1
            if left:
                self._turns[key] = (turn, left)
            else:
                del self._turns[key]

    async def _failures(self, counted: list[Counted]) -> dict[bytes, Failures]:
        return {found.key: found for found in await self._store.entrance.failures([one.key for one in counted])}

    def _refuse(self, counted: list[Counted], found: dict[bytes, Failures], now: int) -> None:
        waits = [0.0]
        for key, rule in counted:
            if (failures := found.get(key)) is not None and failures.last > now - rule.window * 1000:
                waits.append(failures.last / 1000 + rule.delay(failures.times) - now / 1000)
        if (wait := max(waits)) > 0:
            raise SlowDown("Too many attempts have failed: wait before the next one.", retry_after=ceil(wait))

    async def _count(self, counted: list[Counted]) -> None:
        now = self._now()
        failed = [
            Failed(key, now, now - rule.window * 1000, now // 1000 + rule.window + rule.longest)
            for key, rule in counted
        ]
        await self._store.entrance.fail(failed)

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def address_of(peer: str) -> str:
    """What counts as one address: of IPv6 the network of a subscriber, for within it one has as many as one likes.

    >>> address_of("2001:db8:1:2:3:4:5:6"), address_of("::ffff:192.0.2.7"), address_of("")
    ('2001:db8:1:2::/64', '192.0.2.7', '')
    """
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _key(*parts: str) -> bytes:
    """Parts hold what a stranger wrote: their lengths keep them apart."""
    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode("utf-8", "surrogatepass")).digest()
