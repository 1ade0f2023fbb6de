"""Deleting resources (RFC 7644 §3.6): gone at once, everywhere, and its names are free."""

from rollbook.events import Kind
from rollbook.provisioning.refusals import not_found
from rollbook.provisioning.retrieve import check_writable
from rollbook.provisioning.save import again_while_it_changes
from rollbook.provisioning.work import Work
from rollbook.scim.operations import NO_CONDITIONS, Delete
from rollbook.scim.outcomes import Done
from rollbook.storage import records


async def delete(operation: Delete, work: Work) -> Done:
    """**Raises** ``NotFound``, ``PreconditionFailed``."""
    return await again_while_it_changes(lambda: _once(operation, work), work, operation.type, operation.id)


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
    await work.store.apply(records.Delete(operation.type.number, operation.id, version, at, event))
    return Done()
