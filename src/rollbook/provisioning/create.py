"""Creating resources (RFC 7644 §3.3)."""

from rollbook.events import Kind
from rollbook.ids import ordered_id
from rollbook.provisioning.filing import changed_attributes, filing
from rollbook.provisioning.members import check_member_types
from rollbook.provisioning.viewing import view
from rollbook.provisioning.work import Work
from rollbook.scim.operations import Create
from rollbook.scim.outcomes import Found
from rollbook.scim.resource import Stored
from rollbook.scim.validate import validator
from rollbook.storage.records import Insert


async def create(operation: Create, work: Work) -> Found:
    """A new resource with an id of ours. **Raises** ``InvalidSyntax``, ``InvalidValue``, ``AlreadyExists``."""
    type = operation.type
    draft = validator(type).read(operation.body, work.tolerances, work.notes)
    content, index = filing(type).file(draft.document, work.limits)
    members = draft.members or []
    await check_member_types(work, draft.member_types)
    at, id = work.clock.written(), ordered_id()
    changed = (*changed_attributes({}, draft.document), *(("members",) if members else ()))
    event = work.event(Kind.RESOURCE_CREATED, at, type, id, 201, changed)
    insert = Insert(type.number, id, work.connection, at, content, index, event, members)
    applied = await work.store.apply(insert)
    stored = Stored(
        type.number, id, applied.version, applied.created, applied.last_modified, content.document, grouped=False
    )
    return Found(await view(work, type, stored, operation.projection), operation.projection, created=True)
