"""RFC 6750: a token comes in the header Authorization and nowhere else; kinds of tokens never pass for each other."""

import pytest
from tests.identity.stage import Desk, good, make_desk
from tests.support.house import USER, Seat
from tests.support.refusals import refused


def call(desk: Desk, authorization: str | None, path: str = "/Users", **options: str) -> int:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = desk.house.client.get(f"{desk.house.url}/scim/v2{path}", headers=headers, params=options or None)
    if answer.status_code == 401:
        challenge = answer.headers["www-authenticate"]
        assert challenge.startswith('Bearer realm="rollbook"')
        told = authorization is not None and authorization.lower().startswith("bearer")
        assert ('error="invalid_token"' in challenge) == told, challenge
    return answer.status_code


def test_in_the_header_alone(desk: Desk) -> None:
    token = desk.login()["access_token"]
    assert call(desk, f"Bearer {token}") == 200
    assert call(desk, f"bearer   {token}") == 200
    assert call(desk, None) == 401
    assert call(desk, None, access_token=token) == 401
    answer = desk.house.client.post(
        f"{desk.house.url}/scim/v2/Users/.search",
        content=f"access_token={token}".encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 401
    cookie = {"cookie": f"access_token={token}"}
    assert desk.house.client.get(f"{desk.house.url}/scim/v2/Users", headers=cookie).status_code == 401


def test_an_empty_or_malformed_token_is_none(desk: Desk) -> None:
    token = desk.login()["access_token"]
    for text in ("null", "undefined", token[:-1], token + "x", token.replace(".", ",", 1), f"{token} {token}"):
        assert call(desk, f"Bearer {text}") == 401
    assert call(desk, "Bearer " + "a" * 10_000) == 401
    assert call(desk, "Bearer " + "a." * 5_000) == 401


def test_two_headers_are_refused(desk: Desk) -> None:
    token = desk.login()["access_token"]
    answer = desk.house.client.get(
        f"{desk.house.url}/scim/v2/Users",
        headers=[("authorization", f"Bearer {token}"), ("authorization", f"Bearer {token}")],
    )
    refused(answer, 401)


@pytest.mark.parametrize("kind", ["refresh token", "client secret", "basic", "password", "digest of an opaque token"])
def test_other_kinds_of_credentials_are_no_bearer_tokens(desk: Desk, kind: str) -> None:
    login = desk.login()
    from tests.identity.stage import basic_header

    sent = {
        "refresh token": f"Bearer {login['refresh_token']}",
        "client secret": f"Bearer {desk.secret}",
        "basic": basic_header(desk.id, desk.secret),
        "password": f"Bearer {desk.password}",
        "digest of an opaque token": "Bearer " + login["refresh_token"].replace("rbr_", "rba_"),
    }
    assert call(desk, sent[kind]) == 401


def test_a_static_token_is_no_credential_at_the_token_endpoint(desk: Desk) -> None:
    answer = desk.post(
        "/oauth/token", {"grant_type": "client_credentials"}, basic=False, authorization=f"Bearer {desk.seat.token}"
    )
    assert answer.status_code == 400
    form = {"grant_type": "client_credentials", "client_id": desk.id, "client_secret": desk.seat.token}
    assert desk.post("/oauth/token", form, basic=False).status_code == 401


def test_what_the_scope_lacks_is_forbidden_and_told(seat: Seat) -> None:
    desk = make_desk(seat)
    token = good(desk.ask("client_credentials", scope="scim.read"))["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    assert seat.call("GET", "/Users", headers=headers).status_code == 200
    answer = seat.call("POST", "/Users", {"schemas": [USER], "userName": "never"}, headers=headers)
    refused(answer, 403)
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="scim.write"' in challenge


def test_an_opaque_token_does_what_a_jwt_does(seat: Seat) -> None:
    desk = make_desk(seat, tokens="opaque")
    login = desk.login()
    assert login["access_token"].startswith("rba_")
    assert desk.reads(login["access_token"]).status_code == 200
    second = good(desk.refresh(login["refresh_token"]))["access_token"]
    third = good(desk.ask("client_credentials"))["access_token"]
    assert [desk.reads(second).status_code, desk.reads(third).status_code] == [200, 200]
