"""One resource as it stands: its document as bytes, and what is kept beside it.

The document is the answer already, but for what changes without it: ``id``, ``meta``, and what lives in rows. So
answering one resource is splicing bytes (``answer``), not making JSON.
"""

from typing import NamedTuple


class Stored(NamedTuple):
    """One resource as stored.

    ``document`` is the canonical SCIM 2.0 JSON with ``schemas`` as its first key and without ``id``, ``meta`` and what
    lives in rows (``members``, ``groups``). ``grouped`` says whether it is a member of any group.
    """

    type: int
    id: str
    version: int
    created: str
    last_modified: str
    document: bytes
    grouped: bool


class Member(NamedTuple):
    """One member of a group, with what is shown of it."""

    id: str
    type: int
    display: str | None


class Membership(NamedTuple):
    """One group that a resource is in; ``direct`` when it is itself a member, not only through another group."""

    id: str
    display: str | None
    direct: bool
