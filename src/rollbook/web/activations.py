"""What becomes of invitations of resources: letters where rules want them, and the page that a link leads to.

The page asks for the OpenID user, because nobody here speaks with the tenant's OpenID provider: whoever has the mailbox
says who they are there. Where the tenant has said that it is the same as an attribute of the user
(``activation_openid_user``), nothing is asked, and nobody can take another's.

Accepting is a change like any other, made by the rules of the dialect: what they refuse (an OpenID user who is linked
already) is shown in the form, and the link stays good.
"""

from collections.abc import Awaitable, Callable
from html import escape
from string import Template
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import orjson
import structlog

from rollbook.clock import Clock
from rollbook.deployment import Acting, Deployment
from rollbook.dialects.hooks.retailops import URN, is_pending, openid_user_of
from rollbook.dialects.model import Dialect
from rollbook.http_message import Request, Response
from rollbook.identity import activations
from rollbook.identity.activations import BadActivation, By, Invited
from rollbook.identity.master_key import MasterKey, MasterKeyError
from rollbook.oauth.errors import OAuthError
from rollbook.oauth.messages import read_form
from rollbook.provisioning.lines import Lines
from rollbook.provisioning.perform import perform
from rollbook.provisioning.work import Work
from rollbook.scim.effects import Invite, Withdraw
from rollbook.scim.errors import NotFound, ScimError, Unavailable, Uniqueness
from rollbook.scim.operations import Modify
from rollbook.scim.patch import Op, PatchOperation
from rollbook.scim.schema import ResourceType
from rollbook.storage.contract import Store
from rollbook.storage.errors import StoreError
from rollbook.storage.records import Tenant
from rollbook.storage.session_records import Activation
from rollbook.web.plain_pages import is_ours, later, not_ours, only, origin_of, page, paragraph, wrong

_FIELD = """<label for="openid">Your user id with the OpenID provider of $tenant</label>
<input id="openid" name="openid" type="text" autocomplete="off" spellcheck="false" maxlength="1024" required>
"""
_FORM = Template(
    """<p>Activate the account <span class="name">$name</span> of $tenant.</p>
$wrong<form method="post" action="activate">
<input type="hidden" name="token" value="$token">
$field<button>Activate the account</button>
</form>"""
)

_log = structlog.get_logger("rollbook.activation")

TenantDialect = Callable[[Dialect, Tenant], Awaitable[Dialect]]


class Inviting:
    """Acts on what rules want done about invitations (``Deployment.act``)."""

    def __init__(self, store: Store, clock: Clock, mail: MasterKey, public_url: str) -> None:
        self._store = store
        self._clock = clock
        self._mail = mail
        self._public_url = public_url

    async def act(self, effect: Any, acting: Acting) -> None:
        """Send a link, or take one back. **Raises** ``Unavailable``: the write stands, and only the letter lacks."""
        work, type = acting.work, acting.type
        if isinstance(effect, Withdraw):
            await self._store.sessions.withdraw(acting.tenant.id, type.number, acting.resource)
        elif isinstance(effect, Invite):
            who = Invited(acting.tenant, type.number, type.name, acting.resource)
            by = By(work.actor, work.peer, work.request)
            try:
                await activations.invite(self._store, self._clock, self._mail, who, effect, by, self._public_url)
            except MasterKeyError as error:
                _log.error("invitations_cannot_be_sealed", reason=f"{error.detail}; {error.hint}")
                raise Unavailable(
                    "The user was written, but the invitation could not be sent; the operator finds the reason in the"
                    " log. Send sendInviteLink: true again later."
                ) from error


class _Invited(NamedTuple):
    """What a link stands for, as it is now."""

    activation: Activation
    tenant: Tenant
    dialect: Dialect
    type: ResourceType
    name: str
    openid: str | None
    """The OpenID user that the tenant says it is; None: ask."""


