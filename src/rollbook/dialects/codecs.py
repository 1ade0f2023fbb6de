"""The codec of a dialect's wire: 2.0 or 1.1, behind one face.

A codec reads requests and makes answers; what lies between is the same for both.
"""

from functools import partial
from typing import Any, NamedTuple, Protocol

from rollbook.dialects import decode as decode_v2
from rollbook.dialects import decode_v1, encode_v1
from rollbook.dialects import encode as encode_v2
from rollbook.dialects.model import Dialect
from rollbook.dialects.routes import Route
from rollbook.http_message import Request, Response
from rollbook.scim.answer import Locations
from rollbook.scim.discovery import Features, discover
from rollbook.scim.discovery_details import detailed
from rollbook.scim.errors import ScimError
from rollbook.scim.operations import Discover, Operation
from rollbook.scim.outcomes import Outcome
from rollbook.scim.wire import v1_discovery


class Decode(Protocol):
    def __call__(self, request: Request, route: Route, dialect: Dialect, notes: list[str], /) -> Operation:
        """What a request asks."""


class Encode(Protocol):
    def __call__(self, outcome: Outcome, locations: Locations, /) -> Response:
        """The answer to an operation that was done."""


class Refuse(Protocol):
    def __call__(self, error: ScimError, /) -> Response:
        """The answer to an operation that was refused."""


class Mean(Protocol):
    def __call__(self, request: Request, rest: str, dialect: Dialect, /) -> tuple[str, str]:
        """The method that a request means, and its address below the base."""


class Describe(Protocol):
    def __call__(self, operation: Discover, dialect: Dialect, base: str, features: Features, /) -> dict[str, Any]:
        """A discovery document; ``base`` is the dialect's public address."""


class Codec(NamedTuple):
    decode: Decode
    encode: Encode
    refusal: Refuse
    meant: Mean
    discover: Describe


def codec(dialect: Dialect) -> Codec:
    """The codec of a dialect."""
    return _V2 if dialect.form is None else _codec_v1(dialect)


def _meant_v2(request: Request, rest: str, dialect: Dialect) -> tuple[str, str]:
    return request.method, rest


def _discover_v2(operation: Discover, dialect: Dialect, base: str, features: Features) -> dict[str, Any]:
    found = discover(
        *(operation.topic, operation.name, dialect.types, base, dialect.limits, features),
        unused=dialect.unused,
        names=dialect.plan.names,
    )
    return detailed(found, features.details) if features.details else found


_V2 = Codec(decode_v2.decode, encode_v2.encode, encode_v2.encode_refusal, _meant_v2, _discover_v2)


def _meant_v1(request: Request, rest: str, dialect: Dialect) -> tuple[str, str]:
    assert dialect.form is not None
    return decode_v1.meant(request, rest, dialect.form)


def _discover_v1(operation: Discover, dialect: Dialect, base: str, features: Features) -> dict[str, Any]:
    assert dialect.form is not None
    return v1_discovery.discover(
        operation.topic, operation.name, dialect.types, base, dialect.limits, features, dialect.form
    )


_made: dict[int, tuple[object, Codec]] = {}


def _codec_v1(dialect: Dialect) -> Codec:
    form = dialect.form
    assert form is not None
    found = _made.get(id(form))
    if found is None or found[0] is not form:
        made = Codec(
            decode_v1.decode,
            partial(encode_v1.encode, form=form),
            encode_v1.encode_refusal,
            _meant_v1,
            _discover_v1,
        )
        found = _made[id(form)] = (form, made)
    return found[1]
