"""How the edge says no, before it is known which dialect and protocol version is spoken.

The form is the SCIM 2.0 error (RFC 7644 §3.12): every SCIM client can show it, and any other sees plain JSON. Refusals
of the protocol itself are written by ``scim.wire``; here are only those of the layer below.
"""

import orjson

from rollbook.http_message import Response
from rollbook.scim.errors import ScimError

ERROR_TYPE = b"application/scim+json"
_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


def refusal_body(status: int, detail: str, scim_type: str | None = None) -> bytes:
    """The SCIM error for a status and a sentence (RFC 7644 §3.12: the status is a text).

    >>> refusal_body(414, "The address is too long.")
    b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"414","detail":"The address is too long."}'
    """
    body = {"schemas": [_SCHEMA], "status": str(status)}
    if scim_type is not None:
        body["scimType"] = scim_type
    body["detail"] = detail
    return orjson.dumps(body)


def refusal(error: ScimError) -> Response:
    """The answer for a refusal, with the headers that it asks for."""
    headers = [(b"content-type", ERROR_TYPE)]
    headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in error.headers]
    return Response(error.status, headers, refusal_body(error.status, error.detail, error.scim_type))
