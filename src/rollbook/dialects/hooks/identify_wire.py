"""What clients of Identify write, in terms of the schemas: other spellings of its attributes, and the mapping hint.

Three spellings of one attribute are known: with a colon behind the URN (the specification), with a dot (the vendor's
own clients), and names of later versions (``activationCodes``). The hint is a schema whose URN has a text in place of
an object; it is taken out of the body here, so that no attribute of a user is called so. A body is read before its
names are the kept ones, and may be read again afterwards.
"""

from collections.abc import Mapping
from typing import Any

from rollbook.dialects.hooks.identify_names import Naming, hinted, name_of
from rollbook.scim import urns
from rollbook.scim.errors import InvalidSyntax, InvalidValue
from rollbook.scim.rules import Document
from rollbook.scim.tolerances import note

OWN = "urn:scim:schemas:extension:safewhere:identify:1.0"
HINT = "urn:scim:schemas:extension:mapping:hint:1.0"
CORE_1 = "urn:scim:schemas:core:1.0"
ENTERPRISE_1 = "urn:scim:schemas:extension:enterprise:1.0"

CLAIMS = "Claims"
ACTIVATION = "ActivationCode"
RESET = "forceResetPasswordAfterFirstTimeLogin"

_CLAIM_PARTS = ("type", "value", "primary", "display", "operation")
_NAMES = {name.lower(): name for name in (CLAIMS, ACTIVATION, RESET)} | {"activationcodes": ACTIVATION}
_PLAIN = frozenset(("schemas", "userName", "displayName", "active", "emails", "password", "externalId", "id", "meta"))
"""What is called the same everywhere, and says nothing about claims."""
_PLAIN_LOWER = frozenset(name.lower() for name in _PLAIN - {"schemas"})
_KEPT_PARTS = frozenset(_CLAIM_PARTS) - {"operation"}
_OWN_NAMES = frozenset((CLAIMS, ACTIVATION, RESET))
_URNS = (CORE_1, ENTERPRISE_1, OWN, urns.USER, urns.ENTERPRISE_USER)
_READ = _PLAIN | {OWN, urns.ENTERPRISE_USER}
_HOMES = {urn.lower(): urn for urn in (OWN, ENTERPRISE_1, urns.ENTERPRISE_USER)}


def spell(path: str) -> str:
    """A path in the schemas' spelling, as far as it is one of ours; any other as it is.

    >>> spell("urn:scim:schemas:extension:safewhere:identify:1.0.claims")
    'urn:scim:schemas:extension:safewhere:identify:1.0:Claims'
    """
    path = path.strip()
    found = _own_name(path)
    return path if found is None else ":".join(found)


def _own_name(path: str) -> tuple[str, str] | None:
    """The schema and the attribute in ``URN:name``, ``URN.name`` or a name of ours alone."""
    lower = path.lower()
    for prefix, urn in _HOMES.items():
        if lower.startswith(prefix) and lower[len(prefix) : len(prefix) + 1] in (":", "."):
            name, dot, sub = path[len(prefix) + 1 :].partition(".")
            if name:
                return urn, _named(name) + dot + sub
    name, dot, sub = path.partition(".")
    if name.lower() in _NAMES:
        return OWN, _NAMES[name.lower()] + dot + sub
    return None


def given_names(body: Mapping[str, Any]) -> frozenset[str]:
    """The names of the attributes that a body holds, in lower case, without their schemas."""
    names: set[str] = set()
    for key, value in body.items():
        if key.lower() in _HOMES:
            names |= {_named(name) for name in value} if isinstance(value, dict) else set()
        else:
            found = _own_name(key)
            names.add(found[1] if found else key)
    return frozenset(name.lower() for name in names)


def _named(name: str) -> str:
    return _NAMES.get(name.lower(), name)


