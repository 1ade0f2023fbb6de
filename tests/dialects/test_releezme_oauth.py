"""Releezme's tokens: who is who, the two grants, scopes, lifetimes, refusals (R1 to R4, R19 to R23, P2, P3, P7, U9 to
U12)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from tests.identity.stage import Desk, basic_header, good, make_desk, make_user, parts_of, refused
from tests.support.command import rollbook
from tests.support.house import USER, House, Seat
from tests.support.stores import HandClock, sqlite_store

from rollbook.deployment import Deployment
from rollbook.dialects.loading import catalog
from rollbook.http_message import Request, Response
from rollbook.identity import clients, system_users
from rollbook.identity.access_tokens import AccessTokens
from rollbook.identity.keys import KeyRing
from rollbook.identity.master_key import MasterKey, new_master_key
from rollbook.oauth.grants import GRANTS
from rollbook.oauth.scopes import SCOPES
from rollbook.storage.contract import Store
from rollbook.tenancy import connections, lifecycle
from rollbook.web.oauth_endpoint import OAuthEndpoint
from rollbook.web.scim_endpoint import ScimEndpoint

AT = "/connect/token"
SCIM, SAPI = "Vecos.Releezme.Web.SCIM", "Vecos.Releezme.Web.SAPI"
GRANTED = ("password", "refresh_token")
RIGHTS = ("scim.read", "scim.write", "system.read", "system.write", "lockers.manage", "access.read", "audit.read")


def company(house: House, name: str = "acorn") -> Seat:
    """A company whose connection ``releezme`` speaks Releezme."""
    return house.seat(name).speaking("releezme")


def desk_of(*seats: Seat) -> Desk:
    """A client server with an API system user of the first company."""

    async def through(store: Store) -> dict[str, str]:
        return {seat.tenant.id: (await connections.find(store, seat.tenant, "releezme")).id for seat in seats}

    links = seats[0].house.with_store(through)
    return make_desk(*seats, grants=GRANTED, scopes=RIGHTS, connections=links)


@pytest.fixture(scope="module")
def desk(_house_on_sqlite: House) -> Desk:
    return desk_of(company(_house_on_sqlite))


def login(desk: Desk, scope: str = f"{SCIM} offline_access", **form: str) -> dict[str, Any]:
    return good(desk.ask("password", AT, scope=scope, **form))


def reads(desk: Desk, answer: dict[str, Any], path: str = "/users") -> Any:
    return desk.reads(answer["access_token"], path)


def test_r1_a_user_of_lockers_logs_in_nowhere(desk: Desk) -> None:
    made = desk.seat.post(
        "/users", {"schemas": [USER], "userName": "jdoe@acorn.example", "password": "a secret of hers"}
    )
    assert made.status_code == 201
    told = refused(
        desk.post(
            AT,
            {"grant_type": "password", "username": "jdoe@acorn.example", "password": "a secret of hers", "scope": SCIM},
        ),
        400,
        "invalid_grant",
    )
    assert "jdoe" not in told


def test_r2_what_scim_creates_is_no_system_user(desk: Desk) -> None:
    desk.seat.post("/users", {"schemas": [USER], "userName": desk.user.name, "password": "another password of hers"})
    form = {"grant_type": "password", "username": desk.user.name, "password": "another password of hers"}
    refused(desk.post(AT, form), 400, "invalid_grant")
    login(desk)  # its own password still holds


def test_r3_one_client_serves_several_companies_by_their_api_users(sqlite: House) -> None:
    acorn, birch = company(sqlite), company(sqlite, "birch")
    ours = desk_of(acorn, birch)
    user, password = make_user(birch)
    theirs = Desk(ours.house, birch, ours.id, ours.secret, user, password)
    here, there = login(ours), login(theirs)
    ann = acorn.post("/users", {"schemas": [USER], "userName": "ann"}).json()
    bo = birch.post("/users", {"schemas": [USER], "userName": "bo"}).json()
    for desk, answer, own, other in ((ours, here, ann, bo), (theirs, there, bo, ann)):
        found = reads(desk, answer).json()
        assert [one["userName"] for one in found["Resources"]] == [own["userName"]]
        assert reads(desk, answer, f"/users/{own['id']}").status_code == 200
        # P7: what is another company's is not found
        assert reads(desk, answer, f"/users/{other['id']}").status_code == 404


def test_r4_a_user_of_the_portal_gets_no_tokens(desk: Desk) -> None:
    user, password = make_user(desk.seat, "portal")
    form = {"grant_type": "password", "username": user.name, "password": password, "scope": SCIM}
    refused(desk.post(AT, form), 400, "invalid_grant")


def test_r19_r20_r23_a_login_gives_an_access_and_a_refresh_token(desk: Desk) -> None:
    answer = login(desk, f"{SCIM} {SAPI} offline_access")
    assert answer.keys() == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert (answer["expires_in"], answer["scope"]) == (3600, f"{SCIM} {SAPI} offline_access")
    assert reads(desk, answer).status_code == 200


def test_p2_the_client_proves_itself_by_basic_or_in_the_form(desk: Desk) -> None:
    form = {
        "grant_type": "password",
        "username": desk.user.name,
        "password": desk.password,
        "scope": f"{SCIM} offline_access",
        "client_id": desk.id,
        "client_secret": desk.secret,
    }
    answer = good(desk.post(AT, form, basic=False))
    assert reads(desk, answer).status_code == 200
    refused(desk.post(AT, form), 400, "invalid_request")
    in_address = desk.house.client.post(f"{desk.house.url}{AT}", params=form)
    assert in_address.status_code == 400


def test_p2_u9_a_refresh_token_has_to_be_asked_for(desk: Desk) -> None:
    for scope in (SCIM, ""):
        answer = login(desk, scope)
        assert "refresh_token" not in answer
        assert "offline_access" not in answer["scope"]
        assert reads(desk, answer).status_code == 200
    assert login(desk, "offline_access").keys() >= {"refresh_token"}


def test_u9_where_no_scope_is_asked_the_answer_tells_the_products_names(desk: Desk) -> None:
    """RFC 6749 §5.1: the scope is told where it is not what was asked."""
    assert login(desk, "")["scope"] == f"{SCIM} {SAPI}"
    first = login(desk, "offline_access")
    assert first["scope"] == f"{SCIM} {SAPI} offline_access"
    second = good(desk.ask("refresh_token", AT, refresh_token=first["refresh_token"]))
    assert second["scope"] == first["scope"]
    assert login(desk, "scim.read")["scope"] == "scim.read"
    assert parts_of(login(desk, "")["access_token"])[1]["scope"] == " ".join(RIGHTS)


def test_u9_what_the_product_has_no_name_for_is_told_as_we_call_it(sqlite: House) -> None:
    seat = company(sqlite)

    async def through(store: Store) -> dict[str, str]:
        return {seat.tenant.id: (await connections.find(store, seat.tenant, "releezme")).id}

    links = seat.house.with_store(through)
    some = ("scim.read", "schemas.write", "system.read")
    desk = make_desk(seat, grants=GRANTED, scopes=some, connections=links)
    assert login(desk, "")["scope"] == " ".join(some)
    more = make_desk(seat, grants=GRANTED, scopes=("scim.write", *some), connections=links)
    assert login(more, "")["scope"] == f"{SCIM} schemas.write system.read"
    credentials = make_desk(seat, grants=("client_credentials",), scopes=RIGHTS, connections=links)
    assert good(credentials.ask("client_credentials", AT))["scope"] == f"{SCIM} {SAPI}"


def test_r21_u11_a_refresh_gives_two_new_tokens_and_the_old_one_is_over(desk: Desk) -> None:
    first = login(desk)
    second = good(desk.ask("refresh_token", AT, refresh_token=first["refresh_token"]))
    assert second["scope"] == first["scope"]
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    third = good(desk.ask("refresh_token", AT, refresh_token=second["refresh_token"]))
    refused(desk.ask("refresh_token", AT, refresh_token=first["refresh_token"]), 400, "invalid_grant")
    refused(desk.ask("refresh_token", AT, refresh_token=third["refresh_token"]), 400, "invalid_grant")


def test_u9_a_token_for_the_system_api_opens_no_scim(desk: Desk) -> None:
    answer = login(desk, SAPI)
    for call in (("GET", "/users"), ("POST", "/users"), ("GET", "/groups"), ("DELETE", "/users/x")):
        refusal = desk.seat.call(*call, headers={"authorization": f"Bearer {answer['access_token']}"})
        assert refusal.status_code == 403
        challenge = refusal.headers["www-authenticate"]
        assert 'error="insufficient_scope"' in challenge
        assert f'scope="{SCIM}"' in challenge
        assert refusal.json()["status"] == "403"


def test_u9_a_client_without_the_right_cannot_ask_for_the_scope(sqlite: House) -> None:
    seat = company(sqlite)

    async def through(store: Store) -> str:
        return (await connections.find(store, seat.tenant, "releezme")).id

    links = {seat.tenant.id: sqlite.with_store(through)}
    desk = make_desk(seat, grants=GRANTED, scopes=("scim.read",), connections=links)
    refused(desk.ask("password", AT, scope=SCIM), 400, "invalid_scope")
    refused(desk.ask("password", AT, scope="vecos.releezme.web.scim"), 400, "invalid_scope")
    assert reads(desk, login(desk, "scim.read")).status_code == 200


def test_u10_refusals_of_the_token_endpoint_are_oauths(desk: Desk) -> None:
    form = {"grant_type": "password", "username": desk.user.name, "password": desk.password}
    wrong = desk.post(AT, form, basic=False, authorization=basic_header(desk.id, "wrong"))
    refused(wrong, 401, "invalid_client")
    assert wrong.headers["www-authenticate"].startswith("Basic ")
    refused(desk.post(AT, {**form, "password": "wrong"}), 400, "invalid_grant")
    refused(desk.post(AT, {**form, "grant_type": "implicit"}), 400, "unsupported_grant_type")
    refused(desk.post(AT, {**form, "scope": "Vecos.Other"}), 400, "invalid_scope")
    refused(desk.post(AT, {"grant_type": "password"}), 400, "invalid_request")


def test_u12_p7_scim_refuses_tokens_in_its_own_form(desk: Desk) -> None:
    for header in ("", "Bearer wrong", "Basic YTpi"):
        answer = desk.seat.call("GET", "/users", headers={"authorization": header} if header else {"authorization": ""})
        assert answer.status_code == 401
        assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert answer.headers["www-authenticate"].startswith("Bearer ")
    told = desk.seat.call("GET", "/users", headers={"authorization": "Bearer wrong"}).headers["www-authenticate"]
    assert 'error="invalid_token"' in told


def test_p7_a_company_that_is_suspended_is_403(sqlite: House) -> None:
    seat = company(sqlite)
    desk = desk_of(seat)
    answer = login(desk)

    async def suspend(store: Store) -> None:
        from rollbook.clock import SYSTEM_CLOCK

        await lifecycle.suspend(store, SYSTEM_CLOCK, seat.name)

    sqlite.with_store(suspend)
    assert reads(desk, answer).status_code == 403
    refused(desk.ask("password", AT, scope=SCIM), 400, "invalid_grant")


def test_a_token_of_another_dialects_connection_opens_nothing_here(sqlite: House) -> None:
    plain = sqlite.seat("acorn")
    seat = plain.speaking("releezme")
    assert plain.call("GET", "/users", base=seat.base).status_code == 403
    assert seat.call("GET", "/Users", base=plain.base).status_code == 403


class Hands:
    """A company with a client in one process, and a clock that is moved by hand."""

    def __init__(self, hands: HandClock, store: Store) -> None:
        self.hands = hands
        self.store = store

    async def start(self, *, releezme: bool = True) -> None:
        clock = self.hands.clock
        dialects = catalog()
        names = [dialect.name for dialect in dialects]
        tenant = await lifecycle.create(self.store, clock, "acorn", "releezme" if releezme else "standard", names)
        await system_users.create(self.store, clock, tenant, "robot", "api", "a password of some length")
        keys = KeyRing(self.store, clock, MasterKey(new_master_key()))
        url = "https://acorn.example"
        access = AccessTokens(self.store, clock, url, keys)
        house = Deployment(store=self.store, dialects=dialects, clock=clock, public_url=url)
        self.scim = ScimEndpoint(house, access)
        self.oauth = OAuthEndpoint(house, keys, access, self.scim.refused)
        self.client = await clients.create(self.store, clock, "sync", [tenant], grants=GRANTS, scopes=SCOPES)

    async def ask(self, **form: str) -> Any:
        answer = self.oauth.find(AT)
        assert answer is not None
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "authorization": basic_header(self.client.client.id, self.client.secret or ""),
        }
        given: Response = await answer(Request("POST", AT, "", headers, urlencode(form).encode(), "", "request"))
        return orjson.loads(given.body) if given.status == 200 else None

    async def login(self) -> Any:
        return await self.ask(
            grant_type="password",
            username="robot",
            password="a password of some length",
            scope=f"{SCIM} offline_access",
        )

    async def refresh(self, token: str) -> Any:
        return await self.ask(grant_type="refresh_token", refresh_token=token)

    async def reads(self, token: str) -> int:
        request = Request("GET", "/api/users", "", {"authorization": f"Bearer {token}"}, b"", "", "request")
        return (await self.scim.answer(request)).status


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Hands]:
    hands = HandClock()
    async with sqlite_store(tmp_path, hands.clock) as store:
        made = Hands(hands, store)
        await made.start()
        yield made


@pytest.mark.anyio
async def test_r20_after_an_hour_the_access_token_is_401(stage: Hands) -> None:
    token = (await stage.login())["access_token"]
    stage.hands.move(timedelta(seconds=3599))
    assert await stage.reads(token) == 200
    stage.hands.move(timedelta(seconds=1))
    assert await stage.reads(token) == 401


@pytest.mark.anyio
async def test_r22_p3_u11_thirty_days_after_the_login_nothing_is_refreshed(stage: Hands) -> None:
    answer = await stage.login()
    for _ in range(5):  # each of them new, and none for longer
        stage.hands.move(timedelta(days=5, hours=23))
        answer = await stage.refresh(answer["refresh_token"])
        assert answer is not None
    stage.hands.move(timedelta(hours=4, minutes=30))
    answer = await stage.refresh(answer["refresh_token"])
    assert answer["expires_in"] == 1800
    stage.hands.move(timedelta(minutes=30))
    assert await stage.reads(answer["access_token"]) == 401
    assert await stage.refresh(answer["refresh_token"]) is None
    assert await stage.login() is not None


def test_u9_the_operator_gives_scopes_by_the_products_names(sqlite: House) -> None:
    seat = company(sqlite)

    def run(*arguments: str) -> Any:
        return rollbook("client", *arguments, "--json", ROLLBOOK_DATABASE=sqlite.database).json()

    grants = ("--grant", "password", "--grant", "refresh_token")
    by = ("--tenant", seat.name, "--connection", "releezme")
    made = run("create", "sync", *by, *grants, "--scope", SCIM, "--scope", SAPI)
    user, password = make_user(seat)
    desk = Desk(sqlite, seat, made["client_id"], made["client_secret"], user, password)
    assert reads(desk, login(desk, f"{SCIM} {SAPI}")).status_code == 200
    linked = run("link", made["client_id"], seat.name, "--connection", "releezme", "--scope", SAPI)
    assert set(linked["scopes"]) == set(RIGHTS)
    refused(desk.ask("password", AT, scope=SCIM), 400, "invalid_scope")
    assert reads(desk, login(desk, SAPI)).status_code == 403
