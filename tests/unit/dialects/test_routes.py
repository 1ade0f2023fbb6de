"""Methods and addresses (RFC 7644 §3.2), as data of the dialect."""

import pytest

from rollbook.dialects.addresses import find_address
from rollbook.dialects.model import standard
from rollbook.dialects.routes import Ask, RouteTable
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.errors import MethodNotAllowed, NotFound

TABLE = RouteTable(standard_types())
STANDARD = standard()


@pytest.mark.parametrize(
    ("method", "rest", "ask", "template"),
    [
        ("GET", "", Ask.QUERY, "/"),
        ("GET", "/", Ask.QUERY, "/"),
        ("POST", "/.search", Ask.SEARCH, "/.search"),
        ("GET", "/Users", Ask.QUERY, "/Users"),
        ("HEAD", "/Users/", Ask.QUERY, "/Users"),
        ("POST", "/Groups", Ask.CREATE, "/Groups"),
        ("POST", "/Users/.search", Ask.SEARCH, "/Users/.search"),
        ("GET", "/Users/7", Ask.RETRIEVE, "/Users/{id}"),
        ("PUT", "/Users/7/", Ask.REPLACE, "/Users/{id}"),
        ("PATCH", "/Groups/7", Ask.MODIFY, "/Groups/{id}"),
        ("DELETE", "/Groups/7", Ask.DELETE, "/Groups/{id}"),
        ("OPTIONS", "/Users/7", Ask.OPTIONS, "/Users/{id}"),
        ("GET", "/Schemas/urn:x:y", Ask.DISCOVER, "/Schemas/{id}"),
        ("GET", "/ServiceProviderConfig", Ask.DISCOVER, "/ServiceProviderConfig"),
    ],
)
def test_a_method_and_an_address_are_a_route(method: str, rest: str, ask: Ask, template: str) -> None:
    route = TABLE.find(method, rest)
    assert (route.ask, route.template) == (ask, template)


@pytest.mark.parametrize(
    "rest", ["/users", "/User", "/Users/7/members", "/Users/7/.search", "/nothing", "/Schemas/a/b"]
)
def test_another_address_is_404(rest: str) -> None:
    with pytest.raises(NotFound):
        TABLE.find("GET", rest)


@pytest.mark.parametrize(
    ("method", "rest", "allow"),
    [
        ("PUT", "/Users", "GET, HEAD, POST, OPTIONS"),
        ("POST", "/Users/7", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("GET", "/.search", "POST, OPTIONS"),
        ("DELETE", "/Schemas", "GET, HEAD, POST, OPTIONS"),
    ],
)
def test_another_method_is_405_with_those_that_are_possible(method: str, rest: str, allow: str) -> None:
    with pytest.raises(MethodNotAllowed) as refused:
        TABLE.find(method, rest)
    assert dict(refused.value.headers)["allow"] == allow


@pytest.mark.parametrize(
    ("path", "tenant", "rest"),
    [
        ("/scim/v2", None, ""),
        ("/scim/v2/Users", None, "/Users"),
        ("/t/acorn/scim/v2/Users/7", "acorn", "/Users/7"),
    ],
)
def test_an_address_names_the_dialect_and_perhaps_the_tenant(path: str, tenant: str | None, rest: str) -> None:
    address = find_address((STANDARD,), path)
    assert address is not None
    assert (address.tenant, address.rest) == (tenant, rest)


@pytest.mark.parametrize("path", ["/", "/scim", "/scim/v20/Users", "/t//scim/v2/Users", "/t/acorn", "/other/scim/v2"])
def test_other_addresses_are_nobodys(path: str) -> None:
    assert find_address((STANDARD,), path) is None
