"""What is given, refused and ended leaves an event; repeats of a refusal within a minute are counted, not written."""

from typing import Any

from tests.identity.stage import Desk, make_desk, refused
from tests.support.house import House

from rollbook.events import Event
from rollbook.storage.contract import Store


def nobodys(house: House) -> list[Event]:
    async def read(store: Store) -> list[Event]:
        return [event async for event in store.events()]

    found: list[Event] = house.with_store(read)
    return found


def test_a_wrong_password_is_told_to_the_users_tenant_once(own_desk: Desk) -> None:
    form = {"grant_type": "password", "username": own_desk.user.name, "password": "wrong"}
    refused(own_desk.post("/oauth/token", form, peer="10.9.8.7"), 400, "invalid_grant")
    for _ in range(4):  # told to wait sooner or later, which leaves an event of its own
        assert own_desk.post("/oauth/token", form, peer="10.9.8.7").status_code in (400, 429)
    told = [event for event in own_desk.seat.events() if event.scim_type == "invalid_grant"]
    assert told
    first = told[0]
    assert (first.actor, first.status, first.scim_type) == (f"client:{own_desk.id}", 400, "invalid_grant")
    assert (first.resource_type, first.resource) == ("SystemUser", own_desk.user.id)
    assert first.peer == "10.9.8.7"
    assert first.request
    assert len(told) <= 2  # one for each worker


def test_a_client_that_did_not_prove_itself_is_nobody(own_desk: Desk) -> None:
    before = len(nobodys(own_desk.house))
    form: dict[str, Any] = {"grant_type": "client_credentials", "client_id": own_desk.id, "client_secret": "wrong"}
    answer = own_desk.post("/oauth/token", form, basic=False)
    refused(answer, 401, "invalid_client")
    events = nobodys(own_desk.house)
    told = [e for e in events if e.kind == "login:refuse" and e.scim_type == "invalid_client"]
    assert told
    assert {e.actor for e in told} == {"anonymous"}
    assert len(events) >= before


def test_writes_tell_who_made_them(own_desk: Desk) -> None:
    alone = make_desk(own_desk.seat)
    tokens = {
        f"user:{own_desk.user.id}": own_desk.login()["access_token"],
        f"client:{alone.id}": alone.ask("client_credentials").json()["access_token"],
    }
    for number, token in enumerate(tokens.values()):
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": f"user{number}"}
        headers = {"authorization": f"Bearer {token}"}
        assert own_desk.seat.call("POST", "/Users", body, headers=headers).status_code == 201
    made = [event.actor for event in own_desk.seat.events() if event.kind == "resource:create"]
    assert made == list(tokens)
