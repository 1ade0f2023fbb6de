"""The straight line of a request to another product's System API, beside the SCIM API of its dialect.

It is that of our own (``system_endpoint``); what differs: the address is below the dialect's base, in any letter case;
the credential has to be of a connection of that dialect; and a company that is not the credential's is 403, as one that
is suspended.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol
from urllib.parse import unquote

from rollbook.http_message import Request, Response
from rollbook.identity.access import enter
from rollbook.identity.principal import Principal
from rollbook.scim.errors import Forbidden, NotFound
from rollbook.storage.records import Tenant
from rollbook.web.system_endpoint import Place, System, SystemEndpoint

_BARE_PIN = re.compile(rb'\s*"?([0-9]{1,12})"?\s*')
"""A PIN code that one of the product's clients sends alone, though it says that this is JSON."""


class Product(System, Protocol):
    """Another product's API. ``firsts`` are the first parts of its addresses below ``base``, in lower case."""

    @property
    def dialect(self) -> str: ...
    @property
    def base(self) -> str: ...
    @property
    def firsts(self) -> frozenset[str]: ...


class FaceEndpoint(SystemEndpoint):
    """Answers at the addresses of a product's System API."""

    about = "/sapi/docs", "/sapi/openapi.json"

    def __init__(self, product: Product, *parts: Any) -> None:
        house, *rest = parts
        super().__init__(house, product, *rest)
        self._product = product
        base = re.escape(product.base)
        self._address = re.compile(rf"(?:/t/(?P<tenant>[^/]+))?(?P<base>{base})/(?P<first>[^/]+).*", re.IGNORECASE)
        self.firsts = frozenset((product.base.split("/")[1], "t"))
        self.base = product.base

    def find(self, path: str) -> Callable[[Request], Awaitable[Response]] | None:
        return self.answer if self.place(path) is not None else None

    def place(self, path: str) -> Place | None:
        found = self._address.fullmatch(path)
        if found is None or found["first"].lower() not in self._product.firsts:
            return None
        tenant = found["tenant"]
        return Place(tenant and unquote(tenant), path[: found.end("base")], path[found.end("base") :])

    def admit(self, principal: Principal, place: Place) -> Tenant:
        try:
            tenant = enter(principal, place.tenant)
        except NotFound:
            raise Forbidden("There is no such company for the token that was sent.") from None
        if principal.connection.dialect != self._product.dialect:
            raise Forbidden(
                f"The credential is of a connection that speaks {principal.connection.dialect}, and this address is of "
                f"{self._product.dialect}. Use a credential of a connection with this dialect."
            )
        return tenant

    def read(self, request: Request) -> Mapping[str, Any]:
        pin = _BARE_PIN.fullmatch(request.body)
        return super().read(request) if pin is None else {"PinCode": pin[1].decode()}
