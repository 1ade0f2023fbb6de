"""Requests to one target: paced, repeated where that is safe, given up where it is not worth it.

``call`` gives an answer whatever its status is, but for these, which it deals with itself: 401 (renewed and repeated),
429 and 503 (waited for), 5xx and lost connections (repeated, where the request may be). What may not be repeated
blindly ends as ``Unsure``: it was done, or it was not.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx2
import orjson

import rollbook
from rollbook.clock import Clock
from rollbook.errors import RollbookError
from rollbook.ids import random_bytes
from rollbook.transfer.capabilities import Capabilities
from rollbook.transfer.errors import Interrupted, LoginRefused, TransferError, Unreachable
from rollbook.transfer.logins import Answered, Keeper, read_json
from rollbook.transfer.pace import Breaker, Bucket, backoff, nothing_left, retry_after
from rollbook.transfer.target_settings import TargetSettings

USER_AGENT = f"rollbook-transfer/{rollbook.__version__}"
_FIRST_ATTEMPTS = 3
"""Attempts at a target that has never answered yet."""
_RENEWALS = 2
"""New credentials for one request at most."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target said."""

    status: int
    headers: Mapping[str, str]
    body: Any
    attempts: int = 1
    """More than one: an earlier attempt may have done what this one found done."""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Unsure(RollbookError):
    """Whether the target did what it was asked to cannot be told from here."""


@dataclass
class Timing:
    """Time and chance of an engine; tests hand in their own."""

    clock: Clock
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = lambda: int.from_bytes(random_bytes(6)) / 2**48
    breaker: Breaker = field(default_factory=Breaker)


