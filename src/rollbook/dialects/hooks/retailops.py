"""Retail Ops: users who log in by OpenID (rules of the dialect ``retailops``).

A user is in one of three states, and the link to an OpenID user stands in one of them only::

    inactive ──active: true, openIDUserID──────────────▶ active and linked
       ▲  │                                                ▲      │
       │  └─sendInviteLink: true─▶ pending ──the link──────┘      │
       └────────────active: false────┴────────active: false───────┘

What is kept are ``active``, ``openIDUserID`` and, while an invitation is pending, ``sendInviteLink: true``. A user whom
another dialect made may be active without a link; such a one stays as it is until somebody changes its state here.

Roles, profiles, stores and domains are texts; where a tenant has set lists of them, a text of no list is refused.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rollbook.scim.attributes import Compare
from rollbook.scim.effects import Invite, Withdraw
from rollbook.scim.errors import Forbidden, InvalidValue, MutabilityError
from rollbook.scim.folding import fold
from rollbook.scim.rules import Asked, Document, Plain
from rollbook.scim.tolerances import note

URN = "urn:ietf:params:scim:schemas:extension:retailops:2.0:User"
KEY = "retailOps"
"""What the extension is called on the wire."""

_LISTS = {"role": "roles", "profile": "profiles", "domain": "domains"}
"""The attributes with a list of values, and the tenant's setting that holds it."""

_NOTHING: Document = {
    "role": None,
    "profile": None,
    "openIDUserID": None,
    "domain": None,
    "sendInviteLink": False,
    "isLinkToAllStores": False,
    "storeCodeList": [],
}
"""What is shown of a user of whom nothing is known."""

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,189}")
"""What mail can be sent to."""

_SHOWN = 20


class _State(NamedTuple):
    """How a user stands: ``link`` is its OpenID user, or empty."""

    active: bool
    pending: bool
    link: str

    @classmethod
    def of(cls, document: Mapping[str, Any] | None) -> "_State":
        if document is None:
            return cls(False, False, "")
        own = document.get(URN) or {}
        link = own.get("openIDUserID") or ""
        return cls(bool(document.get("active")), bool(own.get("sendInviteLink")), link if link.strip() else "")


class RetailOps(Plain):
    """See the module."""

    by_document = True

    def admit(self, settings: Mapping[str, Any]) -> None:
        """The product manages the users of tenants that log in by OpenID, and of no others."""
        if not settings.get("openid", True):
            raise Forbidden("This tenant does not log in by OpenID, so its users are not managed here.")

    def judge(self, before: Mapping[str, Any] | None, after: Document, asked: Asked) -> Document:
        """Moves the user from state to state, and holds its values against the tenant's lists."""
        was, wanted = _State.of(before), _State.of(after)
        own = dict(after.get(URN) or {})
        if before is not None:
            _check_name(before, after, asked)
        _check_lists(own, asked.settings)
        _set_stores(own, asked)
        said = _said(before, after, asked)
        now = _moved(was, wanted, said)
        _tell(was, wanted, said, now, after, asked)
        for name, value in (("openIDUserID", now.link), ("sendInviteLink", now.pending)):
            own.pop(name, None)
            if value:
                own[name] = value
        return _with(after, own, now.active)

    def show(self, resource: Document, asked: Asked) -> Document:
        """Answers hold all seven members of the extension, whatever is set; what is not is null, false or empty."""
        return {**resource, URN: {**_NOTHING, **(resource.get(URN) or _NOTHING)}}


RULES = RetailOps()


