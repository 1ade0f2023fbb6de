"""RFC 7662: who has a token's business hears of it; everybody else hears that it is not active, and no more."""

import pytest
from tests.identity.stage import Desk, good, make_desk, refused
from tests.support.house import House, Seat

from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity import system_users


def told(desk: Desk, token: str) -> dict[str, object]:
    answer = desk.post("/oauth/introspect", {"token": token})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body: dict[str, object] = answer.json()
    return body


def test_a_client_hears_of_its_own_tokens(desk: Desk) -> None:
    login = desk.login(scope="scim.read")
    body = told(desk, login["access_token"])
    assert body["active"] is True
    expected = {
        "scope": "scim.read",
        "client_id": desk.id,
        "username": desk.user.name,
        "token_type": "Bearer",
        "sub": desk.user.id,
        "aud": desk.house.url,
        "iss": desk.house.url,
        "tenant": desk.seat.tenant.id,
    }
    assert expected.items() <= body.items()
    assert isinstance(body["exp"], int)
    assert told(desk, login["refresh_token"])["token_type"] == "refresh_token"


def test_a_resource_server_hears_of_the_access_tokens_of_its_tenants(own_desk: Desk, house: House) -> None:
    server = make_desk(own_desk.seat, grants=("client_credentials",), resource_server=True)
    login = own_desk.login()
    assert told(server, login["access_token"])["active"] is True
    assert told(server, login["refresh_token"]) == {"active": False}
    elsewhere = make_desk(house.seat("birch"))
    assert told(server, elsewhere.login()["access_token"]) == {"active": False}


def test_any_other_client_hears_nothing(desk: Desk, seat: Seat) -> None:
    login = desk.login()
    other = make_desk(seat)
    assert told(other, login["access_token"]) == {"active": False}
    assert told(other, login["refresh_token"]) == {"active": False}


@pytest.mark.parametrize("what", ["nonsense", "a.b.c", "static", "secret", "used", "revoked"])
def test_what_is_not_active_is_only_that(desk: Desk, what: str) -> None:
    login = desk.login()
    tokens = {"static": desk.seat.token, "secret": desk.secret, "used": login["refresh_token"]}
    if what == "used":
        good(desk.refresh(login["refresh_token"]))
    if what == "revoked":
        tokens["revoked"] = login["access_token"]
        desk.post("/oauth/revoke", {"token": login["access_token"]})
    assert told(desk, tokens.get(what, what)) == {"active": False}


def test_a_token_of_a_disabled_user_is_not_active(own_desk: Desk) -> None:
    login = own_desk.login()
    user, tenant = own_desk.user, own_desk.seat.tenant
    own_desk.with_identity(lambda store: system_users.set_status(store, SYSTEM_CLOCK, tenant, user.id, "disabled"))
    assert told(own_desk, login["access_token"]) == {"active": False}
    assert told(own_desk, login["refresh_token"]) == {"active": False}


def test_nobody_asks_without_proving_who_they_are(desk: Desk) -> None:
    refused(desk.post("/oauth/introspect", {"token": "x"}, basic=False), 401, "invalid_client")
    refused(desk.post("/oauth/introspect", {}), 400, "invalid_request")
    answer = desk.post("/oauth/introspect", {"token": "x"}, basic=False, authorization=f"Bearer {desk.seat.token}")
    assert answer.status_code == 400
