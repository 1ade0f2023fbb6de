"""Creating resources (RFC 7644 §3.3)."""

from rollbook.events import Kind
from rollbook.ids import ordered_id
from rollbook.provisioning.filing import changed_attributes, filing
from rollbook.provisioning.groups import first_groups
from rollbook.provisioning.judging import creation
from rollbook.provisioning.members import check_member_types, check_no_self
from rollbook.provisioning.reactivate import reactivate
from rollbook.provisioning.viewing import view
from rollbook.provisioning.work import Work
from rollbook.scim.errors import Forbidden
from rollbook.scim.operations import Create
from rollbook.scim.outcomes import Found
from rollbook.scim.resource import Stored
from rollbook.storage.errors import AlreadyExists, NotFound
from rollbook.storage.records import Insert


async def create(operation: Create, work: Work) -> Found:
    """A new resource with an id of ours; or, where the connection's terms say so, an old one taken up again.

    **Raises** ``InvalidSyntax``, ``InvalidValue``, ``AlreadyExists``, ``Forbidden``.
    """
    type = operation.type
    drafted = creation(work, type, operation.body)
    draft, document = drafted.draft, drafted.kept()
    content, index = filing(type.whole).file(document, work.limits)
    members = draft.members or []
    if draft.member_types:
        await check_member_types(work, draft.member_types)
    id = operation.id or ordered_id()
    changed = changed_attributes({}, document)
    if members:
        check_no_self(id, members)
        changed = (*changed, "members")
    groups = first_groups(draft)
    if groups:
        changed = (*changed, "groups")
    hash = None
    if draft.password is not None:
        hash = await work.hash(draft.password)
        changed = (*changed, "password")
    at = work.clock.written()
    event = work.event(Kind.RESOURCE_CREATED, at, type, id, 201, changed)
    insert = Insert(type.number, id, work.connection, at, content, index, event, members, password=hash)
    insert.groups = groups
    try:
        applied = await work.apply(insert)
    except AlreadyExists:
        if work.terms.reactivate and (found := await reactivate(operation, work, content)) is not None:
            return found
        raise
    except NotFound:
        raise Forbidden("The connection of this token was deleted a moment ago; nothing was created.") from None
    stored = Stored(
        *(type.number, id, applied.version, applied.created, applied.last_modified, content.document),
        grouped=groups is not None,
    )
    return Found(await view(work, type, stored, operation.projection), operation.projection, created=True)
