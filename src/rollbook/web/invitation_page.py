"""The page on which a system user sets its password: the link of an invitation leads here.

The link's token stands in the address once and in a hidden field then (``plain_pages`` keeps it here). Opening the page
uses nothing up.
"""

from html import escape
from string import Template
from urllib.parse import parse_qs

from rollbook.deployment import Deployment
from rollbook.errors import RollbookError
from rollbook.http_message import Request, Response
from rollbook.identity import invitations
from rollbook.identity.passwords import SHORTEST, Passwords, WeakPassword
from rollbook.oauth.errors import OAuthError, TemporarilyUnavailable
from rollbook.oauth.messages import read_form
from rollbook.storage.entrance_records import Invited
from rollbook.storage.errors import StoreError
from rollbook.web.plain_pages import asset, is_ours, later, not_ours, only, origin_of, page, paragraph, wrong

STYLE = f"{invitations.PAGE}.css"
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
        self._origin = origin_of(house.public_url)

    async def answer(self, request: Request) -> Response:
        """The form, or what became of it. Never raises for what a client did."""
        try:
            if request.method in ("GET", "HEAD"):
                token = parse_qs(request.query).get("token", [""])[0]
                return self._form(await invitations.look(self._store, self._clock, token), token)
            if request.method == "POST":
                return await self._set(request)
        except invitations.BadInvitation as error:
            return page(404, "This link does not work", paragraph(error.detail))
        except TemporarilyUnavailable as error:
            return later(error.retry_after or 2)
        except OAuthError as error:  # of the form
            return page(error.status, "This form does not work", paragraph(error.detail))
        except StoreError:
            return later(2)
        return only(request)

    async def style(self, request: Request) -> Response:
        headers = ((b"content-type", b"text/css"), (b"cache-control", b"public, max-age=3600"))
        return Response(200, headers, asset("password.css"), True)

    async def _set(self, request: Request) -> Response:
        if not is_ours(request, self._origin):
            return not_ours()
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
        return page(
            200, "The password is set", paragraph(f"{user.name} can log in with it now. This page can be closed.")
        )

    def _form(self, found: Invited, token: str, weak: RollbookError | None = None) -> Response:
        said = wrong(f"{weak.detail}.") if weak is not None else ""
        purpose = "the APIs" if found.user.kind == "api" else "the portal"
        body = _FORM.substitute(
            name=escape(found.user.name), tenant=purpose, token=escape(token), wrong=said, shortest=SHORTEST
        )
        return page(400 if weak is not None else 200, "Set a password", body)
