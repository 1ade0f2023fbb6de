"""Saving an update: optimistic, so computed again when the resource changed between reading and writing."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import NamedTuple, TypeVar

from rollbook.provisioning.work import Work
from rollbook.scim.errors import Unavailable
from rollbook.scim.resource import Stored
from rollbook.scim.schema import ResourceType
from rollbook.storage.errors import VersionConflict
from rollbook.storage.records import Update

T = TypeVar("T")

_ATTEMPTS = 100
"""Reads and writes again at most so often. Each failed attempt means that a writer of another process succeeded."""


class Saved(NamedTuple):
    stored: Stored
    changed: bool


async def save(work: Work, stored: Stored, update: Update) -> Saved:
    """The resource after an update. Where nothing would change nothing is written but the event, and the version stays.

    **Raises** what ``TenantStore.apply`` raises; ``again_while_it_changes`` catches ``VersionConflict``.
    """
    if update.content is None and update.members is None and update.password is None and update.groups is None:
        await work.store.record([replace(update.event, attributes=())])
        return Saved(stored, changed=False)
    applied = await work.apply(update)
    if not applied.changed:
        await work.store.record([replace(update.event, attributes=())])
    document = update.content.document if update.content else stored.document
    after = stored._replace(version=applied.version, last_modified=applied.last_modified, document=document)
    if update.groups is not None:
        after = after._replace(grouped=True)  # perhaps; whoever shows them looks
    return Saved(after, applied.changed)


async def again_while_it_changes(attempt: Callable[[], Awaitable[T]], work: Work, type: ResourceType, id: str) -> T:
    """Run an attempt (read, compute, write) until no other writer came between; preconditions are judged each time."""
    try:
        return await attempt()
    except VersionConflict:
        pass
    async with work.lines.line(id):
        for _ in range(_ATTEMPTS):
            try:
                return await attempt()
            except VersionConflict:
                continue
    raise Unavailable(
        f"Too many clients are changing this {type.name} at once; nothing was changed. Try again.",
        headers=(("retry-after", "1"),),
    )
