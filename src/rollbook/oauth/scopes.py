"""What a token may do, by name (RFC 6749 §3.3), and the names that products have for it."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rollbook.oauth.errors import InvalidScope

SCOPES = (
    "scim.read",
    "scim.write",
    "schemas.write",
    "system.read",
    "system.write",
    "lockers.manage",
    "access.read",
    "audit.read",
)

OFFLINE = "offline_access"
"""Asks for a refresh token. It is no right, so it is in no token; a client that may refresh gets one without it too."""

Names = Mapping[str, tuple[str, ...]]
_NO_NAMES: Names = {}

_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


class Granted(NamedTuple):
    """``scopes`` are what the token may do, in the order of ``SCOPES``; ``named`` is how the answer calls them."""

    scopes: tuple[str, ...]
    named: tuple[str, ...]


def read_scope(text: str | None) -> tuple[str, ...]:
    """The names in a parameter ``scope``, each once; none where nothing was asked. **Raises** ``InvalidScope``."""
    names = tuple(dict.fromkeys((text or "").split(" "))) if text else ()
    if not all(_TOKEN.fullmatch(name) for name in names):
        raise InvalidScope("The scope has to be names with single spaces between.")
    return names


def grant(
    asked: tuple[str, ...],
    allowed: Iterable[str],
    *,
    offline: bool = False,
    names: Names = _NO_NAMES,
    own: Names = _NO_NAMES,
) -> Granted:
    """What is granted of what was asked.

    **Rules**: nothing asked: all that is allowed. Asked for what is not allowed, or unknown: refused as a whole, so
    that nobody finds out later what is missing. The answer repeats the names that were asked for; ``offline_access`` is
    among them only where ``offline`` (a refresh token comes with the answer). ``names`` are what products call scopes,
    each with those of ours that it means; letter case counts, as in every scope. ``own`` are those of the client's own
    product: where nothing was asked, the answer tells what is granted by these.
    **Raises** ``InvalidScope``.
    """
    may = frozenset(allowed)
    rights = tuple(name for name in asked if name != OFFLINE)
    wanted = {scope for name in rights for scope in names.get(name, (name,))} or may
    if not wanted or not wanted <= may:
        raise InvalidScope("The client may not have this scope here.")
    scopes = ordered(wanted)
    named = (*(rights or told(scopes, own)), *((OFFLINE,) if offline and OFFLINE in asked else ()))
    return Granted(scopes, named)


def told(scopes: tuple[str, ...], own: Names) -> tuple[str, ...]:
    """What a product calls these scopes (RFC 6749 §5.1); what it has no name for, or only in part, is called as here.

    >>> told(("scim.read", "scim.write", "audit.read"), {"Product.SCIM": ("scim.read", "scim.write")})
    ('Product.SCIM', 'audit.read')
    """
    left = set(scopes)
    found = set()
    for name, ours in sorted(own.items(), key=lambda pair: -len(pair[1])):
        if left.intersection(ours) and set(ours).issubset(scopes):
            found.add(name)
            left.difference_update(ours)
    return (*(name for name in own if name in found), *(scope for scope in scopes if scope in left))


def ordered(scopes: Iterable[str]) -> tuple[str, ...]:
    """Scopes in the order of ``SCOPES``; what is no scope of ours is left out.

    >>> ordered({"scim.write", "scim.read", "x"})
    ('scim.read', 'scim.write')
    """
    there = frozenset(scopes)
    return tuple(scope for scope in SCOPES if scope in there)
