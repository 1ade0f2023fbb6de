"""RFC 7523 with keys that a client publishes (``jwks_uri``): fetched, and followed where they change."""

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.identity.stage import good, refused
from tests.identity.test_external_issuers import jwk, key_set
from tests.support.certificates import Authority
from tests.support.command import Told, rollbook
from tests.support.house import House, running_house
from tests.support.key_server import Answer, KeyServer, key_server
from tests.support.postgres import fresh_database
from tests.support.stores import HandClock, sqlite_store

from rollbook.deployment import Deployment
from rollbook.dialects.model import standard
from rollbook.http_message import Request
from rollbook.identity import clients, fetch
from rollbook.identity.access_tokens import AccessTokens
from rollbook.identity.keys import KeyRing
from rollbook.identity.master_key import MasterKey, new_master_key
from rollbook.ids import new_id, random_bytes
from rollbook.oauth.client_auth import ASSERTION_TYPE
from rollbook.tenancy import lifecycle
from rollbook.web.oauth_endpoint import OAuthEndpoint
from rollbook.web.scim_endpoint import ScimEndpoint

KEY, OTHER_KEY = (rsa.generate_private_key(65537, 2048) for _ in range(2))


def form_of(client: str, audience: str, now: float, key: Any, kid: str | None, alg: str = "RS256") -> dict[str, str]:
    now = int(now)
    claims = {"iss": client, "sub": client, "aud": audience, "jti": new_id(), "iat": now, "exp": now + 60}
    signed = pyjwt.encode(claims, key, alg, headers={"kid": kid} if kid is not None else {})
    form = {"grant_type": "client_credentials", "client_assertion": signed, "client_assertion_type": ASSERTION_TYPE}
    return {**form, "client_id": client}


@dataclass
class Publisher:
    """A client whose keys are at an address."""

    house: House
    server: KeyServer
    path: str
    id: str

    def login(self, key: Any = KEY, kid: str | None = "one", alg: str = "RS256") -> Any:
        form = form_of(self.id, self.house.url, time.time(), key, kid, alg)
        return self.house.client.post(f"{self.house.url}/oauth/token", data=form)

    @property
    def fetches(self) -> int:
        return self.server.asked.count(self.path)


def create(house: House, *options: str) -> Told:
    options = ("--auth-method", "private_key_jwt", *options, "--database", house.database)
    return rollbook("client", "create", "sync", "--tenant", house.seat().name, "--json", *options)


