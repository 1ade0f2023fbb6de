"""PIN codes: set, checked, taken away, and never read.

A PIN has few digits, so whoever has the database could try them all. What is kept is a keyed hash (HMAC-SHA-256) with a
salt, and the key is not in the database. At a door few guesses are let through: ``TRIES`` wrong ones, and then none for
``PAUSE``; a try is counted before it is looked at, so that many at once are no more than one after the other.
"""

import hmac
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field

from rollbook.clock import written
from rollbook.events import Kind
from rollbook.ids import random_bytes
from rollbook.lockers.assigning import open_assignments
from rollbook.lockers.forms import Form, Id
from rollbook.lockers.structure import found
from rollbook.lockers.work import LockerWork
from rollbook.storage.errors import LockerRefused
from rollbook.storage.locker_records import Locker, Pin

TRIES = 5
PAUSE = timedelta(minutes=5)

PIN, MASTER = "pin", "master"
Subject = Literal["user", "locker", "bank"]
_WHAT = {"user": "User", "locker": "Locker", "bank": "LockerBank"}


class PinForm(Form):
    pin: Annotated[str, Field(pattern=r"^[0-9]{4,12}$", description="Four to twelve digits.")]


class CheckForm(PinForm):
    user_id: Id | None = Field(None, description="Whose PIN it may be, beside the locker's own: he has to hold it.")


class Pins:
    """``key`` gives the key that is not in the database."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    async def set(self, work: LockerWork, tenant: str, subject: Subject, id: str, pin: str) -> None:
        """**Raises** ``NotFound``."""
        purpose = MASTER if subject == "bank" else PIN
        made = self._hash(tenant, subject, id, random_bytes(16).hex(), pin)
        act = work.act(Kind.PIN_CHANGED, _WHAT[subject], id, 204, ("pin",))
        await work.store.set_pin(Pin(subject, id, purpose, made), act)

    async def drop(self, work: LockerWork, subject: Subject, id: str) -> None:
        """**Raises** ``NotFound``."""
        act = work.act(Kind.PIN_CHANGED, _WHAT[subject], id, 204, ("pin",))
        await work.store.drop_pin(subject, id, MASTER if subject == "bank" else PIN, act)

    async def check(self, work: LockerWork, tenant: str, locker_id: str, form: CheckForm) -> Subject | None:
        """Whose PIN it is that opens a locker: the locker's own, that of the user who holds it, the master's of its
        bank; None: nobody's. **Raises** ``NotFound``, ``LockerRefused`` with ``noPin`` or ``pinLocked``."""
        locker = await found(work, Locker, locker_id)
        asked: list[tuple[Subject, str, str]] = [("locker", locker_id, PIN), ("bank", locker.bank_id, MASTER)]
        if form.user_id is not None:
            held = await open_assignments(work, locker_id)
            if any(one.user_id == form.user_id for one in held) and await work.store.is_active(form.user_id):
                asked.insert(1, ("user", form.user_id, PIN))
        known = [one for one in asked if await work.store.pin(*one) is not None]
        if not known:
            raise LockerRefused("noPin", "No PIN is set for this locker.")
        locked = 0
        wrong: list[tuple[Subject, str, str]] = []
        for subject, id, purpose in known:
            right = await self._right(work, tenant, subject, id, purpose, form.pin)
            if right:
                for other in wrong:  # it was not meant for these
                    await work.store.uncount_pin_failure(*other)
                return subject
            locked += right is None
            wrong += [] if right is None else [(subject, id, purpose)]
        if locked == len(known):
            raise LockerRefused("pinLocked", "Too many wrong PINs: wait some minutes.")
        return None

    async def _right(
        self, work: LockerWork, tenant: str, subject: Subject, id: str, purpose: str, pin: str
    ) -> bool | None:
        """Whether it is this one; None where nobody may try just now."""
        now = work.clock.now()
        kept = await work.store.pin(subject, id, purpose)
        if kept is None:
            return False
        if kept.failures >= TRIES and kept.locked_until is not None and kept.locked_until > written(now):
            return None
        tries = await work.store.count_pin_failure(subject, id, purpose, written(now + PAUSE))
        # After a pause the count stands where it was: then one guess is let through, and the next pause begins.
        if tries > max(TRIES, kept.failures + 1):
            return None
        salt = kept.hash.split("$")[1]
        if not hmac.compare_digest(kept.hash, self._hash(tenant, subject, id, salt, pin)):
            return False
        await work.store.forgive_pin(subject, id, purpose)
        return True

    def _hash(self, tenant: str, subject: str, id: str, salt: str, pin: str) -> str:
        said = f"{tenant}\0{subject}\0{id}\0{salt}\0{pin}".encode()
        return f"1${salt}${hmac.new(self._key(), said, sha256).hexdigest()}"
