"""Resources with what lives in rows beside them, loaded only when the client wants to see it, for all at once."""

from collections.abc import Sequence

from rollbook.provisioning.work import Work
from rollbook.scim.attributes import Held
from rollbook.scim.outcomes import View
from rollbook.scim.projection import Projection, default_wants
from rollbook.scim.resource import Stored
from rollbook.scim.schema import ResourceType


def wants(type: ResourceType, projection: Projection | None, held: Held) -> bool:
    """Whether the answer shows what is held so."""
    return default_wants(type, held) if projection is None else projection.wants(held)


def alone(type: ResourceType, stored: Stored) -> bool:
    """Whether nothing of a resource lives in rows, whatever is asked for: then there is nothing to load."""
    return not (stored.grouped or type.held(Held.MEMBERS))


async def view(work: Work, type: ResourceType, stored: Stored, projection: Projection | None) -> View:
    """One resource."""
    members = groups = None
    if type.held(Held.MEMBERS) and wants(type, projection, Held.MEMBERS):
        members = (await work.store.members([stored.id])).get(stored.id)
    if stored.grouped and type.held(Held.GROUPS) and wants(type, projection, Held.GROUPS):
        groups = (await work.store.groups_of([stored.id])).get(stored.id)
    return View(type, stored, members, groups)


async def views(
    work: Work, rows: Sequence[Stored], types: dict[int, tuple[ResourceType, Projection | None]]
) -> list[View]:
    """A page of resources: one question for the members of all, one for the groups of all."""
    with_members = [
        row.id for row in rows if types[row.type][0].held(Held.MEMBERS) and wants(*types[row.type], held=Held.MEMBERS)
    ]
    with_groups = [
        row.id
        for row in rows
        if row.grouped and types[row.type][0].held(Held.GROUPS) and wants(*types[row.type], held=Held.GROUPS)
    ]
    members = await work.store.members(with_members) if with_members else {}
    groups = await work.store.groups_of(with_groups) if with_groups else {}
    return [View(types[row.type][0], row, members.get(row.id), groups.get(row.id)) for row in rows]
