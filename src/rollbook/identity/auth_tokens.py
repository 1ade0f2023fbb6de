"""Encrypted logins: a name and a password, encrypted with a key that the client was given, as one text in an address.

::

    2026-01-31T08:00:00|robot|password|  ──AES-256-CBC, PKCS7──▶  bytes  ──base64──▶  + - and / \\ and = ,  changed

This form of a product is read as values here: no store, no clock. It has no signature, so whoever may alter a text and
watch the answers could learn what stands in it (a *padding oracle*). Therefore all that can be wrong after decryption
is one refusal, ``BAD_CRYPT``, and few attempts are let through (``encrypted_login``).
"""

import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

KEY_BYTES, IV_BYTES = 32, 16
LASTS = timedelta(minutes=1)
LONGEST = 8192

_TO_BASE64 = str.maketrans("-\\_,", "+//=")
_FROM_BASE64 = str.maketrans("+/=", "-\\,")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?Z?| (\d\d:\d\d:\d\d))", re.ASCII)


class Code(IntEnum):
    """The numbers that clients of the product know."""

    NONE = 0
    UNKNOWN = 1
    BAD_FORMAT = 2
    BAD_CRYPT = 3
    TOO_OLD = 4
    LOGIN_INVALID = 5
    NEED_CAPTCHA = 6
    INVALID_APPLICATION = 7
    PASSWORD_EXPIRED = 8
    TOO_MANY_FAILED = 9


class CipherKey(NamedTuple):
    key: bytes
    iv: bytes


class Login(NamedTuple):
    """What stands in an encrypted login. ``at`` is when the client wrote it."""

    at: datetime
    name: str
    password: str


def encode(encrypted: bytes) -> str:
    """The text that stands in an address.

    >>> print(encode(bytes((251, 239, 191, 250))))
    ---\\-g,,
    """
    return b64encode(encrypted).decode().translate(_FROM_BASE64)


def decode(text: str) -> bytes | None:
    """The encrypted bytes of a text (``_`` means what ``\\`` means); None for what is none.

    >>> decode(encode(bytes(16))) == bytes(16), decode("?")
    (True, None)
    """
    if len(text) > LONGEST:
        return None
    try:
        encrypted = b64decode(text.translate(_TO_BASE64), validate=True)
    except ValueError:
        return None
    return encrypted or None


def encrypt(key: CipherKey, login: Login) -> bytes:
    """What a client does."""
    plain = f"{login.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}|{login.name}|{login.password}|"
    padder, cipher = PKCS7(128).padder(), Cipher(AES(key.key), CBC(key.iv)).encryptor()
    return cipher.update(padder.update(plain.encode()) + padder.finalize()) + cipher.finalize()


def decrypt(key: CipherKey, encrypted: bytes) -> Login | None:
    """What stands in it; None for whatever is wrong with it."""
    cipher, unpadder = Cipher(AES(key.key), CBC(key.iv)).decryptor(), PKCS7(128).unpadder()
    try:
        padded = cipher.update(encrypted) + cipher.finalize()
        plain = (unpadder.update(padded) + unpadder.finalize()).decode()
        date, name, password = plain.split("|", 2)
    except ValueError:
        return None
    at = read_date(date)
    if at is None or not name or not password.endswith("|"):
        return None
    return Login(at, name, password[:-1])


def read_date(text: str) -> datetime | None:
    """A moment as clients write it: in UTC, whether or not they say so.

    >>> read_date("2026-01-31T08:00:00.25Z") == read_date("2026-01-31T08:00:00.250")
    True
    >>> read_date("2026-01-31 08:00:00").isoformat(), read_date("31.1.2026")
    ('2026-01-31T08:00:00+00:00', None)
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    day, time, fraction, spaced = match.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{time or spaced}+00:00")
    except ValueError:
        return None
    return at + timedelta(microseconds=int((fraction or "0").ljust(7, "0")[:6]))
