"""Requests that run at once as far as they come."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from rollbook.web.steps import run_now

Made = list["asyncio.Task[None] | None"]


def _begin(coroutine: Coroutine[Any, Any, None]) -> "asyncio.Task[None] | None":
    """What ``run_now`` gives from a callback of the loop, as a protocol calls it."""
    made: Made = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        called = loop.create_future()

        def callback() -> None:
            made.append(run_now(coroutine, loop))
            called.set_result(None)

        loop.call_soon(callback)
        await called
        if made[0] is not None:
            await asyncio.wait([made[0]])

    asyncio.run(main())
    return made[0]


def test_what_never_waits_is_done_at_once_without_a_task() -> None:
    done: list[str] = []

    async def answer() -> None:
        done.append("answered")

    assert _begin(answer()) is None
    assert done == ["answered"]


@pytest.mark.parametrize("wait", [lambda: asyncio.sleep(0), lambda: asyncio.sleep(0.001)])
def test_what_waits_goes_on_as_a_task(wait: Callable[[], Coroutine[Any, Any, None]]) -> None:
    done: list[str] = []

    async def answer() -> None:
        await wait()
        done.append("first")
        await wait()
        done.append("second")

    task = _begin(answer())
    assert task is not None
    assert task.exception() is None
    assert done == ["first", "second"]


def test_a_deadline_set_in_the_first_step_ends_the_task() -> None:
    seen: list[str] = []

    async def answer() -> None:
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            seen.append("too late")
        await asyncio.sleep(0)
        seen.append("answered")

    task = _begin(answer())
    assert task is not None
    assert not task.cancelled()
    assert seen == ["too late", "answered"]


def test_a_task_that_is_cancelled_tells_the_coroutine() -> None:
    seen: list[str] = []

    async def answer() -> None:
        own = asyncio.current_task()
        assert own is not None
        asyncio.get_running_loop().call_soon(own.cancel)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    task = _begin(answer())
    assert task is not None
    assert task.cancelled()
    assert seen == ["cancelled"]


def test_an_error_after_waiting_is_the_tasks() -> None:
    async def answer() -> None:
        await asyncio.sleep(0)
        raise ValueError("no answer")

    task = _begin(answer())
    assert task is not None
    assert isinstance(task.exception(), ValueError)
