"""Pages by cursor (RFC 9865): the edge of a page goes out sealed, and comes back to go on from."""

from collections.abc import Sequence

from rollbook.provisioning.seals import Seals
from rollbook.provisioning.viewing import views
from rollbook.provisioning.weighing import fitting, weigh
from rollbook.provisioning.work import Work
from rollbook.scim.cursor import Cursor, binding
from rollbook.scim.operations import Query
from rollbook.scim.outcomes import Cursors, Listed
from rollbook.scim.page import QueryParameters
from rollbook.scim.projection import Projection
from rollbook.scim.schema import ResourceType
from rollbook.storage import records
from rollbook.storage.records import Edge, Step


async def walk(
    operation: Query, asked: records.Query, shown: dict[int, tuple[ResourceType, Projection | None]], work: Work
) -> Listed:
    """One page. **Raises** ``InvalidCursor``, ``ExpiredCursor``, ``InvalidCount``."""
    parameters = operation.parameters
    sorts = [(target.type.number, target.sort and target.sort.leaf.type.value) for target in asked.targets]
    bound = bound_to(work, parameters, operation.mixed, sorts)
    cursor = await opened(work, parameters, bound)
    count = parameters.cursor == ""
    stretch = await work.store.walk(asked, Step(_edge(cursor), cursor.back, count))
    total = stretch.total if count else cursor.total
    weights = await weigh(work, stretch.rows, shown)
    kept = fitting(weights[::-1] if cursor.back else weights, work.limits.page_bytes)
    cut = kept < len(weights)  # what goes is at the end where the walk goes on
    within = slice(len(weights) - kept, None) if cursor.back else slice(kept)
    rows, edges = stretch.rows[within], stretch.edges[within]
    ends = [(edge.id, edge.values) for edge in (edges[:1] + edges[-1:] if edges else [])]
    more = (stretch.more or cut) and parameters.count > 0
    cursors = await sealed(work, bound, cursor, ends, total=total, more=more)
    found = await views(work, rows, shown)
    return Listed(total or 0, None, found, {type.name: p for type, p in shown.values()}, cursors)


def bound_to(work: Work, parameters: QueryParameters, *more: object) -> bytes:
    """What the cursors of a walk are bound to: the tenant, the address, and all that decides which rows come when."""
    query = (parameters.filter, parameters.sort_by, parameters.descending)
    return binding(work.store.tenant_id, work.connection, work.location_base, *query, *more)


async def opened(work: Work, parameters: QueryParameters, bound: bytes) -> Cursor:
    """The cursor that a client has sent; a new one where it is empty."""
    if not parameters.cursor:
        return Cursor(parameters.count)
    return await _seals(work).unseal(parameters.cursor, bound, parameters.count)


async def sealed(
    work: Work,
    bound: bytes,
    cursor: Cursor,
    ends: Sequence[tuple[str, tuple[str | int | float | None, ...]]],
    *,
    total: int | None,
    more: bool,
) -> Cursors:
    """The cursors that a page is given with. ``ends`` are id and values of its first row and of its last; ``more`` says
    whether there are more rows the way it was walked.

    **Rules**: behind us there is the page that we came from. Where the page is empty, because all that was there has
    gone, the way back begins at the end of the list.
    """

    async def to(end: tuple[str, tuple[str | int | float | None, ...]], *, back: bool) -> str:
        id, values = end
        return await _seals(work).seal(Cursor(cursor.count, total, back, id, values), bound)

    begun = cursor.back or bool(cursor.id)
    first, last = (ends[0], ends[-1]) if ends else (("", ()), ("", ()))
    if cursor.back:
        following = await to(last, back=False)
        return Cursors(following, await to(first, back=True) if more else None)
    return Cursors(await to(last, back=False) if more else None, await to(first, back=True) if begun else None)


def _edge(cursor: Cursor) -> Edge | None:
    return Edge(cursor.values, cursor.id) if cursor.id else None


def _seals(work: Work) -> Seals:
    assert work.seals is not None
    return work.seals
