"""Lockers by page numbers, and banks as a whole, in both engines."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from rollbook.storage.engines.locker_engine import Engine
from rollbook.storage.engines.postgres_rows import is_id
from rollbook.storage.errors import NotFound
from rollbook.storage.locker_contract import K
from rollbook.storage.locker_records import PLAIN, Act, LockerEvent, Manner
from rollbook.storage.numbered_contract import Numbered
from rollbook.storage.sql import locker_numbered as sql
from rollbook.storage.sql.locker_choosing import FIRST_ID
from rollbook.storage.sql.locker_steps import event_of
from rollbook.storage.sql.locker_tables import record_of
from rollbook.storage.sql.scripts import Script

R = TypeVar("R")

_START = -(1 << 62), FIRST_ID
"""Before every event."""


class Do(Protocol):
    """Runs a script as its manner asks, with the audit's event."""

    def __call__(self, act: Act, manner: Manner, script: Callable[[], Script[R]]) -> Awaitable[R]: ...


class NumberedLockers:
    """See ``storage.numbered_contract.NumberedStore``."""

    def __init__(self, engine: Engine) -> None:
        self._read = engine.read

    async def page(self, kind: type[K], where: Mapping[str, Any], offset: int, limit: int) -> Numbered[K]:
        ids = [value for name, value in where.items() if value is not None and name.endswith("_id")]
        if not all(map(is_id, ids)):
            return Numbered(0, ())
        statement, values = sql.counted(kind, where)
        ((total,),) = await self._read(statement, *values)
        if offset >= total or limit <= 0:
            return Numbered(total, ())
        statement, values = sql.page(kind, where, offset, limit)
        return Numbered(total, [record_of(kind, row) for row in await self._read(statement, *values)])

    async def told(self, kinds: Sequence[str], after: str | None, limit: int) -> list[LockerEvent] | None:
        start: tuple[Any, ...] = _START
        if after is not None:
            found = await self._read(sql.PLACE_OF, after) if is_id(after) else []
            if not found:
                return None
            start = found[0]
        rows = await self._read(sql.told(kinds), *start, limit, *(f"{kind}%" for kind in kinds))
        return [event_of(row) for row in rows]


class LockerBanks:
    """See ``storage.bank_contract.BankStore``."""

    def __init__(self, tenant: str, do: Do) -> None:
        self._tenant = tenant
        self._do = do

    async def renumber(self, bank_id: str, numbers: Mapping[str, str], act: Act) -> int:
        _must_be(bank_id)
        return await self._do(act, PLAIN, partial(sql.renumber, self._tenant, bank_id, numbers, act))

    async def remove(self, bank_id: str, locker_ids: Sequence[str], act: Act) -> None:
        _must_be(bank_id, *locker_ids)
        await self._do(act, PLAIN, partial(sql.remove, self._tenant, bank_id, locker_ids, act))

    async def call(self, bank_id: str, what: str, act: Act, /, **data: Any) -> None:
        _must_be(bank_id)
        await self._do(act, PLAIN, partial(sql.call, self._tenant, bank_id, what, data, act))


def _must_be(*ids: str) -> None:
    if not all(map(is_id, ids)):
        raise NotFound
