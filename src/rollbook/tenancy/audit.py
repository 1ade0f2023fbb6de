"""What happened in a tenant, for a person or a program to read. Reading leaves no event."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from rollbook.clock import written
from rollbook.errors import RollbookError
from rollbook.events import Event
from rollbook.storage.contract import Store
from rollbook.storage.records import Tenant


class InvalidTime(RollbookError):
    """A text that is no moment."""


_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def read_moment(text: str) -> str:
    """A moment in its written form. **Raises** ``InvalidTime``.

    **Shape**: a date (its first moment), or a date and a time as ISO 8601 writes them; without a zone it is UTC.

    >>> read_moment("2026-01-31"), read_moment("2026-01-31T09:30+01:00")
    ('2026-01-31T00:00:00.000Z', '2026-01-31T08:30:00.000Z')
    """
    try:
        if not text.isascii() or not _DATE.match(text):
            raise ValueError
        moment = datetime.fromisoformat(text)
        return written(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise InvalidTime(f"{text!r} is no time: write 2026-01-31 or 2026-01-31T08:00:00Z (UTC)") from None


def read(
    store: Store, tenant: Tenant | None, since: str | None = None, until: str | None = None
) -> AsyncIterator[Event]:
    """The events of a tenant, or (None) of nobody's, with ``since <= at < until`` (written moments), oldest first,
    streamed."""
    return (store.tenant(tenant.id) if tenant else store).events(since, until)


def as_json(event: Event) -> dict[str, Any]:
    """An event as a JSON object. Every field is always there, so that a program need not ask."""
    return {
        "id": event.id,
        "at": event.at,
        "kind": str(event.kind),
        "actor": event.actor,
        "peer": event.peer,
        "request": event.request,
        "resourceType": event.resource_type,
        "resource": event.resource,
        "status": event.status,
        "scimType": event.scim_type,
        "attributes": list(event.attributes),
        "tolerances": list(event.tolerances),
        "repeats": event.repeats,
    }
