"""RFC 7523: a client proves itself by a JWT that it signed, once."""

import json
import time
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from tests.identity.stage import Desk, basic_header, good, make_desk, refused
from tests.support.house import Seat

from rollbook.ids import new_id
from rollbook.oauth.client_auth import ASSERTION_TYPE

KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "PS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def public(algorithm: str, **more: Any) -> dict[str, Any]:
    """The JWK of a key, as PyJWT writes it."""
    writer = pyjwt.get_algorithm_by_name(algorithm)
    jwk: dict[str, Any] = json.loads(type(writer).to_jwk(KEYS[algorithm].public_key()))
    jwk.pop("key_ops", None)
    return {**jwk, **more}


def keyed(seat: Seat, *algorithms: str) -> Desk:
    jwks = {"keys": [public(algorithm, kid=algorithm) for algorithm in algorithms]}
    return make_desk(seat, grants=("client_credentials",), jwks=json.dumps(jwks))


def assertion(desk: Desk, algorithm: str = "RS256", *, key: Any = None, header: Any = None, **claims: Any) -> str:
    now = int(time.time())
    said = {"iss": desk.id, "sub": desk.id, "aud": desk.house.url, "jti": new_id(), "iat": now, "exp": now + 60}
    kept = {name: value for name, value in (said | claims).items() if value is not None}
    signing = KEYS[algorithm] if key is None else key
    return pyjwt.encode(kept, signing, algorithm, headers={"kid": algorithm, **(header or {})})


def present(desk: Desk, jwt: str, **form: str) -> Any:
    sent = {"grant_type": "client_credentials", "client_assertion": jwt, "client_assertion_type": ASSERTION_TYPE}
    return desk.post("/oauth/token", sent | form, basic=False)


@pytest.fixture
def signer(seat: Seat) -> Desk:
    return keyed(seat, *KEYS)


@pytest.mark.parametrize("algorithm", KEYS)
def test_it_is_let_in_by_its_key(signer: Desk, algorithm: str) -> None:
    good(present(signer, assertion(signer, algorithm)))
    good(present(signer, assertion(signer, algorithm, aud=[f"{signer.house.url}/oauth/token"]), client_id=signer.id))


def test_an_assertion_is_good_for_one_use(signer: Desk) -> None:
    jwt = assertion(signer)
    good(present(signer, jwt))
    refused(present(signer, jwt), 401, "invalid_client")


def test_whatever_is_wrong_with_it_is_told_in_the_same_words(signer: Desk, seat: Seat, desk: Desk) -> None:
    now = int(time.time())
    other = keyed(seat, "RS256")
    wrong: list[dict[str, Any]] = [
        {"iss": other.id},
        {"sub": other.id},
        {"sub": new_id(), "iss": new_id()},
        {"sub": desk.id, "iss": desk.id},  # a client with a secret
        {"sub": None},
        {"aud": "https://elsewhere.example"},
        {"aud": []},
        {"aud": None},
        {"exp": now - 1},
        {"exp": now + 3600},
        {"exp": None},
        {"exp": str(now + 60)},
        {"iat": now + 600},
        {"nbf": now + 600},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 300},
        {"jti": "a\x00b"},
        {"key": rsa.generate_private_key(65537, 2048)},
        {"header": {"kid": "another"}},
        {"header": {"crit": ["x"], "x": 1}},
        {"header": {"jku": "https://evil.example/keys"}},
    ]
    answers = [present(signer, assertion(signer, **claims)) for claims in wrong]
    answers += [present(signer, text) for text in ("x", "a.b.c", assertion(signer)[:-4], assertion(signer) + "x")]
    hmac = pyjwt.encode({"iss": signer.id, "sub": signer.id}, "k" * 64, "HS256")
    unsigned = pyjwt.encode({"iss": signer.id, "sub": signer.id}, "", "none")
    answers += [present(signer, hmac), present(signer, unsigned)]
    assert len({refused(answer, 401, "invalid_client") for answer in answers}) == 1


def test_the_named_client_has_to_be_the_one_that_signed(signer: Desk) -> None:
    refused(present(signer, assertion(signer), client_id=new_id()), 401, "invalid_client")


def test_the_type_has_to_be_told_and_no_other_way_stands_beside(signer: Desk) -> None:
    refused(present(signer, assertion(signer), client_assertion_type="x"), 400, "invalid_request")
    refused(present(signer, assertion(signer), client_assertion_type=""), 400, "invalid_request")
    refused(present(signer, ""), 400, "invalid_request")
    refused(present(signer, assertion(signer), client_secret="x"), 400, "invalid_request")
    both = signer.post(
        "/oauth/token",
        {"grant_type": "client_credentials", "client_assertion": "x", "client_assertion_type": ASSERTION_TYPE},
        basic=False,
        authorization=basic_header(signer.id, "x"),
    )
    refused(both, 400, "invalid_request")


def test_a_client_with_keys_has_no_secret(signer: Desk) -> None:
    form = {"grant_type": "client_credentials", "client_id": signer.id, "client_secret": "rbs_x"}
    refused(signer.post("/oauth/token", form, basic=False), 401, "invalid_client")