def read_body(body: Document, naming: Naming, notes: list[str], *, whole: bool = True) -> Document:
    """A body in terms of the schemas.

    **Rules**: a ``userName`` that is not there is taken from ``externalId``, which is the same, else from the claims,
    unless this is no ``whole`` resource: then it has its name already. **Raises** ``InvalidSyntax``, ``InvalidValue``.
    """
    schemas = body.get("schemas")
    if (
        (body.keys() <= _PLAIN or _is_read(body))
        and body.get("userName") is not None
        and (schemas is None or (schemas.__class__ is list and all(urn in _URNS for urn in schemas)))
    ):
        return body
    out: Document = {}
    hint: Any = None
    for key, value in body.items():
        lower = key.lower()
        if lower in _PLAIN_LOWER:
            out[key] = value
        elif lower == HINT:
            hint = value
        elif lower == "schemas" and isinstance(value, list):
            out[key] = [urn for urn in value if not (isinstance(urn, str) and urn.lower() == HINT)]
        elif lower in _HOMES:
            if value is None:
                out.setdefault(_HOMES[lower], {})
            elif isinstance(value, dict):
                for name, inside in value.items():
                    _put(out, _HOMES[lower], _named(name), inside, notes)
            else:
                raise InvalidSyntax(f"{key} is a schema extension: its value has to be a JSON object.")
        elif (found := _own_name(key)) is not None:
            _put(out, *found, value, notes)
        else:
            out[key] = value
    name_key = _key(out, "userName")
    name = out.get(name_key)
    if name is None and whole:
        name = _other_name(out, naming)
    if hint not in (None, ""):
        if not isinstance(hint, str):
            raise InvalidValue(f"{HINT} has to be a text: a claim type.")
        if not isinstance(name, str) or not name:
            raise InvalidValue("The mapping hint says of which claim type userName is; give userName with it.")
        name = hinted(name, hint, naming)
    if name is not None:
        out[name_key] = name
    return out


def _is_read(body: Mapping[str, Any]) -> bool:
    """Whether a body has been read before: its claims stand where they are kept, with nothing beside them."""
    own = body.get(OWN)
    if not body.keys() <= _READ or own.__class__ is not dict or not own.keys() <= _OWN_NAMES or ACTIVATION in own:
        return False
    claims = own.get(CLAIMS, [])
    return claims.__class__ is list and all(c.__class__ is dict and c.keys() <= _KEPT_PARTS for c in claims)


def _other_name(body: Document, naming: Naming) -> Any:
    """The ``userName`` of a body that has none by that name."""
    if (external := body.get(_key(body, "externalId"))) is not None:
        return external
    claims = body.get(OWN, {}).get(CLAIMS)
    if not isinstance(claims, list):
        return None
    usable = [c for c in claims if isinstance(c, dict) and all(isinstance(c.get(n), str) for n in ("type", "value"))]
    found = name_of(usable, naming)
    return naming.separator.join(found) if found is not None else None


def _key(body: Mapping[str, Any], name: str) -> str:
    if name in body:
        return name
    return next((key for key in body if key.lower() == name.lower()), name)


def _put(body: Document, urn: str, name: str, value: Any, notes: list[str]) -> None:
    inside = body.setdefault(urn, {})
    if name in inside:
        raise InvalidSyntax(f'The attribute "{urn}:{name}" stands twice, in different spellings; give it once.')
    if urn == OWN and name == CLAIMS:
        value = _claims(value, notes)
    elif urn == OWN and name == ACTIVATION:
        value = _code(value)
    inside[name] = value


def _claims(value: Any, notes: list[str]) -> Any:
    """Claims without what the vendor's class has beside them (``employeeNumber``, an empty ``operation``)."""
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        return value
    return [_claim(claim, notes) if isinstance(claim, dict) else claim for claim in value]


def _claim(claim: Document, notes: list[str]) -> Document:
    if claim.keys() <= _KEPT_PARTS:
        return claim
    kept = {}
    for key, value in claim.items():
        name = key.lower()
        if name not in _CLAIM_PARTS:
            note(notes, "dropped", f"{CLAIMS}.{key}")
        elif not (name == "operation" and value in (None, "")):
            kept[name] = value
    return kept


def _code(value: Any) -> Any:
    """An activation code, also as the list of claims that later versions have. **Raises** ``InvalidValue``."""
    if isinstance(value, list):
        if len(value) > 1:
            raise InvalidValue(f"A user has one activation code; give one in {ACTIVATION}.")
        value = value[0] if value else None
    return value.get("value") if isinstance(value, dict) else value
