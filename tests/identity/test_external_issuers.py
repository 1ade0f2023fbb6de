"""JWTs of outside issuers (RFC 7519, RFC 8725): taken where they are bound, and by every rule refused else."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from tests.support.certificates import Authority
from tests.support.command import rollbook
from tests.support.house import USER, House, Seat, running_house
from tests.support.key_server import Answer, KeyServer, key_server
from tests.support.postgres import fresh_database

from rollbook.clock import SYSTEM_CLOCK, Clock
from rollbook.config import Settings
from rollbook.identity import fetch, key_sets
from rollbook.identity.external_issuers import actor_of, lasts_until
from rollbook.identity.fetch import CannotFetch, is_public, read_target
from rollbook.identity.key_sets import KeySets, read_set
from rollbook.ids import random_bytes
from rollbook.storage.contract import Store
from rollbook.tenancy import lifecycle

KEY, OTHER_KEY = (rsa.generate_private_key(65537, 2048) for _ in range(2))
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()
ISSUER = "https://login.acorn.example"


def jwk(key: Any, kid: str | None = "one", **more: Any) -> dict[str, Any]:
    names = {rsa.RSAPrivateKey: "RS256", ec.EllipticCurvePrivateKey: "ES256"}
    algorithm = next((name for kind, name in names.items() if isinstance(key, kind)), "EdDSA")
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    made.pop("key_ops", None)
    return {**made, **({"kid": kid} if kid is not None else {}), **more}


def key_set(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


@dataclass
class Bound:
    """A tenant that takes tokens of an issuer of its own."""

    seat: Seat
    server: KeyServer
    path: str
    issuer: str
    id: str
    database: dict[str, Any]

    def claims(self, **more: Any) -> dict[str, Any]:
        now = int(time.time())
        made = {"iss": self.issuer, "sub": "sync", "aud": "rollbook", "iat": now, "exp": now + 600, **more}
        return {name: value for name, value in made.items() if value is not None}

    def token(self, key: Any = KEY, alg: str = "RS256", header: Any = None, **claims: Any) -> str:
        return jwt.encode(self.claims(**claims), key, algorithm=alg, headers={"kid": "one", **(header or {})})

    def status(self, token: str, method: str = "GET", base: str | None = None) -> int:
        headers = {"authorization": f"Bearer {token}"}
        body = {"schemas": [USER], "userName": "x"} if method == "POST" else None
        return self.seat.call(method, "/Users", body, headers=headers, base=base).status_code


class Place:
    def __init__(self, house: House, server: KeyServer) -> None:
        self.house, self.server = house, server

    def bind(self, *keys: dict[str, Any], answer: Answer | None = None, **options: Any) -> Bound:
        seat = self.house.seat()
        path, issuer = f"/keys/{random_bytes(4).hex()}", f"{ISSUER}/{random_bytes(4).hex()}"
        self.server.answers[path] = answer or Answer(key_set(*(keys or (jwk(KEY),))))
        given = {"issuer": issuer, "jwks-uri": self.server.url(path), "audience": "rollbook", **options}
        arguments = [f"--{name}={value}" for name, value in given.items()]
        told = rollbook("issuer", "add", seat.name, *arguments, "--json", "--database", self.house.database)
        return Bound(seat, self.server, path, issuer, told.json()["id"], {})


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
def on_sqlite(authority: Authority, server: KeyServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    url = f"sqlite:///{tmp_path_factory.mktemp('issuers')}/rollbook.db"
    with running_house("sqlite", url, **_env(authority)) as house:
        yield Place(house, server)


@pytest.fixture(scope="module")
def on_postgres(authority: Authority, server: KeyServer, postgres_admin_url: str) -> Iterator[Place]:
    with (
        fresh_database(postgres_admin_url) as url,
        running_house("postgres", url, ROLLBOOK_WORKERS="2", **_env(authority)) as house,
    ):
        yield Place(house, server)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture(scope="module")
def bound(on_sqlite: Place) -> Bound:
    """One binding for all the tokens that are refused."""
    return on_sqlite.bind()


def test_a_token_of_a_bound_issuer_is_taken_and_leaves_its_name(place: Place) -> None:
    bound = place.bind(scope="scim.read")
    token = bound.token(sub="sync <b>robot</b>\n")
    assert bound.status(token) == 200
    assert bound.status(token, "POST") == 403  # the binding says what it may do
    assert bound.server.asked.count(bound.path) <= 2  # once for each worker
    writer = place.bind()
    assert writer.status(writer.token(sub="sync <b>"), "POST") == 201
    actors = {event.actor for event in writer.seat.events()}
    assert f"external:{writer.id}:sync%20%3Cb%3E" in actors


def test_a_token_acts_in_its_tenant_alone(place: Place) -> None:
    ours, theirs = place.bind(), place.bind()
    token = ours.token()
    assert ours.status(token, base=f"{place.house.url}/t/{ours.seat.name}/scim/v2") == 200
    assert ours.status(token, base=f"{place.house.url}/t/{theirs.seat.name}/scim/v2") == 404
    # The other's keys and name do not mix.
    assert theirs.status(ours.token(iss=theirs.issuer, key=OTHER_KEY)) == 401


@pytest.mark.parametrize(
    ("key", "alg"), [(KEY, "RS256"), (KEY, "PS256"), (CURVE, "ES256"), (EDWARDS, "EdDSA")], ids=lambda v: str(v)[:5]
)
def test_every_algorithm_that_is_bound_is_taken(on_sqlite: Place, key: Any, alg: str) -> None:
    bound = on_sqlite.bind(jwk(key), alg=alg)
    assert bound.status(bound.token(key, alg)) == 200


NOW = int(time.time())
CLAIMS: dict[str, dict[str, Any]] = {
    "of another issuer": {"iss": ISSUER},
    "with a list of issuers": {"iss": [ISSUER]},
    "without an issuer": {"iss": None},
    "for another audience": {"aud": "others"},
    "for many others": {"aud": ["others", "more"]},
    "with an odd audience": {"aud": {"rollbook": 1}},
    "with a list of odd audiences": {"aud": ["rollbook", 1]},
    "without an audience": {"aud": None},
    "without an end": {"exp": None},
    "that has ended": {"exp": NOW - 1, "iat": NOW - 100},
    "with a text for an end": {"exp": str(NOW + 600)},
    "with a truth value for an end": {"exp": True},
    "with a broken end": {"exp": NOW + 600.5},
    "with an endless end": {"exp": float("inf")},
    "without a beginning": {"iat": None},
    "from the future": {"iat": NOW + 3600, "exp": NOW + 4000},
    "not good yet": {"nbf": NOW + 3600},
    "with an odd nbf": {"nbf": "now"},
    "for more than a day": {"exp": NOW + 90_000},
    "that ended before it began": {"iat": NOW + 50, "exp": NOW + 40},
    "without a subject": {"sub": None},
    "with an odd subject": {"sub": 7},
    "with an empty subject": {"sub": ""},
    "that is too long": {"filler": "x" * 9000},
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS)
def test_what_a_token_must_say(bound: Bound, claims: dict[str, Any]) -> None:
    # PyJWT will not write some of these, so the payload is made by hand.
    payload = json.dumps(bound.claims(**claims)).encode()
    token = jwt.PyJWS().encode(payload, KEY, algorithm="RS256", headers={"kid": "one", "typ": "JWT"})
    assert bound.status(token) == 401
    assert bound.status(bound.token()) == 200


def _public_pem() -> bytes:
    return KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _part(value: Any) -> str:
    import base64

    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


HEADERS: dict[str, dict[str, Any]] = {
    "jku": {"jku": "https://evil.example/keys"},
    "jwk": {"jwk": jwk(OTHER_KEY)},
    "x5u": {"x5u": "https://evil.example/x"},
    "x5c": {"x5c": ["MIIB"]},
    "crit": {"crit": ["exp"]},
    "an ID token's type": {"typ": "id+jwt"},
    "another type": {"typ": "logout+jwt"},
    "an unknown key": {"kid": "two"},
    "a path as a key": {"kid": "../../../etc/passwd"},
    "a statement as a key": {"kid": "' OR 1=1 --"},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_what_a_header_may_not_say(bound: Bound, header: dict[str, Any]) -> None:
    assert bound.status(bound.token(header=header)) == 401


def test_a_signature_that_is_not_the_issuers_is_nothing(bound: Bound) -> None:
    whole = bound.token()
    head, claims, signature = whole.split(".")
    hmac_key = _public_pem()
    import base64
    import hashlib
    import hmac

    forged_head = _part({"alg": "HS256", "typ": "JWT", "kid": "one"})
    mac = hmac.new(hmac_key, f"{forged_head}.{claims}".encode(), hashlib.sha256).digest()
    forged = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    deep = base64.urlsafe_b64encode(b'{"a":' * 2000 + b"1" + b"}" * 2000).rstrip(b"=").decode()
    for token in (
        bound.token(OTHER_KEY),
        bound.token(CURVE, "ES256"),
        bound.token(alg="PS256"),  # good, and not bound
        bound.token(alg="RS512"),
        f"{forged_head}.{claims}.{forged}",
        f"{_part({'alg': 'none', 'kid': 'one'})}.{claims}.",
        f"{_part({'alg': 'RS256', 'kid': 'one'})}.{claims}.",
        f"{head}.{claims}.{signature[:-8]}AAAAAAAA",
        f"{head}.{deep}.{signature}",
        f"{head}.{claims}",
        f"{head}.{claims}.{signature}.{signature}",
        "..",
        "a.b.c",
    ):
        assert bound.status(token) == 401
    assert bound.status(whole) == 200


def test_without_a_key_id_the_only_key_is_meant(on_sqlite: Place) -> None:
    one, two = on_sqlite.bind(jwk(KEY, None)), on_sqlite.bind(jwk(KEY, "one"), jwk(OTHER_KEY, "two"))
    for bound, status in ((one, 200), (two, 401)):
        token = jwt.encode(bound.claims(), KEY, algorithm="RS256")
        assert bound.status(token) == status


def test_other_claims_tell_tenants_of_one_issuer_apart(on_sqlite: Place) -> None:
    ours = on_sqlite.bind(claim="azp=acorn")
    other = on_sqlite.house.seat("birch")
    same = [f"--issuer={ours.issuer}", f"--jwks-uri={ours.server.url(ours.path)}", "--audience=rollbook"]
    database = ("--database", on_sqlite.house.database)
    for wrong in ([], ["--claim", "appid=birch"], ["--claim", "azp=acorn"]):
        assert rollbook("issuer", "add", other.name, *same, *wrong, *database).code == 1
    assert rollbook("issuer", "add", other.name, *same, "--claim", "azp=birch", *database).code == 0
    theirs = replace(ours, seat=other)
    assert ours.status(ours.token(azp="acorn"), base=f"{ours.seat.house.url}/t/{ours.seat.name}/scim/v2") == 200
    assert ours.status(ours.token(azp="acorn"), base=f"{ours.seat.house.url}/t/{other.name}/scim/v2") == 404
    assert theirs.status(theirs.token(azp="birch"), base=f"{ours.seat.house.url}/t/{other.name}/scim/v2") == 200
    assert ours.status(ours.token()) == 401
    assert ours.status(ours.token(azp="cedar")) == 401


def test_what_is_removed_or_suspended_bites_within_seconds(place: Place) -> None:
    removed, gone = place.bind(), place.bind()
    tokens = [(bound, bound.token()) for bound in (removed, gone)]
    assert [bound.status(token) for bound, token in tokens] == [200, 200]
    database = ("--database", place.house.database)
    assert rollbook("issuer", "list", removed.seat.name, *database).rows()[0][0] == removed.id
    assert rollbook("issuer", "remove", removed.seat.name, removed.id, *database).code == 0
    assert rollbook("issuer", "remove", removed.seat.name, removed.id, *database).code == 1

    async def suspend(store: Store) -> None:
        await lifecycle.suspend(store, SYSTEM_CLOCK, gone.seat.tenant.id)

    place.house.with_store(suspend)
    end = time.monotonic() + 5
    wanted = {401, 403}
    while {bound.status(token) for bound, token in tokens} != wanted:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert {"issuer:add", "issuer:remove"} <= {event.kind for event in removed.seat.events()}


BAD_SETS: dict[str, Answer] = {
    "a redirect": Answer(b"", 302, {"location": "https://localhost/keys"}),
    "an error": Answer(key_set(jwk(KEY)), 500),
    "no JSON": Answer(b"<html>"),
    "a list": Answer(b"[]"),
    "too long": Answer(key_set(jwk(KEY)) + b" " * 70_000),
    "too many keys": Answer(key_set(*(jwk(KEY, f"{n}") for n in range(20)), jwk(KEY))),
    "compressed": Answer(key_set(jwk(KEY)), headers={"content-encoding": "gzip"}),
    "slow": Answer(key_set(jwk(KEY)), slow=0.05),
    "two keys of one id": Answer(key_set(jwk(KEY), jwk(OTHER_KEY))),
    "for encryption": Answer(key_set(jwk(KEY, use="enc"))),
    "for other operations": Answer(key_set(jwk(KEY, key_ops=["encrypt"]))),
    "for another algorithm": Answer(key_set(jwk(KEY, alg="PS256"))),
    "symmetric": Answer(key_set({"kty": "oct", "k": "AAAA", "kid": "one"})),
    "with a private half": Answer(key_set(jwk(KEY, d="AAAA"))),
    "a short key": Answer(key_set(jwk(rsa.generate_private_key(65537, 1024)))),
}


@pytest.mark.parametrize("answer", BAD_SETS.values(), ids=BAD_SETS)
def test_keys_that_are_not_believed(on_sqlite: Place, answer: Answer) -> None:
    bound = on_sqlite.bind(answer=answer)
    assert bound.status(bound.token()) == 401
    assert bound.server.asked.count(bound.path) == 1


def test_one_bad_key_does_not_spoil_the_set(on_sqlite: Place) -> None:
    bad = (
        {"kty": "RSA"},
        {"kty": "EC", "crv": "P-256", "x": "%", "y": 1, "kid": "x"},
        7,
        None,
        {"kty": "RSA", "n": "A" * 400},
    )
    bound = on_sqlite.bind(*bad, jwk(KEY))  # type: ignore[arg-type]
    assert bound.status(bound.token()) == 200


def test_unknown_keys_do_not_make_us_ask_again_and_again(on_sqlite: Place) -> None:
    bound = on_sqlite.bind()
    assert bound.status(bound.token()) == 200
    for number in range(5):
        assert bound.status(bound.token(header={"kid": f"unknown-{number}"})) == 401
    assert bound.server.asked.count(bound.path) == 1
    assert bound.status(bound.token()) == 200


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def clock(self) -> Clock:
        return Clock(now=SYSTEM_CLOCK.now, elapsed=lambda: self.seconds)


def test_keys_are_kept_for_a_while_and_a_while_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    body: list[bytes | None] = [key_set(jwk(KEY))]

    async def answer(url: str, hosts: Any) -> bytes:
        asked.append(url)
        if body[0] is None:
            raise CannotFetch("not now")
        return body[0]

    monkeypatch.setattr(key_sets, "fetch", answer)
    hands = Hands()
    sets = KeySets(hands.clock())

    def find(kid: str = "one", after: float = 0) -> bool:
        hands.seconds += after
        return asyncio.run(sets.find("https://a/", kid, "RS256")) is not None

    assert find()
    assert find(after=299)
    assert len(asked) == 1
    assert find(after=2)  # five minutes are over
    assert len(asked) == 2
    assert not find("two", after=10)  # asked a moment ago
    assert len(asked) == 2
    body[0] = key_set(jwk(OTHER_KEY, "two"))
    assert find("two", after=21)
    assert not find("one")
    assert len(asked) == 3
    body[0] = None
    assert find("two", after=301)
    assert find("two", after=3500)
    assert not find("two", after=200)  # more than an hour too old
    body[0] = key_set(jwk(KEY))
    assert find("one", after=30)


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example/keys",
        "ftp://login.example/keys",
        "https://",
        "https://user:x@login.example/keys",
        "https://login.example/keys#x",
        "https://login.example:99999/keys",
        "https://login.example/ke ys",
        "https://login.example/k\u00e9ys",
        "gopher://login.example/keys",
        "",
        "https://" + "a" * 3000,
    ],
)
def test_an_address_that_is_no_plain_https_is_refused(url: str, on_sqlite: Place) -> None:
    with pytest.raises(CannotFetch):
        read_target(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.2.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
        "fd00:ec2::254", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
        "2001:db8::1", "fec0::1", "2001:0:1::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_not_asked(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_that_is_public_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("host", "addresses", "loopback"),
    [
        ("login.example", ["127.0.0.1"], ()),
        ("login.example", ["8.8.8.8", "10.0.0.1"], ()),  # one bad address spoils all
        ("login.example", ["127.0.0.1"], ("localhost",)),
        ("localhost", ["10.0.0.1"], ("localhost",)),  # loopback means loopback
        ("localhost", ["127.0.0.1", "10.0.0.1"], ("localhost",)),
        ("127.0.0.1", ["127.0.0.1"], ()),
        ("[::1]", ["::1"], ()),
        ("2130706433", ["127.0.0.1"], ()),
        ("login.example", [], ()),
    ],
)
def test_a_name_is_judged_by_its_addresses(
    host: str, addresses: list[str], loopback: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def session() -> None:
        async def answer(*_: Any, **__: Any) -> Any:
            return [(2, 1, 6, "", (address, 443)) for address in addresses]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answer)
        await fetch.fetch(f"https://{host}/keys", loopback)

    with pytest.raises(CannotFetch, match="not a public one"):
        asyncio.run(session())


def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    went: list[tuple[Any, ...]] = []

    async def session() -> None:
        async def answer(host: str, *_: Any, **__: Any) -> Any:
            looked.append(host)
            return [(2, 1, 6, "", ("8.8.8.8" if len(looked) == 1 else "127.0.0.1", 443))]

        async def connect(host: str, port: int, *, server_hostname: str, **_: Any) -> Any:
            went.append((host, port, server_hostname))
            raise OSError

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answer)
        monkeypatch.setattr(asyncio, "open_connection", connect)
        await fetch.fetch("https://login.example/keys")

    with pytest.raises(CannotFetch):
        asyncio.run(session())
    assert (looked, went) == (["login.example"], [("8.8.8.8", 443, "login.example")])


def test_a_certificate_of_another_name_or_of_nobody_is_refused(
    authority: Authority, server: KeyServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fetch._context.cache_clear()
    try:
        with pytest.raises(CannotFetch, match="certificate"):
            asyncio.run(fetch.fetch(server.url("/x"), ("localhost",)))
        fetch._context.cache_clear()
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        server.answers["/x"] = Answer(b"fine")
        assert asyncio.run(fetch.fetch(server.url("/x"), ("localhost",))) == b"fine"
        with pytest.raises(CannotFetch, match="certificate"):
            asyncio.run(fetch.fetch(server.url("/x", "127.0.0.1"), ("127.0.0.1",)))
    finally:
        fetch._context.cache_clear()


@pytest.mark.parametrize(
    ("settings", "hosts"),
    [
        ({}, {"localhost"}),
        ({"host": "localhost"}, {"localhost"}),
        ({"public_url": "http://localhost:8080"}, {"localhost"}),
        ({"host": "0.0.0.0"}, set()),
        ({"host": "10.0.0.1"}, set()),
        ({"public_url": "https://scim.acorn.example"}, set()),
        ({"hosts": ("scim.acorn.example",)}, set()),
        ({"trusted_proxies": ("127.0.0.1",)}, set()),
        ({"jwks_loopback_hosts": ()}, set()),
    ],
)
def test_loopback_means_nothing_in_earnest(settings: dict[str, Any], hosts: set[str]) -> None:
    assert Settings(**{"jwks_loopback_hosts": ("localhost",), **settings}).loopback_hosts == hosts


def test_a_house_in_earnest_asks_nobody_on_its_own_machine(
    authority: Authority, server: KeyServer, tmp_path: Path
) -> None:
    env = {**_env(authority), "ROLLBOOK_PUBLIC_URL": "https://scim.acorn.example", "ROLLBOOK_HOSTS": "127.0.0.1"}
    with running_house("sqlite", f"sqlite:///{tmp_path}/rollbook.db", **env) as house:
        bound = Place(house, server).bind()
        assert bound.status(bound.token()) == 401
        assert bound.path not in server.asked
        assert "keys_not_fetched" in house.server.log()


@pytest.mark.parametrize(
    "wrong",
    [
        {"jwks-uri": "http://login.acorn.example/keys"},
        {"alg": "HS256"},
        {"alg": "none"},
        {"scope": "everything"},
        {"issuer": "with a space"},
        {"audience": ""},
        {"connection": "nowhere"},
        {"claim": "azp"},
    ],
)
def test_the_command_line_refuses_what_cannot_work(on_sqlite: Place, wrong: dict[str, str]) -> None:
    seat = on_sqlite.house.seat()
    given = {"issuer": ISSUER, "jwks-uri": "https://login.acorn.example/keys", "audience": "rollbook", **wrong}
    told = rollbook(
        "issuer", "add", seat.name, *(f"--{k}={v}" for k, v in given.items()), "--database", on_sqlite.house.database
    )
    assert told.code in (1, 2)
    assert told.err


def test_an_actor_holds_no_harmful_character_and_is_not_endless() -> None:
    assert actor_of("id", "a\nb\x00<>\"' é") == "external:id:a%0Ab%00%3C%3E%22%27%20%C3%A9"
    assert len(actor_of("id", "é" * 1000)) == 200


def test_a_lifetime_of_a_day_is_the_longest() -> None:
    assert lasts_until({"iat": 0, "exp": 86_400}, 5) == 86_400
    assert lasts_until({"iat": 0, "exp": 86_401}, 5) is None
    assert lasts_until({"iat": 0, "exp": 5}, 5) is None
    assert read_set(b'{"keys": []}') == []
