"""Identify: a user is its claims (rules of the dialect ``identify``).

One fact is kept once, where every dialect finds it, and a claim that says the same is worked out when it is shown::

    kept                                     shown
    userName ann                             the primary claim's value; userName; externalId
    Claims [{type: …/upn, primary}]          the primary claim's type (none kept: the tenant's default type)
    emails [{value: ann@x}]                  emails, and a claim of the tenant's e-mail type for each
    ActivationCode 4711                      ActivationCode, and a claim of the tenant's activation type
    Claims [{type: …/role, value: y}]        the claim, not primary

So a user that came in by another dialect has claims here, and one renamed there is renamed here. What a client may
write in two places is settled by what has changed (``identify_facts``): one of the two is left as it was read, mostly.

What is read from the wire, and the names of the two schemas, is in ``identify_wire``; steps of naming are in
``identify_names``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rollbook.dialects.hooks.identify_facts import addresses, check_organization, key_of, settled, values
from rollbook.dialects.hooks.identify_names import Named, Naming, claim_of, name_of
from rollbook.dialects.hooks.identify_wire import ACTIVATION, CLAIMS, OWN, RESET, given_names, read_body, spell
from rollbook.scim import urns
from rollbook.scim.errors import InvalidFilter, InvalidValue
from rollbook.scim.rules import Asked, Document, Plain
from rollbook.scim.tolerances import note, shortened

ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True)
class Setup:
    """What a tenant has set, as these rules need it."""

    naming: Naming
    email_type: str
    activation_type: str
    definitions: frozenset[str]
    """The claim types that there are; empty: any."""
    organizations: Mapping[str, Any]
    """The tree of them: names, each with those below it. The one at the top is the root."""

    root: str
    """The organisation of users who are in none."""


_setups: dict[int, tuple[Mapping[str, Any], Setup]] = {}
_SETUPS = 1024
"""Setups that are remembered, by the identity of the settings; a tenant's settings are one object for a while."""


def setup_of(settings: Mapping[str, Any]) -> Setup:
    """The setup of a tenant with these settings."""
    found = _setups.get(id(settings))
    if found is not None and found[0] is settings:
        return found[1]
    tree = settings["organizations"]
    made = Setup(
        Naming(settings["separator"], settings["default_claim_type"]),
        settings["email_claim_type"],
        settings["activation_claim_type"],
        frozenset(settings["claim_definitions"]),
        tree,
        next(iter(tree), "Root"),
    )
    if len(_setups) >= _SETUPS:
        _setups.clear()
    _setups[id(settings)] = (settings, made)
    return made


class Identify(Plain):
    """The rules of the dialect."""

    by_document = True
    matching: Mapping[str, tuple[str, ...]] = {f"{OWN}:{CLAIMS}": ("type", "value")}

    def path(self, text: str) -> str:
        """A path as the schemas spell it (``identify_wire.spell``)."""
        return spell(text)

    def search_path(self, text: str) -> str:
        """What is found in the store: ``externalId`` is the name; what is worked out when it is shown is not there.
        **Raises** ``InvalidFilter``."""
        lower = text.lower()
        if lower == "externalid":
            return "userName"
        if lower.startswith((OWN, urns.ENTERPRISE_USER.lower())) and not lower.endswith(RESET.lower()):
            raise InvalidFilter("Users are searched by userName, displayName, active, emails, id and meta.")
        return text

    def read(self, body: Document, asked: Asked) -> Document:
        """A body in terms of the schemas (``identify_wire.read_body``)."""
        return read_body(body, setup_of(asked.settings).naming, asked.notes)

    def read_part(self, body: Document, asked: Asked) -> Document:
        """The same of what may be no whole user: nobody's name is worked out."""
        return read_body(body, setup_of(asked.settings).naming, asked.notes, whole=False)

    def open(self, document: Document, asked: Asked) -> Document:
        """A kept document with all claims in it."""
        return _opened(document, setup_of(asked.settings))

    def show(self, resource: Document, asked: Asked) -> Document:
        """A kept resource with all claims in it, and with the organisation that it is in."""
        setup = setup_of(asked.settings)
        shown = _opened(resource, setup)
        enterprise = shown.get(urns.ENTERPRISE_USER)
        if enterprise is None:
            shown[urns.ENTERPRISE_USER] = {ORGANIZATION: setup.root}
        elif ORGANIZATION not in enterprise:
            shown[urns.ENTERPRISE_USER] = {**enterprise, ORGANIZATION: setup.root}
        return shown

    def judge(self, before: Mapping[str, Any] | None, after: Document, asked: Asked) -> Document:
        """What is kept. **Raises** ``InvalidValue``: no name, a claim type or an organisation that there is not, two
        activation codes."""
        return _Judgement(before, after, asked, setup_of(asked.settings)).kept()


