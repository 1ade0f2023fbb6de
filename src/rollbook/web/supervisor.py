"""More than one worker: starts them, starts a dead one again, and stops all of them the same way.

uvicorn has a supervisor, but it sends its workers nothing but SIGTERM (so neither a drain window nor its end could be
told to them), leaves them alone when it is killed, and cannot say when they answer. This one talks to each worker
through a pipe: orders go down as one byte (the step of ``web.worker``), ``ready`` or the reason of a failed start comes
up, and the end of the pipe means that the other side is gone.

A worker takes no notice of Ctrl-C, which a terminal sends to the whole group: its orders come from here. SIGTERM to one
worker makes it drain alone; it is started again after that.
"""

import asyncio
import contextlib
import multiprocessing
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

import structlog

from rollbook.clock import SYSTEM_CLOCK
from rollbook.errors import RollbookError
from rollbook.web.worker import CANCELLING, CLOSING, DRAINING, RUNNING, ServeError, ServerSettings, Worker, run_worker

_READY = b"ready"
_LAST_SECONDS = 4.5
"""From the end of the grace to the moment at which a worker that is still there is killed."""
_LONGEST_PAUSE = 30.0


@dataclass(slots=True)
class _Child:
    process: SpawnProcess
    pipe: Connection
    ready: bool = False


def supervise(
    app_factory: str, listener: socket.socket, workers: int, settings: ServerSettings, ready: Callable[[], None]
) -> None:
    """Run ``workers`` processes on one listening socket until told to stop.

    **Rules**: ``ready`` is called when all of them answer. A worker that dies is replaced at once; one that dies before
    it answered, after a pause that doubles.
    **Raises**: ``ServeError`` where a worker fails in the first start.
    """
    _Supervisor(app_factory, listener, workers, settings, ready).run()


class _Supervisor:
    def __init__(
        self,
        app_factory: str,
        listener: socket.socket,
        workers: int,
        settings: ServerSettings,
        ready: Callable[[], None],
    ) -> None:
        self._factory = app_factory
        self._listener = listener
        self._wanted = workers
        self._settings = settings
        self._ready = ready
        self._children: list[_Child] = []
        self._step = RUNNING
        self._told = RUNNING
        self._all_were_ready = False
        self._failure: tuple[str, str] | None = None
        self._pause = 0.0
        self._next_start = 0.0
        self._kill_at: float | None = None
        self._log = structlog.get_logger("rollbook.supervisor")
        self._elapsed = SYSTEM_CLOCK.elapsed

    def run(self) -> None:
        waker, wakened = socket.socketpair()
        waker.setblocking(False)
        wakened.setblocking(False)
        handlers = {
            signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: self._order(DRAINING)),
            signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: self._order(CLOSING)),
        }
        before = signal.set_wakeup_fd(waker.fileno())
        try:
            for _ in range(self._wanted):
                self._start()
            while self._children or (self._step == RUNNING and self._failure is None):
                self._turn(wakened)
        finally:
            for child in self._children:
                child.process.kill()
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            waker.close()
            wakened.close()
        if self._failure is not None:
            raise ServeError(self._failure[0], hint=self._failure[1])

    def _order(self, least: int) -> None:
        self._step = min(CANCELLING, max(least, self._step + 1 if self._step else least))

    def _turn(self, wakened: socket.socket) -> None:
        sentinels = {child.process.sentinel: child for child in self._children}
        pipes = {child.pipe: child for child in self._children if not child.pipe.closed}
        for source in wait([*sentinels, *pipes, wakened], self._patience()):
            if source is wakened:
                with contextlib.suppress(BlockingIOError):
                    wakened.recv(4096)
            elif isinstance(source, Connection):
                self._listen(pipes[source])
            elif isinstance(source, int):
                self._bury(sentinels[source])
        self._pass_on()
        if self._kill_at is not None and self._elapsed() >= self._kill_at:
            for child in self._children:
                child.process.kill()
        while self._step == RUNNING and self._failure is None and len(self._children) < self._wanted:
            if self._elapsed() < self._next_start:
                break
            self._start()

    def _patience(self) -> float | None:
        if self._kill_at is not None:
            return max(0.0, self._kill_at - self._elapsed())
        if len(self._children) < self._wanted and self._step == RUNNING:
            return max(0.0, self._next_start - self._elapsed())
        return None

    def _start(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe()
        process = spawn.Process(
            target=_work, args=(self._factory, self._listener, self._settings, theirs), name="rollbook worker"
        )
        process.start()
        theirs.close()
        self._children.append(_Child(process, ours))

    def _listen(self, child: _Child) -> None:
        try:
            said = child.pipe.recv()
        except (EOFError, OSError):
            child.pipe.close()
            return
        if said == _READY:
            child.ready = True
            self._pause = 0.0
            if not self._all_were_ready and all(one.ready for one in self._children):
                self._all_were_ready = True
                self._ready()
        else:
            self._lament(said)

    def _lament(self, reason: tuple[str, str]) -> None:
        if self._all_were_ready:
            self._log.error("a worker could not start", reason=reason[0], hint=reason[1])
        elif self._failure is None:
            self._failure = reason
            self._step = max(self._step, CLOSING)

    def _bury(self, child: _Child) -> None:
        while not child.pipe.closed and child.pipe.poll():
            self._listen(child)
        child.process.join()
        child.pipe.close()
        self._children.remove(child)
        if self._step != RUNNING:
            return
        self._log.warning("a worker has ended and is started again", pid=child.process.pid, exit=child.process.exitcode)
        if not child.ready:
            if not self._all_were_ready:
                self._lament(("A worker ended while it started.", ""))
            self._pause = min(_LONGEST_PAUSE, self._pause * 2 or 0.5)
        self._next_start = self._elapsed() + self._pause

    def _pass_on(self) -> None:
        if self._step == self._told:
            return
        self._told = self._step
        # Ours must not keep the port open when the workers have closed theirs.
        self._listener.close()
        if self._kill_at is None:
            window = self._settings.drain_seconds if self._step == DRAINING else 0
            self._kill_at = self._elapsed() + window + self._settings.grace_seconds + _LAST_SECONDS
        for child in self._children:
            with contextlib.suppress(OSError):
                child.pipe.send(self._step)


def _work(app_factory: str, listener: socket.socket, settings: ServerSettings, pipe: Connection) -> None:
    """One worker's life, in its own process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run_worker(app_factory, listener, settings, lambda: pipe.send(_READY), lambda worker: _orders(worker, pipe))
    except RollbookError as error:
        with contextlib.suppress(OSError):
            pipe.send((error.detail, error.hint))
    # Anything else is a bug and is seen on stderr as the traceback of a process that failed to start.


@contextlib.contextmanager
def _orders(worker: Worker, pipe: Connection) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            worker.order(pipe.recv())
        except (EOFError, OSError):
            # The supervisor was killed: nobody is left who could stop us.
            loop.remove_reader(pipe.fileno())
            worker.order(DRAINING)

    loop.add_reader(pipe.fileno(), read)
    loop.add_signal_handler(signal.SIGTERM, worker.order, DRAINING)
    try:
        yield
    finally:
        loop.remove_reader(pipe.fileno())
        loop.remove_signal_handler(signal.SIGTERM)
