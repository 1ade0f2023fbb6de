"""Positions in the change feed, as text: opaque to clients, good for one tenant of one database and for ever.

::

    mark 8 │ place 8 │ version 8 │ event id 16     base64url

The mark is a digest of the rest, the tenant and the feed's epoch: it keeps typing errors and other tenants' positions
out. It is no secret, because a position gives nothing away and allows nothing.
"""

import base64
import hashlib
import struct
from uuid import UUID

from rollbook.scim.errors import InvalidValue

NOW = "now"
"""Instead of a position: the one after all changes there are."""

_BODY = struct.Struct("!qq16s")
_MARK = 8


def write_position(place: int, version: int, id: str, tenant: str, epoch: str) -> str:
    """A position as text.

    >>> read_position(write_position(-5, 2, "00000000-0000-0000-0000-000000000001", "acorn", "1"))
    (-5, 2, '00000000-0000-0000-0000-000000000001')
    """
    body = _BODY.pack(place, version, UUID(id).bytes)
    return base64.urlsafe_b64encode(_mark(body, tenant, epoch) + body).rstrip(b"=").decode()


def read_position(text: str) -> tuple[int, int, str]:
    """Place, version and event id. **Raises** ``InvalidValue``; whose position it is, ``check_position`` tells."""
    body = _bytes(text)[_MARK:]
    place, version, id = _BODY.unpack(body)
    return place, version, str(UUID(bytes=id))


def check_position(text: str, tenant: str, epoch: str) -> None:
    """**Raises** ``InvalidValue`` where a position is of another tenant, or of the time before a restore."""
    whole = _bytes(text)
    if whole[:_MARK] != _mark(whole[_MARK:], tenant, epoch):
        raise _wrong()


def _mark(body: bytes, tenant: str, epoch: str) -> bytes:
    return hashlib.sha256(b"\0".join((body, tenant.encode(), epoch.encode()))).digest()[:_MARK]


def _bytes(text: str) -> bytes:
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise _wrong() from None
    if len(whole) != _MARK + _BODY.size or not text.isascii():
        raise _wrong()
    return whole


def _wrong() -> InvalidValue:
    return InvalidValue(
        "since: this is no position that this tenant's feed has given, or a backup has been restored since. Read the"
        " resources again, and go on from the position of since=now."
    )
