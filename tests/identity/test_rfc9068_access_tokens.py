"""RFC 9068: what an access token says, and every way in which one may be wrong (checklist 3.7, numbers 83, 84)."""

import json
import time
from base64 import urlsafe_b64encode
from functools import partial
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm, get_default_algorithms
from tests.identity.stage import Desk, good, make_desk, parts_of
from tests.support.house import running_house
from tests.support.refusals import until

from rollbook.app import make_master_key
from rollbook.clock import SYSTEM_CLOCK
from rollbook.config import load
from rollbook.identity import keys as signing_keys
from rollbook.identity.jwt import read_key
from rollbook.identity.master_key import MasterKey
from rollbook.ids import new_id
from rollbook.storage.contract import Store


def published(desk: Desk) -> dict[str, Any]:
    body: dict[str, Any] = desk.house.client.get(f"{desk.house.url}/oauth/jwks.json").json()
    return {key["kid"]: key for key in body["keys"]}


def test_another_implementation_verifies_it(desk: Desk) -> None:
    text = desk.login(scope="scim.read")["access_token"]
    header = pyjwt.get_unverified_header(text)
    assert (header["typ"], header["alg"]) == ("at+jwt", "RS256")
    key = RSAAlgorithm.from_jwk(json.dumps(published(desk)[header["kid"]]))
    claims = pyjwt.decode(text, key, algorithms=["RS256"], audience=desk.house.url, issuer=desk.house.url)  # type: ignore[arg-type]
    assert claims["exp"] - claims["iat"] == 3600
    assert (claims["sub"], claims["client_id"], claims["scope"]) == (desk.user.id, desk.id, "scim.read")
    assert claims["tenant"] == desk.seat.tenant.id
    assert claims["jti"]


