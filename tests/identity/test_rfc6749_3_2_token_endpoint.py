"""RFC 6749 §3.2: how a request to the token endpoint has to look."""

import pytest
from tests.identity.stage import FORM, Desk, good, refused

from rollbook.web.oauth_endpoint import TOKEN_ADDRESSES


@pytest.mark.parametrize("address", [*TOKEN_ADDRESSES, "/t/{tenant}/connect/token", "/t/{tenant}/oauth/token"])
def test_it_is_at_every_address_that_products_clients_know(desk: Desk, address: str) -> None:
    good(desk.ask("password", address.format(tenant=desk.seat.name)))


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_it_takes_post_only(desk: Desk, method: str) -> None:
    answer = desk.house.client.request(method, f"{desk.house.url}/oauth/token")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert desk.house.client.options(f"{desk.house.url}/oauth/token").status_code == 204


@pytest.mark.parametrize("type", ["application/json", "multipart/form-data", "", f"{FORM}; charset=utf-16"])
def test_it_takes_forms_only(desk: Desk, type: str) -> None:
    answer = desk.post("/oauth/token", b"grant_type=client_credentials", type=type)
    refused(answer, 400, "invalid_request")


def test_the_form_may_name_its_charset(desk: Desk) -> None:
    answer = desk.post("/oauth/token", b"grant_type=client_credentials", type=f"{FORM};charset=UTF-8")
    good(answer)


def test_parameters_in_the_address_are_refused(desk: Desk) -> None:
    refused(desk.post("/oauth/token?grant_type=client_credentials", b""), 400, "invalid_request")


@pytest.mark.parametrize("name", ["scope", "grant_type", "client_id", "x"])
def test_a_parameter_stands_once(desk: Desk, name: str) -> None:
    form = [("grant_type", "client_credentials"), (name, "a"), (name, "a")]
    refused(desk.post("/oauth/token", form), 400, "invalid_request")


def test_an_empty_parameter_is_one_that_was_not_sent(desk: Desk) -> None:
    body = good(desk.ask("client_credentials", scope="", resource="", client_secret=""))
    assert body["scope"] == "scim.read scim.write"
    refused(desk.post("/oauth/token", {"grant_type": ""}), 400, "invalid_request")


def test_parameters_that_nobody_knows_are_ignored(desk: Desk) -> None:
    good(desk.ask("client_credentials", audience="x", nonsense="y"))


@pytest.mark.parametrize(
    "body",
    [
        b"grant_type=password&username=" + b"a" * 16_400,
        b"grant_type=client_credentials" + b"".join(b"&p%d=1" % n for n in range(32)),
    ],
)
def test_a_form_that_is_too_long_is_refused(desk: Desk, body: bytes) -> None:
    refused(desk.post("/oauth/token", body), 413, "invalid_request")


@pytest.mark.parametrize("body", [b"grant_type=%ff", b"grant_type=a%00b", b"\xff=\xff"])
def test_a_form_that_is_no_text_is_refused(desk: Desk, body: bytes) -> None:
    refused(desk.post("/oauth/token", body), 400, "invalid_request")


def test_the_grant_has_to_be_named(desk: Desk) -> None:
    refused(desk.post("/oauth/token", {"scope": "scim.read"}), 400, "invalid_request")


@pytest.mark.parametrize("grant", ["authorization_code", "PASSWORD", "implicit", "urn:x"])
def test_another_grant_is_unsupported(desk: Desk, grant: str) -> None:
    refused(desk.ask(grant), 400, "unsupported_grant_type")


@pytest.mark.parametrize("left_out", ["username", "password"])
def test_a_password_grant_needs_name_and_password(desk: Desk, left_out: str) -> None:
    refused(desk.ask("password", **{left_out: ""}), 400, "invalid_request")


def test_a_refresh_needs_its_token(desk: Desk) -> None:
    refused(desk.ask("refresh_token"), 400, "invalid_request")
