"""The ways in, in both engines: each method is a script, or one look-up, of ``storage.sql.entrance``.

An engine says how it reads and how it runs scripts; nothing else here depends on it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from rollbook.events import Event
from rollbook.storage.entrance_records import ExternalIssuer, Failed, Failures, Invitation, Invited, Letter
from rollbook.storage.identity_contract import Told
from rollbook.storage.identity_records import SystemUser
from rollbook.storage.sql import entrance
from rollbook.storage.sql.scripts import Row, Script

R = TypeVar("R")


class Engine(Protocol):
    async def read(self, sql: str, *values: Any) -> list[Row]: ...

    async def run(self, told: Told, script: Callable[[], Script[R]]) -> R:
        """Run a script that tells these events."""


class Entrance:
    """See ``storage.entrance_contract.EntranceStore``."""

    def __init__(self, engine: Engine) -> None:
        self._read = engine.read
        self._run = engine.run

    async def failures(self, keys: Sequence[bytes]) -> list[Failures]:
        four = [*keys, *[b""] * 4][:4]
        return [entrance.failures_of(row) for row in await self._read(entrance.FAILURES, *four)]

    async def fail(self, failed: Sequence[Failed]) -> None:
        await self._run((), partial(entrance.fail, failed))

    async def succeed(self, key: bytes, at: int, expires: int) -> None:
        await self._run((), partial(entrance.succeed, key, at, expires))

    async def invite(self, user: SystemUser | None, invitation: Invitation, letter: Letter | None, told: Told) -> None:
        await self._run(told, partial(entrance.invite, user, invitation, letter, told))

    async def find_invitation(self, digest: bytes) -> Invited | None:
        found = await self._read(entrance.INVITED, digest)
        return entrance.invited_of(found[0]) if found else None

    async def accept(self, digest: bytes, at: str, password: str, event: Event) -> bool:
        found = await self.find_invitation(digest)
        if found is None:
            return False
        return await self._run(
            [(found.invitation.tenant, event)], partial(entrance.accept, digest, at, password, event)
        )

    async def post(self, letters: Sequence[Letter], told: Told = ()) -> None:
        await self._run(told, partial(entrance.post, letters, told))

    async def letters(self, tenant: str | None = None) -> list[Letter]:
        asked = (entrance.LETTERS,) if tenant is None else (entrance.LETTERS_OF, tenant)
        return [entrance.letter_of(row) for row in await self._read(*asked)]

    async def find_letter(self, letter: str) -> Letter | None:
        found = await self._read(entrance.LETTER_BY_ID, letter)
        return entrance.letter_of(found[0]) if found else None

    async def claim(self, at: str, until: str) -> Letter | None:
        if not await self._read(entrance.DUE, at):  # mostly: then nothing is written, and nobody waits
            return None
        return await self._run((), partial(entrance.claim, at, until))

    async def sent(self, letter: Letter) -> None:
        await self._run((), partial(entrance.sent, letter))

    async def not_sent(self, letter: Letter, state: str, due: str, reason: str) -> None:
        await self._run((), partial(entrance.not_sent, letter, state, due, reason))

    async def again(self, letter: str, at: str) -> bool:
        return await self._run((), partial(entrance.again, letter, at))

    async def add_issuer(self, issuer: ExternalIssuer, event: Event) -> None:
        await self._run([(issuer.tenant, event)], partial(entrance.add_issuer, issuer, event))

    async def issuers(self, tenant: str) -> list[ExternalIssuer]:
        return [entrance.issuer_of(row) for row in await self._read(entrance.ISSUERS, tenant)]

    async def issuers_named(self, issuer: str) -> list[ExternalIssuer]:
        return [entrance.issuer_of(row) for row in await self._read(entrance.ISSUERS_NAMED, issuer)]

    async def remove_issuer(self, tenant: str, issuer: str, event: Event) -> bool:
        return await self._run([(tenant, event)], partial(entrance.remove_issuer, tenant, issuer, event))
