"""The keys that sign access tokens: which is used, which are published, and how one follows another.

::

    next ──▶ active ──▶ retiring ──▶ gone
    published   signs      published until its last token has expired

The next key is published long before it signs, so that whoever keeps the set has it when it is needed. Only the private
half of the next and of the active key is kept, encrypted by the master key. The first pair is made when it is first
needed.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any, NamedTuple

import orjson

from rollbook.clock import Clock, written
from rollbook.errors import RollbookError
from rollbook.events import Event, Kind
from rollbook.identity.jwt import Key, generate, public_jwk, read_key
from rollbook.identity.master_key import MasterKey, WrongMasterKey
from rollbook.ids import new_id, ordered_id
from rollbook.oauth.access_token import LIFETIME
from rollbook.storage.contract import Store
from rollbook.storage.errors import AlreadyExists, NotFound
from rollbook.storage.identity_records import KeyChange, SigningKey

ALGORITHMS = ("RS256", "EdDSA")
"""RS256 is what RFC 9068 §2.1 wants everyone to understand."""

JWKS_SECONDS = 300
"""How long others may keep the published set; a key is published for longer than that before it signs."""

_OVERLAP = timedelta(seconds=LIFETIME + 120)
"""How long a key is published after it has signed its last token."""

OPERATOR = "operator"


class SigningKeyError(RollbookError):
    """Base of what this room refuses: ``TooSoon``, ``NotRetiring``."""


class TooSoon(SigningKeyError):
    pass


class NotRetiring(SigningKeyError):
    pass


class Signer(NamedTuple):
    kid: str
    algorithm: str
    key: Key


class KeyRing:
    """The keys as they were a moment ago, read again after ``fresh_seconds``."""

    def __init__(self, store: Store, clock: Clock, master: MasterKey, *, fresh_seconds: float = 3.0) -> None:
        self._store = store
        self._clock = clock
        self._master = master
        self._fresh_seconds = fresh_seconds
        self._read_at: float | None = None
        self._kept: list[SigningKey] = []
        self._public: dict[str, Signer] = {}
        self._signer: Signer | None = None
        self._reading = asyncio.Lock()

    async def signer(self) -> Signer:
        """The active key. **Raises** ``MasterKeyError``."""
        await self._refresh()
        active = next((key for key in self._kept if key.state == "active"), None)
        if active is None:
            await rotate(self._store, self._clock, self._master)
            await self._refresh(now=True)
            active = next(key for key in self._kept if key.state == "active")
        if self._signer is None or self._signer.kid != active.kid:
            assert active.private is not None
            private = read_key(orjson.loads(self._master.open(active.private, active.kid)))
            self._signer = Signer(active.kid, active.algorithm, private)
        return self._signer

    async def verifier(self, kid: object) -> Signer | None:
        """The public key of that id. One that nobody knows costs one look-up in a while, not one each."""
        if not isinstance(kid, str):
            return None
        if kid not in self._public:
            await self._refresh()
        found = self._public.get(kid)
        if found is not None and self._stale():
            await self._refresh()
            found = self._public.get(kid)
        return found

    async def published(self) -> dict[str, Any]:
        """The JWK set (RFC 7517 §5)."""
        await self._refresh()
        return {"keys": [orjson.loads(key.public) for key in self._living()]}

    def _living(self) -> list[SigningKey]:
        now = self._clock.written()
        return [key for key in self._kept if key.until is None or key.until > now]

    def _stale(self) -> bool:
        return self._read_at is None or self._clock.elapsed() - self._read_at >= self._fresh_seconds

    async def _refresh(self, *, now: bool = False) -> None:
        async with self._reading:
            if now or self._stale():
                asked = self._clock.elapsed()
                self._kept = await self._store.identity.keys()
                self._read_at = asked
                known = self._public
                self._public = {
                    key.kid: known.get(key.kid) or Signer(key.kid, key.algorithm, read_key(orjson.loads(key.public)))
                    for key in self._living()
                }


async def rotate(
    store: Store, clock: Clock, master: MasterKey, algorithm: str | None = None, *, at_once: bool = False
) -> list[SigningKey]:
    """Let the next key sign, and make one to come after it; the keys there are then. The first time, make both.

    ``algorithm`` is that of the new key (None: as the one that is active now). ``at_once`` does not wait until the next
    key has been published long enough, and with another algorithm takes a new key now.
    **Raises** ``TooSoon``, ``MasterKeyError``.
    """
    keys = await store.identity.keys()
    now = clock.now()
    active = next((key for key in keys if key.state == "active"), None)
    following = next((key for key in keys if key.state == "next"), None)
    wanted = algorithm or (active.algorithm if active is not None else ALGORITHMS[0])
    until = written(now + _OVERLAP)
    if active is None:
        added = [await _made(master, wanted, "active", clock), await _made(master, wanted, "next", clock)]
        change = KeyChange(None, until, None, following.kid if following else None, added)
    elif following is None or not _opens(master, following) or (at_once and following.algorithm != wanted):
        added = [await _made(master, wanted, "active", clock), await _made(master, wanted, "next", clock)]
        change = KeyChange(active.kid, until, None, following.kid if following else None, added)
    else:
        if not at_once and following.created > written(now - timedelta(seconds=JWKS_SECONDS)):
            raise TooSoon(
                "the next key was published less than five minutes ago, and others may not have seen it yet",
                hint="wait, or say --now where a key has leaked: then some tokens may be refused for five minutes",
            )
        change = KeyChange(active.kid, until, following.kid, None, [await _made(master, wanted, "next", clock)])
    named = (change.promoted or change.added[0].kid)[:64]
    event = Event(ordered_id(), written(now), Kind.KEY_ROTATED, OPERATOR, resource_type="SigningKey", resource=named)
    with suppress(AlreadyExists):  # where another was quicker, its keys serve as well
        await store.identity.change_keys(change, event)
    return await store.identity.keys()


async def drop(store: Store, clock: Clock, kid: str) -> list[SigningKey]:
    """Let a retiring key be gone before its time, because it has leaked: its tokens end within five seconds.

    **Raises** ``NotRetiring``.
    """
    event = Event(
        ordered_id(), clock.written(), Kind.KEY_DROPPED, OPERATOR, resource_type="SigningKey", resource=kid[:64]
    )
    try:
        await store.identity.drop_key(kid, event)
    except NotFound:
        raise NotRetiring(
            "there is no retiring key of that id", hint="`rollbook keys rotate --now` lets the active one retire"
        ) from None
    return await store.identity.keys()


def _opens(master: MasterKey, key: SigningKey) -> bool:
    """False where another master key has encrypted it: then nobody can sign with it any more."""
    try:
        return key.private is not None and bool(master.open(key.private, key.kid))
    except WrongMasterKey:
        return False


async def _made(master: MasterKey, algorithm: str, state: str, clock: Clock) -> SigningKey:
    kid = new_id()
    key = await asyncio.to_thread(generate, algorithm)
    private = master.seal(orjson.dumps(key.as_dict(private=True)), kid)
    public = orjson.dumps(public_jwk(key, algorithm, kid)).decode()
    return SigningKey(kid, algorithm, public, private, state, clock.written(), None)
