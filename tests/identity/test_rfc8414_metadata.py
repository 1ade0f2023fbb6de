"""RFC 8414, RFC 9728, RFC 7517: what the server says of itself, to anybody."""

from pathlib import Path

from tests.identity.stage import Desk, parts_of
from tests.support.house import House, running_house

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}


def test_the_metadata_names_what_there_is_and_nothing_else(desk: Desk) -> None:
    house = desk.house
    answer = house.client.get(f"{house.url}/.well-known/oauth-authorization-server")
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    issuer = parts_of(desk.login()["access_token"])[1]["iss"]
    assert body["issuer"] == issuer == house.url
    assert body["response_types_supported"] == []
    assert body["grant_types_supported"] == ["password", "refresh_token", "client_credentials"]
    methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    assert body["token_endpoint_auth_methods_supported"] == methods
    for endpoint in ("token", "revocation", "introspection"):
        address = body[f"{endpoint}_endpoint"]
        assert desk.post(address.removeprefix(house.url), {}).status_code == 400
    assert "authorization_endpoint" not in body
    assert house.client.get(body["jwks_uri"]).status_code == 200


def test_the_apis_say_who_gives_tokens_for_them(desk: Desk) -> None:
    body = desk.house.client.get(f"{desk.house.url}/.well-known/oauth-protected-resource").json()
    assert body["authorization_servers"] == [desk.house.url]
    assert body["bearer_methods_supported"] == ["header"]


def test_the_keys_are_public_and_may_be_kept_for_a_while(desk: Desk) -> None:
    kid = parts_of(desk.login()["access_token"])[0]["kid"]
    answer = desk.house.client.get(f"{desk.house.url}/oauth/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    keys = answer.json()["keys"]
    assert kid in {key["kid"] for key in keys}
    assert len(keys) >= 2  # the one that signs, and the next
    for key in keys:
        assert not PRIVATE & key.keys()
        assert (key["alg"], key["use"]) == ("RS256", "sig")


def test_nothing_of_this_is_written_to(desk: Desk) -> None:
    for path in (
        "/oauth/jwks.json",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource",
    ):
        answer = desk.house.client.post(desk.house.url + path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        assert desk.house.client.head(desk.house.url + path).content == b""


def test_an_issuer_with_a_path_has_its_metadata_where_rfc_8414_wants_it(tmp_path: Path) -> None:
    env = {"ROLLBOOK_ISSUER": "https://id.acorn.example/realm"}
    with running_house("sqlite", f"sqlite:///{tmp_path}/rollbook.db", **env) as house:
        body = house.client.get(f"{house.url}/.well-known/oauth-authorization-server/realm").json()
        assert body["issuer"] == "https://id.acorn.example/realm"
        assert issuer_of(house) == "https://id.acorn.example/realm"


def issuer_of(house: House) -> str:
    from tests.identity.stage import make_desk

    desk = make_desk(house.seat())
    token = desk.login()["access_token"]
    assert desk.reads(token).status_code == 200
    issuer: str = parts_of(token)[1]["iss"]
    assert parts_of(token)[1]["aud"] == issuer
    return issuer
