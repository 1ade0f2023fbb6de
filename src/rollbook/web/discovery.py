"""What a product says of itself: discovery (RFC 7644 §4), and the document of its API."""

from dataclasses import replace
from functools import lru_cache
from hashlib import sha256

import orjson

from rollbook.deployment import Deployment
from rollbook.dialects import openapi
from rollbook.dialects.addresses import Address
from rollbook.dialects.codecs import codec
from rollbook.dialects.model import Dialect
from rollbook.dialects.routes import Route
from rollbook.http_message import Request, Response
from rollbook.scim.answer import Locations
from rollbook.scim.operations import Discover
from rollbook.scim.outcomes import Discovered
from rollbook.web import docs


class Discovery:
    """Answers about dialects, and knows where everything of them is found."""

    def __init__(self, house: Deployment) -> None:
        self._public_url = house.public_url
        self.places = docs.Places(house.dialects)
        self.locations = lru_cache(1024)(self._make_locations)
        """The addresses of a dialect's resources: (dialect, before, base, the tenant that the address names)."""
        self._openapi = lru_cache(64)(self._make_openapi)

    def answer(
        self, request: Request, route: Route, address: Address, dialect: Dialect, *, known: bool = False
    ) -> Response:
        """Discovery: the dialect's catalogue, or with a credential (``known``) the tenant's (RFC 7644 §4)."""
        spoken = codec(dialect)
        operation = spoken.decode(request, route, dialect, [])
        assert isinstance(operation, Discover)
        locations = self.locations(dialect, address.before, address.base, address.tenant)
        features = dialect.features
        if features.documentation is None:
            below = address.before.format(tenant=address.tenant) if address.before.startswith("/t/") else ""
            page = dialect.docs[0] if dialect.docs else "/docs"
            features = replace(features, documentation=f"{self._public_url}{below}{page}")
        if known:  # what this client can do, not what clients of the product can
            features = replace(features, change_password=dialect.terms.store_passwords)
        return spoken.encode(Discovered(spoken.discover(operation, dialect, locations.base, features)), locations)

    def document(self, request: Request, place: docs.Place, dialect: Dialect, tenant: str | None) -> Response:
        """The OpenAPI document of a dialect, at a place."""
        body, tag = self._openapi(dialect, tenant, place.near or f".{dialect.base}")
        return docs.unless_known(request, ((b"content-type", b"application/json"),), body, tag)

    def _make_openapi(self, dialect: Dialect, tenant: str | None, server: str) -> tuple[bytes, str]:
        made = openapi.document(dialect, self._public_url, tenant, server=server)
        body = orjson.dumps(made)
        return body, sha256(body).hexdigest()[:24]

    def _make_locations(self, dialect: Dialect, before: str, base: str, tenant: str | None) -> Locations:
        below = before.format(tenant=tenant) if tenant else ""
        return Locations(f"{self._public_url}{below}{dialect.location or base}", dialect.types)
