"""Who a request has proved to be."""

from dataclasses import dataclass

from rollbook.storage.records import Connection, Tenant


@dataclass(frozen=True, slots=True)
class Principal:
    """The bearer of a live token.

    ``actor`` is what events say (``token:<id>``); ``tenant`` and ``connection`` are as they stood when the credential
    was last looked up, at most ``Authenticator.fresh_seconds`` ago; a suspended tenant is refused by ``access.enter``,
    what ``scopes`` lack by ``access.allow``, neither here.
    """

    actor: str
    tenant: Tenant
    connection: Connection
    scopes: frozenset[str]
    subject: str | None = None
    """Whom the credential stands for (``/Me``): a resource's id, or the name of a User; None: nobody."""
