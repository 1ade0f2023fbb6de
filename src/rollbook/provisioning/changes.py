"""The change feed: what happened to a tenant's resources, from a position on (``protocol.md`` 35)."""

from collections.abc import AsyncIterator
from typing import Final

from rollbook.events import Kind
from rollbook.provisioning.work import Work
from rollbook.scim.feed import NOW, check_position, read_position, write_position
from rollbook.scim.operations import ReadChanges
from rollbook.scim.outcomes import Told, ToldChange
from rollbook.storage.contract import TenantStore
from rollbook.storage.records import FIRST_POSITION, Changed, Feed, Position

_KINDS: Final = {
    Kind.RESOURCE_CREATED: "created",
    Kind.RESOURCE_REPLACED: "replaced",
    Kind.RESOURCE_MODIFIED: "modified",
    Kind.RESOURCE_DELETED: "deleted",
}

_BATCH = 500
"""Changes read at a time."""


async def read_changes(operation: ReadChanges, work: Work) -> Told:
    """A page of the feed. **Raises** ``InvalidValue`` for a position that is not this tenant's."""
    feed = await _read(work.store, operation.since, operation.count)
    numbers = {type.name: type.number for type in work.types}
    changes = [
        ToldChange(kind_of(c), c.resource_type, numbers.get(c.resource_type), c.id, c.version, c.at)
        for c in feed.changes
    ]
    if operation.since == NOW:
        position = _written(feed.newest, work.store, feed)
    elif feed.changes:
        position = _written(feed.changes[-1].position, work.store, feed)
    else:
        position = operation.since or _written(FIRST_POSITION, work.store, feed)
    return Told(position, feed.more and operation.since != NOW, changes)


async def all_changes(store: TenantStore, since: str | None) -> AsyncIterator[tuple[str, Changed]]:
    """All changes after a position, each with the position to go on from. **Raises** ``InvalidValue``."""
    while True:
        feed = await _read(store, since, _BATCH)
        for change in feed.changes:
            since = _written(change.position, store, feed)
            yield since, change
        if not feed.more:
            return


async def newest_position(store: TenantStore) -> str:
    """The position after all changes that can be read now."""
    feed = await store.changes(FIRST_POSITION, 0)
    return _written(feed.newest, store, feed)


def kind_of(change: Changed) -> str:
    """``created``, ``replaced``, ``modified`` or ``deleted``."""
    return _KINDS[change.kind]


async def _read(store: TenantStore, since: str | None, count: int) -> Feed:
    if since is None or since == NOW:
        return await store.changes(FIRST_POSITION, 0 if since == NOW else count)
    feed = await store.changes(Position(*read_position(since)), count)
    check_position(since, store.tenant_id, feed.epoch)
    return feed


def _written(position: Position, store: TenantStore, feed: Feed) -> str:
    return write_position(*position, store.tenant_id, feed.epoch)
