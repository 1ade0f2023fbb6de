"""How the System API says no: problem details (RFC 9457).

``code`` is for programs, ``detail`` a sentence for people, ``errors`` say where in what was sent (JSON pointers), and
``traceId`` finds the request in the log. No value that a client sent is repeated.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated

import orjson
from pydantic import BaseModel, Field

from rollbook.http_message import Response
from rollbook.lockers.judging import WHY
from rollbook.lockers.work import Malformed
from rollbook.provisioning.refusals import refusal as scim_refusal
from rollbook.scim.errors import ScimError
from rollbook.storage import errors as store

MEDIA = b"application/problem+json"


class FieldError(BaseModel):
    pointer: Annotated[str, Field(description="Where, as a JSON pointer into the body; else a parameter's name.")]
    detail: str


class Problem(BaseModel):
    """What is wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    trace_id: Annotated[str, Field(alias="traceId")] = ""
    errors: list[FieldError] = []


class Refusal(Exception):
    """A refusal that is known what it becomes."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[tuple[str, str]] = (),
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers


LOCKER_STATUS: Mapping[str, int] = {
    "noUser": 422,
    "noParent": 422,
    "noLocker": 422,
    "noMember": 422,
    "userInactive": 403,
    **dict.fromkeys(WHY, 403),
    "quota": 409,
}
"""Of the codes of ``LockerRefused``; any other is a conflict (409)."""

_SCIM_CODES: Mapping[int, str] = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "notFound",
    405: "methodNotAllowed",
    406: "notAcceptable",
    408: "timeout",
    409: "conflict",
    412: "preconditionFailed",
    413: "bodyTooLarge",
    414: "addressTooLong",
    415: "unsupportedMediaType",
    428: "preconditionRequired",
    429: "tooManyRequests",
    431: "headersTooLarge",
    500: "internalError",
    501: "notImplemented",
    503: "unavailable",
}


def known(error: Exception) -> Refusal:
    """The refusal that an error is. **Raises** the error itself where it is a bug."""
    match error:
        case Refusal():
            return error
        case Malformed():
            return Refusal(400, "invalidBody", error.detail, error.problems)
        case store.LockerRefused():
            detail = f"{error.detail} {WHY[error.code]}" if error.code in WHY else error.detail
            return Refusal(LOCKER_STATUS.get(error.code, 409), error.code, detail)
        case store.NotFound():
            return Refusal(404, "notFound", "There is nothing of this kind with this id.")
        case store.AlreadyExists():
            return Refusal(409, "taken", f"Another one has this {error.attribute} already.")
        case store.VersionConflict():
            detail = "This has changed since it was read. Read it again, then repeat the change."
            return Refusal(412, "preconditionFailed", detail)
        case store.KeyReused():
            detail = "This Idempotency-Key was another request's. Send each request with a key of its own."
            return Refusal(422, "keyReused", detail)
        case store.StoreError():
            return known(scim_refusal(error))
        case ScimError():
            code = error.scim_type or _SCIM_CODES.get(error.status, "refused")
            return Refusal(error.status, code, error.detail, headers=error.headers)
    raise error


def response(error: Exception, trace: str = "") -> Response:
    """The answer for a refusal. **Raises** the error itself where it is a bug."""
    refused = known(error)
    body = {
        "type": "about:blank",
        "title": HTTPStatus(refused.status).phrase,
        "status": refused.status,
        "detail": refused.detail,
        "code": refused.code,
        "traceId": trace,
        "errors": [{"pointer": at, "detail": detail} for at, detail in refused.errors],
    }
    headers = [(b"content-type", MEDIA)]
    headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in refused.headers]
    return Response(refused.status, headers, orjson.dumps(body))
