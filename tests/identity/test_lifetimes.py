"""How long things last, by a clock that is moved by hand: an hour, thirty days, five minutes (R20 to R22)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from tests.identity.stage import basic_header, parts_of
from tests.support.stores import HandClock, sqlite_store

from rollbook.deployment import Deployment
from rollbook.dialects.model import standard
from rollbook.events import Kind
from rollbook.http_message import Request, Response
from rollbook.identity import clients, system_users
from rollbook.identity import keys as signing_keys
from rollbook.identity.access_tokens import AccessTokens
from rollbook.identity.keys import KeyRing, TooSoon
from rollbook.identity.master_key import MasterKey, new_master_key
from rollbook.oauth.grants import GRANTS
from rollbook.storage.contract import Store
from rollbook.storage.records import Tenant
from rollbook.tenancy import lifecycle
from rollbook.web.oauth_endpoint import OAuthEndpoint
from rollbook.web.scim_endpoint import ScimEndpoint

pytestmark = pytest.mark.anyio
PASSWORD = "a password of some length"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@dataclass
class Stage:
    hands: HandClock
    store: Store
    tenant: Tenant
    oauth: OAuthEndpoint
    scim: ScimEndpoint
    master: MasterKey

    async def client(self, session: timedelta | None = None) -> clients.Issued:
        return await clients.create(self.store, self.hands.clock, "sync", [self.tenant], grants=GRANTS, session=session)

    async def ask(self, client: clients.Issued, **form: str) -> Response:
        answer = self.oauth.find("/oauth/token")
        assert answer is not None
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "authorization": basic_header(client.client.id, client.secret or ""),
        }
        return await answer(Request("POST", "/oauth/token", "", headers, urlencode(form).encode(), "", "request"))

    async def login(self, client: clients.Issued) -> Any:
        answer = await self.ask(client, grant_type="password", username="robot", password=PASSWORD)
        assert answer.status == 200, answer.body
        return orjson.loads(answer.body)

    async def refresh(self, client: clients.Issued, token: str) -> Any:
        answer = await self.ask(client, grant_type="refresh_token", refresh_token=token)
        return orjson.loads(answer.body) if answer.status == 200 else None

    async def reads(self, token: str) -> int:
        request = Request("GET", "/scim/v2/Users", "", {"authorization": f"Bearer {token}"}, b"", "", "request")
        return (await self.scim.answer(request)).status


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    hands = HandClock()
    async with sqlite_store(tmp_path, hands.clock) as store:
        tenant = await lifecycle.create(store, hands.clock, "acorn", "standard", ("standard",))
        await system_users.create(store, hands.clock, tenant, "robot", "api", PASSWORD)
        master = MasterKey(new_master_key())
        keys = KeyRing(store, hands.clock, master)
        url = "https://acorn.example"
        access = AccessTokens(store, hands.clock, url, keys)
        house = Deployment(store=store, dialects=(standard(),), clock=hands.clock, public_url=url)
        scim = ScimEndpoint(house, access)
        yield Stage(hands, store, tenant, OAuthEndpoint(house, keys, access, scim.refused), scim, master)


async def test_an_access_token_holds_for_an_hour_to_the_second(stage: Stage) -> None:
    token = (await stage.login(await stage.client()))["access_token"]
    assert await stage.reads(token) == 200
    stage.hands.move(HOUR - SECOND)
    assert await stage.reads(token) == 200
    stage.hands.move(SECOND)
    assert await stage.reads(token) == 401


async def test_a_refresh_token_holds_for_thirty_days(stage: Stage) -> None:
    client = await stage.client()
    login = await stage.login(client)
    stage.hands.move(30 * DAY - SECOND)
    again = await stage.refresh(client, login["refresh_token"])
    stage.hands.move(30 * DAY - SECOND)
    assert await stage.refresh(client, again["refresh_token"]) is not None  # counted from the last refresh
    login = await stage.login(client)
    stage.hands.move(30 * DAY)
    assert await stage.refresh(client, login["refresh_token"]) is None


async def test_with_a_limit_thirty_days_are_counted_from_the_login(stage: Stage) -> None:
    client = await stage.client(session=30 * DAY)
    login = await stage.login(client)
    stage.hands.move(29 * DAY + 23 * HOUR + HOUR / 2)
    again = await stage.refresh(client, login["refresh_token"])
    assert again["expires_in"] == 1800  # the access token ends with the session
    stage.hands.move(HOUR / 2)
    assert await stage.refresh(client, again["refresh_token"]) is None
    assert await stage.reads(again["access_token"]) == 401


async def test_a_lost_answer_is_given_again_for_ten_seconds(stage: Stage) -> None:
    client = await stage.client()
    first, other = await stage.login(client), await stage.login(client)
    await stage.refresh(client, first["refresh_token"])
    lost = await stage.refresh(client, other["refresh_token"])
    stage.hands.move(10 * SECOND)
    assert await stage.refresh(client, first["refresh_token"]) is not None
    stage.hands.move(SECOND)
    assert await stage.refresh(client, other["refresh_token"]) is None
    assert await stage.refresh(client, lost["refresh_token"]) is None
    kinds = [event.kind async for event in stage.store.tenant(stage.tenant.id).events()]
    assert kinds.count(Kind.TOKEN_REPLAYED) == 1


async def test_an_old_secret_holds_for_its_day(stage: Stage) -> None:
    client = await stage.client()
    await clients.rotate(stage.store, stage.hands.clock, client.client.id)
    stage.hands.move(DAY - SECOND)
    assert (await stage.ask(client, grant_type="client_credentials")).status == 200
    stage.hands.move(SECOND)
    assert (await stage.ask(client, grant_type="client_credentials")).status == 401


async def test_a_clock_that_jumps_back_makes_no_token_good_or_bad_for_long(stage: Stage) -> None:
    token = (await stage.login(await stage.client()))["access_token"]
    stage.hands.moment -= 2 * HOUR
    assert await stage.reads(token) == 401  # from the future: it is not believed
    stage.hands.moment += 2 * HOUR
    assert await stage.reads(token) == 200


async def test_keys_go_when_their_last_token_has_expired(stage: Stage) -> None:
    client = await stage.client()
    token = (await stage.login(client))["access_token"]
    with pytest.raises(TooSoon):
        await signing_keys.rotate(stage.store, stage.hands.clock, stage.master)
    stage.hands.move(timedelta(minutes=5))
    await signing_keys.rotate(stage.store, stage.hands.clock, stage.master)
    stage.hands.move(timedelta(minutes=54))
    assert await stage.reads(token) == 200
    now = parts_of((await stage.login(client))["access_token"])[0]["kid"]
    assert now != parts_of(token)[0]["kid"]
    stage.hands.move(HOUR)
    await stage.store.identity.sweep(stage.hands.clock.written(), 0)
    assert [key.state for key in await stage.store.identity.keys()] == ["active", "next"]
    assert await stage.reads(token) == 401


async def test_many_unknown_keys_are_one_look_up(stage: Stage) -> None:
    token = (await stage.login(await stage.client()))["access_token"]
    looked = 0
    identity = stage.store.identity
    real = type(identity).keys

    async def counted(self: Any) -> Any:
        nonlocal looked
        looked += 1
        return await real(self)

    type(identity).keys = counted  # type: ignore[method-assign]
    try:
        from base64 import urlsafe_b64encode

        for number in range(20):
            header = {**parts_of(token)[0], "kid": str(number)}
            part = urlsafe_b64encode(orjson.dumps(header)).rstrip(b"=").decode()
            assert await stage.reads(".".join([part, *token.split(".")[1:]])) == 401
    finally:
        type(identity).keys = real  # type: ignore[method-assign]
    assert looked <= 1
