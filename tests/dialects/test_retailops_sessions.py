"""Sessions of Retail Ops on the running server, on both engines: encrypted and plain logins, what ends a session, and
what stays secret. The numbers are those of the dialect."""

import asyncio
import time
from base64 import b64decode
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import quote

import httpx2
import pytest
from tests.dialects.retailops_stage import BASE, CONNECT, Till, configure, encrypted, peer, person, refused, till
from tests.identity.stage import basic_header
from tests.support.command import Told, rollbook
from tests.support.house import House, running_house
from tests.support.postgres import fresh_database, run_apart

from rollbook.clock import SYSTEM_CLOCK
from rollbook.identity import clients, encrypted_login, sessions, system_users
from rollbook.identity.auth_tokens import encode
from rollbook.identity.master_key import MasterKey, new_master_key
from rollbook.storage.contract import Store
from rollbook.storage.identity_records import ClientTenant
from rollbook.tenancy import connections, lifecycle

SOON = {"ROLLBOOK_REVOCATION_SECONDS": "0.2"}
CHALLENGE = 'X-PHP-SESSID realm="retailops"'


@pytest.fixture(scope="module")
def master() -> str:
    return new_master_key()


def _env(master: str, **more: str) -> dict[str, str]:
    return {
        "ROLLBOOK_MASTER_KEY": master,
        "ROLLBOOK_TRUSTED_PROXIES": "127.0.0.1",
        "ROLLBOOK_ACCESS_LOG": "1",
        **SOON,
        **more,
    }


