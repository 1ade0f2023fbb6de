"""RFC 6749 §2.3: a client proves itself, in exactly one way."""

from datetime import timedelta

import pytest
from tests.identity.stage import Desk, basic_header, good, make_desk, refused
from tests.support.house import Seat
from tests.support.refusals import until

from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity import clients
from rollbook.ids import new_id
from rollbook.storage.contract import Store

CLIENT = {"grant_type": "client_credentials"}


def test_by_header_and_by_form(desk: Desk) -> None:
    good(desk.post("/oauth/token", CLIENT))
    good(desk.post("/oauth/token", {**CLIENT, "client_id": desk.id, "client_secret": desk.secret}, basic=False))


def test_its_id_may_stand_beside_the_header_if_it_is_the_same(desk: Desk) -> None:
    good(desk.ask("client_credentials", client_id=desk.id))
    refused(desk.ask("client_credentials", client_id=new_id()), 400, "invalid_request")


@pytest.mark.parametrize("secret", ["the same", "another"])
def test_two_ways_at_once_are_refused_even_if_both_are_right(desk: Desk, secret: str) -> None:
    sent = desk.secret if secret == "the same" else "x"
    refused(desk.ask("client_credentials", client_id=desk.id, client_secret=sent), 400, "invalid_request")


def test_the_header_is_form_encoded_inside(desk: Desk) -> None:
    encoded = basic_header(desk.id.replace("-", "%2D"), desk.secret.replace("_", "%5F"))
    good(desk.post("/oauth/token", CLIENT, basic=False, authorization=encoded))


@pytest.mark.parametrize("scheme", ["basic", "BASIC"])
def test_the_scheme_is_the_same_in_any_case(desk: Desk, scheme: str) -> None:
    header = basic_header(desk.id, desk.secret).replace("Basic", scheme)
    good(desk.post("/oauth/token", CLIENT, basic=False, authorization=header))


@pytest.mark.parametrize(
    "header", ["Basic", "Basic %%%", "Basic /w==", "Basic eDp5OnY=x", "Bearer abc", "Basic Og==", "x"]
)
def test_a_header_that_is_no_basic_credential_is_refused(desk: Desk, header: str) -> None:
    refused(desk.post("/oauth/token", CLIENT, basic=False, authorization=header), 400, "invalid_request")


def test_without_any_way_nothing_is_given(desk: Desk) -> None:
    refused(desk.post("/oauth/token", CLIENT, basic=False), 401, "invalid_client")
    refused(desk.post("/oauth/token", {**CLIENT, "client_id": desk.id}, basic=False), 401, "invalid_client")


def test_unknown_wrong_and_disabled_are_told_in_the_same_words(desk: Desk, seat: Seat) -> None:
    other = make_desk(seat)

    async def disable(store: Store) -> None:
        await clients.set_status(store, SYSTEM_CLOCK, other.id, "disabled")

    seat.house.with_store(disable)
    asked = [
        (new_id(), desk.secret),
        ("", desk.secret),
        ("a\x00b", desk.secret),
        (desk.id, "wrong"),
        (desk.id, other.secret),
        (desk.id.upper(), desk.secret),
        (desk.id, desk.secret[:-1]),
        (other.id, other.secret),
    ]
    answers = [
        desk.post("/oauth/token", {**CLIENT, "client_id": id or "x", "client_secret": secret}, basic=False)
        for id, secret in asked
        if "\x00" not in id
    ]
    assert {refused(answer, 401, "invalid_client") for answer in answers} == {
        "The client is unknown, or it has not proved who it is."
    }
    assert {answer.headers["www-authenticate"].partition(" ")[0] for answer in answers} == {"Basic"}


def test_two_secrets_hold_while_one_follows_the_other(own_desk: Desk) -> None:
    desk = own_desk

    def rotate(overlap: timedelta) -> str:
        async def work(store: Store) -> clients.Issued:
            return await clients.rotate(store, SYSTEM_CLOCK, desk.id, overlap)

        secret: str = desk.with_identity(work).secret
        return secret

    def status(secret: str) -> int:
        form = {**CLIENT, "client_id": desk.id, "client_secret": secret}
        return desk.post("/oauth/token", form, basic=False).status_code

    second = rotate(timedelta(days=1))
    assert [status(desk.secret), status(second)] == [200, 200]
    third = rotate(timedelta(seconds=0))
    assert until(lambda: [status(desk.secret), status(second), status(third)] == [401, 401, 200])


def test_a_client_without_a_grant_may_not_use_it(seat: Seat) -> None:
    desk = make_desk(seat, grants=("client_credentials",))
    refused(desk.ask("password"), 400, "unauthorized_client")
    refused(desk.refresh("rbr_x"), 400, "unauthorized_client")
    refused(make_desk(seat, grants=("password",)).ask("client_credentials"), 400, "unauthorized_client")
