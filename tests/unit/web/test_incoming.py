"""Requests of one turn of the loop: begun together, in their order, each for itself."""

import asyncio
from typing import Any

import pytest

from rollbook.web.incoming import Incoming

pytestmark = pytest.mark.anyio


async def test_what_came_in_one_turn_is_begun_when_it_ends_in_its_order() -> None:
    begun: list[int] = []
    incoming: Incoming[int] = Incoming(asyncio.get_running_loop())
    for n in range(3):
        incoming.put(begun.append, n)
    assert begun == []
    await asyncio.sleep(0)
    assert begun == [0, 1, 2]


async def test_what_comes_while_others_are_begun_is_begun_in_the_next_turn() -> None:
    begun: list[int] = []
    incoming: Incoming[int] = Incoming(asyncio.get_running_loop())

    def begin(n: int) -> None:
        begun.append(n)
        if n < 2:
            incoming.put(begin, n + 1)

    incoming.put(begin, 0)
    for n in range(3):
        await asyncio.sleep(0)
        assert begun == list(range(n + 1))


async def test_one_that_cannot_be_begun_keeps_nobody_else_from_it() -> None:
    loop = asyncio.get_running_loop()
    begun: list[int] = []
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    incoming: Incoming[int] = Incoming(loop)

    def broken(_: int) -> None:
        raise ZeroDivisionError

    incoming.put(broken, 0)
    incoming.put(begun.append, 1)
    await asyncio.sleep(0)
    assert begun == [1]
    assert [type(context["exception"]) for context in told] == [ZeroDivisionError]