@pytest.fixture(scope="module")
def on_sqlite(master: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("sessions")
    with running_house("sqlite", f"sqlite:///{folder}/rollbook.db", **_env(master)) as house:
        yield house


@pytest.fixture(scope="module")
def on_postgres(master: str, postgres_admin_url: str) -> Iterator[House]:
    with (
        fresh_database(postgres_admin_url) as url,
        running_house("postgres", url, **_env(master, ROLLBOOK_WORKERS="2")) as house,
    ):
        yield house


@pytest.fixture(params=["sqlite", "postgres with two workers"])
def house(request: pytest.FixtureRequest) -> House:
    engine = "sqlite" if request.param == "sqlite" else "postgres"
    found: House = request.getfixturevalue(f"on_{engine}")
    return found


_TILLS: dict[str, Till] = {}


@pytest.fixture
def own(house: House, master: str) -> Till:
    """A tenant of this test's own."""
    return till(house, MasterKey(master))


@pytest.fixture
def any_till(house: House, master: str) -> Till:
    """One for all tests that leave it as it is."""
    if house.url not in _TILLS:
        _TILLS[house.url] = till(house, MasterKey(master))
    return _TILLS[house.url]


def unauthorized(answer: httpx2.Response) -> None:
    refused(answer, 401)
    assert answer.headers["www-authenticate"] == CHALLENGE


def until_refused(own: Till, session: str) -> None:
    """What is revoked is refused within five seconds, by every worker (whose memories are not of one age)."""
    end = time.monotonic() + 10
    refusals = 0
    while refusals < 6:
        assert time.monotonic() < end, "a session that has ended is still taken"
        refusals = refusals + 1 if own.asks(session).status_code in (401, 403) else 0


def test_s_p1_an_encrypted_login_opens_a_session(any_till: Till) -> None:
    answer = any_till.connect()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    body = answer.json()
    token = body["data"].pop("token")
    root = f"{any_till.house.url}/ProdClients/{any_till.seat.tenant.name}"
    assert body == {
        "success": True,
        "message": "",
        "data": {"wsUrl": f"{root}/", "wsUrlRest": f"{root}/RESTWS/"},
        "errorCode": 0,
    }
    assert any_till.asks(token).json()["totalResults"] == 0
    rest = body["data"]["wsUrlRest"].removeprefix(any_till.house.url).rstrip("/")
    assert any_till.asks(token, base=f"{rest}{BASE}").status_code == 200
    assert any_till.asks(token, "PATCH", "/Users/x").status_code == 501


def test_s_p4_the_address_names_the_tenant_or_leaves_it_to_the_key(any_till: Till) -> None:
    name = any_till.seat.tenant.name
    for prefix in ("", f"/ProdClients/{name}/RESTWS", f"/prodclients/{name.upper()}/restws", f"/t/{name}"):
        assert any_till.code(prefix=prefix) == 0
        assert any_till.login(prefix).status_code == 200
    assert any_till.code(prefix="/ProdClients/birch/RESTWS") == 7
    assert any_till.login("/ProdClients/birch/RESTWS").json()["error"] == "invalid_grant"


def test_s_p5_what_is_no_scim_has_the_products_envelope_however_it_is_spelled(any_till: Till) -> None:
    address = any_till.house.url + CONNECT.lower()
    query = f"AUTHTOKEN={quote(any_till.token())}&authclientid={any_till.client_id}"
    assert any_till.house.client.get(f"{address}?{query}", headers=peer()).json()["errorCode"] == 0
    twice = f"{query}&authToken=x"
    assert any_till.house.client.get(f"{address}?{twice}", headers=peer()).json()["errorCode"] == 2
    answer = any_till.house.client.post(address, headers=peer())
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, OPTIONS")


@pytest.mark.parametrize("spelled", ["\\", "_", "%5C"])
def test_s_p3_three_letters_are_changed_and_an_underscore_is_a_backslash(any_till: Till, spelled: str) -> None:
    token = next(token for token in iter(any_till.token, "") if "\\" in token and "-" in token)
    address = f"{any_till.house.url}{CONNECT}?authToken={token.replace(chr(92), spelled)}"
    answer = httpx2.get(f"{address}&authClientID={any_till.client_id}", headers=peer())
    assert answer.json()["errorCode"] == 0


def test_s_p2_v15_each_failure_has_its_code(any_till: Till) -> None:
    key = any_till.key
    other = key._replace(key=bytes(32))
    now = datetime.now(UTC)
    assert any_till.code("?") == 2
    assert any_till.code("") == 2
    assert any_till.code("AAAA") == 3, "good base64, of no whole block"
    assert any_till.code(any_till.raw(b"no login at all")) == 3
    assert any_till.code(encode(encrypted(other, f"{now:%Y-%m-%dT%H:%M:%S}|a|b|".encode()))) == 3
    assert any_till.code(any_till.token(ago=90)) == 4
    assert any_till.code(any_till.token(ago=-90)) == 4
    assert any_till.code(any_till.token(password="wrong")) == 5
    assert any_till.code(any_till.token(name="nobody")) == 5
    assert any_till.code(authClientID="123456789012345") == 7
    assert any_till.code(authClientID="") == 7


@pytest.mark.parametrize(
    "form", ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.123", "%Y-%m-%d %H:%M:%S"]
)
def test_v15_dates_come_in_several_forms(own: Till, form: str) -> None:
    plain = f"{datetime.now(UTC):{form}}|{own.user.name}|{own.password}|"
    assert own.code(own.raw(plain.encode())) == 0


def test_v15_a_text_is_good_for_one_login_in_all_workers(any_till: Till) -> None:
    token = any_till.token()

    async def together() -> list[int]:
        async with httpx2.AsyncClient(timeout=30) as client:
            asked = {"authToken": token, "authClientID": any_till.client_id}
            address = any_till.house.url + CONNECT
            answers = await asyncio.gather(*(client.get(address, params=asked, headers=peer()) for _ in range(8)))
            return sorted(answer.json()["errorCode"] for answer in answers)

    assert run_apart(together()) == [0, *[4] * 7]
    assert any_till.code(token) == 4


def test_v15_five_failures_are_enough(own: Till) -> None:
    from_here = {"x-forwarded-for": "192.0.2.77"}

    def code(token: str) -> int:
        asked = {"authToken": token, "authClientID": own.client_id}
        found: int = own.house.client.get(own.house.url + CONNECT, params=asked, headers=from_here).json()["errorCode"]
        return found

    assert [code(own.token(password="wrong")) for _ in range(6)] == [5, 5, 5, 5, 5, 9]
    assert code(own.token()) == 9
    assert own.code() == 0  # from elsewhere


def test_v15_the_query_is_in_no_log_and_no_secret_is_in_an_event(house: House, own: Till) -> None:
    token, session = own.token(), own.session()
    own.code(token)
    own.code(token)
    own.asks(session)
    own.login(password="several wrong words")
    logged = house.server.log()
    events = repr(own.seat.events())
    for secret in (token, token[:40], quote(token), session, own.password, "several wrong words", "authToken"):
        assert secret not in logged
        assert secret not in events
    assert CONNECT in logged
    assert own.user.name not in logged


def test_v14_a_request_without_a_session_is_told_how_to_bring_one(any_till: Till) -> None:
    for session in (None, "", "null", "rbx_" + "0" * 49, any_till.seat.token):
        unauthorized(any_till.asks(session))
        unauthorized(any_till.asks(session, "POST", body=person()))
        unauthorized(any_till.asks(session, "DELETE", "/Users/x"))


def test_v14_a_session_is_no_bearer_token_and_a_bearer_token_no_session(any_till: Till) -> None:
    session = any_till.session()
    refused(any_till.asks(None, authorization=f"Bearer {session}"), 401)
    assert any_till.asks(None, authorization=f"Bearer {any_till.seat.token}").status_code == 200
    unauthorized(any_till.asks("x", authorization=f"Bearer {any_till.seat.token}"))


def test_v14_a_session_opens_its_own_tenant_and_no_other(own: Till, any_till: Till) -> None:
    session = own.session()
    answer = any_till.asks(any_till.session(), "POST", body=person())
    assert answer.status_code in (201, 409)
    assert own.asks(session).json()["totalResults"] == 0
    theirs = any_till.seat.tenant.name
    refused(own.asks(session, base=f"/ProdClients/{theirs}/RESTWS{BASE}"), 404)
    refused(own.asks(session, base=f"/t/{theirs}{BASE}"), 404)
    for user in any_till.asks(any_till.session()).json()["Resources"]:
        refused(own.asks(session, path=f"/Users/{user['id']}"), 404)
        refused(own.asks(session, "PUT", f"/Users/{user['id']}", person()), 404)


def test_v14_a_session_opens_no_other_dialects_address(own: Till) -> None:
    session = own.session()
    for base in ("/scim/v2", "/api"):
        assert own.asks(session, base=base).status_code == 401
        assert own.asks(None, base=base, authorization=f"Bearer {session}").status_code == 401


def test_v14_a_session_that_has_expired_is_refused(own: Till) -> None:
    async def work(store: Store) -> list[str]:
        connection = await connections.find(store, own.seat.tenant, "retailops")
        made = []
        for ago in (timedelta(minutes=31), timedelta(hours=13)):
            then = SYSTEM_CLOCK.now() - ago
            clock = replace(SYSTEM_CLOCK, now=partial(deepcopy, then))
            idle = 1800 if ago < timedelta(hours=1) else 86_400
            given = await sessions.start(
                store, clock, own.seat.tenant, connection, own.user, scopes=("scim.read",), idle=idle
            )
            made.append(given.secret)
        return made

    for session in own.house.with_store(work):
        unauthorized(own.asks(session))


def test_v14_the_idle_time_is_the_tenants(own: Till) -> None:
    answer = own.login()
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json()["expiresIn"] == 1800
    configure(own.seat, session_idle_minutes=5)
    assert own.login().json()["expiresIn"] == 300


@pytest.mark.parametrize("what", ["logout", "disabled", "password", "connection", "suspended", "deleted", "key"])
def test_v14_a_session_ends_with_what_it_speaks_for(own: Till, what: str) -> None:
    session = own.connect().json()["data"]["token"]
    assert own.asks(session).status_code == 200
    tenant = own.seat.tenant

    async def work(store: Store) -> None:
        match what:
            case "disabled":
                await system_users.set_status(store, SYSTEM_CLOCK, tenant, own.user.name, "disabled")
            case "password":
                await system_users.set_password(store, SYSTEM_CLOCK, tenant, own.user.name, "several other words")
            case "connection":
                await connections.delete(store, SYSTEM_CLOCK, tenant, "retailops")
            case "suspended":
                await lifecycle.suspend(store, SYSTEM_CLOCK, tenant.name)
            case "deleted":
                await lifecycle.delete(store, SYSTEM_CLOCK, tenant.name)
            case "key":
                await encrypted_login.revoke(store, SYSTEM_CLOCK, tenant, int(own.client_id))

    if what == "logout":
        address = f"{own.house.url}/session"
        assert own.house.client.delete(address, headers={"X-PHP-SESSID": session}).status_code == 204
        again = own.house.client.delete(address, headers={"X-PHP-SESSID": session})
        assert (again.status_code, again.headers["www-authenticate"]) == (401, CHALLENGE)
    else:
        own.house.with_store(work)
    until_refused(own, session)
    if what not in ("logout", "password", "key"):
        assert own.code() in (5, 7)


def test_plain_logins_are_refused_as_at_the_token_endpoint(any_till: Till) -> None:
    client, address = any_till.house.client, f"{any_till.house.url}/session"
    for wrong in ({"password": "wrong"}, {"login": "nobody"}, {"login": any_till.user.id}):
        answer = any_till.login(**wrong)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    bodies: list[object] = [{}, {"login": 1, "password": "x"}, {"login": "a"}, []]
    for body in bodies:
        answer = client.post(address, json=body, headers=peer())
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    form = client.post(address, data={"username": "a", "password": "b"}, headers=peer())
    assert (form.status_code, form.json()["error"]) == (401, "invalid_client")
    text = client.post(address, content=b"a", headers={"content-type": "text/plain", **peer()})
    assert (text.status_code, text.json()["error"]) == (400, "invalid_request")
    assert any_till.login(connection="nothing").json()["error"] == "unauthorized_client"
    assert any_till.login(connection="default").json()["error"] == "unauthorized_client"
    assert any_till.login(connection="RETAILOPS").status_code == 200
    answer = client.get(address)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, DELETE, OPTIONS")
    assert client.post(address, content=b"x" * 20_000).status_code == 413


def test_a_tenant_without_such_a_connection_gives_no_sessions(house: House, master: str) -> None:
    own = till(house, MasterKey(master))
    plain = till(house)

    async def work(store: Store) -> None:
        await connections.delete(store, SYSTEM_CLOCK, plain.seat.tenant, "retailops")

    house.with_store(work)
    assert plain.login().json()["error"] == "unauthorized_client"
    assert own.login().status_code == 200


def test_the_operator_makes_lists_and_revokes_keys(house: House, own: Till, master: str) -> None:
    options = ("--database", house.database)

    def run(*arguments: str) -> Told:
        return rollbook("client", "auth-key", *arguments, *options, ROLLBOOK_MASTER_KEY=master)

    name = own.seat.tenant.name
    made = run("create", name, "--name", "Tills", "--json").json()
    assert set(made) == {"authClientID", "key", "iv", "encoding"}
    assert (len(b64decode(made["key"])), len(b64decode(made["iv"])), made["encoding"]) == (32, 16, "base64")
    rows = run("list", name, "--json").json()
    assert [row["name"] for row in rows] == ["till", "Tills"]
    assert [(row["status"], row["connection"]) for row in rows] == [("active", "retailops")] * 2
    assert run("revoke", name, str(made["authClientID"])).code == 0
    assert run("revoke", name, "7").code == 1
    rows = run("list", name, "--json").json()
    assert [row["status"] for row in rows] == ["active", "revoked"]
    assert own.code(authClientID=str(made["authClientID"])) == 7


def test_a_client_that_proves_itself_gets_a_session_by_its_own_connection(house: House, own: Till) -> None:
    def client(*grants: str, to: str = "retailops") -> clients.Issued:
        async def work(store: Store) -> clients.Issued:
            connection = await connections.find(store, own.seat.tenant, to)
            issued = await clients.create(store, SYSTEM_CLOCK, "till", [own.seat.tenant], grants=grants)
            link = ClientTenant(own.seat.tenant.id, issued.client.id, connection.id, ("scim.read",), "")
            await store.identity.link_client(link, ())
            return issued

        found: clients.Issued = house.with_store(work)
        return found

    def asked(by: clients.Issued, **more: str) -> httpx2.Response:
        form = {"username": own.user.name, "password": own.password, **more}
        sent = {"authorization": basic_header(by.client.id, by.secret or ""), **peer()}
        return house.client.post(f"{house.url}/session", data=form, headers=sent)

    good = client("password")
    answer = asked(good)
    assert (answer.status_code, answer.json()["expiresIn"]) == (200, 1800)
    session = answer.json()["session"]
    assert own.asks(session).status_code == 200
    refused(own.asks(session, "POST", body=person()), 403)
    assert asked(good, scope="scim.write").json()["error"] == "invalid_scope"
    assert asked(good, password="wrong").json()["error"] == "invalid_grant"
    assert asked(client("client_credentials")).json()["error"] == "unauthorized_client"
    assert asked(client("password", to="default")).json()["error"] == "unauthorized_client"
    wrong = asked(good._replace(secret="rbs_"))
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    house.with_store(lambda store: clients.set_status(store, SYSTEM_CLOCK, good.client.id, "disabled"))
    until_refused(own, session)
