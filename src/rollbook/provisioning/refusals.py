"""What a store's refusal is on the wire: the one table between ``StoreError`` and ``ScimError``."""

from collections.abc import Sequence

from rollbook.scim.errors import (
    InvalidValue,
    NotFound,
    PreconditionFailed,
    ScimError,
    Unavailable,
    Uniqueness,
)
from rollbook.scim.schema import ResourceType
from rollbook.storage import errors as store


class StaleSchemas(Unavailable):
    """503: the request was read by schemas that are not the tenant's any more. By the new ones it can be read again."""


def refusal(error: store.StoreError, type: ResourceType | None = None) -> ScimError:
    """The protocol's error for a store's. Names attributes, never another resource or tenant."""
    match error:
        case store.NotFound():
            return not_found(type)
        case store.AlreadyExists(attribute=attribute):
            key = type.key.name if type and type.key and attribute == "key" else attribute
            scope = "connection" if attribute == "externalId" else "tenant"
            return Uniqueness(
                f"Another {type.name if type else 'resource'} of this {scope} has this {key} already. "
                f"Choose another {key}, or change or delete the other one."
            )
        case store.VersionConflict():
            return PreconditionFailed(
                "The resource has changed in the meantime. Read it again, then repeat the change."
            )
        case store.MissingMembers(ids=ids):
            return InvalidValue(f"members: there is no resource with the id {_shown(ids)}. Create it first.")
        case store.MissingGroups(ids=ids):
            return InvalidValue(
                f"groups: there is no group with the id {_shown(ids)}. See /Groups for those there are."
            )
        case store.SchemaChanged():
            return StaleSchemas(
                "The tenant's schemas have just changed; nothing was done. Send the request again.",
                headers=(("retry-after", "1"),),
            )
        case store.Busy(retry_after=seconds):
            return Unavailable(
                "The database is too busy for this, or it would take too long; nothing was changed. Try again later, "
                "and narrow a query with a filter on userName, externalId or emails.value.",
                headers=(("retry-after", str(seconds)),),
            )
        case store.Unavailable(retry_after=seconds):
            return Unavailable(
                "The server cannot reach its database just now; nothing was changed. Try again later.",
                headers=(("retry-after", str(seconds)),),
            )
        case _:
            return Unavailable("The server cannot serve this just now.", headers=(("retry-after", "30"),))


def _shown(ids: Sequence[str]) -> str:
    return ", ".join(f"'{id[:64]}'" for id in ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")


def not_found(type: ResourceType | None) -> NotFound:
    """404 for a resource that is not there, whatever the reason (never was, is deleted, is another tenant's)."""
    return NotFound(f"There is no {type.name if type else 'resource'} with this id.")
