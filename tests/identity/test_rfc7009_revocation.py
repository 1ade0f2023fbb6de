"""RFC 7009: a client ends its own tokens, and learns nothing about others'."""

from functools import partial

from tests.identity.stage import Desk, good, make_desk, refused
from tests.support.house import Seat
from tests.support.refusals import until


def ended(desk: Desk, token: str) -> bool:
    return desk.reads(token).status_code == 401


def revoke(desk: Desk, token: str, **form: str) -> None:
    answer = desk.post("/oauth/revoke", {"token": token, **form})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["cache-control"] == "no-store"


def test_an_access_token_ends_alone(own_desk: Desk) -> None:
    desk = own_desk
    for made in (desk, make_desk(desk.seat, tokens="opaque")):
        login = made.login()
        other = good(made.refresh(login["refresh_token"]))
        assert made.reads(login["access_token"]).status_code == 200
        revoke(made, login["access_token"])
        assert until(partial(ended, made, login["access_token"]))
        assert made.reads(other["access_token"]).status_code == 200
        good(made.refresh(other["refresh_token"]))
    assert [event.kind for event in desk.seat.events()].count("token:revoke") == 2


def test_a_refresh_token_ends_with_its_login(own_desk: Desk) -> None:
    desk = own_desk
    login = desk.login()
    second = good(desk.refresh(login["refresh_token"]))
    another = desk.login()
    revoke(desk, second["refresh_token"], token_type_hint="refresh_token")
    refused(desk.refresh(second["refresh_token"]), 400, "invalid_grant")
    for token in (login["access_token"], second["access_token"]):
        assert until(partial(ended, desk, token))
    assert desk.reads(another["access_token"]).status_code == 200
    revoke(desk, second["refresh_token"])  # again: nothing more happens
    assert [event.kind for event in desk.seat.events()].count("grant:revoke") == 1


def test_a_used_refresh_token_ends_the_login_too(desk: Desk) -> None:
    login = desk.login()
    second = good(desk.refresh(login["refresh_token"]))
    revoke(desk, login["refresh_token"])
    refused(desk.refresh(second["refresh_token"]), 400, "invalid_grant")


def test_the_hint_may_be_wrong(desk: Desk) -> None:
    login = desk.login()
    revoke(desk, login["refresh_token"], token_type_hint="access_token")
    refused(desk.refresh(login["refresh_token"]), 400, "invalid_grant")


def test_unknown_and_foreign_tokens_are_passed_over_in_silence(desk: Desk, seat: Seat) -> None:
    other = make_desk(seat)
    login = other.login()
    for token in ("nonsense", "a.b.c", "rbr_x", desk.seat.token, login["access_token"], login["refresh_token"]):
        revoke(desk, token)
    assert other.reads(login["access_token"]).status_code == 200
    assert desk.seat.get("/Users").status_code == 200
    good(other.refresh(login["refresh_token"]))


def test_what_is_wrong_with_the_request_is_told(desk: Desk) -> None:
    refused(desk.post("/oauth/revoke", {"x": "y"}), 400, "invalid_request")
    refused(desk.post("/oauth/revoke", {"token": "x", "token_type_hint": "id_token"}), 400, "unsupported_token_type")
    refused(desk.post("/oauth/revoke", {"token": "x"}, basic=False), 401, "invalid_client")
    assert desk.house.client.get(f"{desk.house.url}/oauth/revoke").status_code == 405
