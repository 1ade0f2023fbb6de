"""Deleting resources (RFC 7644 §3.6): gone at once, everywhere, and its names are free."""

import orjson

from rollbook.events import Kind
from rollbook.provisioning.filing import changed_attributes, filing, leaves
from rollbook.provisioning.passwords import password_to_go
from rollbook.provisioning.refusals import not_found
from rollbook.provisioning.retrieve import check_writable
from rollbook.provisioning.save import Saved, again_while_it_changes, save
from rollbook.provisioning.work import Work
from rollbook.scim.operations import NO_CONDITIONS, Delete
from rollbook.scim.outcomes import Done
from rollbook.scim.tolerances import note
from rollbook.storage import records
from rollbook.storage.records import Update


async def delete(operation: Delete, work: Work) -> Done:
    """**Raises** ``NotFound``, ``PreconditionFailed``.

    Where the connection's terms say so, what can be deactivated is deactivated instead.
    """
    if work.terms.delete == "deactivate" and operation.type.top("active") is not None:
        await again_while_it_changes(lambda: _deactivate(operation, work), work, operation.type, operation.id)
        return Done()
    return await again_while_it_changes(lambda: _once(operation, work), work, operation.type, operation.id)


async def _deactivate(operation: Delete, work: Work) -> Saved:
    type, id = operation.type, operation.id
    stored = await work.store.get(type.number, id)
    if stored is None:
        raise not_found(type)
    check_writable(operation.conditions, stored)
    work.again()
    note(work.notes, "deactivated", "delete")
    before = orjson.loads(stored.document)
    after = {**before, "active": False}
    at = work.clock.written()
    changed = changed_attributes(before, after)
    password = await password_to_go(work, type, id)  # whoever deletes an account leaves no way into it
    if password is not None:
        changed = (*changed, "password")
    event = work.event(Kind.RESOURCE_MODIFIED, at, type, id, 204, changed)
    update = Update(type.number, id, stored.version, at, event, password=password)
    if after != before:
        update.content, update.index = filing(type.whole).file(after, work.limits)
        update.leaves = leaves(before, after)
    return await save(work, stored, update)


async def _once(operation: Delete, work: Work) -> Done:
    version = None
    if operation.conditions is not NO_CONDITIONS:
        stored = await work.store.get(operation.type.number, operation.id)
        if stored is None:
            raise not_found(operation.type)
        check_writable(operation.conditions, stored)
        version = stored.version
    at = work.clock.written()
    event = work.event(Kind.RESOURCE_DELETED, at, operation.type, operation.id, 204)
    names = {type.number: type.name for type in work.member_types}
    await work.apply(records.Delete(operation.type.number, operation.id, version, at, event, names))
    return Done()
