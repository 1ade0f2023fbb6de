"""Retrieving a known resource (RFC 7644 §3.4.1)."""

from rollbook.provisioning.refusals import not_found
from rollbook.provisioning.viewing import alone, view
from rollbook.provisioning.work import Work
from rollbook.scim.errors import PreconditionFailed, PreconditionRequired
from rollbook.scim.operations import NO_CONDITIONS, Conditions, Retrieve
from rollbook.scim.outcomes import Found, NotModified, View
from rollbook.scim.resource import Stored


async def retrieve(operation: Retrieve, work: Work) -> Found | NotModified:
    """The resource, or that the client has it already. **Raises** ``NotFound``, ``PreconditionFailed``."""
    stored = await work.store.get(operation.type.number, operation.id)
    if stored is None:
        raise not_found(operation.type)
    type, conditions, projection = operation.type, operation.conditions, operation.projection
    if conditions is not NO_CONDITIONS:
        check_match(conditions, stored)
        if conditions.none_match is not None and conditions.none_match.matches(stored.version):
            return NotModified(stored.version)
    if alone(type, stored):
        return Found(View(type, stored, None, None), projection)
    return Found(await view(work, type, stored, projection), projection)


def check_match(conditions: Conditions, stored: Stored) -> None:
    """**Raises** ``PreconditionFailed`` where ``If-Match`` names other versions than the present one."""
    if conditions.match is not None and not conditions.match.matches(stored.version):
        raise PreconditionFailed(
            f"If-Match names another version than the present one, {stored.version}. "
            "Read the resource again, then repeat the change."
        )


def require_match(conditions: Conditions) -> None:
    """**Raises** ``PreconditionRequired`` where a write names no version (RFC 6585 §3)."""
    if conditions.match is None:
        raise PreconditionRequired(
            "This connection changes nothing without If-Match. Read the resource, and send its ETag in If-Match."
        )


def check_writable(conditions: Conditions, stored: Stored) -> None:
    """As ``check_match``; and ``If-None-Match`` that names the present version forbids a write (RFC 9110 §13.1.2)."""
    check_match(conditions, stored)
    if conditions.none_match is not None and conditions.none_match.matches(stored.version):
        raise PreconditionFailed("If-None-Match names the present version, so the change was not made.")
