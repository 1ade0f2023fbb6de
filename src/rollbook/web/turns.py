"""Turns: so many requests of one tenant at work at once, the rest wait; a noisy tenant does not starve the others."""

import asyncio
from collections import deque
from types import TracebackType

from rollbook.scim.errors import Unavailable


class Turns:
    """Hands out turns for each tenant of this worker, first come first served."""

    def __init__(self, at_once: int = 64, wait_seconds: float = 10.0) -> None:
        self._at_once = at_once
        self._wait_seconds = wait_seconds
        self._at_work: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    def take_now(self, tenant: str) -> bool:
        """Take a turn if one is free and nobody waits for it."""
        busy = self._at_work.get(tenant, 0)
        if busy >= self._at_once or self._waiting.get(tenant):
            return False
        self._at_work[tenant] = busy + 1
        return True

    async def take(self, tenant: str) -> None:
        """Wait for a turn. **Raises** ``Unavailable`` with ``Retry-After`` when none came in time."""
        if self.take_now(tenant):
            return
        queue = self._waiting.setdefault(tenant, deque())
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await turn  # whoever gives a turn back hands it over: the number at work stays
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.give(tenant)
            elif turn in queue:
                queue.remove(turn)
            if isinstance(error, TimeoutError):
                raise Unavailable(
                    "This tenant has too many requests at work; nothing was changed. Try again, with fewer at once.",
                    headers=(("retry-after", "1"),),
                ) from None
            raise

    def give(self, tenant: str) -> None:
        """Give a turn back; the one who waits longest gets it."""
        if self._waiting:
            queue = self._waiting.get(tenant)
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
            self._waiting.pop(tenant, None)
        busy = self._at_work[tenant] - 1
        if busy:
            self._at_work[tenant] = busy
        else:
            del self._at_work[tenant]

    def turn(self, tenant: str) -> "_Turn":
        """``async with turns.turn(id):`` work."""
        return _Turn(self, tenant)


class _Turn:
    __slots__ = ("_tenant", "_turns")

    def __init__(self, turns: Turns, tenant: str) -> None:
        self._turns = turns
        self._tenant = tenant

    async def __aenter__(self) -> None:
        await self._turns.take(self._tenant)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._turns.give(self._tenant)
