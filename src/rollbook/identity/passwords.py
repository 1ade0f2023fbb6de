"""Passwords of system users: argon2id (RFC 9106 §4, the profile for little memory), off the event loop, few at a time.

One check takes 64 MiB and some 50 ms of a core. So there are as many at once as there are slots, some wait, and the
rest is told to come back: a flood of logins must not take the memory or the cores from everybody else.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from precis_i18n import get_profile

from rollbook.errors import RollbookError
from rollbook.oauth.errors import TemporarilyUnavailable

T = TypeVar("T")

SLOTS = 2
WAITING = 32
"""Checks that may wait: some two seconds of work."""

LONGEST = 1024
"""Bytes: nobody gets megabytes hashed. Precedent: NIST SP 800-63B §3.1.1.2 asks for 64 characters at least."""
SHORTEST = 12

_OPAQUE = get_profile("OpaqueString")
_HASHER = PasswordHasher()


class WeakPassword(RollbookError):
    """What a new password lacks."""


def prepared(password: str) -> str | None:
    """A password in the form that is hashed (RFC 8265 §4.2: spaces and composition, not letter case). None: none."""
    if not password or len(password.encode("utf-8", "replace")) > LONGEST:
        return None
    try:
        form: str = _OPAQUE.enforce(password)
    except UnicodeEncodeError:
        return None
    return form


def check_new(password: str, name: str) -> None:
    """Judge a password that is to be set: its length, and that it is not the name (NIST SP 800-63B §3.1.1.2).

    Lists of leaked passwords are not looked at. **Raises** ``WeakPassword``.
    """
    form = prepared(password)
    if form is None:
        raise WeakPassword(f"a password has at most {LONGEST} bytes and no control characters")
    if len(form) < SHORTEST:
        raise WeakPassword(f"a password has at least {SHORTEST} characters; a few words are easier than many signs")
    if form.casefold() in (name.casefold(), name.partition("@")[0].casefold()) or len(set(form)) < 4:
        raise WeakPassword("this password is too easy to guess: take another")


class Passwords:
    """Hashes and checks, ``slots`` at a time. One for a process."""

    def __init__(self, slots: int = SLOTS, waiting: int = WAITING) -> None:
        self._turns = asyncio.Semaphore(slots)
        self._most = slots + waiting
        self._here = 0
        self._threads = ThreadPoolExecutor(slots, "passwords", initializer=_step_back)

    async def hash(self, password: str) -> str:
        """The hash of a password that ``check_new`` has let pass. **Raises** ``TemporarilyUnavailable``."""
        form = prepared(password)
        assert form is not None
        return await self._in_turn(partial(_HASHER.hash, form))

    async def verify(self, hash: str | None, password: str) -> bool:
        """Whether a password is right. Without a hash (an unknown user) the same work is done, for nothing.

        **Raises** ``TemporarilyUnavailable``.
        """
        return await self._in_turn(partial(_verify, hash, password))

    async def _in_turn(self, work: Callable[[], T]) -> T:
        if self._here >= self._most:
            raise TemporarilyUnavailable("Too many logins at once: try again in a moment.", retry_after=2)
        self._here += 1
        try:
            async with self._turns:
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._here -= 1


def _step_back() -> None:
    """Let this thread, and those that it starts, have what the event loop leaves of the cores. (On Linux priorities are
    threads'; elsewhere they are processes', and nothing is done.)"""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)


@cache
def _nobodys() -> str:
    return _HASHER.hash("the password of nobody")


def _verify(hash: str | None, password: str) -> bool:
    form = prepared(password)
    nobodys = _nobodys()
    try:
        _HASHER.verify(hash or nobodys, form or "")
    except (Argon2Error, InvalidHashError):
        return False
    return hash is not None and form is not None
