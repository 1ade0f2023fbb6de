"""What an OAuth endpoint may refuse, each with the code and the status of its RFC.

::

    OAuthError
    ├─ InvalidRequest          400  RFC 6749 §5.2
    │  └─ TooLarge             413
    ├─ InvalidClient           401  with a challenge
    ├─ InvalidGrant            400
    ├─ UnauthorizedClient      400
    ├─ UnsupportedGrantType    400
    ├─ InvalidScope            400
    ├─ InvalidTarget           400  RFC 8707 §2
    ├─ UnsupportedTokenType    400  RFC 7009 §2.2.1
    ├─ SlowDown                429  too many failures
    └─ TemporarilyUnavailable  503
"""

from typing import ClassVar, Self

from rollbook.errors import RollbookError


class OAuthError(RollbookError):
    """Base of what the endpoints refuse. ``detail`` goes out as ``error_description``, so it is plain ASCII without
    quotes (RFC 6749 §5.2), and tells nothing that the sender did not know."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "invalid_request"

    def __init__(self, detail: str, *, hint: str = "", retry_after: int | None = None) -> None:
        super().__init__(detail, hint=hint)
        self.retry_after = retry_after
        self.tenant: str | None = None
        self.subject = ("", "")

    def about(self, tenant: str, type: str, id: str) -> Self:
        """The same, with what is known of whom it concerns: for the event, never for the answer."""
        self.tenant, self.subject = tenant, (type, id)
        return self


class InvalidRequest(OAuthError):
    pass


class TooLarge(InvalidRequest):
    status = 413


class InvalidClient(OAuthError):
    """One text for all of: unknown, disabled, wrong secret, another method (nobody learns which clients there are)."""

    status = 401
    code = "invalid_client"

    def __init__(self, detail: str = "The client is unknown, or it has not proved who it is.") -> None:
        super().__init__(detail)


class InvalidGrant(OAuthError):
    code = "invalid_grant"

    def __init__(self, detail: str = "The grant is wrong, expired or revoked.") -> None:
        super().__init__(detail)


class UnauthorizedClient(OAuthError):
    code = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    code = "unsupported_grant_type"


class InvalidScope(OAuthError):
    code = "invalid_scope"


class InvalidTarget(OAuthError):
    code = "invalid_target"


class UnsupportedTokenType(OAuthError):
    code = "unsupported_token_type"


class SlowDown(OAuthError):
    status = 429
    code = "slow_down"


class TemporarilyUnavailable(OAuthError):
    status = 503
    code = "temporarily_unavailable"
