"""Whose a resource's externalId is (RFC 7643 §3.1: it is the client's own, and unique among that client's).

A resource has one externalId, of the connection that wrote it last. All connections of a tenant see it and find by it,
but it is unique in its own connection only. A connection that PUTs a resource without an externalId leaves another's
where it is: it could not repeat what is not its own; a connection that writes one takes the resource over.
"""

from collections.abc import Mapping
from typing import Any

from rollbook.provisioning.work import Work
from rollbook.scim.resource import Stored
from rollbook.scim.tolerances import note


def new_owner(work: Work, before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
    """The connection that writes an externalId, where it does."""
    written = after.get("externalId")
    return work.connection if written is not None and written != before.get("externalId") else None


async def with_anothers_external_id(
    work: Work, stored: Stored, before: Mapping[str, Any], after: dict[str, Any]
) -> dict[str, Any]:
    """The new document, with the externalId that is there where that is another connection's."""
    owner = await work.store.connection_of(stored.type, stored.id)
    if owner is None or owner == work.connection:
        return after
    note(work.notes, "kept for its connection", "externalId")
    return {"schemas": after["schemas"], "externalId": before["externalId"], **after}
