"""RFC 6749 §6, RFC 9700 §4.14.2: a refresh gives a new pair, a lost answer is given again, a thief ends the login."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.identity.stage import Desk, good, make_desk, refused
from tests.support.house import Seat
from tests.support.refusals import until

from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity import system_users
from rollbook.storage.contract import Store


def test_a_refresh_gives_a_new_pair(desk: Desk) -> None:
    first = desk.login()
    second = good(desk.refresh(first["refresh_token"]))
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert (second["expires_in"], second["scope"]) == (3600, first["scope"])
    assert desk.reads(second["access_token"]).status_code == 200
    assert desk.seat.events()[-1].kind == "grant:refresh"


def test_a_lost_answer_may_be_asked_for_again(desk: Desk) -> None:
    first = desk.login()["refresh_token"]
    lost = good(desk.refresh(first))["refresh_token"]
    again = good(desk.refresh(first))["refresh_token"]
    refused(desk.refresh(lost), 400, "invalid_grant")  # nobody should have seen it
    good(desk.refresh(again))


def test_presented_by_eight_at_once_all_are_answered_and_one_token_is_left(desk: Desk) -> None:
    first = desk.login()["refresh_token"]
    with ThreadPoolExecutor(8) as pool:
        answers = [good(answer) for answer in pool.map(lambda _: desk.refresh(first), range(8))]
    tokens = [answer["refresh_token"] for answer in answers]
    assert len(set(tokens)) == 8
    assert all(desk.reads(answer["access_token"]).status_code == 200 for answer in answers)
    assert sorted(desk.refresh(token).status_code for token in tokens) == [200] + [400] * 7


def test_a_replay_ends_the_login_with_all_its_tokens(own_desk: Desk) -> None:
    desk = own_desk
    first = desk.login()
    second = good(desk.refresh(first["refresh_token"]))
    third = good(desk.refresh(second["refresh_token"]))
    refused(desk.refresh(first["refresh_token"]), 400, "invalid_grant")
    refused(desk.refresh(third["refresh_token"]), 400, "invalid_grant")
    assert until(lambda: desk.reads(third["access_token"]).status_code == 401)
    kinds = [event.kind for event in desk.seat.events()]
    assert kinds.count("token:replay") == 1
    assert kinds.count("grant:refuse") >= 1
    good(desk.ask("password"))  # another login is another matter


def test_the_token_of_another_client_is_refused_and_stays_good(desk: Desk, seat: Seat) -> None:
    token = desk.login()["refresh_token"]
    refused(make_desk(seat).refresh(token), 400, "invalid_grant")
    good(desk.refresh(token))


@pytest.mark.parametrize("what", ["rbr_", "", "an access token", "a static token", "a secret", "another kind"])
def test_what_is_no_refresh_token_is_refused(desk: Desk, what: str) -> None:
    body = desk.login()
    tokens = {
        "an access token": body["access_token"],
        "a static token": desk.seat.token,
        "a secret": desk.secret,
        "another kind": body["refresh_token"].replace("rbr_", "rba_"),
    }
    code = "invalid_request" if what == "" else "invalid_grant"
    refused(desk.refresh(tokens.get(what, what)), 400, code)


def test_the_scope_may_be_narrowed_never_widened(desk: Desk) -> None:
    login = desk.login()
    narrow = good(desk.refresh(login["refresh_token"], scope="scim.read"))
    assert narrow["scope"] == "scim.read"
    assert good(desk.refresh(narrow["refresh_token"]))["scope"] == "scim.read scim.write"  # the login has both
    small = desk.login(scope="scim.read")
    refused(desk.refresh(small["refresh_token"], scope="scim.read scim.write"), 400, "invalid_scope")
    refused(desk.refresh(small["refresh_token"], scope="scim.write"), 400, "invalid_scope")
    assert good(desk.refresh(small["refresh_token"]))["scope"] == "scim.read"


def test_a_session_ends_at_its_limit_counted_from_the_login(seat: Seat) -> None:
    desk = make_desk(seat, session=timedelta(seconds=3))
    login = desk.login()
    assert login["expires_in"] <= 3
    second = good(desk.refresh(login["refresh_token"]))
    assert second["expires_in"] <= 3
    assert until(lambda: desk.refresh(second["refresh_token"]).status_code == 400)
    assert desk.reads(second["access_token"]).status_code == 401


def test_a_new_password_ends_what_was_issued_before(own_desk: Desk) -> None:
    desk, seat = own_desk, own_desk.seat
    login = desk.login()

    async def change(store: Store) -> None:
        await system_users.set_password(store, SYSTEM_CLOCK, seat.tenant, desk.user.name, "another fine password")

    desk.with_identity(change)
    refused(desk.refresh(login["refresh_token"]), 400, "invalid_grant")
    refused(desk.ask("password"), 400, "invalid_grant")
    good(desk.ask("password", password="another fine password"))
    assert until(lambda: desk.reads(login["access_token"]).status_code == 401)
