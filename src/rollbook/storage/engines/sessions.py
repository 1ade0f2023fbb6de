"""Sessions, the keys of encrypted logins, and activations, in both engines: each method is a script, or one look-up, of
``storage.sql.sessions``.

An engine says how it reads, how it runs scripts, and how a session is found with its tenant and its connection: only
the last is not the same in both.
"""

from collections.abc import Callable
from functools import partial

from rollbook.events import Event
from rollbook.storage.engines.entrance import Engine
from rollbook.storage.entrance_records import Letter
from rollbook.storage.identity_contract import Told
from rollbook.storage.records import Connection, Tenant
from rollbook.storage.session_records import Activation, AuthKey, FoundSession, Session
from rollbook.storage.sql import sessions
from rollbook.storage.sql.scripts import Row

Others = Callable[[Row], tuple[Tenant, Connection]]


class Sessions:
    """See ``storage.session_contract.SessionStore``. ``find`` is the engine's statement (``sessions.FOUND``, and behind
    it what ``others`` reads)."""

    def __init__(self, engine: Engine, find: str, others: Others) -> None:
        self._read = engine.read
        self._run = engine.run
        self._find = find
        self._others = others

    async def start(self, session: Session, event: Event) -> None:
        await self._run([(session.tenant, event)], partial(sessions.start, session, event))

    async def find(self, digest: bytes) -> FoundSession | None:
        found = await self._read(self._find, digest)
        if not found:
            return None
        row = found[0]
        return sessions.found_of(row[: sessions.FOUND_COLUMNS], *self._others(row[sessions.FOUND_COLUMNS :]))

    async def touch(self, digest: bytes, seen: int, expires: str) -> None:
        await self._run((), partial(sessions.touch, digest, seen, expires))

    async def end(self, digest: bytes, event: Event) -> bool:
        found = await self.find(digest)
        if found is None:
            return False
        return await self._run([(found.session.tenant, event)], partial(sessions.end, digest, event))

    async def create_auth_key(self, key: AuthKey, event: Event) -> None:
        await self._run([(key.tenant, event)], partial(sessions.create_auth_key, key, event))

    async def auth_keys(self, tenant: str) -> list[AuthKey]:
        return [sessions.key_of(row) for row in await self._read(sessions.AUTH_KEYS, tenant)]

    async def find_auth_key(self, id: int) -> AuthKey | None:
        found = await self._read(sessions.AUTH_KEY_BY_ID, id)
        return sessions.key_of(found[0]) if found else None

    async def revoke_auth_key(self, tenant: str, id: int, at: str, event: Event) -> None:
        await self._run([(tenant, event)], partial(sessions.revoke_auth_key, tenant, id, at, event))

    async def invite(self, activation: Activation, letter: Letter | None, told: Told) -> None:
        await self._run(told, partial(sessions.invite, activation, letter, told))

    async def find_activation(self, digest: bytes) -> Activation | None:
        found = await self._read(sessions.ACTIVATION_BY_DIGEST, digest)
        return sessions.activation_of(found[0]) if found else None

    async def use_activation(self, digest: bytes) -> Activation | None:
        return await self._run((), partial(sessions.use_activation, digest))

    async def give_back(self, activation: Activation) -> None:
        await self._run((), partial(sessions.give_back, activation))

    async def withdraw(self, tenant: str, type: int, resource: str) -> bool:
        return await self._run((), partial(sessions.withdraw, tenant, type, resource))
