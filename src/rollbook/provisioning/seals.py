"""Sealing cursors with keys that all workers share (``scim.cursor`` says what a cursor is).

Keys lie in the database. The first is made when the first cursor is given, a new one each day, and with ``rotate`` at
any time; an old key stays until no cursor that it sealed can still be used.
"""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from rollbook.clock import Clock, written
from rollbook.ids import new_id, random_bytes
from rollbook.scim.cursor import KEY_BYTES, NONCE_BYTES, Cursor, Key, key_of, seal, unseal
from rollbook.storage.contract import Store
from rollbook.storage.records import SealingKey

DAY = timedelta(days=1)
"""How long a key seals."""

FRESH = 60.0
"""Seconds after which a worker looks for a newer key."""

PATIENCE = 1.0
"""Seconds between two looks for a key that is not known: made-up cursors must not become questions to the database."""


class Seals:
    """Seals and opens cursors, in one worker. ``lifetime`` is how many seconds a cursor is good for."""

    def __init__(self, store: Store, clock: Clock, lifetime: int) -> None:
        self._store = store
        self._clock = clock
        self._lifetime = lifetime
        self._keys: dict[bytes, SealingKey] = {}
        self._read_at: float | None = None
        self._lock = asyncio.Lock()

    async def seal(self, cursor: Cursor, bound: bytes) -> str:
        """**Raises** ``StoreError``."""
        now = self._clock.now()
        key = await self._current(now)
        return seal(cursor, _key(key), random_bytes(NONCE_BYTES), int(now.timestamp()), bound)

    async def unseal(self, text: str, bound: bytes, count: int) -> Cursor:
        """**Raises** ``InvalidCursor``, ``ExpiredCursor``, ``InvalidCount``, ``StoreError``."""
        id = key_of(text)
        if id not in self._keys and self._age() >= PATIENCE:
            await self._read()
        key = self._keys.get(id)
        at = int(self._clock.now().timestamp())
        return unseal(text, _key(key) if key else None, at, self._lifetime, bound, count)

    async def rotate(self) -> SealingKey:
        """A new key; from now on it seals here, and within a minute everywhere. Keys that are of no use any more go.
        **Raises** ``StoreError``."""
        now = self._clock.now()
        key = SealingKey(new_id(), random_bytes(KEY_BYTES), written(now))
        spent = now - DAY - timedelta(seconds=self._lifetime + FRESH) - timedelta(hours=1)
        await self._store.add_sealing_key(key, drop_before=written(spent))
        await self._read()
        return key

    async def _current(self, now: datetime) -> SealingKey:
        if self._age() >= FRESH:
            await self._read()
        newest = self._newest(now)
        if newest is None:
            async with self._lock:
                newest = self._newest(now) or await self.rotate()
        return newest

    def _newest(self, now: datetime) -> SealingKey | None:
        """The newest key, if it is of the last day."""
        newest = max(self._keys.values(), key=lambda key: (key.created, key.id), default=None)
        return newest if newest is not None and newest.created > written(now - DAY) else None

    def _age(self) -> float:
        return float("inf") if self._read_at is None else self._clock.elapsed() - self._read_at

    async def _read(self) -> None:
        self._keys = {UUID(key.id).bytes: key for key in await self._store.sealing_keys()}
        self._read_at = self._clock.elapsed()


def _key(key: SealingKey) -> Key:
    return Key(UUID(key.id).bytes, key.secret)
