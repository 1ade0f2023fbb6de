"""Who may do what with lockers, in both engines (``storage.access_contract.AccessStore``)."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rollbook.storage.access_contract import Crowd, Facts, Hour, Reach, Row
from rollbook.storage.engines.locker_engine import Engine
from rollbook.storage.engines.postgres_rows import is_id
from rollbook.storage.locker_contract import Ground, LockerStore
from rollbook.storage.locker_records import Link
from rollbook.storage.sql import locker_access as sql
from rollbook.storage.sql.locker_choosing import FIRST_ID, ground_of
from rollbook.storage.sql.locker_tables import record_of

_AT_ONCE = 500
"""Ids in one statement."""


class Access:
    """See ``storage.access_contract.AccessStore``."""

    def __init__(self, lockers: LockerStore, engine: Engine) -> None:
        self._lockers = lockers
        self._read = engine.read

    async def _one(self, statement: str, *values: str) -> str | None:
        rows = await self._read(f"{statement} LIMIT 1", *values)
        return str(rows[0][0]) if rows else None

    async def user_of(self, user_name: str) -> str | None:
        return await self._one(sql.USER_OF, user_name)

    async def user_of_badge(self, path: str, value: str) -> str | None:
        return await self._one(sql.USER_OF_VALUE, path, value)

    async def locker_of(self, external_id: str) -> str | None:
        return await self._one(sql.LOCKER_OF, external_id)

    async def facts(self, user_id: str, locker_id: str, at: str) -> Facts:
        lockers = self._lockers
        active, stands, grounds, holders = await asyncio.gather(
            lockers.is_active(user_id),
            lockers.whereabouts([locker_id]),
            lockers.grounds(user_id, locker_id, at),
            lockers.holders([locker_id], at),
        )
        return Facts(active, stands.get(locker_id), grounds, holders.get(locker_id, []))

    async def time_zones(self) -> list[str]:
        return [row[0] for row in await self._read(sql.TIME_ZONES)]

    async def reachable(self, user_id: str, reach: Reach, hours: Sequence[Hour], limit: int, after: str) -> list[str]:
        ids = (user_id, *((after,) if after else ()), *((reach.location_id,) if reach.location_id else ()))
        if not hours or not all(map(is_id, ids)):
            return []
        statement, values = sql.reachable(user_id, reach, hours, limit, after or FIRST_ID)
        return [str(row[0]) for row in await self._read(statement, *values)]

    async def links_of(self, locker_id: str) -> list[Ground]:
        return [ground_of(row) for row in await self._read(sql.LINKS_OF, locker_id)] if is_id(locker_id) else []

    async def user_groups(self, user_id: str) -> dict[str, str]:
        rows = await self._read(sql.USER_GROUPS, user_id) if is_id(user_id) else ()
        return {str(id): name or "" for id, name in rows}

    async def locker_groups(self, locker_id: str) -> dict[str, str]:
        rows = await self._read(sql.LOCKER_GROUPS, locker_id) if is_id(locker_id) else ()
        return {str(id): name for id, name in rows}

    async def groups_below(self, group_ids: Sequence[str]) -> list[str]:
        found: dict[str, None] = {}
        for ids in _some(group_ids):
            found |= dict.fromkeys(str(row[0]) for row in await self._read(sql.groups_below(ids), *ids))
        return list(found)

    async def members_after(self, group_id: str, after: str, limit: int) -> list[str]:
        return [str(row[0]) for row in await self._read(sql.MEMBERS, group_id, after or FIRST_ID, limit)]

    async def welcome(self, user_ids: Sequence[str], denied: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for ids in _some(user_ids):
            still = set(ids)
            for part in _some(denied) if denied else [[]]:
                rows = await self._read(sql.welcome(ids, part), *ids, *part)
                still &= {str(row[0]) for row in rows}
            found |= still
        return found

    async def held(self, user_ids: Sequence[str], group_ids: Sequence[str], at: str) -> Mapping[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for ids in _some(user_ids):
            for groups in _some(group_ids):
                for user, group, count in await self._read(sql.held(ids, groups), at, *ids, *groups):
                    found[str(user), str(group)] = count
        return found

    async def links(self) -> list[Link]:
        return [record_of(Link, row) for row in await self._read(sql.LINKS)]

    async def crowds(self, roots: Sequence[str], touched: Sequence[str]) -> list[Crowd]:
        if not roots or not touched:
            return []
        found = await self._read(sql.crowds(roots, touched), *roots, *touched)
        return [Crowd(frozenset(joined.split(",")), users, example) for joined, users, example in found]

    async def groups_of_users(self, user_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for ids in _some(user_ids):
            for user, group in await self._read(sql.groups_of_users(ids), *ids):
                found.setdefault(str(user), set()).update(() if group is None else (str(group),))
        return {user: frozenset(groups) for user, groups in found.items()}

    async def above(self, group_ids: Sequence[str], roots: Sequence[str]) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for ids in _some(group_ids) if roots else ():
            for group, root in await self._read(sql.above(ids, roots), *ids, *roots):
                found.setdefault(str(group), set()).add(str(root))
        return {group: frozenset(above) for group, above in found.items()}

    async def rows(self, groups: Sequence[str], touched: Sequence[str]) -> list[Row]:
        if not groups or not touched:
            return []
        found = await self._read(sql.rows(groups, touched), *groups, *touched)
        return [Row(frozenset(joined.split(",")), zone, lockers, example) for joined, zone, lockers, example in found]

    async def groups_of_lockers(self, locker_ids: Sequence[str]) -> dict[str, tuple[frozenset[str], str]]:
        found: dict[str, tuple[set[str], str]] = {}
        for ids in _some(locker_ids):
            for locker, zone, group in await self._read(sql.groups_of_lockers(ids), *ids):
                found.setdefault(str(locker), (set(), zone))[0].update(() if group is None else (str(group),))
        return {locker: (frozenset(groups), zone) for locker, (groups, zone) in found.items()}


def _some(ids: Iterable[str]) -> Iterator[list[str]]:
    good = [id for id in dict.fromkeys(ids) if is_id(id)]
    for start in range(0, len(good), _AT_ONCE):
        yield good[start : start + _AT_ONCE]