def _opened(document: Mapping[str, Any], setup: Setup) -> Document:
    own = document.get(OWN) or {}
    name = document["userName"]
    naming = {"type": setup.naming.default_type}
    claims: list[Document] = []
    for claim in own.get(CLAIMS, ()):
        if claim.get("primary"):
            naming = claim
        else:
            claims.append({**claim, "primary": False})
    claims.insert(0, {**naming, "value": name, "primary": True})
    emails = document.get("emails")
    if emails:
        type = setup.email_type
        known = {key_of(type, name)} if naming["type"] == type else set()
        for email in emails:
            value = email.get("value")
            if value and (key := key_of(type, value)) not in known:
                known.add(key)
                added = {"type": type, "value": value, "primary": False}
                if "display" in email:
                    added["display"] = email["display"]
                claims.append(added)
    if code := own.get(ACTIVATION):
        claims.append({"type": setup.activation_type, "value": code, "primary": False})
    return {**document, "externalId": name, OWN: {**own, CLAIMS: claims}}


class _Judgement:
    """One write. ``was`` is the resource as its client saw it; ``given`` is the body of a POST or PUT, None for a
    PATCH."""

    def __init__(self, before: Mapping[str, Any] | None, after: Document, asked: Asked, setup: Setup) -> None:
        self._before = before
        self._after = after
        self._notes = asked.notes
        self._setup = setup
        self._was: Mapping[str, Any] = {} if before is None else _opened(before, setup)
        self._given = asked.given if before is None or asked.given else None
        self._claims: list[Document] = after.get(OWN, {}).get(CLAIMS, [])
        self._old_claims = [(c["type"], c.get("value")) for c in self._was[OWN][CLAIMS]] if self._was else []
        """Types and values of the claims as they were read."""

    def kept(self) -> Document:
        self._check_types()
        old = self._old_name()
        new = self._new_name(old)
        known = (new.value, self._was.get("externalId"), (self._before or {}).get("externalId"))
        if self._after.get("externalId", new.value) not in known:
            note(self._notes, "not the userName, ignored", "externalId")
        self._check_definition(new.type)
        claims = [claim for claim in self._claims if not self._is_rewritten(claim, old, new)]
        document = {name: value for name, value in self._after.items() if name not in ("externalId", "emails", OWN)}
        document["userName"] = new.value
        if self._before is not None and "externalId" in self._before:
            document["externalId"] = self._before["externalId"]  # another connection's: here it is the userName
        if emails := self._emails(claims, old, new):
            document["emails"] = emails
        own = {name: v for name, v in self._after.get(OWN, {}).items() if name not in (CLAIMS, ACTIVATION)}
        if code := self._activation_code(claims, new):
            own[ACTIVATION] = code
        if kept := self._kept_claims(claims, old, new, code):
            own[CLAIMS] = kept
        if own:
            document[OWN] = own
        return self._with_organization(document)

    # -- the name ------------------------------------------------------------------------------------------------------

    def _old_name(self) -> Named | None:
        if not self._was:
            return None
        return name_of(self._was.get(OWN, {}).get(CLAIMS, ()), self._setup.naming)

    def _new_name(self, old: Named | None) -> Named:
        naming = self._setup.naming
        text = self._after["userName"]
        stated = next((Named(c["type"], c["value"]) for c in self._claims if c.get("primary") and c.get("value")), None)
        if naming.split(text) is not None:
            return claim_of(text, None, naming)
        if old is None or text != old.value:  # a new name is given, and it decides
            return stated if stated is not None and stated.value == text else claim_of(text, None, naming)
        if stated is not None:
            return stated
        if self._given is not None:
            return old
        left = [claim for claim in self._claims if claim["type"] != self._setup.activation_type]
        found = name_of(left, naming)
        if found is None:
            raise InvalidValue("userName is required: leave one claim that it can be the value of.")
        return found

    def _is_rewritten(self, claim: Document, old: Named | None, new: Named) -> bool:
        """Whether a claim is the one that names the user, or was and has got a new value."""
        pair = (claim["type"], claim.get("value"))
        return pair == new or (pair == old and claim.get("primary") is True)

    def _check_types(self) -> None:
        if not self._setup.definitions:
            return
        known = {claim["type"] for claim in self._was.get(OWN, {}).get(CLAIMS, ())}
        for claim in self._claims:
            if claim["type"] not in known:
                self._check_definition(claim["type"])

    def _check_definition(self, type: str) -> None:
        setup = self._setup
        usual = (setup.naming.default_type, setup.email_type, setup.activation_type)
        if not setup.definitions or type in setup.definitions or type in usual:
            return
        if any(claim["type"] == type for claim in self._was.get(OWN, {}).get(CLAIMS, ())):
            return
        raise InvalidValue(f'There is no claim definition "{shortened(type)}" in this tenant.')

    # -- what stands in two places -------------------------------------------------------------------------------------

    def _emails(self, claims: list[Document], old: Named | None, new: Named) -> list[Document]:
        """``emails``, settled with the claims of the e-mail type.

        **Rules**: a name that is of this type is an address too, unless it was the name already and none: that is so
        where another dialect wrote it, or where somebody took the address away.
        """
        type = self._setup.email_type
        listed: list[Document] = self._after.get("emails", [])
        was_listed: list[Document] = self._was.get("emails", [])
        there = {claim["value"]: claim for claim in claims if claim["type"] == type and claim.get("value")}
        was = [value for t, value in self._old_claims if t == type and value]
        if new.type == type:
            if new != old or key_of(type, new.value) in {key_of(type, value) for value in values(was_listed)}:
                there = {new.value: {}} | there
            else:
                was.remove(new.value)
        if not there and not was:
            return listed
        wanted = settled(values(listed), values(was_listed), list(there), was, self._says("emails"), type)
        shown = {key_of(type, value): claim["display"] for value, claim in there.items() if "display" in claim}
        return addresses({key_of(type, value): value for value in wanted}, listed, was_listed, shown)

    def _activation_code(self, claims: list[Document], new: Named) -> str | None:
        """``ActivationCode``, settled with the claim of its type."""
        type = self._setup.activation_type

        def codes(document: Mapping[str, Any]) -> list[str]:
            code = document.get(OWN, {}).get(ACTIVATION)
            return [code] if code else []

        there = [c["value"] for c in claims if c["type"] == type and c.get("value")]
        was = [value for t, value in self._old_claims if t == type and value]
        if new.type == type and new.value in was:
            was.remove(new.value)
        if not there and not was:
            return next(iter(codes(self._after)), None)
        if set(there) == set(was) and codes(self._after) == codes(self._was):
            return next(iter(codes(self._was)), None)
        wanted = settled(codes(self._after), codes(self._was), there, was, self._says(ACTIVATION), "")
        if len(wanted) > 1:
            raise InvalidValue(f"A user has one activation code: give {ACTIVATION} or one claim of its type.")
        return wanted[0] if wanted else None

    def _says(self, name: str) -> bool | None:
        """Whether a body names an attribute; None for a PATCH, which names what it changes."""
        return None if self._given is None else name.lower() in given_names(self._given)

    def _kept_claims(self, claims: list[Document], old: Named | None, new: Named, code: str | None) -> list[Document]:
        """The claims that say what is said nowhere else, with the type of the one that names the user before them."""
        email_type, code_type = self._setup.email_type, self._setup.activation_type
        before = (self._before or {}).get(OWN, {}).get(CLAIMS, ())
        ordinary = [c.get("value") for c in before if c["type"] == code_type and not c.get("primary")]
        others = [
            _other(claim)
            for claim in claims
            if claim["type"] not in (email_type, code_type)
            or not claim.get("value")
            # One that was an ordinary claim, before the tenant set its type to be the code's, is one still.
            or (claim["type"] == code_type and claim.get("value") in ordinary and claim.get("value") != code)
        ]
        stated = next((c for c in self._claims if (c["type"], c.get("value")) == new), {})
        naming = {"type": new.type, "primary": True}
        if "display" in stated:
            naming["display"] = stated["display"]
        silent = self._before is not None and not any(claim.get("primary") for claim in before)
        if silent and old is not None and new.type == old.type and "display" not in naming:
            return others  # came in by another dialect: nobody has said a type, and nobody does now
        return [naming, *others]

    # -- the organisation ----------------------------------------------------------------------------------------------

    def _with_organization(self, document: Document) -> Document:
        inside = document.get(urns.ENTERPRISE_USER, {})
        wanted = inside.get(ORGANIZATION)
        was = (self._before or {}).get(urns.ENTERPRISE_USER, {}).get(ORGANIZATION)
        if wanted is None or wanted == was:
            return document
        name = check_organization(wanted, self._setup.root, self._setup.organizations)
        if name == self._setup.root and was is None:  # where every user is who is nowhere else
            left = {name: value for name, value in inside.items() if name != ORGANIZATION}
            rest = {name: value for name, value in document.items() if name != urns.ENTERPRISE_USER}
            return {**rest, urns.ENTERPRISE_USER: left} if left else rest
        return document


def _other(claim: Mapping[str, Any]) -> Document:
    """A claim as it is kept: that it does not name the user goes without saying."""
    return {name: claim[name] for name in ("type", "value", "display") if name in claim}


RULES = Identify()
