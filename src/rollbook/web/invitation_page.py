"""The page on which a system user sets its password: the link of an invitation leads here.

Plain HTML and CSS of our own, without a script. Everything that came from outside is escaped. The link's token stands
in the address once and in a hidden field then; it goes to nobody else, because no site is told more than our origin
(``Referrer-Policy``), nothing is cached, and nothing is loaded from elsewhere. Opening the page uses nothing up.
"""

from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import parse_qs, urlsplit

from rollbook.deployment import Deployment
from rollbook.errors import RollbookError
from rollbook.http_message import Request, Response
from rollbook.identity import invitations
from rollbook.identity.passwords import SHORTEST, Passwords, WeakPassword
from rollbook.oauth.errors import OAuthError, TemporarilyUnavailable
from rollbook.oauth.messages import read_form
from rollbook.storage.entrance_records import Invited
from rollbook.storage.errors import StoreError

STYLE = f"{invitations.PAGE}.css"
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"strict-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cache-control", b"no-store"),
)
_FORM = Template(
    """<p>Choose the password of <span class="name">$name</span> for $tenant.</p>
$wrong<form method="post" action="password" autocomplete="on">
<input type="hidden" name="token" value="$token">
<input type="text" name="username" value="$name" autocomplete="username" readonly hidden>
<label for="password">Password, at least $shortest characters</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="$shortest" required>
<label for="again">The same once more</label>
<input id="again" name="again" type="password" autocomplete="new-password" minlength="$shortest" required>
<button>Set the password</button>
</form>"""
)


class InvitationPage:
    def __init__(self, house: Deployment, passwords: Passwords) -> None:
        self._store = house.store
        self._clock = house.clock
        self._passwords = passwords
        self._origin = _origin(house.public_url)

    async def answer(self, request: Request) -> Response:
        """The form, or what became of it. Never raises for what a client did."""
        try:
            if request.method in ("GET", "HEAD"):
                token = parse_qs(request.query).get("token", [""])[0]
                return self._form(await invitations.look(self._store, self._clock, token), token)
            if request.method == "POST":
                return await self._set(request)
        except invitations.BadInvitation as error:
            return _page(404, "This link does not work", _paragraph(error.detail))
        except TemporarilyUnavailable as error:
            return _later(error.retry_after or 2)
        except OAuthError as error:  # of the form
            return _page(error.status, "This form does not work", _paragraph(error.detail))
        except StoreError:
            return _later(2)
        allow = (b"allow", b"GET, HEAD, POST, OPTIONS")
        if request.method == "OPTIONS":
            return Response(204, (allow, *_HEADERS[2:]), tells_cache=True)
        return _page(405, "Not here", _paragraph("Possible here: GET, HEAD, POST, OPTIONS."), allow)

    async def style(self, request: Request) -> Response:
        headers = ((b"content-type", b"text/css"), (b"cache-control", b"public, max-age=3600"))
        return Response(200, headers, _asset("password.css"), True)

    async def _set(self, request: Request) -> Response:
        if not self._is_ours(request):
            return _page(
                403, "Not from here", _paragraph("Open the link of the mail again, and send the form from there.")
            )
        form = read_form(request.headers.get("content-type"), request.body)
        token, password = form.get("token", ""), form.get("password", "")
        found = await invitations.look(self._store, self._clock, token)
        try:
            if password != form.get("again", ""):
                raise WeakPassword("the two passwords are not the same")
            user = await invitations.accept(
                self._store, self._clock, self._passwords, token, password, peer=request.peer, request=request.id
            )
        except WeakPassword as weak:
            return self._form(found, token, weak)
        return _page(
            200, "The password is set", _paragraph(f"{user.name} can log in with it now. This page can be closed.")
        )

    def _is_ours(self, request: Request) -> bool:
        """Whether a form was sent from this very page: browsers say where it came from (``Origin``, RFC 6454 §7)."""
        origin = request.headers.get("origin", "").lower()
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin" or not origin:
            return False
        own = origin.partition("://")[2] == request.headers.get("host", "").lower()
        return own or origin == self._origin

    def _form(self, found: Invited, token: str, weak: RollbookError | None = None) -> Response:
        wrong = ""
        if weak is not None:
            wrong = f'<p class="wrong" role="alert">{escape(weak.detail[:1].upper() + weak.detail[1:])}.</p>\n'
        purpose = "the APIs" if found.user.kind == "api" else "the portal"
        body = _FORM.substitute(
            name=escape(found.user.name), tenant=purpose, token=escape(token), wrong=wrong, shortest=SHORTEST
        )
        return _page(400 if weak is not None else 200, "Set a password", body)


def _page(status: int, title: str, body: str, *more: tuple[bytes, bytes]) -> Response:
    """``body`` is HTML; ``title`` is ours."""
    html = Template(_asset("password.html").decode()).substitute(title=escape(title), body=body)
    return Response(status, (*_HEADERS, *more), html.encode(), tells_cache=True)


def _later(seconds: int) -> Response:
    wait = (b"retry-after", str(seconds).encode())
    return _page(503, "Not now", _paragraph("The server has too much to do. Try again in a moment."), wait)


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


@cache
def _asset(name: str) -> bytes:
    return (files("rollbook.web") / "pages" / name).read_bytes()
