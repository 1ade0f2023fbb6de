"""Whether a principal may enter the tenant that an address names, and do what it asks (one place for both)."""

from rollbook.identity.principal import Principal
from rollbook.scim.errors import Forbidden, NotFound
from rollbook.storage.records import Tenant


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
