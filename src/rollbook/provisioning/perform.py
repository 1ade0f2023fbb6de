"""From an operation to its outcome: the one door into the use cases."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

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
    if work.terms.require_if_match and isinstance(operation, Replace | Modify | Delete):
        require_match(operation.conditions)
    try:
        return await _USE_CASES[operation.__class__](operation, work)
    except StoreError as error:
        type: ResourceType | None = getattr(operation, "type", None)
        raise refusal(error, type) from error


async def _bulk(operation: Bulk, work: Work) -> Outcome:
    return await bulk(operation, work, perform)


_USE_CASES: Mapping[type[Operation], Callable[[Any, Work], Awaitable[Outcome]]] = {
    Retrieve: retrieve,
    Query: query,
    ListMembers: list_members,
    ReadChanges: read_changes,
    Create: create,
    Modify: modify,
    Replace: replace,
    Delete: delete,
    Bulk: _bulk,
}
