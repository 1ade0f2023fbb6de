"""Who a request has proved to be."""

from dataclasses import dataclass

from rollbook.storage.records import Tenant


@dataclass(frozen=True, slots=True)
class Principal:
    """The bearer of a live token.

    ``actor`` is what events say (``token:<id>``); ``tenant`` is as it stood when the credential was last looked up, at
    most ``Authenticator.fresh_seconds`` ago; a suspended one is refused by ``access.enter``, not here.
    """

    actor: str
    tenant: Tenant
    connection: str
