"""One process that serves: starts the application, answers, and stops without losing a request.

::

    running ──SIGTERM──▶ draining ──drain_seconds──▶ closing ──requests done──▶ gone (exit 0)
       │                    └──── second signal ────▶│   └──── one more ────▶ cancelled: 503
       └─────────────── SIGINT (Ctrl-C) ────────────▶┘         or grace_seconds

Draining: readiness fails and every answer closes its connection, but new ones are accepted, because the proxy in front
needs some time to see it. Closing: the listener is gone, requests in flight finish.
"""

import asyncio
import contextlib
import gc
import importlib
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
import uvloop

from rollbook.errors import RollbookError
from rollbook.web import logs
from rollbook.web.limits import Limits
from rollbook.web.protocol import with_limits

AppFactory = Callable[[], Any]

BACKLOG = 2048
_LAST_STEPS_SECONDS = 4.0
"""For the application's own shutdown, after the last request."""
_COLLECT = (20_000, 20, 20)
"""When Python looks for rings of garbage: a request leaves next to none, so looking at those in flight is in vain."""

_SWITCH_SECONDS = 0.0001
"""How long a thread waits until it may ask the loop for the interpreter. Python's 5 ms are longer than a commit: the
thread that makes them would begin when the loop has nothing else to do, and they would never run side by side."""

RUNNING, DRAINING, CLOSING, CANCELLING = range(4)


class ServeError(RollbookError):
    """The server cannot start; ``detail`` says why and what to do."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """All that a worker must know; a value, so that it can be sent to another process."""

    drain_seconds: float = 5.0
    grace_seconds: float = 20.0
    limits: Limits = field(default_factory=Limits)
    log: logs.LogSettings | None = None
    """None: whoever calls has set logging up."""


def run_worker(
    app_factory: str | AppFactory,
    listener: socket.socket,
    settings: ServerSettings,
    ready: Callable[[], None],
    control: Callable[["Worker"], contextlib.AbstractContextManager[None]] | None = None,
) -> None:
    """Serve in this process. ``control`` replaces the signals as the source of orders (see ``web.supervisor``)."""
    if settings.log is not None:
        logs.configure(settings.log)
    app = load(app_factory)()
    worker = Worker(app, settings, ready)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(worker.live(listener, control or _signals))
    failure = worker.failure()
    if failure is not None:
        raise failure


def load(app_factory: str | AppFactory) -> AppFactory:
    """The factory of an import string (``module:name``)."""
    if not isinstance(app_factory, str):
        return app_factory
    module, _, name = app_factory.partition(":")
    found: AppFactory = getattr(importlib.import_module(module), name)
    return found


class Worker(uvicorn.Server):
    """uvicorn's server with an end in steps, which exits with 0 when told to stop."""

    def __init__(self, app: Any, settings: ServerSettings, ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            interface="asgi3",
            http=with_limits(settings.limits),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
        )
        super().__init__(config)
        self.app = app
        self.settings = settings
        self._ready = ready
        self._step = RUNNING
        self._moved = asyncio.Event()

    async def live(
        self, listener: socket.socket, control: Callable[["Worker"], contextlib.AbstractContextManager[None]]
    ) -> None:
        """From start to end."""
        self.config.load()
        self.lifespan = self.config.lifespan_class(self.config)
        with control(self):
            await self.lifespan.startup()
            if self.lifespan.should_exit:
                return
            await self._serve_on(listener)

    def failure(self) -> Exception | None:
        """Why the start failed, or None."""
        if not self.lifespan.should_exit or self.started:
            return None
        told: Exception | None = getattr(self.app, "failure", None)
        return told or ServeError("The application could not start.")

    def order(self, step: int) -> None:
        """Go to a step of the end, or stay where that is behind us."""
        if step > self._step:
            self._step = step
            self._moved.set()

    def order_next(self, least: int) -> None:
        """Go to ``least``, or one step further where the end has begun."""
        self.order(max(least, self._step + 1 if self._step else least))

    async def _serve_on(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        protocol: Any = self.config.http_protocol_class

        def connect() -> asyncio.Protocol:
            made: asyncio.Protocol = protocol(self.config, self.server_state, self.lifespan.state, loop)
            return made

        server = await loop.create_server(connect, sock=listener, backlog=BACKLOG)
        self.servers = [server]
        self.started = True
        await self.on_tick(0)
        ticking = loop.create_task(self._tick())
        # What was made until now stays until the end: no collection needs to look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECT)
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._ready()
        await self._until(CLOSING, None, pause_at=DRAINING)
        await self._close(server)
        ticking.cancel()

    async def _tick(self) -> None:
        """Keeps the date header: uvicorn renews it on every tenth call."""
        while True:
            await asyncio.sleep(1)
            await self.on_tick(0)

    async def _until(self, step: int, seconds: float | None, *, pause_at: int | None = None) -> None:
        """Wait for an order to go to ``step``, at most so long; from ``pause_at`` on, at most the drain window."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds) as limit:
                while self._step < step:
                    await self._moved.wait()
                    self._moved.clear()
                    if self._step == pause_at:
                        self._drain()
                        window = asyncio.get_running_loop().time() + self.settings.drain_seconds
                        limit.reschedule(window)

    def _drain(self) -> None:
        drain = getattr(self.app, "drain", None)
        if drain is not None:
            drain()

    async def _close(self, server: asyncio.AbstractServer) -> None:
        self._drain()
        server.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        finished = asyncio.get_running_loop().create_task(self._quiet())
        ordered = asyncio.get_running_loop().create_task(self._until(CANCELLING, self.settings.grace_seconds))
        await asyncio.wait((finished, ordered), return_when=asyncio.FIRST_COMPLETED)
        for waiting in (finished, ordered):
            waiting.cancel()
        for task in list(state.tasks):
            task.cancel()
        if state.tasks:
            await asyncio.wait(list(state.tasks), timeout=1)
        for connection in list(state.connections):
            connection.transport.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_STEPS_SECONDS):
                await self.lifespan.shutdown()

    async def _quiet(self) -> None:
        """Until no request and no connection is left; looked at often, because nobody tells."""
        state = self.server_state
        while state.tasks or state.connections:  # noqa: ASYNC110 - uvicorn keeps sets, not events
            await asyncio.sleep(0.02)


@contextlib.contextmanager
def _signals(worker: Worker) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, worker.order_next, DRAINING)
    loop.add_signal_handler(signal.SIGINT, worker.order_next, CLOSING)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        loop.remove_signal_handler(signal.SIGINT)
