"""Querying resources (RFC 7644 §3.4.2, §3.4.3): the filter, the sort and the page all run in the store."""

from rollbook.provisioning.unrolling import unroll
from rollbook.provisioning.viewing import views
from rollbook.provisioning.walking import walk
from rollbook.provisioning.weighing import fitting, weigh
from rollbook.provisioning.work import Work
from rollbook.scim.binding import bind, bind_sort
from rollbook.scim.errors import InvalidValue
from rollbook.scim.filter import Filter
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.operations import Query
from rollbook.scim.outcomes import Listed, Unrolled
from rollbook.scim.projection import Projection, projection
from rollbook.scim.schema import ResourceType
from rollbook.storage import records


async def query(operation: Query, work: Work) -> Listed | Unrolled:
    """A page, or all of it. **Raises** ``InvalidFilter``, ``InvalidValue`` (an unknown sortBy), what ``walk`` does."""
    parameters = operation.parameters
    parsed = None
    if parameters.filter is not None:
        parsed = parse_filter(
            parameters.filter,
            unquoted=work.tolerances.unquoted_value,
            value_path_sub=work.tolerances.value_path_sub_filter,
            limits=work.limits,
        )
    targets = tuple(_target(type, parsed, operation, work) for type in operation.types)
    sorted_ = parameters.sort_by is not None
    if sorted_ and all(target.sort is None for target in targets):
        raise InvalidValue("sortBy: there is no such attribute. Name one of the schema, such as name.familyName.")
    asked = records.Query(
        targets=targets,
        offset=parameters.start_index - 1,
        limit=parameters.count,
        sorted=sorted_,
        descending=parameters.descending and sorted_,
        location_base=work.location_base,
    )
    shown: dict[int, tuple[ResourceType, Projection | None]] = {
        type.number: (type, projection(type, parameters.attributes, parameters.excluded)) for type in operation.types
    }
    if operation.whole:
        return await unroll(asked, shown, work)
    if parameters.cursor is not None:
        return await walk(operation, asked, shown, work)
    page = await work.store.query(asked)
    kept = fitting(await weigh(work, page.rows, shown), work.limits.page_bytes)
    found = await views(work, page.rows[:kept], shown)
    return Listed(page.total, parameters.start_index, found, {type.name: p for type, p in shown.values()})


def _target(type: ResourceType, parsed: Filter | None, operation: Query, work: Work) -> records.Target:
    bound = sort = None
    if parsed is not None:
        bound = bind(
            parsed,
            type,
            mixed=operation.mixed,
            boolean_text=work.tolerances.boolean_text,
            short_names=work.tolerances.short_names,
        )
    if operation.parameters.sort_by is not None:
        sort = bind_sort(operation.parameters.sort_by, type)
    return records.Target(type, bound, sort)
