"""How a client proves itself in a request: exactly one way (RFC 6749 §2.3, RFC 7521 §4.2, RFC 7523 §2.2).

Here the credential is found and read; whether it is right, ``identity.client_login`` finds out.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from rollbook.oauth.errors import InvalidClient, InvalidRequest

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")
"""The names of RFC 8414 §2 for what is understood here."""


@dataclass(frozen=True, slots=True)
class Secret:
    """From the header or from the form; it is the same secret."""

    client: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Assertion:
    """A JWT that the client signed. ``client`` is what the form says beside it, or None."""

    client: str | None
    jwt: str = field(repr=False)


def read_client(authorization: str | None, form: Mapping[str, str]) -> Secret | Assertion:
    """The credential of a request.

    **Rules**: Basic holds id and secret, each form-encoded (so ``+`` is a space). A ``client_id`` beside another method
    is no second method, but has to be the same. An assertion comes with its type.
    **Raises** ``InvalidRequest`` where there are two, or one that is malformed; ``InvalidClient`` where there is none.
    """
    basic = _basic(authorization) if authorization is not None else None
    has_assertion = "client_assertion" in form or "client_assertion_type" in form
    if (basic is not None) + ("client_secret" in form) + has_assertion > 1:
        raise InvalidRequest("The client proves itself in more than one way: use one.")
    named = form.get("client_id")
    if has_assertion:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise InvalidRequest(f"The client_assertion_type has to be {ASSERTION_TYPE}.")
        if "client_assertion" not in form:
            raise InvalidRequest("The client_assertion is missing.")
        return Assertion(named, form["client_assertion"])
    if basic is not None:
        if named is not None and named != basic.client:
            raise InvalidRequest("The form and the header name two clients.")
        return basic
    if named is None or "client_secret" not in form:
        raise InvalidClient("The client has to prove who it is, with its id and secret or with an assertion.")
    return Secret(named, form["client_secret"])


def _basic(header: str) -> Secret:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidRequest("The header Authorization has to be of the scheme Basic here, or be left out.")
    try:
        text = b64decode(encoded.strip(" "), validate=True)
        raw_client, colon, raw_secret = text.partition(b":")
        client, secret = _form_decoded(raw_client), _form_decoded(raw_secret)
    except (binascii.Error, ValueError):
        raise InvalidRequest("The header Authorization is no Basic credential.") from None
    if not colon or not client:
        raise InvalidRequest("The header Authorization is no Basic credential.")
    return Secret(client, secret)


def _form_decoded(raw: bytes) -> str:
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
