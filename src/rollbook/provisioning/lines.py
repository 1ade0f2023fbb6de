"""Lines before resources that many want to change at once: whoever lost a race waits for those before him.

An optimistic write costs nothing while nobody else writes the same resource. Where 32 clients do, 31 would compute in
vain for each that succeeds; so after its first conflict a request stands in line, in this process. Other processes can
still come between, and then it is computed again: a line is for speed, the store's comparison of versions is for truth.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Lines:
    """One line for each resource that is fought over just now."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def line(self, resource: str) -> AsyncIterator[None]:
        """Stand in line for a resource, and have it for the length of a block."""
        lock, wanted = self._locks.get(resource, (asyncio.Lock(), 0))
        self._locks[resource] = (lock, wanted + 1)
        try:
            async with lock:
                yield
        finally:
            lock, wanted = self._locks[resource]
            if wanted == 1:
                del self._locks[resource]
            else:
                self._locks[resource] = (lock, wanted - 1)