class Engine:
    """One client of one target. ``stop`` is set when the run is to end: no attempt begins after."""

    def __init__(self, settings: TargetSettings, preset: Capabilities, timing: Timing) -> None:
        run = settings.run
        self._base = settings.base_url.rstrip("/")
        self._timing = timing
        self._patience = run.patience
        self._bucket = Bucket(run.rate or preset.rate, preset.burst, timing.clock.elapsed())
        self._at_once = asyncio.Semaphore(run.concurrency or preset.concurrency)
        self._answered = False
        self.stop = asyncio.Event()
        self.requests = 0
        self.repeated = 0
        self._client = httpx2.AsyncClient(
            verify=_trusted(settings),
            timeout=httpx2.Timeout(run.timeout, connect=min(run.timeout, 10.0)),
            limits=httpx2.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=30.0),
            headers={"User-Agent": USER_AGENT, **settings.headers},
            follow_redirects=False,
        )
        self._keeper = Keeper(settings.login, self._base, self._ask, timing.clock)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    @property
    def logins(self) -> int:
        """How often the client had to log in."""
        return self._keeper.logins

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool = True,
        login: bool = True,
    ) -> Answer:
        """One request. ``repeat``: doing it twice is doing it once.

        **Raises** ``Unsure`` (only where ``repeat`` is false), ``Unreachable``, ``LoginRefused``, ``Interrupted``.
        """
        sent = {"Accept": "application/scim+json, application/json", **(headers or {})}
        content = None
        if body is not None:
            content = orjson.dumps(body)
            sent.setdefault("Content-Type", "application/scim+json")
        async with self._at_once:
            return await self._attempts(method, self._base + path, query, sent, content, repeat=repeat, login=login)

    async def _attempts(
        self,
        method: str,
        url: str,
        query: Mapping[str, str | int] | None,
        headers: dict[str, str],
        content: bytes | None,
        *,
        repeat: bool,
        login: bool,
    ) -> Answer:
        clock, breaker = self._timing.clock, self._timing.breaker
        end = clock.elapsed() + self._patience
        renewals = attempt = 0
        while True:
            await self._turn()
            generation = self._keeper.generation
            credential = await self._keeper.headers() if login else {}
            generation = self._keeper.generation if login else generation
            attempt += 1
            self.requests += 1
            lost = ""
            try:
                got = await self._client.request(
                    method,
                    url,
                    params=dict(query) if query else None,
                    content=content,
                    headers={**headers, **credential},
                )
            except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
                asked, lost, unsure = None, _unreached(error, f"target at {self._base}"), False
            except httpx2.InvalidURL:
                return Answer(414, {}, {"detail": "the address would be too long"}, attempt)
            except httpx2.RequestError:
                asked, lost, unsure = None, "the connection was lost before an answer came", True
            else:
                status, now = got.status_code, clock.now()
                if status == 401 and login and renewals < _RENEWALS:
                    renewals += 1
                    await self._keeper.refused(generation)
                    continue
                if status == 401 and login:
                    raise LoginRefused("the target refuses every credential that the login gives")
                if (status != 429 and status < 500) or status == 501:
                    self._answered = True
                    breaker.succeeded()
                    if (left := nothing_left(got.headers, now)) is not None:
                        self._bucket.close(clock.elapsed() + left)
                    return Answer(status, got.headers, read_json(got.content), attempt)
                asked = retry_after(got.headers, now)
                if asked is None and status == 429:
                    asked = nothing_left(got.headers, now)
                lost, unsure = f"the target answers {status}", status != 429
                if status == 429:
                    self._answered = True
                    self._bucket.close(clock.elapsed() + (1.0 if asked is None else asked))
            if unsure and not repeat:
                raise Unsure(lost)
            if asked is None:
                breaker.failed(clock.elapsed())
            wait = backoff(attempt, self._timing.chance()) if asked is None else asked
            patient = self._answered or attempt < _FIRST_ATTEMPTS
            if breaker.spent or not patient or clock.elapsed() + wait > end:
                raise Unreachable(lost)
            self.repeated += 1
            await self._sleep(wait)

    async def _turn(self) -> None:
        """Wait until a request may be sent."""
        clock = self._timing.clock
        if wait := max(self._bucket.take(clock.elapsed()), self._timing.breaker.wait(clock.elapsed())):
            await self._sleep(wait)
        self.check_stop()

    def check_stop(self) -> None:
        """**Raises** ``Interrupted`` where the run is to end."""
        if self.stop.is_set():
            raise Interrupted("a signal ended the run", hint="`rollbook transfer resume` goes on where it stopped")

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not for longer than the run goes on."""
        stop = asyncio.ensure_future(self.stop.wait())
        nap = asyncio.ensure_future(self._timing.sleep(seconds))
        try:
            await asyncio.wait((stop, nap), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            nap.cancel()
        self.check_stop()

    async def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answered:
        """A request to a login address: repeated where it got no answer, or 429 or 5xx."""
        end = self._timing.clock.elapsed() + self._patience
        attempt = 0
        while True:
            attempt += 1
            self.requests += 1
            asked = None
            try:
                got = await self._client.request(method, url, content=body, headers=headers)
            except httpx2.RequestError as error:
                lost = _unreached(error, f"login address {url.partition('?')[0]}")
            else:
                if got.status_code != 429 and got.status_code < 500:
                    return Answered(got.status_code, read_json(got.content))
                asked = retry_after(got.headers, self._timing.clock.now())
                lost = f"the login address answers {got.status_code}"
            wait = backoff(attempt, self._timing.chance()) if asked is None else asked
            patient = self._answered or attempt < _FIRST_ATTEMPTS
            if not patient or self._timing.clock.elapsed() + wait > end:
                raise Unreachable(lost)
            self.repeated += 1
            await self._sleep(wait)


def _unreached(error: httpx2.RequestError, what: str) -> str:
    kind = "does not answer in time" if isinstance(error, httpx2.TimeoutException) else "cannot be reached"
    return f"the {what} {kind}"


def _trusted(settings: TargetSettings) -> ssl.SSLContext | bool:
    """Whom TLS trusts. Where no address has TLS, nothing is read of it: that takes longer than a small run."""
    ca_file, login = settings.ca_file, settings.login
    addresses = (settings.base_url, login.token_url, login.session_url)
    if all(not url or url.startswith("http://") for url in addresses):
        return False
    if not ca_file:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise TransferError(f"ca_file: {ca_file} is no readable PEM file of certificates") from None
