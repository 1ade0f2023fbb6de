"""The members of one group, page by page, whatever their number: ``GET /Groups/{id}/members`` (ours, not the RFC's)."""

from rollbook.provisioning.refusals import not_found
from rollbook.provisioning.walking import bound_to, opened, sealed
from rollbook.provisioning.work import Work
from rollbook.scim.attributes import Held
from rollbook.scim.binding import BoundFilter, bind_element
from rollbook.scim.errors import InvalidValue
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.operations import ListMembers
from rollbook.scim.outcomes import Joined
from rollbook.storage.records import MemberQuery


async def list_members(operation: ListMembers, work: Work) -> Joined:
    """A page, in order of the members' ids. **Raises** ``NotFound``, ``InvalidFilter``, ``InvalidValue`` (a sortBy),
    ``InvalidCursor``, ``ExpiredCursor``, ``InvalidCount``."""
    type, id, parameters = operation.type, operation.id, operation.parameters
    if parameters.sort_by is not None:
        raise InvalidValue("Members come in the order of their value; leave sortBy out.")
    bound_filter = _bound(operation, work)
    if await work.store.get(type.number, id) is None:
        raise not_found(type)
    asked = MemberQuery(type, id, bound_filter, limit=parameters.count, location_base=work.location_base)
    if parameters.cursor is None:
        asked.offset = parameters.start_index - 1
        page = await work.store.member_page(asked)
        assert page.total is not None
        return Joined(page.total, parameters.start_index, page.members)
    bound = bound_to(work, parameters, "members", type.number, id)
    cursor = await opened(work, parameters, bound)
    asked.edge, asked.back, asked.count = cursor.id or None, cursor.back, parameters.cursor == ""
    page = await work.store.member_page(asked)
    total = page.total if asked.count else cursor.total
    ends = [(member.id, ()) for member in page.members[:1] + page.members[-1:]]
    cursors = await sealed(work, bound, cursor, ends, total=total, more=page.more and parameters.count > 0)
    return Joined(total or 0, None, page.members, cursors)


def _bound(operation: ListMembers, work: Work) -> BoundFilter | None:
    if operation.parameters.filter is None:
        return None
    parsed = parse_filter(
        operation.parameters.filter,
        unquoted=work.tolerances.unquoted_value,
        value_path_sub=work.tolerances.value_path_sub_filter,
        limits=work.limits,
    )
    attribute = operation.type.held(Held.MEMBERS)
    assert attribute is not None
    place = operation.type.place(None, attribute.name, None)
    assert place is not None
    return bind_element(parsed, place, operation.type, boolean_text=work.tolerances.boolean_text)
