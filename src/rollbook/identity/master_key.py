"""The master key: 32 bytes outside the database, by which the private keys inside it are encrypted.

So neither the database nor a backup of it signs anything. It comes from the setting ``master_key`` (the environment) or
from a file; an SQLite store without either gets a file of its own beside it, for nobody but us to read.
"""

import binascii
import hmac
import os
from base64 import b64decode, b64encode
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rollbook.errors import RollbookError
from rollbook.ids import random_bytes

BYTES = 32
_NONCE = 12
HOW = (
    "`rollbook keys master` prints a new one: put it into a file that only the server may read and name that in"
    " ROLLBOOK_MASTER_KEY_FILE, or into ROLLBOOK_MASTER_KEY; the same on every host"
)


class MasterKeyError(RollbookError):
    """There is no master key, or not the right one. ``hint`` says what to do."""


class WrongMasterKey(MasterKeyError):
    """Another one has encrypted what is to be opened."""


def new_master_key() -> str:
    """A new master key as a text."""
    return b64encode(random_bytes(BYTES)).decode()


def read_master_key(text: str) -> bytes:
    """The key of a text. **Raises** ``MasterKeyError``; the text is never shown."""
    try:
        key = b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != BYTES:
        raise MasterKeyError("the master key has to be 32 bytes in base64", hint=HOW)
    return key


class MasterKey:
    """Seals and opens. ``text`` is the setting, ``file`` is where it is kept otherwise; ``make``: make it if need be.

    Nothing is read before it is needed, so a server without an identity server needs none.
    """

    def __init__(self, text: str = "", file: str = "", *, make: bool = False) -> None:
        self._text = text
        self._file = Path(file) if file else None
        self._make = make
        self._cipher: AESGCM | None = None
        self._key: bytes | None = None

    def seal(self, plain: bytes, name: str) -> bytes:
        """Encrypt (AES-256-GCM). What is sealed under one name does not open under another. **Raises**
        ``MasterKeyError``."""
        nonce = random_bytes(_NONCE)
        return nonce + self._ready().encrypt(nonce, plain, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """**Raises** ``MasterKeyError``, where it was sealed by another key too."""
        try:
            return self._ready().decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
        except InvalidTag:
            raise WrongMasterKey(
                "the signing keys were encrypted by another master key",
                hint="set that one again; where it is lost, `rollbook keys rotate --now` makes new signing keys",
            ) from None

    def derived(self, name: str) -> bytes:
        """A key of its own for one purpose, always the same. **Raises** ``MasterKeyError``."""
        self._ready()
        assert self._key is not None
        return hmac.new(self._key, name.encode(), sha256).digest()

    def _ready(self) -> AESGCM:
        if self._cipher is None:
            self._key = read_master_key(self._text or self._read())
            self._cipher = AESGCM(self._key)
        return self._cipher

    def _read(self) -> str:
        if self._file is None:
            raise MasterKeyError("there is no master key, which the signing keys are encrypted by", hint=HOW)
        try:
            if self._make:
                self._write(self._file)
            return self._file.read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text"
            raise MasterKeyError("the file of the master key cannot be read", hint=f"{self._file}: {reason}") from error

    @staticmethod
    def _write(file: Path) -> None:
        """Make the file where there is none. Whole or not at all: another process may look for it now."""
        if file.exists():
            return
        draft = file.with_name(f"{file.name}.{random_bytes(4).hex()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as opened:
                opened.write(new_master_key() + "\n")
                opened.flush()
                os.fsync(opened.fileno())
            with suppress(FileExistsError):  # another was quicker
                os.link(draft, file)
        finally:
            draft.unlink()
