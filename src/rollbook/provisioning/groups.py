"""Groups written on their member: what a dialect that lets clients do so makes of it (``groups`` that is readWrite).

Only the groups that a resource is itself a member of can be written; those that it is in through others follow.
"""

from collections.abc import Mapping
from typing import Any

from rollbook.provisioning.work import Work
from rollbook.scim.answer import Locations
from rollbook.scim.attributes import Held
from rollbook.scim.member_steps import MemberSteps
from rollbook.scim.resource import Stored
from rollbook.scim.schema import ResourceType
from rollbook.scim.validate import Draft
from rollbook.storage.records import GroupChange


def first_groups(draft: Draft) -> GroupChange | None:
    """The groups of a new resource."""
    return GroupChange(add=draft.groups) if draft.groups else None


async def all_groups(work: Work, type: ResourceType, stored: Stored, draft: Draft) -> GroupChange | None:
    """The groups that a PUT leaves a resource in; None where they are what they were, or are not written here."""
    attribute = type.held(Held.GROUPS)
    if attribute is None or attribute.read_only or work.tolerances.ignore_groups:
        return None
    wanted = draft.groups or []
    own = {group["value"] for group in await own_groups(work, stored)} if stored.grouped else set()
    return GroupChange(clear=True, add=wanted) if set(wanted) != own else None


def changed_groups(steps: MemberSteps) -> GroupChange | None:
    """What a PATCH does to the groups of a resource."""
    return GroupChange(steps.clear, tuple(steps.remove), tuple(steps.add)) if steps.touched else None


async def own_groups(work: Work, stored: Stored) -> list[Mapping[str, Any]]:
    """The groups that a resource is itself a member of, as shown."""
    locations = Locations(work.location_base, work.types)
    found = (await work.store.groups_of([stored.id])).get(stored.id, [])
    return [locations.membership(group) for group in found if group.direct]
