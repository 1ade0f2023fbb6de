"""The hashes of passwords that resources have (RFC 7643 §4.1.1): made like those of system users, kept apart from them.

Nobody logs in with one: logins read ``account`` and nothing else. They share the threads of logins, of which they take
one at most: whoever provisions a thousand users with passwords keeps nobody from logging in.
"""

import asyncio

from rollbook.identity.passwords import LONGEST, Passwords, prepared
from rollbook.oauth.errors import TemporarilyUnavailable
from rollbook.scim.errors import InvalidValue, Unavailable

WAITING = 16
"""Passwords that may wait to be hashed: some two seconds of work."""
_RETRY = 2


class ResourcePasswords:
    """Hashes one at a time. One for a process."""

    def __init__(self, passwords: Passwords, waiting: int = WAITING) -> None:
        self._passwords = passwords
        self._turn = asyncio.Lock()
        self._most = 1 + waiting
        self._here = 0

    async def hash(self, password: str) -> str:
        """The argon2id hash. **Raises** ``InvalidValue`` for what can be no password, ``Unavailable`` where too many
        wait; then nothing was done."""
        if prepared(password) is None:
            raise InvalidValue(
                f"password may have {LONGEST} bytes in UTF-8 at most, and characters that can be typed and shown only."
            )
        if self._here >= self._most:
            raise _too_many()
        self._here += 1
        try:
            async with self._turn:
                return await self._passwords.hash(password)
        except TemporarilyUnavailable as error:
            raise _too_many() from error
        finally:
            self._here -= 1


def _too_many() -> Unavailable:
    return Unavailable(
        "Too many passwords are being set at once; nothing was changed. Try again in a moment.",
        headers=(("retry-after", str(_RETRY)),),
    )
