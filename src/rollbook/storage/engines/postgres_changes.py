"""How a ``Change`` is made in PostgreSQL: functions of an open transaction of its tenant.

**Rules**: first lock and look, then refuse, then write. Members are locked before the group, what is deleted before its
groups, and ids in their order, so that those who share rows wait and seldom deadlock.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.postgres_groups import change_groups
from rollbook.storage.engines.postgres_pool import Link
from rollbook.storage.engines.postgres_rows import (
    event_rows,
    index_rows,
    is_id,
    update_arguments,
)
from rollbook.storage.engines.postgres_scripts import drive
from rollbook.storage.engines.postgres_unique import insertion, replace
from rollbook.storage.errors import MissingMembers, NotFound, VersionConflict
from rollbook.storage.records import NO_PASSWORD, Applied, Delete, Insert, MemberChange, Update
from rollbook.storage.rows import cascaded
from rollbook.storage.sql.locker_lifecycle import gone, left


async def insert(link: Link, tenant: str, change: Insert) -> Applied:
    """A new resource with members, groups or a password."""
    found = await _lock_members(link, tenant, change.members)
    _refuse_missing(change.members, found)
    if not await link.fetch(*insertion(tenant, [change])):
        raise NotFound("no such connection")
    if found:
        await link.fetch(sql.MEMBERS_COME, tenant, change.id, list(found), list(found.values()))
    await password_comes(link, tenant, change)
    await change_groups(link, tenant, change)
    return Applied(1, change.at, change.at, True)


async def update(link: Link, tenant: str, change: Update) -> Applied:
    """Memberships, the password or unique values change, and the content perhaps."""
    members = change.members or MemberChange()
    locked = await _lock_members(link, tenant, members.add)
    before = await _state(link, sql.LOCK, tenant, change)
    _refuse_missing(members.add, locked)
    changed = await _change_members(link, tenant, change.id, members, locked)
    if change.password == NO_PASSWORD:
        changed = await link.change(sql.PASSWORD_GOES, tenant, change.type, change.id) > 0 or changed
    else:
        changed = await password_comes(link, tenant, change) or changed
    changed = await change_groups(link, tenant, change) or changed
    if change.content is not None:
        (after,) = map(tuple, await link.fetch(sql.UPDATE, *update_arguments(tenant, [change])))
        await replace(link, tenant, change)
    elif changed:
        (after,) = map(tuple, await link.fetch(sql.TOUCH, tenant, change.type, change.id, change.at))
    else:
        return Applied(*before, False)
    version, created, modified = after
    await _follow(link, tenant, change, version)
    if change.leaves:
        await drive(tenant, partial(left, tenant, change.id, change.event), link)
    return Applied(version, created, modified, True)


async def delete(link: Link, tenant: str, change: Delete) -> Applied:
    """A resource goes, with its memberships on both sides."""
    version, created, modified = await _state(link, sql.LOCK_TO_DELETE, tenant, change)
    events, versions = [change.event], [version + 1]
    parents = await link.fetch(sql.PARENTS, tenant, change.id)
    if parents:
        types, ids = [row[0] for row in parents], [row[1] for row in parents]
        for type, id, parent_version in await link.fetch(sql.TOUCH_PARENTS, tenant, types, ids, change.at):
            events.append(cascaded(change.event, change.names.get(type, ""), str(id)))
            versions.append(parent_version)
    rows = await link.fetch(sql.DELETE, tenant, change.type, change.id, event_rows(events), versions)
    if any(row[0] for row in rows):
        await drive(tenant, partial(gone, tenant, change.id, change.event), link)
    return Applied(version, created, max(modified, change.at), True)


CHANGES: Mapping[type, Callable[[Link, str, Any], Awaitable[Applied]]] = {
    Insert: insert,
    Update: update,
    Delete: delete,
}


async def password_comes(link: Link, tenant: str, change: Insert | Update) -> bool:
    """Whether the change brings a password; then it is there."""
    if not change.password:
        return False
    await link.fetch(sql.PASSWORD_COMES, tenant, change.type, change.id, change.password, change.at)
    return True


async def _state(link: Link, statement: str, tenant: str, change: Update | Delete) -> tuple[int, str, str]:
    """Version, created and lastModified as they stand. **Raises** ``NotFound``, ``VersionConflict``."""
    rows = await link.fetch(statement, tenant, change.type, change.id)
    if not rows:
        raise NotFound
    version, created, modified = rows[0]
    if change.version is not None and change.version != version:
        raise VersionConflict
    return version, created, modified


async def _lock_members(link: Link, tenant: str, ids: Sequence[str]) -> dict[str, int]:
    """The type of each that there is; nobody may delete it now."""
    asked = [id for id in ids if is_id(id)]
    rows = await link.fetch(sql.LOCK_MEMBERS, tenant, asked) if asked else ()
    return {str(id): type for id, type in rows}


def _refuse_missing(ids: Sequence[str], found: Mapping[str, int]) -> None:
    missing = [id for id in ids if id not in found]
    if missing:
        raise MissingMembers(missing)


async def _change_members(link: Link, tenant: str, group: str, change: MemberChange, found: Mapping[str, int]) -> bool:
    """Whether any member came or went."""
    count = 0
    if change.clear:
        count += await link.change(sql.OTHERS_GO, tenant, group, list(found))
    elif change.remove:
        count += await link.change(sql.MEMBERS_GO, tenant, group, [id for id in change.remove if is_id(id)])
    if found:
        count += await link.change(sql.MEMBERS_COME, tenant, group, list(found), list(found.values()))
    return count > 0


async def _follow(link: Link, tenant: str, change: Update, version: int) -> None:
    """Index rows and the event of a resource that has changed."""
    index, event = index_rows([change]), event_rows([change.event])
    arguments = (tenant, change.type, change.id, change.index is not None, index, event, version)
    await link.fetch(sql.FOLLOW_UPDATE, *arguments)
