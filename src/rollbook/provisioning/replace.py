"""Replacing a resource (RFC 7644 §3.5.1)."""

import orjson

from rollbook.events import Kind
from rollbook.provisioning.filing import changed_attributes, filing, leaves
from rollbook.provisioning.groups import all_groups
from rollbook.provisioning.judging import replacement
from rollbook.provisioning.members import check_may_be_emptied, check_member_types, check_no_self
from rollbook.provisioning.ownership import new_owner, with_anothers_external_id
from rollbook.provisioning.refusals import not_found
from rollbook.provisioning.retrieve import check_writable
from rollbook.provisioning.save import Saved, again_while_it_changes, save
from rollbook.provisioning.viewing import view
from rollbook.provisioning.work import Work
from rollbook.scim.attributes import Held
from rollbook.scim.operations import Replace
from rollbook.scim.outcomes import Done, Found
from rollbook.storage.records import MemberChange, Update


async def replace(operation: Replace, work: Work) -> Found | Done:
    """The resource with new content. **Raises** ``NotFound``, ``PreconditionFailed``, ``AlreadyExists``,
    ``InvalidValue``, ``InvalidSyntax``, ``MutabilityError``."""
    saved = await again_while_it_changes(lambda: _once(operation, work), work, operation.type, operation.id)
    if operation.minimal:
        return Done(saved.stored.version, operation.type, operation.id)
    return Found(await view(work, operation.type, saved.stored, operation.projection), operation.projection)


async def _once(operation: Replace, work: Work) -> Saved:
    type, id = operation.type, operation.id
    stored = await work.store.get(type.number, id)
    if stored is None:
        raise not_found(type)
    check_writable(operation.conditions, stored)
    work.again()
    before = orjson.loads(stored.document)
    drafted = replacement(work, type, before, operation.body, id, keep_active=work.terms.put_active == "keep")
    draft = drafted.draft
    if draft.external_id is None and "externalId" in before:
        draft.document = await with_anothers_external_id(work, stored, before, draft.document)
    document = drafted.kept()
    members = None
    if type.held(Held.MEMBERS):
        members = MemberChange(clear=True, add=draft.members or [])
        if not members.add:
            await check_may_be_emptied(work, id)
        check_no_self(id, members.add)
        await check_member_types(work, draft.member_types)
    changed = (*changed_attributes(before, document), *(("members",) if members else ()))
    groups = await all_groups(work, type, stored, draft)
    if groups:
        changed = (*changed, "groups")
    hash = None
    if draft.password is not None:
        hash = await work.hash(draft.password)
        changed = (*changed, "password")
    at = work.clock.written()
    status = 204 if operation.minimal else 200
    event = work.event(Kind.RESOURCE_REPLACED, at, type, id, status, changed)
    owner = new_owner(work, before, document)
    update = Update(type.number, id, stored.version, at, event, members=members, owner=owner, password=hash)
    update.groups = groups
    if before != document:
        update.content, update.index = filing(type.whole).refile(before, document, work.limits)
        update.leaves = leaves(before, document)
    return await save(work, stored, update)
