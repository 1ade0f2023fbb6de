"""Lines before resources that are fought over."""

import asyncio

import pytest

from rollbook.provisioning.lines import Lines

pytestmark = pytest.mark.anyio


async def test_one_at_a_time_for_each_resource_and_nothing_is_left() -> None:
    lines = Lines()
    inside: dict[str, int] = {"ann": 0, "bo": 0}
    most: dict[str, int] = {"ann": 0, "bo": 0}

    async def work(name: str) -> None:
        async with lines.line(name):
            inside[name] += 1
            most[name] = max(most[name], inside[name])
            await asyncio.sleep(0)
            inside[name] -= 1

    await asyncio.gather(*(work(name) for name in ("ann", "bo") * 20))
    assert most == {"ann": 1, "bo": 1}
    assert lines._locks == {}


async def test_who_gives_up_leaves_the_line() -> None:
    lines = Lines()
    async with lines.line("ann"):
        waiting = asyncio.create_task(lines.line("ann").__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert lines._locks == {}
