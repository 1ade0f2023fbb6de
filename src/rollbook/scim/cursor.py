"""Cursors: where a walk through pages stands, sealed so that only we can read or make one (RFC 9865 §2, §5.2).

A cursor is stateless: it holds the edge of the page that it was given with, and nothing of it is kept. It is bound to
what must not change between pages (tenant, address, filter, order: ``binding``), which is authenticated and not in it.
Sealed with AES-256-GCM; key, chance and time are handed in.

::

    form 1 │ key id 16 │ nonce 12 │ sealed: JSON [made at, count, back, total, id, value …] │ tag 16     base64url
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rollbook.scim.errors import ExpiredCursor, InvalidCount, InvalidCursor

Value = str | int | float | None

NONCE_BYTES: Final = 12
"""Random ones of this size allow 2**32 cursors for a key (NIST SP 800-38D §8.3); a key is used for a day."""

KEY_BYTES: Final = 32
_FORM: Final = b"\x01"
_HEAD: Final = len(_FORM) + 16
_LONGEST: Final = 16_384
"""Characters. Ours have some 6,000 at most."""


class Key(NamedTuple):
    """What seals: ``id`` is 16 bytes, ``secret`` 32."""

    id: bytes
    secret: bytes


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a walk stands.

    **Shape**: ``id`` and ``values`` are of the row beside which the page begins, ``id`` empty where it begins at the
    end of the list; ``back`` says that it lies before that row. ``count`` and ``total`` are those of the first page.
    """

    count: int
    total: int | None = None
    back: bool = False
    id: str = ""
    values: tuple[Value, ...] = ()


def binding(*parts: object) -> bytes:
    """What a cursor is bound to, as a digest: parts are texts, numbers, truth values, None and lists of these."""
    return hashlib.sha256(orjson.dumps(parts)).digest()


def seal(cursor: Cursor, key: Key, nonce: bytes, at: int, bound: bytes) -> str:
    """A cursor as text of URL-safe characters. ``at`` is the present second; ``nonce`` is random, for this cursor
    alone."""
    content = orjson.dumps([at, cursor.count, cursor.back, cursor.total, cursor.id, *cursor.values])
    sealed = AESGCM(key.secret).encrypt(nonce, content, bound)
    return base64.urlsafe_b64encode(b"".join((_FORM, key.id, nonce, sealed))).rstrip(b"=").decode()


def key_of(text: str) -> bytes:
    """The id of the key that sealed a cursor. **Raises** ``InvalidCursor`` for what cannot be one."""
    return _bytes(text)[len(_FORM) : _HEAD]


def unseal(text: str, key: Key | None, at: int, lifetime: int, bound: bytes, count: int) -> Cursor:
    """The cursor that was sealed.

    **Raises** ``InvalidCursor``: it is none of ours, it has been changed, or it belongs to another query or tenant;
    ``ExpiredCursor`` after ``lifetime`` seconds; ``InvalidCount`` where ``count`` is not that of the first page.
    """
    whole = _bytes(text)
    if key is None or key.id != whole[len(_FORM) : _HEAD]:
        raise _invalid()
    nonce, sealed = whole[_HEAD : _HEAD + NONCE_BYTES], whole[_HEAD + NONCE_BYTES :]
    try:
        content: Sequence[Value] = orjson.loads(AESGCM(key.secret).decrypt(nonce, sealed, bound))
    except InvalidTag:
        raise _invalid() from None
    made, first_count, back, total, id, *values = content
    assert isinstance(made, int)
    assert isinstance(first_count, int)
    if at > made + lifetime:
        raise ExpiredCursor(f"This cursor is older than {lifetime} seconds; begin again with an empty cursor.")
    if first_count != count:
        raise InvalidCount(f"count has to stay {first_count}, as it was with the first page.")
    return Cursor(first_count, None if total is None else int(total), bool(back), str(id), tuple(values))


def _bytes(text: str) -> bytes:
    if len(text) > _LONGEST or not text.isascii():
        raise _invalid()
    padded = text + "=" * (-len(text) % 4)
    try:
        whole = base64.b64decode(padded, altchars=b"-_", validate=True)
    except ValueError:
        raise _invalid() from None
    canonical = base64.urlsafe_b64encode(whole).rstrip(b"=").decode() == text
    if not canonical or len(whole) < _HEAD + NONCE_BYTES + 16 or not whole.startswith(_FORM):
        raise _invalid()
    return whole


def _invalid() -> InvalidCursor:
    return InvalidCursor(
        "This cursor is not one that was given with a page of this query. Send an empty cursor for the first page, then"
        " nextCursor or previousCursor of the page before, with all other parameters as they were."
    )
