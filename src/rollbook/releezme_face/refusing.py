"""How the face says no: ``{"Message": "…"}``, with the statuses that clients of the product know.

| status | means                                                                          |
| ------ | ------------------------------------------------------------------------------ |
| 400    | what was sent is not understood, or it cannot be done as things stand          |
| 401    | no credential, or one that is no longer good                                   |
| 403    | the company is not known, suspended, or its System API is not for this token   |
| 404    | it is not there, or it is another company's                                    |
| 405    | the address has other methods                                                  |
| 501    | only the vendor's own hardware or app could do it                              |

A client of the product knows no 409, 412 or 422: all of them are 400 here, and the sentence says what is the matter.
"""

from collections.abc import Mapping

import orjson

from rollbook.errors import RollbookError
from rollbook.http_message import Response
from rollbook.identity.master_key import MasterKeyError
from rollbook.lockers.judging import WHY
from rollbook.lockers.work import Malformed
from rollbook.provisioning.refusals import refusal as scim_refusal
from rollbook.scim.errors import ScimError
from rollbook.storage import errors as store

_BAD_REQUEST = frozenset((409, 412, 422, 428))
_MISSING = frozenset(("noUser", "noLocker", "noParent"))


class Refused(RollbookError):
    """A refusal of the face's own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def wrong(message: str) -> Refused:
    """400."""
    return Refused(400, message)


def missing(what: str) -> Refused:
    """404."""
    return Refused(404, f"There is no {what} with this id.")


def response(error: Exception, names: Mapping[str, str] | None = None) -> Response:
    """The answer for a refusal. ``names`` are the fields of the body as the client calls them, by ours. **Raises** the
    error itself where it is a bug."""
    headers = [(b"content-type", b"application/json")]
    match error:
        case Refused():
            return Response(error.status, headers, _body(error.detail))
        case Malformed():
            return Response(400, headers, _body(_told(error, names or {})))
        case store.LockerRefused():
            detail = f"{error.detail} {WHY[error.code]}" if error.code in WHY else error.detail
            return Response(404 if error.code in _MISSING else 400, headers, _body(detail))
        case store.NotFound():
            return Response(404, headers, _body("There is nothing of this kind with this id."))
        case store.AlreadyExists():
            return Response(400, headers, _body(f"Another one has this {error.attribute} already."))
        case MasterKeyError():
            return Response(503, headers, _body("PIN codes need a master key, and this server has none."))
        case store.StoreError():
            return response(scim_refusal(error))
        case ScimError():
            headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in error.headers]
            return Response(400 if error.status in _BAD_REQUEST else error.status, headers, _body(error.detail))
    raise error


def _body(message: str) -> bytes:
    return orjson.dumps({"Message": message})


def _told(error: Malformed, names: Mapping[str, str]) -> str:
    """What is wrong with which fields."""
    told = []
    for pointer, sentence in error.problems:
        name = pointer[1:].partition("/")[0]
        told.append(f"{names.get(name, name)}: {sentence}" if name else sentence)
    return " ".join(told) or error.detail
