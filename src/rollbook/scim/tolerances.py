"""Leniencies towards clients, by name (RFC 7644 §3.3.1 leaves room). The presets made of them are in ``presets``.

A tolerance accepts a form that the RFC does not have and that cannot be mistaken for another meaning. What one did is
noted, so that it stands in the event of the request: nothing is rewritten or dropped in silence.
"""

from dataclasses import dataclass
from typing import Literal

NOTES_LIMIT = 64
"""Notes kept of one request. Precedent: a client that needs more has one habit, not sixty."""
_NAME_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is accepted beyond the RFC. Each says what a client may send."""

    boolean_text: bool = True
    """``"True"``, ``"false"``, ``"1"``, ``"0"`` for a boolean (Entra, OneLogin)."""
    lone_value: bool = True
    """One value where a list belongs, in POST and PUT bodies and in a PATCH ``replace``."""
    manager_text: bool = True
    """The text of a complex attribute's ``value`` in place of the object; an empty text removes (Entra)."""
    dotted_keys: bool = True
    """``"name.givenName"`` as a key of a pathless PATCH value (Entra)."""
    path_keys: bool = True
    """``"emails[type eq \\"work\\"].value"`` and ``"urn:…:User:title"`` as keys of a pathless PATCH value (Entra)."""
    own_identity: bool = True
    """The resource's own ``id``, ``schemas`` and ``meta`` in a pathless PATCH value (Okta), and ``schemas`` in that
    of an extension (scim2-client)."""
    remove_by_value: bool = True
    """``remove`` of a multi-valued attribute with a value: those go, not all (Entra, JumpCloud)."""
    unquoted_value: bool = True
    """``externalId eq jyoung`` without quotes in a filter (Entra)."""
    value_path_sub_filter: bool = True
    """``emails[type eq "work"].value eq "x"`` in a filter (Entra)."""
    short_names: bool = False
    """``manager eq "x"`` in a filter, for an attribute that only one extension has (Entra, in former times)."""
    other_media_types: bool = True
    """A JSON body as ``text/json``, or without a type."""
    drop_password: bool = True
    """A password that is not stored: dropped. Without it: refused."""
    old_names: bool = False
    """Names of SCIM 1.1 and of the drafts: the URNs of schemas, ``managerId`` (OneLogin, PingFederate)."""
    derive_schemas: bool = False
    """A body without ``schemas``, or with others than its data needs: they are worked out from the data."""
    unknown: Literal["refuse", "drop"] = "refuse"
    """What becomes of unknown attributes and schemas."""
    ignore_groups: bool = False
    """``groups`` that a client writes on a user, where a dialect lets it: ignored, as where they are readOnly (Okta
    sends ``[]`` with every user)."""
    upsert_on_replace: bool = False
    """A PATCH ``replace`` whose value filter matches nothing creates the element it describes (Entra)."""


STANDARD = Tolerances()
STRICT = Tolerances(
    boolean_text=False,
    lone_value=False,
    manager_text=False,
    dotted_keys=False,
    path_keys=False,
    own_identity=False,
    remove_by_value=False,
    unquoted_value=False,
    value_path_sub_filter=False,
    other_media_types=False,
    drop_password=False,
)


def note(notes: list[str], what: str, name: str) -> None:
    """Remember what a tolerance did, once for each name; values never stand in a note.

    >>> notes = []
    >>> note(notes, "boolean text", "active")
    >>> note(notes, "boolean text", "active")
    >>> notes
    ['boolean text: active']
    """
    line = f"{what}: {shortened(name)}"
    if len(notes) < NOTES_LIMIT and line not in notes:
        notes.append(line)


def shortened(name: str) -> str:
    """A name that a client wrote, cut to a length that a log line and an error can hold."""
    return name if len(name) <= _NAME_LIMIT else name[:_NAME_LIMIT] + "…"
