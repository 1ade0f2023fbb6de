"""Whether a principal may enter the tenant that an address names, and do what it asks (one place for both)."""

from rollbook.identity.manners import Names, first_name
from rollbook.identity.principal import Principal
from rollbook.identity.scopes import SCOPES
from rollbook.scim.errors import Forbidden, NotFound
from rollbook.storage.records import Tenant

_NO_NAMES: Names = {}


def enter(principal: Principal, named: str | None) -> Tenant:
    """The tenant that the principal works in.

    **Rules**: the credential decides; an address may repeat it (by name in any letter case, or by id) but not name
    another: then it is not found, in the same words whether it exists or not. A suspended tenant is forbidden.
    """
    tenant = principal.tenant
    if named is not None and named.lower() not in (tenant.name.lower(), tenant.id):
        raise NotFound("There is nothing at this address for the token that was sent.")
    if tenant.status != "active":
        raise Forbidden("The tenant is suspended. Its data is kept; ask the operator to resume it.")
    return tenant


def allow(principal: Principal, scope: str, names: Names = _NO_NAMES) -> None:
    """Let a principal do what needs a scope; ``names`` are what the product calls scopes.

    **Raises** ``Forbidden`` with the challenge of RFC 6750 §3.1.
    """
    if scope not in principal.scopes:
        name = first_name(names, scope)
        raise Forbidden(
            f"This needs the scope {name} ({SCOPES.get(scope, 'not given to tokens')}), and the token that was sent"
            " does not have it. Use one that has.",
            headers=(("www-authenticate", f'Bearer realm="rollbook", error="insufficient_scope", scope="{name}"'),),
        )
