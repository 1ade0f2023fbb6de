"""Where a dialect's clients put their credential: a bearer token, a bare one, or a session's header."""

from rollbook.dialects.model import Dialect
from rollbook.http_message import Request
from rollbook.identity.authenticate import Authenticator
from rollbook.identity.principal import Principal


def remembered(authenticator: Authenticator, request: Request, dialect: Dialect) -> Principal | None:
    """The principal of a credential that was looked up a moment ago."""
    held = dialect.credentials
    if held.session_header and (session := request.headers.get(held.session_header)) is not None:
        return authenticator.remembered_session(session)
    return authenticator.remembered(_authorization(request, dialect))


async def authenticate(authenticator: Authenticator, request: Request, dialect: Dialect) -> Principal:
    """Who sends a request, by what the dialect takes. **Raises** ``RefusedLogin``."""
    held = dialect.credentials
    if held.session_header:
        session = request.headers.get(held.session_header)
        if session is not None or not held.bearer or "authorization" not in request.headers:
            return await authenticator.session(session, header=held.session_header.upper(), realm=held.realm)
    return await authenticator.bearer(_authorization(request, dialect))


def has_credential(request: Request, dialect: Dialect) -> bool:
    """Whether a client says who it is, be it true or not."""
    session = dialect.credentials.session_header
    return bool(request.headers.get("authorization")) or bool(session and request.headers.get(session))


def _authorization(request: Request, dialect: Dialect) -> str | None:
    """The header ``Authorization``; a bare token, where the dialect takes those, with the word before it that it
    lacks."""
    header = request.headers.get("authorization")
    if header is not None and dialect.credentials.bare and " " not in header.strip():
        return f"Bearer {header.strip()}"
    return header
