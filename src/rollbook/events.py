"""What is worth remembering: one event for each write, refused write and refused login.

An event is written in the transaction of the change that it tells of, so there is no change without its event and no
event without its change. Events are the audit trail; later they are the outbox too.

No field can carry an attribute's value, a filter or a credential: ``attributes`` and ``tolerances`` hold names only.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Every kind of event, tagged ``subject:action``."""

    RESOURCE_CREATED = "resource:create"
    RESOURCE_REPLACED = "resource:replace"
    RESOURCE_MODIFIED = "resource:modify"
    RESOURCE_DELETED = "resource:delete"
    WRITE_REFUSED = "write:refuse"
    LOGIN_REFUSED = "login:refuse"
    TENANT_CREATED = "tenant:create"
    TENANT_SUSPENDED = "tenant:suspend"
    TENANT_RESUMED = "tenant:resume"
    TENANT_DELETED = "tenant:delete"
    TENANT_CONFIGURED = "tenant:configure"
    CONNECTION_CREATED = "connection:create"
    CONNECTION_CHANGED = "connection:change"
    CONNECTION_DELETED = "connection:delete"
    TOKEN_CREATED = "token:create"  # noqa: S105
    TOKEN_REVOKED = "token:revoke"  # noqa: S105
    TOKEN_REPLAYED = "token:replay"  # noqa: S105
    GRANT_ISSUED = "grant:issue"
    GRANT_REFRESHED = "grant:refresh"
    GRANT_REFUSED = "grant:refuse"
    GRANT_REVOKED = "grant:revoke"
    CLIENT_CREATED = "client:create"
    CLIENT_ROTATED = "client:rotate"
    CLIENT_DISABLED = "client:disable"
    CLIENT_ENABLED = "client:enable"
    CLIENT_LINKED = "client:link"
    CLIENT_UNLINKED = "client:unlink"
    SYSTEM_USER_CREATED = "system-user:create"
    SYSTEM_USER_DISABLED = "system-user:disable"
    SYSTEM_USER_ENABLED = "system-user:enable"
    SYSTEM_USER_PASSWORD = "system-user:password"  # noqa: S105
    SYSTEM_USER_INVITED = "system-user:invite"
    RESOURCE_INVITED = "resource:invite"
    SESSION_STARTED = "session:start"
    SESSION_ENDED = "session:end"
    AUTH_KEY_CREATED = "auth-key:create"
    AUTH_KEY_REVOKED = "auth-key:revoke"
    ISSUER_ADDED = "issuer:add"
    ISSUER_REMOVED = "issuer:remove"
    KEY_ROTATED = "key:rotate"
    KEY_DROPPED = "key:drop"
    SCHEMA_CREATED = "schema:create"
    SCHEMA_REPLACED = "schema:replace"
    SCHEMA_DELETED = "schema:delete"
    TYPE_CREATED = "type:create"
    TYPE_REPLACED = "type:replace"
    TYPE_DELETED = "type:delete"
    STRUCTURE_CREATED = "structure:create"
    STRUCTURE_CHANGED = "structure:change"
    STRUCTURE_DELETED = "structure:delete"
    STRUCTURE_IMPORTED = "structure:import"
    ASSIGNMENT_CREATED = "assignment:create"
    ASSIGNMENT_CHANGED = "assignment:change"
    ASSIGNMENT_ENDED = "assignment:end"
    BOOKING_CREATED = "booking:create"
    BOOKING_CANCELLED = "booking:cancel"
    LOCKER_STATE = "locker:state"
    LOCKER_UNLOCKED = "locker:unlock"
    PIN_CHANGED = "pin:change"
    INDEX_CHANGED = "index:change"
    """The rows of an index path are complete, or about to be deleted, or gone; ``resource`` is the resource type."""


@dataclass(frozen=True, slots=True)
class Event:
    """Who did what, when, from where, and what came of it.

    **Shape**: ``id`` sorts by time (UUID 7); ``at`` is a written moment (``clock.written``); ``actor`` is
    ``token:<id>``, ``operator`` (the command line) or ``anonymous``; ``peer`` is an address or ``""``; ``status`` is
    the HTTP status that the caller was answered (0 for the command line).
    """

    id: str
    at: str
    kind: Kind
    actor: str
    peer: str = ""
    request: str = ""
    resource_type: str = ""
    resource: str = ""
    status: int = 0
    scim_type: str = ""
    attributes: tuple[str, ...] = ()
    """The names of the top-level attributes that the write changed, or (login, refusal) nothing."""
    tolerances: tuple[str, ...] = ()
    """What was rewritten or dropped to understand the client: ``"boolean text: active"``."""
    repeats: int = 1
    """How many times this happened within the minute that the event stands for (refusals are counted, not repeated)."""
