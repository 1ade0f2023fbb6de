"""What the protocol may refuse, and how (RFC 7644 §3.12; RFC 9865 §2.1 for cursors).

::

    ScimError                      status, scim_type, detail
    ├─ InvalidSyntax 400           InvalidFilter 400    InvalidPath 400     InvalidValue 400    InvalidVersion 400
    ├─ InvalidCursor 400           ExpiredCursor 400    InvalidCount 400
    ├─ NoTarget 400                MutabilityError 400  TooMany 400         Sensitive 403
    ├─ BadRequest 400              Unauthorized 401     Forbidden 403       NotFound 404
    ├─ MethodNotAllowed 405        NotAcceptable 406    Uniqueness 409      Conflict 409
    ├─ PreconditionFailed 412      PayloadTooLarge 413  UriTooLong 414      UnsupportedMediaType 415
    ├─ PreconditionRequired 428    TooManyRequests 429  HeadersTooLarge 431
    └─ InternalError 500           NotImplemented 501   Unavailable 503

``detail`` is a sentence that an administrator can act on: what was wrong, where, and what would be right. It holds no
value that a client sent in a filter, and no text of a library, a database or a stack.
"""

from typing import ClassVar

from rollbook.errors import RollbookError


class ScimError(RollbookError):
    """A refusal that becomes the wire error of the protocol version spoken."""

    status: ClassVar[int] = 400
    scim_type: ClassVar[str | None] = None

    def __init__(self, detail: str, *, hint: str = "", headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(detail, hint=hint)
        self.headers = headers
        """Headers that the answer must carry (``Allow``, ``Retry-After``, ``WWW-Authenticate``)."""


class BadRequest(ScimError):
    """400 without a scimType: the request is wrong below the protocol (a header, a host, a path)."""


class InvalidSyntax(ScimError):
    scim_type = "invalidSyntax"


class InvalidFilter(ScimError):
    scim_type = "invalidFilter"


class InvalidPath(ScimError):
    scim_type = "invalidPath"


class InvalidValue(ScimError):
    scim_type = "invalidValue"


class InvalidVersion(ScimError):
    scim_type = "invalidVers"


class InvalidCursor(ScimError):
    scim_type = "invalidCursor"


class ExpiredCursor(ScimError):
    scim_type = "expiredCursor"


class InvalidCount(ScimError):
    scim_type = "invalidCount"


class NoTarget(ScimError):
    scim_type = "noTarget"


class MutabilityError(ScimError):
    scim_type = "mutability"


class TooMany(ScimError):
    scim_type = "tooMany"


class Unauthorized(ScimError):
    status = 401


class Forbidden(ScimError):
    status = 403


class Sensitive(Forbidden):
    scim_type = "sensitive"


class NotFound(ScimError):
    status = 404


class MethodNotAllowed(ScimError):
    status = 405


class NotAcceptable(ScimError):
    status = 406


class Conflict(ScimError):
    status = 409


class Uniqueness(Conflict):
    scim_type = "uniqueness"


class PreconditionFailed(ScimError):
    status = 412


class PayloadTooLarge(ScimError):
    status = 413


class UriTooLong(ScimError):
    status = 414


class UnsupportedMediaType(ScimError):
    status = 415


class PreconditionRequired(ScimError):
    status = 428


class TooManyRequests(ScimError):
    status = 429


class HeadersTooLarge(ScimError):
    status = 431


class InternalError(ScimError):
    status = 500


class NotImplementedHere(ScimError):
    """501: the provider as a whole lacks the operation."""

    status = 501


class Unavailable(ScimError):
    status = 503
