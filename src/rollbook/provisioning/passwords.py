"""The passwords of resources that go: cleared by a client, or with an account that is deactivated or taken up again.

What comes is hashed by ``Work.hash``. A password is a row beside its resource (``storage.records.Update.password``).
"""

import asyncio

from rollbook.provisioning.work import Hasher, Work
from rollbook.scim.attributes import Held
from rollbook.scim.schema import ResourceType
from rollbook.storage.records import NO_PASSWORD


async def password_to_go(work: Work, type: ResourceType, id: str) -> str | None:
    """What an update says that takes a resource's password away: nothing (None) where it has none."""
    if type.held(Held.PASSWORD) is None or await work.store.password_of(type.number, id) is None:
        return None
    return NO_PASSWORD


class OneByOne:
    """A hasher for operations that come together: they wait for each other, and take one place from everybody else."""

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher
        self._turn = asyncio.Lock()

    async def hash(self, password: str) -> str:
        """As ``Hasher.hash``."""
        async with self._turn:
            return await self._hasher.hash(password)
