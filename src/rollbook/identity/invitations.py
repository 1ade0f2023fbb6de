"""Invitations: how a system user gets its password without anybody else knowing it.

A link holds 256 random bits; only its digest is kept. It is good for one use and for some days, a newer one ends it,
and so does disabling the user. It goes by mail where mail is set up and there is an address; else it is shown once to
the operator. Looking at the page uses nothing up: mail programs look at links too.
"""

from datetime import timedelta
from typing import NamedTuple

from rollbook.clock import Clock, written
from rollbook.errors import RollbookError
from rollbook.events import Event, Kind
from rollbook.identity import letters, system_users
from rollbook.identity.master_key import MasterKey
from rollbook.identity.passwords import Passwords, check_new
from rollbook.identity.system_users import NoSuchUser, SystemUserError
from rollbook.identity.token_text import INVITATION, digest_of, write_token
from rollbook.ids import ordered_id, random_bytes
from rollbook.storage.contract import Store
from rollbook.storage.entrance_records import Invitation, Invited
from rollbook.storage.errors import AlreadyExists
from rollbook.storage.identity_records import SystemUser
from rollbook.storage.records import Tenant

PAGE = "/account/password"
LASTS = timedelta(days=3)
OPERATOR = "operator"


class CannotInvite(SystemUserError):
    pass


class BadInvitation(RollbookError):
    """One text for a link that is unknown, used or expired, and for a user or tenant that is gone."""

    def __init__(self) -> None:
        super().__init__("This link is not valid, or no longer. Ask for a new one.")


class Sent(NamedTuple):
    """``link`` is shown this once; None where it went to ``recipient`` by mail."""

    user: SystemUser
    recipient: str
    link: str | None
    expires: str


async def invite(
    store: Store,
    clock: Clock,
    tenant: Tenant,
    name: str,
    *,
    kind: str = "api",
    email: str = "",
    base: str,
    mail: MasterKey | None,
    lasts: timedelta = LASTS,
) -> Sent:
    """Invite a system user, which is created where there is none of that name; one that there is keeps its password
    until the link is used. ``mail`` seals the letter; None: there is no mail. ``base`` stands before the page's path.

    **Raises** ``SystemUserError``, ``BadRecipient``, ``MasterKeyError``.
    """
    if email:
        letters.read_address(email)
    now = clock.now()
    at = written(now)
    told: list[tuple[str | None, Event]] = []
    new = None
    try:
        user = await system_users.find(store, tenant, name)
    except NoSuchUser:
        user = new = system_users.new_user(clock, tenant, name, kind, email)
        told.append((tenant.id, _event(Kind.SYSTEM_USER_CREATED, at, user)))
    if user.status != "active":
        raise CannotInvite(f"system user {user.name!r} is disabled", hint=f"`rollbook user enable {tenant.name} NAME`")
    link = write_token(random_bytes(32), INVITATION)
    digest = digest_of(link, INVITATION)
    assert digest is not None
    address = f"{base}{PAGE}?token={link}"
    until = written(now + lasts)
    letter = None
    recipient = email or user.email
    if mail is not None and recipient:
        message = letters.invitation(user.name, tenant.name, user.kind, address, until)
        letter = letters.write(clock, mail, letters.MAIL, recipient, letters.INVITATION, user.id, tenant.id, message)
    told.append((tenant.id, _event(Kind.SYSTEM_USER_INVITED, at, user)))
    try:
        await store.entrance.invite(new, Invitation(digest, tenant.id, user.id, at, until), letter, told)
    except AlreadyExists:
        raise system_users.taken(name) from None
    return Sent(user, recipient if letter is not None else "", None if letter is not None else address, until)


async def look(store: Store, clock: Clock, link: str) -> Invited:
    """The invitation of a link. **Raises** ``BadInvitation``."""
    digest = digest_of(link, INVITATION)
    found = await store.entrance.find_invitation(digest) if digest is not None else None
    if found is None or found.invitation.expires <= clock.written():
        raise BadInvitation
    if found.user.status != "active" or found.tenant_status == "deleted":
        raise BadInvitation
    return found


async def accept(
    store: Store, clock: Clock, passwords: Passwords, link: str, password: str, *, peer: str = "", request: str = ""
) -> SystemUser:
    """Set the password that an invitation is for, and use it up. What was issued to the user before ends.

    **Raises** ``BadInvitation``, ``WeakPassword``, ``TemporarilyUnavailable``.
    """
    found = await look(store, clock, link)
    check_new(password, found.user.name)
    hash = await passwords.hash(password)
    at = clock.written()
    event = _event(Kind.SYSTEM_USER_PASSWORD, at, found.user, f"user:{found.user.id}", peer, request)
    if not await store.entrance.accept(found.invitation.digest, at, hash, event):
        raise BadInvitation
    return found.user


def _event(kind: Kind, at: str, user: SystemUser, actor: str = OPERATOR, peer: str = "", request: str = "") -> Event:
    status = 200 if request else 0
    return Event(
        ordered_id(), at, kind, actor, peer, request, resource_type="SystemUser", resource=user.id, status=status
    )
