"""The outbox: letters were written with what they tell of, in one transaction; here they are sent.

Every worker looks for letters that are due; whoever moves one's due time on has it, and nobody else until then. A
worker that dies while it sends leaves the letter to the next, so a letter may come twice, and none is lost. What cannot
be sent is tried again, later and later, for some hours; then it has failed, and the operator sees why.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog

from rollbook.clock import Clock, written
from rollbook.delivery.senders import NotSent, Sender
from rollbook.identity import letters
from rollbook.identity.master_key import MasterKey, MasterKeyError
from rollbook.storage.contract import Store
from rollbook.storage.entrance_records import Letter
from rollbook.storage.errors import StoreError

TRIES = 12
_LOOK_SECONDS = 2.0
_LEASE = timedelta(seconds=120)
_LONGEST = timedelta(hours=1)

_log = structlog.get_logger("rollbook.delivery")


class Outbox:
    """``senders`` are by channel; letters of another channel fail. ``retry_seconds`` pass before the second try."""

    def __init__(
        self, store: Store, clock: Clock, master: MasterKey, senders: Mapping[str, Sender], *, retry_seconds: float = 60
    ) -> None:
        self._store = store
        self._clock = clock
        self._master = master
        self._senders = senders
        self._retry = timedelta(seconds=retry_seconds)
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to send. Without a sender nothing is looked for: letters wait until the server has one."""
        if self._senders:
            self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()

    async def _run(self) -> None:
        while True:
            try:
                while await self.send_next():
                    pass
            except StoreError as error:
                _log.warning("outbox_stands_still", reason=error.detail)
            except Exception:  # noqa: BLE001 - one letter must not end all sending; what is wrong is said
                _log.exception("outbox_failed")
            await asyncio.sleep(_LOOK_SECONDS)

    async def send_next(self) -> bool:
        """Send the letter that has been due for longest. False where none is due."""
        now = self._clock.now()
        letter = await self._store.entrance.claim(written(now), written(now + _LEASE))
        if letter is None:
            return False
        try:
            await self._send(letter)
        except NotSent as refused:
            failed = refused.for_good or letter.attempts >= TRIES
            due = self._clock.now() + min(self._retry * 2 ** (letter.attempts - 1), _LONGEST)
            state = "failed" if failed else "waiting"
            await self._store.entrance.not_sent(letter, state, written(due), refused.reason)
            _log.warning(
                "letter_not_sent", letter=letter.id, channel=letter.channel, state=state, reason=refused.reason
            )
        else:
            await self._store.entrance.sent(letter)
        return True

    async def _send(self, letter: Letter) -> None:
        sender = self._senders.get(letter.channel)
        if sender is None:
            raise NotSent(f"this server has no way to send a {letter.channel}: look at smtp_host and text_command")
        try:
            message = letters.read(letter, self._master)
        except MasterKeyError:
            raise NotSent("the letter was sealed by another master key", for_good=True) from None
        await sender.send(letter.recipient, message)
