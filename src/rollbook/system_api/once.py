"""Changes of users and user groups in the manner of lockers: done once for a key, or only rehearsed.

They are SCIM's changes, by SCIM's use cases; only at the store they go another way (``LockerStore.write``), so that
what was answered is remembered in the transaction of the change.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, cast

from rollbook.events import Event
from rollbook.provisioning.work import Work
from rollbook.scim.errors import ScimError
from rollbook.scim.resource import Stored
from rollbook.storage.contract import TenantStore
from rollbook.storage.errors import AnsweredBefore, KeyReused, Rehearsed, StoreError
from rollbook.storage.locker_contract import LockerStore
from rollbook.storage.locker_records import PLAIN, Manner
from rollbook.storage.records import Applied, Change


class _Settled(Exception):
    """It was answered before, or rehearsed: nobody on the way up makes a refusal of it."""

    def __init__(self, end: StoreError) -> None:
        super().__init__(end.detail)
        self.end = end


class _Gate:
    """See ``provisioning.work.Gate``."""

    def __init__(self, store: LockerStore, manner: Manner) -> None:
        self._store = store
        self._manner = manner
        self.stored: Stored | None = None
        self.passed = False

    async def apply(self, change: Change) -> Applied:
        once = self._manner.once
        manner = self._manner
        if once is not None:
            manner = Manner(replace(once, answer=lambda made: once.answer(made.stored)))
        try:
            applied, self.stored = await self._store.write(change, manner)
        except Rehearsed as rehearsed:
            raise _Settled(Rehearsed(cast(Any, rehearsed.result).stored)) from None
        except (AnsweredBefore, KeyReused) as end:
            raise _Settled(end) from None
        self.passed = True
        return applied


class _Silent:
    """A store that keeps no events: a rehearsal that would change nothing leaves none either."""

    def __init__(self, store: TenantStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def record(self, events: Sequence[Event]) -> None:
        """Nothing."""


async def in_manner(work: Work, manner: Manner, change: Callable[[Work], Awaitable[Stored | None]]) -> Stored | None:
    """What ``change`` makes, with whatever it writes written in this manner; the resource as it stands then.

    **Raises** ``ScimError``, and by the manner ``AnsweredBefore``, ``KeyReused``, ``Rehearsed``.
    """
    if manner == PLAIN:
        return await change(work)
    lockers, once = work.store.lockers, manner.once
    if once is not None:
        await lockers.look(once)  # what was done cannot always be computed again
    gate = _Gate(lockers, manner)
    store = cast(TenantStore, _Silent(work.store)) if manner.rehearse else work.store
    try:
        stored = await change(replace(work, gate=gate, store=store))
    except _Settled as settled:
        raise settled.end from None
    except ScimError:
        if once is not None:
            await lockers.look(once)  # perhaps its twin was quicker, and what is refused is to do it again
        raise
    if gate.passed:
        return gate.stored
    if manner.rehearse:
        raise Rehearsed(stored)
    if once is not None:
        await lockers.keep(once, stored)
    return stored
