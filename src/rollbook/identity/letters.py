"""What the house writes to people: invitations, and the two halves of a client's credential. Here they are worded and
sealed; sending them is ``delivery``'s.

A letter may hold a link or a secret, so its content is encrypted by the master key while it waits in the database.
"""

import re
from datetime import timedelta
from typing import NamedTuple

import orjson

from rollbook.clock import Clock, written
from rollbook.errors import RollbookError
from rollbook.identity.master_key import MasterKey
from rollbook.ids import new_id
from rollbook.storage.entrance_records import Letter

MAIL, TEXT = "mail", "text"
INVITATION, CLIENT_ID, CLIENT_SECRET = "invitation", "client-id", "client-secret"
_KEPT = timedelta(days=30)
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,189}")
_NUMBER = re.compile(r"\+?[0-9][0-9 ()-]{4,20}")


class BadRecipient(RollbookError):
    pass


class Message(NamedTuple):
    """``subject`` is empty for a text message."""

    subject: str
    text: str


def read_address(text: str) -> str:
    """An e-mail address. **Raises** ``BadRecipient``."""
    if not _ADDRESS.fullmatch(text):
        raise BadRecipient("this is no e-mail address that mail can be sent to: give one such as ann@acorn.example")
    return text


def read_number(text: str) -> str:
    """A telephone number, without what people write between its digits. **Raises** ``BadRecipient``."""
    if not _NUMBER.fullmatch(text):
        raise BadRecipient("this is no telephone number: give one such as +31201234567")
    return re.sub(r"[ ()-]", "", text)


def write(
    clock: Clock,
    master: MasterKey,
    channel: str,
    recipient: str,
    kind: str,
    about: str,
    tenant: str | None,
    message: Message,
) -> Letter:
    """A letter that is due at once. **Raises** ``MasterKeyError``."""
    id, now = new_id(), clock.now()
    return Letter(
        id=id,
        tenant=tenant,
        about=about,
        channel=channel,
        recipient=recipient,
        kind=kind,
        content=master.seal(orjson.dumps([message.subject, message.text]), id),
        state="waiting",
        attempts=0,
        due=written(now),
        reason="",
        created=written(now),
        expires=written(now + _KEPT),
    )


def read(letter: Letter, master: MasterKey) -> Message:
    """What a letter says. **Raises** ``MasterKeyError``."""
    assert letter.content is not None
    return Message(*orjson.loads(master.open(letter.content, letter.id)))


def invitation(name: str, tenant: str, kind: str, link: str, until: str) -> Message:
    purpose = "the APIs (it does not open the portal)" if kind == "api" else "the portal"
    return Message(
        f"Set the password of {name}" if len(name) <= 60 else "Set a password",
        f"Hello,\n\nthere is a login for {purpose} of {tenant}:\n\n    {name}\n\n"
        f"Set its password here, once, before {until[:16].replace('T', ' ')} UTC:\n\n    {link}\n\n"
        "Whoever has this link can set the password, so do not pass it on. If you did not expect this message, do"
        " nothing: without the link nothing happens.\n",
    )


def activation(name: str, tenant: str, link: str, until: str) -> Message:
    return Message(
        f"Activate {name}" if len(name) <= 60 else "Activate your account",
        f"Hello,\n\nthere is an account for you at {tenant}:\n\n    {name}\n\n"
        f"Activate it here, once, before {until[:16].replace('T', ' ')} UTC:\n\n    {link}\n\n"
        "Whoever has this link can activate the account, so do not pass it on. A later message of this kind ends it. If"
        " you did not expect this message, do nothing: without the link nothing happens.\n",
    )


def client_id(name: str, client: str, address: str) -> Message:
    return Message(
        "The id of your client",
        f"Hello,\n\nthe id of the client {name} is\n\n    {client}\n\nIt asks for tokens at\n\n    {address}\n\n"
        "Its secret comes by another way. The id alone opens nothing.\n",
    )


def client_secret(secret: str) -> Message:
    return Message("", f"Client secret: {secret}")