class Forge:
    """Signs with the house's own key, which only a test can: so that nothing but the change is wrong. PyJWT would not
    write some of what is needed, so the parts are put together here."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        settings = load({"database": desk.house.database}, {}).settings
        master = make_master_key(settings)

        async def look(store: Store) -> Any:
            return next(key for key in await store.identity.keys() if key.state == "active")

        self.text = desk.login()["access_token"]
        self.header, self.claims = parts_of(self.text)
        active = desk.with_identity(look)
        self.key = read_key(json.loads(master.open(active.private, active.kid))).private_key

    def sign(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        said = {name: value for name, value in (self.claims | claims).items() if value is not None}
        signed = f"{_part(self.header | (header or {}))}.{_part(said)}"
        return f"{signed}.{_part(get_default_algorithms()['RS256'].sign(signed.encode(), self.key))}"


@pytest.fixture(scope="module")
def forge(request: pytest.FixtureRequest) -> Forge:
    return Forge(make_desk(request.getfixturevalue("_issuing_on_sqlite").seat("acorn")))


def test_the_forge_makes_good_tokens(forge: Forge) -> None:
    now = int(time.time())
    for claims in ({}, {"aud": [forge.claims["aud"], "x"]}, {"jti": new_id()}, {"exp": now + 2}, {"nbf": now}):
        assert forge.desk.reads(forge.sign(**claims)).status_code == 200, claims
    for typ in ("AT+JWT", "application/at+jwt"):
        assert forge.desk.reads(forge.sign({"typ": typ})).status_code == 200


NOW = int(time.time())
CLAIMS: list[dict[str, Any]] = [
    {"iss": "https://elsewhere.example"},
    {"iss": None},
    {"iss": ["{url}"]},
    {"aud": "https://elsewhere.example"},
    {"aud": None},
    {"aud": {"{url}": 1}},
    {"aud": ["{url}", 1]},
    {"exp": NOW - 1},
    {"exp": None},
    {"exp": "4000000000"},
    {"exp": True},
    {"exp": 4e9},
    {"exp": 1e400},
    {"iat": NOW + 3600},
    {"iat": None},
    {"iat": "0"},
    {"nbf": NOW + 3600},
    {"nbf": "x"},
    {"sub": None},
    {"sub": 7},
    {"client_id": None},
    {"client_id": new_id()},
    {"jti": None},
    {"jti": 7},
    {"tenant": None},
    {"tenant": "nonsense"},
    {"tenant": new_id()},
    {"tenant": "00000000-0000-0000-0000-000000000000"},
    {"scope": None},
    {"scope": ["scim.read"]},
    {"epoch": None},
    {"epoch": "9.9"},
    {"epoch": "x"},
    {"epoch": "-1.1"},
    {"sid": 7},
    {"sub": new_id()},
]


def _numbered(cases: list[dict[str, Any]]) -> list[str]:
    """Names of cases that are the same in every process: values may be random or of this moment."""
    return [f"{number}-{'-'.join(case)}" for number, case in enumerate(cases)]


@pytest.mark.parametrize("claims", CLAIMS, ids=_numbered(CLAIMS))
def test_a_claim_that_is_wrong_is_enough(forge: Forge, claims: dict[str, Any]) -> None:
    def put(value: Any) -> Any:
        match value:
            case str():
                return value.replace("{url}", forge.desk.house.url)
            case list():
                return [put(item) for item in value]
            case dict():
                return {put(name): item for name, item in value.items()}
            case _:
                return value

    assert forge.desk.reads(forge.sign(**{name: put(value) for name, value in claims.items()})).status_code == 401


HEADERS: list[dict[str, Any]] = [
    {"typ": "JWT"},
    {"typ": "id_token+jwt"},
    {"typ": ["at+jwt"]},
    {"kid": "../../etc/passwd"},
    {"kid": "' OR 1=1 --"},
    {"kid": new_id()},
    {"kid": ["x"]},
    {"jku": "https://evil.example/keys"},
    {"x5u": "https://evil.example/cert"},
    {"x5c": ["MIIB"]},
    {"crit": ["exp"], "exp": 1},
    {"b64": False, "crit": ["b64"]},
    {"zip": "DEF"},
    {"pad": "x" * 600},
]


@pytest.mark.parametrize("header", HEADERS, ids=_numbered(HEADERS))
def test_a_header_that_is_wrong_is_enough(forge: Forge, header: dict[str, Any]) -> None:
    assert forge.desk.reads(forge.sign(header)).status_code == 401


def test_other_algorithms_and_keys_are_of_no_use(forge: Forge) -> None:
    stranger = rsa.generate_private_key(65537, 2048)
    jwk = json.dumps(published(forge.desk)[forge.header["kid"]])
    texts = [
        pyjwt.encode(forge.claims, stranger, "RS256", headers=forge.header),
        pyjwt.encode(forge.claims, stranger, "RS256", headers={**forge.header, "jwk": json.loads(jwk)}),
        pyjwt.encode(forge.claims, "k" * 64, "HS256", headers={**forge.header, "alg": "HS256"}),
        _hmac(forge, jwk.encode()),
        pyjwt.encode(forge.claims, "", "none", headers={**forge.header, "alg": "none"}),
        ".".join([*forge.text.split(".")[:2], ""]),
        forge.text.split(".")[0] + "." + forge.text.split(".")[1],
        forge.text + "." + forge.text,
        forge.text.replace(".", "..", 1),
        "..",
        _part({**forge.header, "alg": "none"}) + "." + forge.text.split(".")[1] + ".",
    ]
    for text in texts:
        assert forge.desk.reads(text).status_code == 401, text[:80]


def _hmac(forge: Forge, key: bytes) -> str:
    import hashlib
    import hmac

    signed = _part({**forge.header, "alg": "HS256"}) + "." + _part(forge.claims)
    return f"{signed}.{_part(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def _part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_token_of_a_key_that_retires_holds_and_the_new_one_is_known(tmp_path: Path) -> None:
    with running_house("sqlite", f"sqlite:///{tmp_path}/rollbook.db") as house:
        desk = make_desk(house.seat())
        before = desk.login()["access_token"]
        master = make_master_key(load({"database": house.database}, {}).settings)
        for algorithm in ("EdDSA", "RS256"):
            desk.with_identity(partial(_rotate, master, algorithm))
            assert until(partial(_signs_with, desk, algorithm))
            after = good(desk.ask("client_credentials"))["access_token"]
            assert [desk.reads(before).status_code, desk.reads(after).status_code] == [200, 200]
        states = [key.state for key in desk.with_identity(_keys)]
        assert sorted(states) == ["active", "next", "retiring", "retiring"]
        desk.with_identity(partial(_drop, parts_of(before)[0]["kid"]))
        assert until(lambda: desk.reads(before).status_code == 401)
        assert desk.reads(after).status_code == 200


async def _rotate(master: MasterKey, algorithm: str, store: Store) -> None:
    await signing_keys.rotate(store, SYSTEM_CLOCK, master, algorithm, at_once=True)


async def _drop(kid: str, store: Store) -> None:
    await signing_keys.drop(store, SYSTEM_CLOCK, kid)


def _signs_with(desk: Desk, algorithm: str) -> bool:
    return bool(parts_of(good(desk.ask("client_credentials"))["access_token"])[0]["alg"] == algorithm)


async def _keys(store: Store) -> Any:
    return await store.identity.keys()


def test_the_master_key_stands_in_a_file_for_its_owner_only(forge: Forge) -> None:
    database = Path(forge.desk.house.database.removeprefix("sqlite:///"))
    file = Path(f"{database}.key")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes().strip() not in database.read_bytes()