class ActivationPage:
    """The page. ``dialect`` is the one whose users are invited, and ``of_tenant`` gives it as a tenant has it."""

    def __init__(self, house: Deployment, dialect: Dialect, of_tenant: TenantDialect) -> None:
        self._house = house
        self._dialect = dialect
        self._of_tenant = of_tenant
        self._lines = Lines()
        self._origin = origin_of(house.public_url)

    async def answer(self, request: Request) -> Response:
        """The form, or what became of it. Never raises for what a client did."""
        try:
            if request.method in ("GET", "HEAD"):
                token = parse_qs(request.query).get("token", [""])[0]
                return _form(await self._look(token), token)
            if request.method == "POST":
                return await self._accept(request)
        except BadActivation as error:
            return page(404, "This link does not work", paragraph(error.detail))
        except OAuthError as error:  # of the form
            return page(error.status, "This form does not work", paragraph(error.detail))
        except StoreError:
            return later(2)
        return only(request)

    async def _accept(self, request: Request) -> Response:
        if not is_ours(request, self._origin):
            return not_ours()
        form = read_form(request.headers.get("content-type"), request.body)
        token = form.get("token", "")
        found = await self._look(token)
        openid = found.openid or form.get("openid", "").strip()
        if not openid:
            return _form(found, token, "Give your user id with the OpenID provider.", 400)
        await activations.claim(self._house.store, found.activation)
        try:
            await self._activate(found, openid, request)
        except NotFound:
            raise BadActivation from None
        except ScimError as refused:
            await self._house.store.sessions.give_back(found.activation)
            if refused.status == 503:
                return later(2)
            said = refused.detail
            if isinstance(refused, Uniqueness):
                said = "This OpenID user is linked to another account already."
            return _form(found, token, said, refused.status)
        except BaseException:
            await self._house.store.sessions.give_back(found.activation)
            raise
        done = f"{found.name} is active: log in with your OpenID provider now. This page can be closed."
        return page(200, "The account is active", paragraph(done))

    async def _look(self, token: str) -> _Invited:
        store = self._house.store
        activation = await activations.look(store, self._house.clock, token)
        tenant = await store.find_tenant(activation.tenant)
        stored = await store.tenant(activation.tenant).get(activation.type, activation.resource)
        if tenant is None or tenant.status != "active" or stored is None:
            raise BadActivation
        dialect = await self._of_tenant(self._dialect, tenant)
        type = next((one for one in dialect.types if one.number == activation.type), None)
        document = orjson.loads(stored.document)
        if type is None or not is_pending(document, type.settings):
            raise BadActivation
        name = document.get("userName", "")
        return _Invited(activation, tenant, dialect, type, name, openid_user_of(document, type.settings))

    async def _activate(self, found: _Invited, openid: str, request: Request) -> None:
        dialect, clock = found.dialect, self._house.clock
        work = Work(
            store=self._house.store.tenant(found.tenant.id),
            connection=found.tenant.connection,
            actor=f"invited:{found.activation.resource}",
            peer=request.peer,
            request=request.id,
            clock=clock,
            terms=dialect.terms,
            limits=dialect.limits,
            location_base=f"{self._house.public_url}{dialect.base}",
            lines=self._lines,
            types=dialect.types,
            member_types=dialect.member_types,
            schema=dialect.revision,
            strangers=dialect.strangers,
        )
        operations = (
            PatchOperation(Op.REPLACE, "active", True),
            PatchOperation(Op.REPLACE, f"{URN}:openIDUserID", openid),
        )
        await perform(Modify(found.type, found.activation.resource, operations), work)


def _form(found: _Invited, token: str, said: str = "", status: int = 200) -> Response:
    tenant = escape(found.tenant.name)
    body = _FORM.substitute(
        name=escape(found.name),
        tenant=tenant,
        token=escape(token),
        wrong=wrong(said) if said else "",
        field="" if found.openid else Template(_FIELD).substitute(tenant=tenant),
    )
    return page(status, "Activate your account", body)
