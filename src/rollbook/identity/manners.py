"""How the identity server treats the clients of one product: values that its dialect says, handed in from above.

A client is treated as the dialect of the connection through which it works in a tenant says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rollbook.oauth.access_token import LIFETIME

Names = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Manner:
    """What is so for clients of one dialect."""

    names: Names = field(default_factory=dict)
    """The product's scopes, each with those of ours that it asks for."""
    access_seconds: int = LIFETIME
    """How long an access token is good."""
    refresh_cap_seconds: int | None = None
    """How long after the login it may be refreshed, however often; None: as the client is set."""
    refresh_on_request: bool = False
    """Whether only who asks for ``offline_access`` gets a refresh token; else each client that may refresh."""


PLAIN = Manner()


class Manners:
    """The manners of all dialects of a house, by name."""

    def __init__(self, known: Mapping[str, Manner] | None = None) -> None:
        self._known = dict(known or {})
        self.names: Names = {name: ours for manner in self._known.values() for name, ours in manner.names.items()}
        """The scopes of all products: whoever asks for one is understood, whatever the client's own dialect."""

    def of(self, dialect: str) -> Manner:
        """How a client of that dialect is treated."""
        return self._known.get(dialect, PLAIN)


def first_name(names: Names, scope: str) -> str:
    """What a product calls a scope of ours.

    >>> first_name({"Product.SCIM": ("scim.read", "scim.write")}, "scim.write"), first_name({}, "scim.write")
    ('Product.SCIM', 'scim.write')
    """
    return next((name for name, ours in names.items() if scope in ours), scope)


def shortest(seconds: Iterable[int | None]) -> int | None:
    """The shortest of some times, of which None is no limit."""
    return min((one for one in seconds if one is not None), default=None)
