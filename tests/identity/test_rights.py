"""Operation by right: every live route, with every scope, by every kind of token (checklist V5, V8).

The table is written down here once more, so that a route that is new, or whose right has changed, has to be looked at.
"""

import re
from typing import Any

import httpx2
import pytest
from tests.identity.stage import Desk, good, make_desk
from tests.support.house import House, Seat

from rollbook.clock import SYSTEM_CLOCK
from rollbook.dialects.model import standard
from rollbook.dialects.routes import Ask
from rollbook.identity import static_tokens
from rollbook.ids import new_id
from rollbook.oauth.scopes import SCOPES

RIGHTS = {
    ("GET", "/"): "scim.read",
    ("POST", "/.search"): "scim.read",
    ("GET", "/Me"): "scim.read",
    ("PUT", "/Me"): "scim.write",
    ("PATCH", "/Me"): "scim.write",
    ("DELETE", "/Me"): "scim.write",
    ("GET", "/Changes"): "scim.read",
    ("POST", "/Bulk"): "scim.write",
    ("POST", "/Schemas"): "schemas.write",
    ("PUT", "/Schemas/{id}"): "schemas.write",
    ("DELETE", "/Schemas/{id}"): "schemas.write",
    ("POST", "/ResourceTypes"): "schemas.write",
    ("PUT", "/ResourceTypes/{id}"): "schemas.write",
    ("DELETE", "/ResourceTypes/{id}"): "schemas.write",
    ("GET", "/Groups/{id}/members"): "scim.read",
    **{
        (method, f"/{name}{rest}"): right
        for name in ("Users", "Groups")
        for method, rest, right in (
            ("GET", "", "scim.read"),
            ("POST", "", "scim.write"),
            ("POST", "/.search", "scim.read"),
            ("GET", "/{id}", "scim.read"),
            ("PUT", "/{id}", "scim.write"),
            ("PATCH", "/{id}", "scim.write"),
            ("DELETE", "/{id}", "scim.write"),
        )
    },
}
"""What each route needs; those of discovery need nothing, not even a token."""

OPEN = {
    ("GET", "/ServiceProviderConfig"),
    ("GET", "/Schemas"),
    ("GET", "/Schemas/{id}"),
    ("GET", "/ResourceTypes"),
    ("GET", "/ResourceTypes/{id}"),
}


def lines() -> list[tuple[str, str, Ask]]:
    return [(method, template, ask) for template, method, ask, _ in standard().routes.lines()]


def test_the_table_has_every_live_route() -> None:
    live = {(method, template) for method, template, _ in lines()}
    assert live == RIGHTS.keys() | OPEN
    assert {(method, template) for method, template, ask in lines() if ask is Ask.DISCOVER} == OPEN


@pytest.fixture(params=["a JWT", "an opaque token", "a static token"])
def tokens(request: pytest.FixtureRequest, single: House) -> dict[str, str]:
    """A token of that kind for each scope alone."""
    seat = single.seat("acorn")
    if request.param == "a static token":
        return {scope: _static(seat, scope) for scope in ("scim.read", "scim.write", "schemas.write")}
    desk = make_desk(seat, scopes=SCOPES, tokens="jwt" if request.param == "a JWT" else "opaque")
    return {scope: good(desk.ask("client_credentials", scope=scope))["access_token"] for scope in SCOPES}


@pytest.fixture
def single(request: pytest.FixtureRequest) -> House:
    """Rights are not an engine's matter."""
    found: House = request.getfixturevalue("_issuing_on_sqlite")
    return found


def _static(seat: Seat, scope: str) -> str:
    async def work(store: Any) -> Any:
        return await static_tokens.issue(store, SYSTEM_CLOCK, seat.tenant, scope, None, scopes=(scope,))

    secret: str = seat.house.with_store(work).secret
    return secret


def send(house: House, method: str, path: str, token: str | None) -> httpx2.Response:
    headers = {"content-type": "application/scim+json"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    content = None if method in ("GET", "HEAD", "OPTIONS", "DELETE") else b"{}"
    return house.client.request(method, f"{house.url}/scim/v2{path}", content=content, headers=headers)


def test_a_scope_opens_what_needs_it_and_nothing_else(tokens: dict[str, str], single: House) -> None:
    for (method, template), right in RIGHTS.items():
        path = template.replace("{id}", new_id())
        for scope, token in tokens.items():
            answer = send(single, method, path, token)
            if scope == right:
                assert answer.status_code not in (401, 403), (method, template, scope, answer.text)
            else:
                assert answer.status_code == 403, (method, template, scope, answer.text)
                assert f'scope="{right}"' in answer.headers["www-authenticate"]


def test_head_needs_what_get_needs(tokens: dict[str, str], single: House) -> None:
    for (method, template), right in RIGHTS.items():
        if method == "GET":
            for scope, token in tokens.items():
                status = send(single, "HEAD", template.replace("{id}", new_id()), token).status_code
                assert (status == 403) == (scope != right), (template, scope, status)


ODD = ("{}/", "/{}", "{}//", "{}?x=1", "%2F{}", "{}%00", "{};x", "/.{}", "/x/..{}")


def test_without_a_token_nothing_is_open_but_discovery(single: House) -> None:
    house = single
    for method, template in RIGHTS:
        path = template.replace("{id}", new_id())
        for each in {method, "HEAD" if method == "GET" else method}:
            assert send(house, each, path, None).status_code == 401, (each, path)
        status = send(house, "OPTIONS", path, None).status_code
        assert (status == 401) or ("GET", template) in OPEN, (path, status)
        for odd in ODD:
            assert send(house, method, odd.format(path), None).status_code in (400, 401, 404), (method, odd, path)
    for case in ("/users", "/USERS", "/Users/.Search", "/bulk", "/me", "/U%73ers"):
        assert send(house, "GET", case, None).status_code in (401, 404), case


def test_an_odd_path_is_no_way_around_a_right(tokens: dict[str, str], single: House) -> None:
    readers = [token for scope, token in tokens.items() if scope != "scim.write"]
    for method, template in (("POST", "/Users"), ("DELETE", "/Users/{id}"), ("POST", "/Bulk")):
        for odd in ODD:
            path = odd.format(template.replace("{id}", new_id()))
            for token in readers:
                status = send(single, method, path, token).status_code
                assert status in (400, 403, 404), (method, path, status)


def test_another_method_in_a_header_is_not_heard(tokens: dict[str, str], single: House) -> None:
    headers = {"authorization": f"Bearer {tokens['scim.read']}", "x-http-method-override": "DELETE"}
    answer = single.client.post(f"{single.url}/scim/v2/Users/{new_id()}", content=b"{}", headers=headers)
    assert answer.status_code in (403, 405, 415)


def test_every_address_that_gives_tokens_wants_the_client_to_prove_itself(desk: Desk) -> None:
    from rollbook.web.oauth_endpoint import INTROSPECT, REVOKE, TOKEN_ADDRESSES

    for path in (*TOKEN_ADDRESSES, REVOKE, INTROSPECT):
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "POST"):
            answer = desk.house.client.request(
                method, desk.house.url + path, headers={"content-type": "application/x-www-form-urlencoded"}
            )
            assert answer.status_code == (401 if method == "POST" else 405)
        for odd in ("/", "//", "%2f", "/x"):
            answer = desk.post(path + odd, {"grant_type": "client_credentials"})
            assert answer.status_code in (400, 404), (path + odd, answer.status_code)


def test_the_names_of_rights_are_the_same_everywhere() -> None:
    from rollbook.identity import scopes

    assert set(scopes.SCOPES) <= set(SCOPES)
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+", scope) for scope in SCOPES)