def is_pending(document: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    """Whether an invitation of this user can be accepted."""
    return _State.of(document).pending and bool(settings.get("openid", True))


def openid_user_of(document: Mapping[str, Any], settings: Mapping[str, Any]) -> str | None:
    """The OpenID user that a user is by what the tenant has set; None where only the user can say."""
    match settings.get("activation_openid_user", "ask"):
        case "userName" | "externalId" as name:
            return document.get(name) or None
        case "email":
            emails = document.get("emails") or [{}]
            return next((email for email in emails if email.get("primary")), emails[0]).get("value") or None
        case _:
            return None


class _Said(NamedTuple):
    """What the request itself said of the state; None: nothing."""

    active: bool | None
    invite: bool | None


def _said(before: Mapping[str, Any] | None, after: Document, asked: Asked) -> _Said:
    was, wanted = _State.of(before), _State.of(after)
    if not asked.given:  # a PATCH: what it has changed is what it said
        return _Said(
            wanted.active if before is None or wanted.active != was.active else None,
            wanted.pending if wanted.pending != was.pending else None,
        )
    given = {name.lower(): value for name, value in asked.given.items()}
    own = given.get(KEY.lower(), given.get(URN.lower()))
    inner = {name.lower(): value for name, value in own.items()} if isinstance(own, dict) else {}
    return _Said(
        wanted.active if given.get("active") is not None else None,
        wanted.pending if inner.get("sendinvitelink") is not None else None,
    )


def _moved(was: _State, wanted: _State, said: _Said) -> _State:
    """The state that a request leads to. **Raises** ``InvalidValue`` for one that no request may ask for."""
    if said.invite:
        if said.active:
            raise InvalidValue(
                "active is true and sendInviteLink too: an invited user becomes active by the link; send one of them."
            )
        return _State(False, True, "")
    if said.active:
        if not wanted.link and not (was.active and not was.link):
            raise InvalidValue(
                "active is true without retailOps.openIDUserID: name the OpenID user, or send sendInviteLink: true."
            )
        return _State(True, False, wanted.link)
    if said.active is None and was.active:
        return _State(True, False, wanted.link or was.link)
    pending = said.active is None and said.invite is None and was.pending
    return _State(False, pending, "")


def _tell(was: _State, wanted: _State, said: _Said, now: _State, after: Document, asked: Asked) -> None:
    """Leave the effects of this change, in place of those of a try before it; and notes of what was dropped."""
    asked.effects[:] = [effect for effect in asked.effects if not isinstance(effect, Invite | Withdraw)]
    if said.invite:
        asked.effects.append(Invite(_recipient(after), after.get("userName", "")))
    elif was.pending and not now.pending:
        asked.effects.append(Withdraw())
    if wanted.link and not now.link:
        note(asked.notes, "not active, so not linked", "retailOps.openIDUserID")


def _recipient(document: Mapping[str, Any]) -> str:
    emails = [email for email in document.get("emails") or () if email.get("value")]
    primary = next((email for email in emails if email.get("primary")), emails[0] if emails else {"value": ""})
    address: str = primary["value"]
    if not _ADDRESS.fullmatch(address):
        raise InvalidValue("sendInviteLink is true, and emails hold no address that a mail can be sent to.")
    return address


def _check_name(before: Mapping[str, Any], after: Document, asked: Asked) -> None:
    names = [fold(Compare.USER_NAME, document.get("userName") or "") for document in (before, after)]
    if names[0] != names[1] and asked.settings.get("user_name_immutable", True):
        raise MutabilityError("userName is another one than that of the user, and it does not change once it is set.")


def _check_lists(own: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    for name, setting in _LISTS.items():
        known, value = settings.get(setting) or (), own.get(name)
        if known and value is not None and value not in known:
            raise InvalidValue(f"retailOps.{name} is none of the tenant's {setting}: {_some(known)}.")


def _set_stores(own: Document, asked: Asked) -> None:
    codes = own.get("storeCodeList") or ()
    known = asked.settings.get("stores") or ()
    if known and any(code not in known for code in codes):
        raise InvalidValue(f"retailOps.storeCodeList holds a code that is none of the tenant's stores: {_some(known)}.")
    if codes and own.get("isLinkToAllStores"):
        note(asked.notes, "linked to all stores, so the list is empty", "retailOps.storeCodeList")
        del own["storeCodeList"]
    if not own.get("isLinkToAllStores"):
        own.pop("isLinkToAllStores", None)  # false is what is shown of nothing: who puts what was read changes nothing


def _some(known: Sequence[str]) -> str:
    """The first of a list, for an error."""
    shown = ", ".join(known[:_SHOWN])
    return f"{shown}, … ({len(known)} in all)" if len(known) > _SHOWN else shown


def _with(document: Document, own: Document, active: bool) -> Document:
    """A document with this extension (none where it is empty), and its schema as it is used."""
    changed = {**document, "active": active, URN: own}
    schemas = [schema for schema in document.get("schemas", []) if schema != URN]
    if own:
        changed["schemas"] = [*schemas, URN]
    else:
        changed["schemas"] = schemas
        del changed[URN]
    return changed
