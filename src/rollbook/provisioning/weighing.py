"""How much of a page an answer holds: a page of large resources ends early, and ``itemsPerPage`` says how much came.

Resources are weighed before what lives in rows is loaded for them, so that a page of large groups is never in memory.
One resource is answered whatever it weighs.
"""

from collections.abc import Sequence

from rollbook.provisioning.viewing import wants
from rollbook.provisioning.work import Work
from rollbook.scim.attributes import Held
from rollbook.scim.projection import Projection
from rollbook.scim.resource import Stored
from rollbook.scim.schema import ResourceType

_MEMBER_BYTES = 150
"""A member in an answer, without the address that its ``$ref`` begins with."""

_FRAME_BYTES = 280
"""``id`` and ``meta`` around a stored document, without the address that the location begins with."""


async def weigh(
    work: Work, rows: Sequence[Stored], types: dict[int, tuple[ResourceType, Projection | None]]
) -> list[int]:
    """About how many bytes each of these resources is in an answer."""
    with_members = [
        row.id for row in rows if types[row.type][0].held(Held.MEMBERS) and wants(*types[row.type], held=Held.MEMBERS)
    ]
    counts = await work.store.member_counts(with_members) if len(with_members) > 1 else {}
    each = _MEMBER_BYTES + len(work.location_base)
    frame = _FRAME_BYTES + len(work.location_base)
    return [frame + len(row.document) + counts.get(row.id, 0) * each for row in rows]


def fitting(weights: Sequence[int], limit: int) -> int:
    """How many of them, from the first one on, an answer holds: one at least, if there is one.

    >>> fitting([5, 5, 5], 10), fitting([50, 1], 10), fitting([], 10)
    (2, 1, 0)
    """
    size = 0
    for count, weight in enumerate(weights):
        size += weight
        if size > limit and count:
            return count
    return len(weights)
