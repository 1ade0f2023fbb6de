"""``/healthz`` and ``/readyz``: is the process alive, and should it be sent requests.

Alive means that the loop turns: a process that drains, or whose database is away, is alive and must not be restarted
for it. Ready means that requests would be answered, which the given check decides; the reasons are words for operators
and name no host, no user and no error text.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import orjson
import structlog

from rollbook.clock import SYSTEM_CLOCK, Clock
from rollbook.http_message import Request, Response
from rollbook.scim.errors import MethodNotAllowed

Check = Callable[[], Awaitable[Sequence[str]]]
"""Asks whether requests would be answered; the reasons why not (``"database does not answer"``), none if they would."""

_JSON = (b"content-type", b"application/json")
_OK = orjson.dumps({"status": "ok"})


class Health:
    """The two probes.

    **Rules**: a result of ``check`` is kept for ``keep_seconds`` and asked for once at a time, so that a flood of
    probes is no flood of queries; a check that takes longer than ``patience`` has failed.
    """

    def __init__(
        self,
        check: Check,
        *,
        draining: Callable[[], bool] = lambda: False,
        keep_seconds: float = 1.0,
        patience: float = 3.0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._check = check
        self._draining = draining
        self._keep = keep_seconds
        self._patience = patience
        self._clock = clock
        self._asking = asyncio.Lock()
        self._known: tuple[float, tuple[str, ...]] | None = None
        self._log = structlog.get_logger("rollbook.health")

    async def healthz(self, request: Request) -> Response:
        """200 as long as the process answers at all."""
        _only_reading(request)
        return Response(200, (_JSON,), _OK)

    async def readyz(self, request: Request) -> Response:
        """200 where requests would be answered, else 503 with the reasons."""
        _only_reading(request)
        # Draining is asked each time: the proxy must see it at once.
        reasons = ("draining",) if self._draining() else await self._reasons()
        if not reasons:
            return Response(200, (_JSON,), _OK)
        return Response(503, (_JSON,), orjson.dumps({"status": "unavailable", "reasons": reasons}))

    async def _reasons(self) -> tuple[str, ...]:
        async with self._asking:
            if self._known is None or self._clock.elapsed() >= self._known[0]:
                reasons = await self._ask()
                self._known = (self._clock.elapsed() + self._keep, reasons)
            return self._known[1]

    async def _ask(self) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(self._patience):
                return tuple(await self._check())
        except TimeoutError:
            return ("the check took too long",)
        except Exception as error:  # noqa: BLE001 - whatever keeps the check from an answer keeps requests from one
            self._log.warning("the readiness check failed", exc_info=error)
            return ("the check failed",)


def _only_reading(request: Request) -> None:
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed("This address can only be read: use GET.", headers=(("allow", "GET, HEAD"),))
