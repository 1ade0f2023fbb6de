"""All that a query finds, for clients of a dialect that knows no pages: read and answered piece by piece.

A tenant is never in memory for that, whatever its size: each piece is a step of a walk (``storage.records.Step``) for
itself, so no transaction is open while a client reads. What is written meanwhile may be in the list or not; what is
there all the time is in it once.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

from rollbook.provisioning.viewing import views
from rollbook.provisioning.weighing import fitting, weigh
from rollbook.provisioning.work import Work
from rollbook.scim.outcomes import Listed, Unrolled, View
from rollbook.scim.projection import Projection
from rollbook.scim.schema import ResourceType
from rollbook.storage import records
from rollbook.storage.records import Edge, Step

Shown = dict[int, tuple[ResourceType, Projection | None]]

STEP = 200
"""Resources in a piece. Precedent: other requests wait some milliseconds while one of them is written as JSON."""


async def unroll(asked: records.Query, shown: Shown, work: Work) -> Listed | Unrolled:
    """All of it, whatever the page that ``asked`` names: at once where it is one piece."""
    asked = replace(asked, offset=0, limit=STEP)
    projections = {type.name: projection for type, projection in shown.values()}
    first, edge = await _piece(asked, None, shown, work)
    if edge is None:
        return Listed(len(first), 1, first, projections)
    return Unrolled(first, _rest(asked, edge, shown, work), projections)


async def _rest(asked: records.Query, edge: Edge | None, shown: Shown, work: Work) -> AsyncIterator[list[View]]:
    while edge is not None:
        piece, edge = await _piece(asked, edge, shown, work)
        yield piece


async def _piece(asked: records.Query, edge: Edge | None, shown: Shown, work: Work) -> tuple[list[View], Edge | None]:
    """The resources behind an edge, and the edge to go on from; None: these were the last."""
    stretch = await work.store.walk(asked, Step(edge))
    kept = fitting(await weigh(work, stretch.rows, shown), work.limits.page_bytes)
    found = await views(work, stretch.rows[:kept], shown)
    more = stretch.more or kept < len(stretch.rows)
    return found, stretch.edges[kept - 1] if more and kept else None
