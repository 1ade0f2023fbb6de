"""Activations: the link by which the person that a resource stands for takes the account that was made for it.

A link holds 256 random bits; only its digest is kept. It is good for one use and a week, and a newer one for the same
resource ends it. It goes by mail and nowhere else: whoever invites must not be able to accept. Looking at the page uses
nothing up: mail programs look at links too.

What accepting changes in the resource is the dialect's to say (its rules); here a link is only claimed, and given back
where nothing came of it.
"""

from datetime import timedelta
from typing import NamedTuple

from rollbook.clock import Clock, written
from rollbook.errors import RollbookError
from rollbook.events import Event, Kind
from rollbook.identity import letters
from rollbook.identity.master_key import MasterKey
from rollbook.identity.token_text import ACTIVATION, digest_of, write_token
from rollbook.ids import ordered_id, random_bytes
from rollbook.scim.effects import Invite
from rollbook.storage.contract import Store
from rollbook.storage.records import Tenant
from rollbook.storage.session_records import ACTIVATION_LETTER, Activation

PAGE = "/account/activate"
LASTS = timedelta(days=7)


class BadActivation(RollbookError):
    """One text for a link that is unknown, used, expired or withdrawn, and for a resource or tenant that is gone."""

    def __init__(self) -> None:
        super().__init__("This link is not valid, or no longer. Ask for a new one.")


class Invited(NamedTuple):
    """Who is invited: a resource, with its type by number and by name."""

    tenant: Tenant
    type: int
    type_name: str
    resource: str


class By(NamedTuple):
    """Who invites, for the event."""

    actor: str
    peer: str = ""
    request: str = ""


async def invite(
    store: Store, clock: Clock, mail: MasterKey, who: Invited, invitation: Invite, by: By, base: str
) -> Activation:
    """Write a link down, and the letter that brings it. ``base`` stands before the page's path.

    **Raises** ``MasterKeyError``.
    """
    link = write_token(random_bytes(32), ACTIVATION)
    digest = digest_of(link, ACTIVATION)
    assert digest is not None
    tenant, now = who.tenant, clock.now()
    at, until = written(now), written(now + LASTS)
    message = letters.activation(invitation.name, tenant.name, f"{base}{PAGE}?token={link}", until)
    letter = letters.write(
        clock, mail, letters.MAIL, invitation.recipient, ACTIVATION_LETTER, who.resource, tenant.id, message
    )
    activation = Activation(tenant.id, who.type, who.resource, digest, at, until)
    event = Event(ordered_id(), at, Kind.RESOURCE_INVITED, *by, resource_type=who.type_name, resource=who.resource)
    await store.sessions.invite(activation, letter, [(tenant.id, event)])
    return activation


async def look(store: Store, clock: Clock, link: str) -> Activation:
    """What a link activates. **Raises** ``BadActivation``."""
    digest = digest_of(link, ACTIVATION)
    found = await store.sessions.find_activation(digest) if digest is not None else None
    if found is None or found.expires <= clock.written():
        raise BadActivation
    return found


async def claim(store: Store, activation: Activation) -> None:
    """Use a link: of those who come with it at once, one goes on. **Raises** ``BadActivation``."""
    if await store.sessions.use_activation(activation.digest) is None:
        raise BadActivation
