"""Runs a request at once, as far as it comes without waiting; only one that has to wait becomes a task.

Most reads never wait, and a task for each (made, scheduled, run in the next turn of the loop, put into a set and taken
out again) costs more than finding their route. The first step of a coroutine is taken here by hand; where it ends in
waiting, a task goes on with the rest. Whoever asks for the current task in the first step, as ``asyncio.timeout`` does,
gets a stand-in that becomes the task.

Source: Python's documentation, *Extending asyncio*, "Task lifetime support". Python 3.12 has the same as
``eager_start``; this runs on 3.11 too.
"""

import asyncio
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Coroutine, Generator
from typing import Any


class _StandIn:
    """The current task of a first step: what is asked of it is asked of the task that it has become."""

    __slots__ = ("task",)

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None

    def cancel(self, msg: object = None) -> bool:
        return self.task is not None and self.task.cancel(msg)

    def cancelling(self) -> int:
        return self.task.cancelling() if self.task is not None else 0

    def uncancel(self) -> int:
        return self.task.uncancel() if self.task is not None else 0


def run_now(coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> "asyncio.Task[None] | None":
    """Run a coroutine until it waits or ends: the task that goes on with it, or None where it has ended.

    To be called from a callback of the running loop, not from within a task.
    """
    stand_in: Any = _StandIn()
    _enter_task(loop, stand_in)
    try:
        waits_for = coroutine.send(None)
    except StopIteration:
        return None
    finally:
        _leave_task(loop, stand_in)
    task: asyncio.Task[None] = loop.create_task(_Rest(coroutine, waits_for))
    stand_in.task = task
    return task


class _Rest(Coroutine[Any, Any, None]):
    """What is left of a coroutine that has been begun: it waits for what that waits for, and then goes on with it.

    A class, and no generator: one that is cancelled before its first step would never hear of it.
    """

    __slots__ = ("_begun", "_waiting", "_waits_for")

    def __init__(self, begun: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._begun = begun
        self._waits_for = waits_for
        self._waiting = True

    def send(self, value: Any, /) -> Any:
        if self._waiting:
            self._waiting = False
            waits_for, self._waits_for = self._waits_for, None
            return waits_for
        return self._begun.send(value)

    def throw(self, *error: Any) -> Any:
        self._waiting = False
        return self._begun.throw(*error)

    def close(self) -> None:
        self._begun.close()

    def __await__(self) -> Generator[Any, Any, None]:
        raise RuntimeError("this is for a task only")
