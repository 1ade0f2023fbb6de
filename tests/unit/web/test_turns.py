"""Turns at work for each tenant (``protocol`` Numbers; ``security`` line 76)."""

import asyncio

import pytest

from rollbook.scim.errors import Unavailable
from rollbook.web.turns import Turns

pytestmark = pytest.mark.anyio


async def test_a_tenant_gets_so_many_turns_and_the_next_waits() -> None:
    turns = Turns(at_once=2)
    await turns.take("acorn")
    await turns.take("acorn")
    third = asyncio.create_task(turns.take("acorn"))
    await asyncio.sleep(0)
    assert not third.done()
    turns.give("acorn")
    await third


async def test_a_busy_tenant_does_not_hold_up_another() -> None:
    turns = Turns(at_once=1)
    await turns.take("acorn")
    async with asyncio.timeout(1):
        await turns.take("birch")


async def test_turns_come_in_the_order_of_asking() -> None:
    turns = Turns(at_once=1)
    order: list[str] = []

    async def ask(name: str) -> None:
        async with turns.turn("acorn"):
            order.append(name)

    await turns.take("acorn")
    asked = [asyncio.create_task(ask(name)) for name in ("ann", "bo", "cleo")]
    await asyncio.sleep(0)
    turns.give("acorn")
    await asyncio.gather(*asked)
    assert order == ["ann", "bo", "cleo"]


async def test_waiting_too_long_is_503_with_retry_after_and_takes_no_turn() -> None:
    turns = Turns(at_once=1, wait_seconds=0)
    await turns.take("acorn")
    with pytest.raises(Unavailable) as refused:
        await turns.take("acorn")
    assert dict(refused.value.headers)["retry-after"] == "1"
    turns.give("acorn")
    await turns.take("acorn")


async def test_a_client_that_goes_away_while_it_waits_leaves_its_place() -> None:
    turns = Turns(at_once=1)
    await turns.take("acorn")
    gone, next_one = asyncio.create_task(turns.take("acorn")), asyncio.create_task(turns.take("acorn"))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    turns.give("acorn")
    await next_one
    turns.give("acorn")
    assert turns._at_work == {}
    assert turns._waiting == {}


async def test_a_client_that_goes_away_just_when_its_turn_comes_gives_it_back() -> None:
    turns = Turns(at_once=1)
    await turns.take("acorn")
    gone = asyncio.create_task(turns.take("acorn"))
    await asyncio.sleep(0)
    turns.give("acorn")
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    async with asyncio.timeout(1):
        await turns.take("acorn")
