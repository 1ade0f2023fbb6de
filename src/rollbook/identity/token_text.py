"""How a secret of ours is written, and what can be told of one without asking anybody.

::

    rbk_  qL8…43 characters…  9fX0a1
    ────  ──────────────────  ──────
    what  256 random bits     CRC-32 of all before it
          in base 62          in base 62

The beginning lets secret scanners find a token that was committed somewhere; the checksum refuses typing errors and
guesses before any look-up (precedent: GitHub's tokens). The digest is a plain SHA-256: a stretched one (argon2) guards
what people choose, and nobody chose these 256 bits.
"""

import hashlib
import re
import zlib

PREFIX = "rbk_"
"""Of a static token."""
ACCESS = "rba_"
"""Of an opaque access token."""
REFRESH = "rbr_"
SECRET = "rbs_"  # noqa: S105 - the beginning of one
"""Of a client's secret."""
INVITATION = "rbi_"
"""Of a link by which a password is set."""
ACTIVATION = "rbv_"
"""Of a link by which a resource is activated."""
SESSION = "rbx_"
"""Of a session."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET = 43  # 62**43 is the first power above 2**256
_CHECKSUM = 6  # 62**6 is the first power above 2**32
_FORM = re.compile(rf"[0-9A-Za-z]{{{_SECRET + _CHECKSUM}}}")

LENGTH = len(PREFIX) + _SECRET + _CHECKSUM


def write_token(secret: bytes, prefix: str = PREFIX) -> str:
    """The token of 32 random bytes (``ids.random_bytes(32)``).

    >>> write_token(bytes(32))
    'rbk_00000000000000000000000000000000000000000003ofZcw'
    """
    if len(secret) != 32:
        raise ValueError("a token is made of 32 bytes")
    head = prefix + _base62(int.from_bytes(secret), _SECRET)
    return head + _checksum(head)


def is_well_formed(token: str, prefix: str = PREFIX) -> bool:
    """Whether this could be a token of that kind at all. What is not needs no look-up.

    >>> is_well_formed(write_token(bytes(32))), is_well_formed(write_token(bytes(32)).lower()), is_well_formed("")
    (True, False, False)
    """
    form = token.startswith(prefix) and _FORM.fullmatch(token, len(prefix))
    return bool(form) and token[-_CHECKSUM:] == _checksum(token[:-_CHECKSUM])


def digest_of(token: str, prefix: str = PREFIX) -> bytes | None:
    """What is kept of a token: SHA-256 of the whole, 32 bytes. None for what cannot be a token of that kind, so one
    kind never passes for another."""
    return hashlib.sha256(token.encode()).digest() if is_well_formed(token, prefix) else None


def hint(token: str) -> str:
    """Its last four characters, for a person to tell tokens apart. They are of the checksum, so they tell little."""
    return token[-4:]


def _checksum(head: str) -> str:
    return _base62(zlib.crc32(head.encode()), _CHECKSUM)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
