"""What the bearer of a token may do, by name (RFC 6749 §3.3).

A scope opens one kind of thing of the token's own tenant; none reaches another tenant, and none implies another. Which
one a request needs is said by its route.
"""

from collections.abc import Iterable

from rollbook.errors import RollbookError
from rollbook.storage.records import DEFAULT_SCOPES as DEFAULT_SCOPES

SCIM_READ = "scim.read"
SCIM_WRITE = "scim.write"
SCHEMAS_WRITE = "schemas.write"
SYSTEM_READ = "system.read"
SYSTEM_WRITE = "system.write"
LOCKERS_MANAGE = "lockers.manage"
ACCESS_READ = "access.read"
AUDIT_READ = "audit.read"

SCOPES = {
    SCIM_READ: "read and search resources",
    SCIM_WRITE: "create, change and delete resources",
    SCHEMAS_WRITE: "define the tenant's own schemas and resource types",
    SYSTEM_READ: "read the structure of lockers, links and groups, and who holds what",
    SYSTEM_WRITE: "change the structure of lockers, links and groups",
    LOCKERS_MANAGE: "give, take, share, block and open lockers, book them, set PINs",
    ACCESS_READ: "ask who may open what",
    AUDIT_READ: "read what happened",
}
"""The scopes that a token of a connection may have, with what each opens."""


class InvalidScope(RollbookError):
    """A name that is no scope."""


def read_scopes(names: Iterable[str]) -> tuple[str, ...]:
    """Scopes by their names, each once, in our order; none at all means ``DEFAULT_SCOPES``. **Raises**
    ``InvalidScope``.

    >>> read_scopes([]), read_scopes(["schemas.write", "scim.read", "scim.read"])
    (('scim.read', 'scim.write'), ('scim.read', 'schemas.write'))
    """
    asked = set(names)
    if unknown := sorted(asked - SCOPES.keys()):
        raise InvalidScope(f"there is no scope {unknown[0]!r}: choose of {', '.join(SCOPES)}")
    return tuple(name for name in SCOPES if name in asked) or DEFAULT_SCOPES