def publish(place: tuple[House, KeyServer], answer: Answer | None, *options: str) -> Publisher:
    house, server = place
    path = f"/keys/{random_bytes(4).hex()}"
    if answer is not None:
        server.answers[path] = answer
    told = create(house, "--jwks-uri", server.url(path), *options)
    assert set(told.json()) == {"client_id"}
    return Publisher(house, server, path, told.json()["client_id"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[KeyServer]:
    with key_server(authority.server("localhost")) as server:
        yield server


def _env(authority: Authority) -> dict[str, str]:
    return {"SSL_CERT_FILE": str(authority.file), "ROLLBOOK_JWKS_LOOPBACK_HOSTS": "localhost"}


@pytest.fixture(scope="module")
def on_sqlite(
    authority: Authority, server: KeyServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, KeyServer]]:
    url = f"sqlite:///{tmp_path_factory.mktemp('publishers')}/rollbook.db"
    with running_house("sqlite", url, **_env(authority)) as house:
        yield house, server


@pytest.fixture(scope="module")
def on_postgres(authority: Authority, server: KeyServer, postgres_admin_url: str) -> Iterator[tuple[House, KeyServer]]:
    env = {**_env(authority), "ROLLBOOK_MASTER_KEY": new_master_key()}
    with fresh_database(postgres_admin_url) as url, running_house("postgres", url, **env) as house:
        yield house, server


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> tuple[House, KeyServer]:
    found: tuple[House, KeyServer] = request.getfixturevalue(f"on_{request.param}")
    return found


def test_it_is_let_in_by_a_key_that_it_publishes(place: tuple[House, KeyServer]) -> None:
    client = publish(place, Answer(key_set(jwk(OTHER_KEY, "two"), jwk(KEY))))
    good(client.login())
    good(client.login(OTHER_KEY, "two"))
    assert client.fetches == 1


def test_the_algorithm_is_one_that_it_was_registered_with(on_sqlite: tuple[House, KeyServer]) -> None:
    plain = publish(on_sqlite, Answer(key_set(jwk(KEY))))
    refused(plain.login(alg="PS256"), 401, "invalid_client")
    refused(plain.login(alg="RS512"), 401, "invalid_client")
    assert plain.fetches == 0
    both = publish(on_sqlite, Answer(key_set(jwk(KEY))), "--alg", "PS256", "--alg", "RS256")
    good(both.login(alg="PS256"))
    good(both.login())


def test_whatever_is_wrong_with_its_keys_is_told_in_the_same_words(on_sqlite: tuple[House, KeyServer]) -> None:
    fine = publish(on_sqlite, Answer(key_set(jwk(KEY), jwk(OTHER_KEY, "two"))))
    answers = [fine.login(OTHER_KEY), fine.login(kid="three"), fine.login(kid=None)]
    for answer in (
        None,
        Answer(key_set(jwk(KEY)), 500),
        Answer(b"", 302, {"location": fine.server.url(fine.path)}),
        Answer(b"<html>"),
        Answer(key_set()),
        Answer(key_set(jwk(KEY, use="enc"))),
    ):
        down = publish(on_sqlite, answer)
        answers += [down.login(), down.login()]
        assert down.fetches == 1  # it is left alone for a while
    answers.append(Publisher(*on_sqlite, "", new_id()).login())
    assert len({refused(answer, 401, "invalid_client") for answer in answers}) == 1
    good(fine.login())
    assert fine.fetches == 1  # unknown keys do not make us ask again and again


def test_the_command_line_refuses_what_cannot_work(on_sqlite: tuple[House, KeyServer], tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(key_set(jwk(KEY)))
    uri, jwks = ("--jwks-uri", "https://login.acorn.example/keys"), ("--jwks", str(file))
    for options, told in (
        (("--jwks-uri", "http://login.acorn.example/keys"), "--jwks-uri: the address has to begin with https://"),
        (("--jwks-uri", "nonsense"), "--jwks-uri: the address has to begin with https://"),
        ((*uri, *jwks), "either --jwks FILE or --jwks-uri URL"),
        ((*uri, "--auth-method", "secret"), "either --jwks FILE or --jwks-uri URL"),
        ((*uri, "--alg", "HS256"), "there is no algorithm 'HS256'"),
        ((*jwks, "--alg", "RS256"), "--alg goes with --jwks-uri"),
        ((*uri, "--text-secret-to", "+31201234567"), "has no secret"),
    ):
        answer = create(on_sqlite[0], *options)
        assert (answer.code, told in answer.err) == (2, True), answer.err


@dataclass
class Desk:
    """A token endpoint whose clock is moved by hand, and a client whose keys are at an address."""

    hands: HandClock
    oauth: OAuthEndpoint
    server: KeyServer
    client: str

    async def login(self, key: Any, kid: str) -> int:
        answer = self.oauth.find("/oauth/token")
        assert answer is not None
        headers = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode(
            form_of(self.client, "https://acorn.example", self.hands.moment.timestamp(), key, kid)
        ).encode()
        return (await answer(Request("POST", "/oauth/token", "", headers, body, "", "request"))).status

    def publish(self, *keys: dict[str, Any]) -> None:
        self.server.answers["/rotating"] = Answer(key_set(*keys)) if keys else Answer(status=503)

    @property
    def fetches(self) -> int:
        return self.server.asked.count("/rotating")


@pytest.fixture
async def desk_in_time(
    authority: Authority, server: KeyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    fetch._context.cache_clear()
    hands, url = HandClock(), "https://acorn.example"
    async with sqlite_store(tmp_path, hands.clock) as store:
        tenant = await lifecycle.create(store, hands.clock, "acorn", "standard", ("standard",))
        keys = KeyRing(store, hands.clock, MasterKey(new_master_key()))
        access = AccessTokens(store, hands.clock, url, keys)
        house = Deployment(
            store=store,
            dialects=(standard(),),
            clock=hands.clock,
            public_url=url,
            jwks_loopback_hosts=frozenset(("localhost",)),
        )
        scim = ScimEndpoint(house, access)
        made = await clients.create(store, hands.clock, "sync", [tenant], jwks_uri=server.url("/rotating"))
        yield Desk(hands, OAuthEndpoint(house, keys, access, scim.refused), server, made.client.id)
    fetch._context.cache_clear()


@pytest.mark.anyio
async def test_its_keys_are_followed_where_they_change(desk_in_time: Desk) -> None:
    desk, second = desk_in_time, timedelta(seconds=1)
    desk.publish(jwk(KEY))
    assert await desk.login(KEY, "one") == 200
    desk.publish(jwk(OTHER_KEY, "two"))
    desk.hands.move(29 * second)
    assert await desk.login(OTHER_KEY, "two") == 401  # asked less than 30 seconds ago
    assert desk.fetches == 1
    desk.hands.move(second)
    assert await desk.login(OTHER_KEY, "two") == 200
    assert await desk.login(KEY, "one") == 401
    assert desk.fetches == 2
    desk.publish()
    desk.hands.move(300 * second)
    assert await desk.login(OTHER_KEY, "two") == 200  # the address is down: what was kept holds for one hour more
    desk.hands.move(3599 * second)
    assert await desk.login(OTHER_KEY, "two") == 200
    desk.hands.move(second)
    assert await desk.login(OTHER_KEY, "two") == 401
    desk.publish(jwk(OTHER_KEY, "two"))
    desk.hands.move(60 * second)
    assert await desk.login(OTHER_KEY, "two") == 200
