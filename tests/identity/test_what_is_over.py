"""Disabling a client, a user or a tenant, or letting a client in no more, bites within 5 seconds in every worker."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx2
import pytest
from tests.identity.stage import Desk, good, make_desk
from tests.support.house import House
from tests.support.refusals import until

from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity import clients as oauth_clients
from rollbook.identity import system_users
from rollbook.storage.contract import Store
from rollbook.tenancy import lifecycle

CONNECTIONS = 12
"""More than there are workers, so that each worker has some of them."""


@pytest.fixture
def clients() -> Iterator[list[httpx2.Client]]:
    made = [httpx2.Client(timeout=10) for _ in range(CONNECTIONS)]
    yield made
    for client in made:
        client.close()


def statuses(desk: Desk, clients: list[httpx2.Client], token: str) -> set[int]:
    headers = {"authorization": f"Bearer {token}"}
    url = f"{desk.house.url}/scim/v2/Users"
    with ThreadPoolExecutor(len(clients)) as pool:
        return set(pool.map(lambda client: client.get(url, headers=headers).status_code, clients))


def _all(desk: Desk, clients: list[httpx2.Client], token: str, wanted: set[int]) -> bool:
    return statuses(desk, clients, token) == wanted


ENDS: dict[str, Callable[[Any, Desk], Any]] = {
    "the client is disabled": lambda store, d: oauth_clients.set_status(store, SYSTEM_CLOCK, d.id, "disabled"),
    "the client is let in no more": lambda store, d: oauth_clients.unlink(store, SYSTEM_CLOCK, d.id, d.seat.tenant),
    "the user is disabled": lambda store, d: system_users.set_status(
        store, SYSTEM_CLOCK, d.seat.tenant, d.user.id, "disabled"
    ),
    "the password is another": lambda store, d: system_users.set_password(
        store, SYSTEM_CLOCK, d.seat.tenant, d.user.id, "a wholly new password"
    ),
    "the tenant is deleted": lambda store, d: lifecycle.delete(store, SYSTEM_CLOCK, d.seat.tenant.id),
    "the tenant is suspended": lambda store, d: lifecycle.suspend(store, SYSTEM_CLOCK, d.seat.tenant.id),
}


def test_what_is_over_is_refused_everywhere(house: House, clients: list[httpx2.Client]) -> None:
    """All ends at once, because each takes its seconds."""
    desks = {(end, tokens): make_desk(house.seat(), tokens=tokens) for end in ENDS for tokens in ("jwt", "opaque")}
    others = {which: make_desk(desk.seat) for which, desk in desks.items()}
    logins = {which: desk.login() for which, desk in desks.items()}
    bystanders = {which: good(other.ask("client_credentials"))["access_token"] for which, other in others.items()}
    for which, desk in desks.items():
        assert statuses(desk, clients, logins[which]["access_token"]) == {200}
    for (end, _), desk in desks.items():
        desk.with_identity(partial(lambda how, of, store: how(store, of), ENDS[end], desk))
    for (end, tokens), desk in desks.items():
        wanted = {403} if end == "the tenant is suspended" else {401}
        token = logins[end, tokens]["access_token"]
        assert until(partial(_all, desk, clients, token, wanted)), end
        assert desk.refresh(logins[end, tokens]["refresh_token"]).status_code in (400, 401)
        if "tenant" not in end:
            assert statuses(desk, clients, bystanders[end, tokens]) == {200}


def test_what_was_issued_before_does_not_come_back(own_desk: Desk) -> None:
    login = own_desk.login()
    alone = good(own_desk.ask("client_credentials"))["access_token"]
    for status in ("disabled", "active"):
        own_desk.with_identity(partial(_set_status, own_desk.id, status))
    for token in (login["access_token"], alone):
        assert until(partial(_ended, own_desk, token))
    assert own_desk.refresh(login["refresh_token"]).status_code == 400
    assert own_desk.reads(own_desk.login()["access_token"]).status_code == 200


async def _set_status(client: str, status: str, store: Store) -> None:
    await oauth_clients.set_status(store, SYSTEM_CLOCK, client, status)


def _ended(desk: Desk, token: str) -> bool:
    return desk.reads(token).status_code == 401
