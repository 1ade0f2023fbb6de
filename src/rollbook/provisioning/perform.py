"""From an operation to its outcome: the one door into the use cases."""

from rollbook.provisioning.bulk import bulk
from rollbook.provisioning.changes import read_changes
from rollbook.provisioning.create import create
from rollbook.provisioning.delete import delete
from rollbook.provisioning.member_pages import list_members
from rollbook.provisioning.modify import modify
from rollbook.provisioning.query import query
from rollbook.provisioning.refusals import refusal
from rollbook.provisioning.replace import replace
from rollbook.provisioning.retrieve import require_match, retrieve
from rollbook.provisioning.work import Work
from rollbook.scim.operations import (
    Bulk,
    Create,
    Delete,
    ListMembers,
    Modify,
    Operation,
    Query,
    ReadChanges,
    Replace,
    Retrieve,
)
from rollbook.scim.outcomes import Outcome
from rollbook.scim.schema import ResourceType
from rollbook.storage.errors import StoreError


async def perform(operation: Operation, work: Work) -> Outcome:
    """What came of an operation. A write has its event in the same transaction.

    **Raises** ``ScimError`` of every kind that RFC 7644 §3.12 knows; what a store refuses is translated here.
    """
    type: ResourceType | None = getattr(operation, "type", None)
    if work.terms.require_if_match and isinstance(operation, Replace | Modify | Delete):
        require_match(operation.conditions)
    try:
        match operation:
            case Retrieve():
                return await retrieve(operation, work)
            case Query():
                return await query(operation, work)
            case ListMembers():
                return await list_members(operation, work)
            case ReadChanges():
                return await read_changes(operation, work)
            case Create():
                return await create(operation, work)
            case Modify():
                return await modify(operation, work)
            case Replace():
                return await replace(operation, work)
            case Delete():
                return await delete(operation, work)
            case Bulk():
                return await bulk(operation, work, perform)
            case _:
                raise TypeError(f"{operation} is not an operation on resources")
    except StoreError as error:
        raise refusal(error, type) from error
