"""The terms of a connection: what is tolerated of its client, and what some of its requests mean.

A preset is a named set of terms, made for one identity provider. Settings (``terms_settings``) change single terms of
one connection. What each tolerance accepts is in ``tolerances``; the table of presets in ``docs/reference/presets.md``
is made from here.

Source: what the providers document and are seen to send, as recorded in ``tests/conversations``.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

from rollbook.errors import RollbookError
from rollbook.scim.limits import Limits
from rollbook.scim.tolerances import STANDARD, STRICT, Tolerances


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """How the requests of one connection are understood and answered. Compared by identity: there are few, and they
    are kept."""

    tolerances: Tolerances = STANDARD
    reactivate: bool = False
    """A POST of a User that was deactivated through this connection, with the same userName and externalId, takes the
    old account up again: 201 with its id, its content replaced. Every other POST of a name that is taken is a 409."""
    delete: Literal["delete", "deactivate"] = "delete"
    """``deactivate``: a DELETE of what has ``active`` sets it to false, and the account stays."""
    put_active: Literal["keep", "clear"] = "keep"
    """What a PUT without ``active`` does to it: nothing, or what a POST without it does (it becomes true)."""
    patch_answer: Literal["auto", "body", "empty"] = "auto"
    """What a PATCH is answered with: the resource (200), nothing (204), or nothing only where members came or went."""
    remove_all_members: bool = True
    """Whether one request may take all members out of a group without naming them."""
    require_if_match: bool = False
    """Whether a change of what is there needs ``If-Match`` (428 without)."""
    page_size: int | None = None
    """Resources on a page whose size the client does not say; None: as the server is set."""
    max_page: int | None = None
    """Resources on a page at most; None: as the server is set, which stays the upper bound."""
    rate: float | None = None
    """Requests a second; None: as the server is set."""
    burst: int | None = None
    """Requests at once, where ``rate`` is set; None: as the server is set."""
    store_passwords: bool = False
    """Whether a password that the client sends is kept, as a hash."""
    subject: str | None = None
    """Whom the connection's tokens stand for (``/Me``): a resource's id or a userName."""

    def limits(self, server: Limits) -> Limits:
        """The server's limits as this connection has them."""
        if self.page_size is None and self.max_page is None:
            return server
        most = min(self.max_page or server.max_page, server.max_page)
        return replace(server, max_page=most, default_page=min(self.page_size or server.default_page, most))


_PROVIDER = Terms(replace(STANDARD, derive_schemas=True, unknown="drop", old_names=True))
"""What clients have in common whose bodies are templates that an administrator types: what is unknown in them is
dropped and reported, and the rest is done."""

STANDARD_TERMS = Terms()
PRESETS = {
    "standard": STANDARD_TERMS,
    "entra": replace(_PROVIDER, tolerances=replace(_PROVIDER.tolerances, upsert_on_replace=True, short_names=True)),
    "okta": replace(_PROVIDER, reactivate=True),
    "onelogin": _PROVIDER,
    "jumpcloud": _PROVIDER,
    "ping": _PROVIDER,
    "google": _PROVIDER,
    "strict": Terms(STRICT),
}
"""The presets by name, each for one kind of client."""

FOR_WHOM = {
    "standard": "any client that keeps to the RFCs, and most others",
    "entra": "Microsoft Entra ID",
    "okta": "Okta",
    "onelogin": "OneLogin",
    "jumpcloud": "JumpCloud",
    "ping": "PingOne and PingFederate",
    "google": "Google Workspace",
    "strict": "to test a client of your own: only what the RFCs allow",
}


class InvalidPreset(RollbookError):
    """A name that is no preset."""


def check_preset(name: str) -> str:
    """The preset's name, if there is one of that name. **Raises** ``InvalidPreset``."""
    if name not in PRESETS:
        raise InvalidPreset(f"there is no preset {name!r}{nearest(name, PRESETS)}: choose of {', '.join(PRESETS)}")
    return name


def nearest(name: str, names: Collection[str]) -> str:
    """The known name that a mistyped one may have meant, as a piece of a sentence, or nothing.

    >>> nearest("okat", ["entra", "okta"]), nearest("xyz", ["entra", "okta"])
    (' (did you mean okta?)', '')
    """
    found = get_close_matches(name.lower(), names, n=1)
    return f" (did you mean {found[0]}?)" if found else ""
