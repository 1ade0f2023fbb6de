"""Lockers in both engines: each method is a script, or one look-up, of ``storage.sql.locker_*``.

An engine says how it reads and how it runs scripts for a tenant; nothing else here depends on it.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from rollbook.storage.engines.locker_access import Access
from rollbook.storage.engines.locker_engine import Engine
from rollbook.storage.engines.locker_numbered import LockerBanks, NumberedLockers
from rollbook.storage.engines.postgres_rows import is_id
from rollbook.storage.errors import (
    AnsweredBefore,
    KeyReused,
    LockerRefused,
    NotFound,
    Rehearsed,
    StoreError,
    VersionConflict,
)
from rollbook.storage.locker_contract import Allocate, BankStatus, Book, Ground, Judge, K, T, Whereabouts, Wish
from rollbook.storage.locker_records import (
    PLAIN,
    Act,
    Assignment,
    Booking,
    Happened,
    Leaver,
    Listing,
    Locker,
    Manner,
    Once,
    Pin,
    Place,
    Thing,
    Written,
)
from rollbook.storage.records import Change
from rollbook.storage.sql import locker_assignments as assignments
from rollbook.storage.sql import locker_bookings as bookings
from rollbook.storage.sql import locker_choosing as choosing
from rollbook.storage.sql import locker_structure as structure
from rollbook.storage.sql import locker_views as views
from rollbook.storage.sql.locker_steps import done, event_of, kept, look_for_answer, looked, written
from rollbook.storage.sql.locker_tables import record_of
from rollbook.storage.sql.scripts import Script

R = TypeVar("R")

START = Place(-(1 << 62), choosing.FIRST_ID)
"""Before every event."""

_TRIES = 3
"""How often a request with a key is begun: who loses against its twin finds its answer the next time."""


class Lockers:
    """See ``storage.locker_contract.LockerStore``."""

    def __init__(self, tenant: str, engine: Engine) -> None:
        self._tenant = tenant
        self._engine = engine
        self._read = engine.read

    @property
    def access(self) -> Access:
        return Access(self, self._engine)

    @property
    def numbered(self) -> NumberedLockers:
        return NumberedLockers(self._engine)

    @property
    def banks(self) -> LockerBanks:
        return LockerBanks(self._tenant, self._do)

    async def _do(self, act: Act, manner: Manner, script: Callable[[], Script[R]]) -> R:
        whole, events = partial(done, self._tenant, act, manner, script), [act.event.id]
        once = manner.once
        if once is None:
            return await self._engine.run(events, whole)
        for left in reversed(range(_TRIES)):
            try:
                return await self._engine.run(events, whole)
            except (AnsweredBefore, KeyReused, Rehearsed):
                raise
            except (LockerRefused, NotFound, VersionConflict) as error:
                # Perhaps its twin was quicker, and what is refused is to do it again.
                await self._engine.run([], partial(look_for_answer, self._tenant, once))
                if not left or not isinstance(error, VersionConflict):
                    raise
        raise AssertionError("unreachable")

    async def find(self, kind: type[K], id: str) -> K | None:
        rows = await self._read(structure.find(kind), id) if is_id(id) else ()
        return record_of(kind, rows[0]) if rows else None

    async def listed(self, kind: type[K], listing: Listing) -> list[K]:
        if not all(is_id(value) for value in _named(listing.where)) or not is_id((listing.after or (_ANY,))[-1]):
            return []
        sql, values = structure.listed(kind, listing)
        return [record_of(kind, row) for row in await self._read(sql, *values)]

    async def whereabouts(self, locker_ids: Sequence[str]) -> dict[str, Whereabouts]:
        found = [
            views.whereabouts_of(row)
            for ids in _some(locker_ids)
            for row in await self._read(views.whereabouts(ids), *ids)
        ]
        return {one.locker.id: one for one in found}

    async def locker_ids(self, group_id: str, after: str = "", limit: int = 500) -> list[str]:
        if not is_id(group_id) or (after and not is_id(after)):
            return []
        edge = after or choosing.FIRST_ID
        return [row[0] for row in await self._read(structure.LOCKER_IDS, group_id, edge, limit)]

    async def group_ids(self, locker_id: str) -> list[str]:
        return [row[0] for row in await self._read(structure.GROUP_IDS, locker_id)] if is_id(locker_id) else []

    async def holders(self, locker_ids: Sequence[str], at: str) -> dict[str, list[Assignment]]:
        held: dict[str, list[Assignment]] = {}
        for ids in _some(locker_ids):
            for row in await self._read(views.holders(ids), at, *ids):
                one = record_of(Assignment, row)
                held.setdefault(one.locker_id, []).append(one)
        return held

    async def bookings_between(self, locker_ids: Sequence[str], starts: str, ends: str) -> list[Booking]:
        return [
            record_of(Booking, row)
            for ids in _some(locker_ids)
            for row in await self._read(views.bookings(ids), starts, ends, *ids)
        ]

    async def grounds(self, user_id: str, locker_id: str, at: str) -> list[Ground]:
        if not (is_id(user_id) and is_id(locker_id)):
            return []
        rows = await self._read(choosing.GROUNDS, user_id, locker_id, at)
        return [choosing.ground_of(row) for row in rows]

    async def free(self, wish: Wish, starts: str, ends: str | None, limit: int, after: str = "") -> list[Locker]:
        if not _is_well_formed(wish) or (after and not is_id(after)):
            return []
        sql, values = choosing.candidates(wish, starts, ends, limit, after)
        return [record_of(Locker, row) for row in await self._read(sql, *values)]

    async def is_active(self, user_id: str) -> bool | None:
        rows = await self._read(choosing.IS_ACTIVE, user_id) if is_id(user_id) else ()
        return bool(rows[0][0]) if rows else None

    async def status(self, bank_id: str, at: str) -> list[BankStatus]:
        rows = await self._read(views.STATUS, bank_id, at) if is_id(bank_id) else ()
        return [views.status_of(row) for row in rows]

    async def leavers(self, limit: int, after: str = "") -> list[Leaver]:
        if after and not is_id(after):
            return []
        rows = await self._read(views.LEAVERS, after or choosing.FIRST_ID, limit)
        return [views.leaver_of(row) for row in rows]

    async def epoch(self) -> str:
        return await self._engine.epoch()

    async def events(self, after: Place | None, limit: int, where: Mapping[str, str] | None = None) -> Happened:
        start = after or START
        epoch = await self._engine.epoch()
        if not all(is_id(value) for value in _named(where or {})):
            return Happened(epoch, (), start, more=False)
        sql, values = views.events(start, limit + 1, where or {})
        rows = await self._read(sql, *values)
        kept = rows[:limit]
        last = Place(kept[-1][0], kept[-1][1]) if kept else start
        return Happened(epoch, tuple(event_of(row[1:]) for row in kept), last, more=len(rows) > limit)

    async def create(self, thing: T, act: Act, manner: Manner = PLAIN) -> T:
        _check(thing)
        return await self._do(act, manner, partial(structure.create, self._tenant, thing, act))

    async def change(self, thing: T, act: Act, manner: Manner = PLAIN) -> T:
        _check(thing)
        return await self._do(act, manner, partial(structure.change, self._tenant, thing, act))

    async def delete(self, kind: type[Thing], id: str, version: int | None, act: Act, manner: Manner = PLAIN) -> None:
        _must_be(id)
        whole = partial(structure.delete, self._tenant, kind)
        if kind is Locker:
            whole = partial(assignments.delete_locker, self._tenant)
        await self._do(act, manner, partial(whole, id, version, act))

    async def bring(
        self,
        things: Sequence[Thing],
        act: Act,
        manner: Manner = PLAIN,
        members: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        for thing in things:
            _check(thing)
        await self._do(act, manner, partial(structure.bring, self._tenant, things, act, members))

    async def change_group(
        self, group_id: str, add: Sequence[str], remove: Sequence[str], act: Act, manner: Manner = PLAIN
    ) -> int:
        _must_be(group_id, *add)
        gone = [id for id in remove if is_id(id)]
        return await self._do(act, manner, partial(structure.change_group, self._tenant, group_id, add, gone, act))

    async def allocate(self, ask: Allocate, act: Act, manner: Manner = PLAIN) -> Assignment:
        _must_be(ask.user_id, *_ids_of(ask.wish))
        return await self._do(act, manner, partial(assignments.allocate, self._tenant, ask, act))

    async def release(
        self, assignment_id: str, reason: str, act: Act, manner: Manner = PLAIN, version: int | None = None
    ) -> Assignment:
        _must_be(assignment_id)
        return await self._do(
            act, manner, partial(assignments.release, self._tenant, assignment_id, reason, version, act)
        )

    async def share(
        self,
        locker_id: str,
        holder_id: str,
        user_id: str,
        new_id: str,
        act: Act,
        manner: Manner = PLAIN,
        judge: Judge | None = None,
    ) -> Assignment:
        _must_be(locker_id, holder_id, user_id)
        return await self._do(
            act, manner, partial(assignments.share, self._tenant, locker_id, holder_id, user_id, new_id, act, judge)
        )

    async def transfer(
        self,
        assignment_id: str,
        user_id: str,
        new_id: str,
        act: Act,
        manner: Manner = PLAIN,
        judge: Judge | None = None,
    ) -> Assignment:
        _must_be(assignment_id, user_id)
        return await self._do(
            act, manner, partial(assignments.transfer, self._tenant, assignment_id, user_id, new_id, act, judge)
        )

    async def extend(self, assignment: Assignment, act: Act, manner: Manner = PLAIN) -> Assignment:
        return await self._do(act, manner, partial(assignments.extend, self._tenant, assignment, act))

    async def set_state(self, locker_id: str, state: str, reason: str, act: Act, manner: Manner = PLAIN) -> Locker:
        _must_be(locker_id)
        return await self._do(act, manner, partial(assignments.set_state, self._tenant, locker_id, state, reason, act))

    async def unlock(
        self,
        locker_id: str,
        user_id: str | None,
        seconds: int | None,
        act: Act,
        manner: Manner = PLAIN,
        judge: Judge | None = None,
    ) -> int:
        _must_be(locker_id, *(() if user_id is None else (user_id,)))
        return await self._do(
            act, manner, partial(assignments.unlock, self._tenant, locker_id, user_id, seconds, act, judge)
        )

    async def book(self, ask: Book, act: Act, manner: Manner = PLAIN) -> Booking:
        _must_be(ask.user_id, *_ids_of(ask.wish))
        return await self._do(act, manner, partial(bookings.book, self._tenant, ask, act))

    async def cancel(self, booking_id: str, act: Act, manner: Manner = PLAIN) -> Booking:
        _must_be(booking_id)
        return await self._do(act, manner, partial(bookings.cancel, self._tenant, booking_id, act))

    async def set_pin(self, pin: Pin, act: Act) -> None:
        _must_be(pin.id)
        await self._engine.run([act.event.id], partial(views.set_pin, self._tenant, pin, act))

    async def pin(self, subject: str, id: str, purpose: str) -> Pin | None:
        rows = await self._read(views.PIN, subject, id, purpose) if is_id(id) else ()
        return Pin(*rows[0]) if rows else None

    async def drop_pin(self, subject: str, id: str, purpose: str, act: Act) -> None:
        _must_be(id)
        await self._engine.run([act.event.id], partial(views.drop_pin, self._tenant, subject, id, purpose, act))

    async def count_pin_failure(self, subject: str, id: str, purpose: str, locked_until: str | None) -> int:
        values = (self._tenant, subject, id, purpose, locked_until)
        return await self._engine.run([], partial(views.count_pin_failure, *values))

    async def uncount_pin_failure(self, subject: str, id: str, purpose: str) -> None:
        await self._engine.run([], partial(views.uncount_pin_failure, self._tenant, subject, id, purpose))

    async def forgive_pin(self, subject: str, id: str, purpose: str) -> None:
        await self._engine.run([], partial(views.forgive_pin, self._tenant, subject, id, purpose))

    async def expire(self, limit: int, act: Act, manner: Manner = PLAIN) -> int:
        return await self._do(act, manner, partial(assignments.expire, self._tenant, limit, act))

    async def write(self, change: Change, manner: Manner) -> Written:
        before = partial(looked, self._tenant, manner)
        after = partial(written, self._tenant, change, manner)
        try:
            return await self._engine.write(change, before, after)
        except (AnsweredBefore, KeyReused, Rehearsed):
            raise
        except StoreError:
            if manner.once is not None:
                await self.look(manner.once)  # perhaps its twin was quicker
            raise

    async def look(self, once: Once) -> None:
        await self._engine.run([], partial(look_for_answer, self._tenant, once))

    async def keep(self, once: Once, result: object) -> None:
        for _ in range(_TRIES):
            with contextlib.suppress(VersionConflict):  # its twin was quicker, and has left an answer
                return await self._engine.run([], partial(kept, self._tenant, once, result))
        raise VersionConflict


_ANY = choosing.FIRST_ID


def _some(ids: Sequence[str]) -> Iterator[list[str]]:
    good = [id for id in dict.fromkeys(ids) if is_id(id)]
    for start in range(0, len(good), views.AT_ONCE):
        yield good[start : start + views.AT_ONCE]


def _named(where: Mapping[str, Any]) -> Iterator[str]:
    """The ids among the values of a condition."""
    for name, value in where.items():
        if value is not None and name.endswith("_id") and name != "external_id":
            yield value


def _ids_of(wish: Wish) -> Iterator[str]:
    for id in (wish.locker_id, wish.location_id, wish.section_id, wish.bank_id, wish.group_id):
        if id is not None:
            yield id


def _is_well_formed(wish: Wish) -> bool:
    return all(is_id(id) for id in _ids_of(wish))


def _must_be(*ids: str) -> None:
    """**Raises** ``NotFound`` for an id that names nothing."""
    if not all(is_id(id) for id in ids):
        raise NotFound


def _check(thing: Thing) -> None:
    ids = (getattr(thing, name) for name in ("id", *_PARENTS) if getattr(thing, name, ""))
    _must_be(*ids)


_PARENTS = ("location_id", "section_id", "bank_id", "user_group_id", "locker_group_id")
