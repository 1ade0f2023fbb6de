"""The keys that seal cursors: made when they are needed, shared, and renewed."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.stores import HandClock, sqlite_store

from rollbook.provisioning.seals import Seals
from rollbook.scim.cursor import Cursor
from rollbook.scim.errors import ExpiredCursor, InvalidCursor
from rollbook.storage.contract import Store

pytestmark = pytest.mark.anyio
BOUND = b"b" * 32
HOUR = timedelta(hours=1)


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(tmp_path: Path, hand: HandClock) -> AsyncIterator[Store]:
    async with sqlite_store(tmp_path, hand.clock) as store:
        yield store


async def test_the_first_cursor_makes_the_first_key(store: Store, hand: HandClock) -> None:
    seals = Seals(store, hand.clock, 3600)
    first, second = [await seals.seal(Cursor(10), BOUND) for _ in range(2)]
    assert first != second
    assert len(await store.sealing_keys()) == 1
    assert await seals.unseal(first, BOUND, 10) == Cursor(10)


async def test_every_worker_opens_what_another_has_sealed(store: Store, hand: HandClock) -> None:
    one, other = Seals(store, hand.clock, 3600), Seals(store, hand.clock, 3600)
    await other.seal(Cursor(10), BOUND)
    hand.move(timedelta(seconds=2))
    await one.rotate()
    text = await one.seal(Cursor(10), BOUND)
    assert await other.unseal(text, BOUND, 10) == Cursor(10)
    hand.move(timedelta(minutes=2))
    fresh = await other.seal(Cursor(10), BOUND)
    assert fresh[2:20] == text[2:20]  # within a minute the new key seals everywhere


async def test_there_is_a_new_key_each_day_and_old_ones_go_when_nothing_needs_them(
    store: Store, hand: HandClock
) -> None:
    seals = Seals(store, hand.clock, 3600)
    for day in range(4):
        text = await seals.seal(Cursor(10), BOUND)
        assert len(await store.sealing_keys()) == min(day + 1, 2)
        hand.move(HOUR / 2)
        assert await seals.unseal(text, BOUND, 10) == Cursor(10)
        hand.move(23.5 * HOUR)
        hand.move(timedelta(seconds=1))


async def test_a_cursor_outlives_the_rotation_of_its_key(store: Store, hand: HandClock) -> None:
    seals = Seals(store, hand.clock, 3600)
    await seals.seal(Cursor(10), BOUND)
    hand.move(23.9 * HOUR)
    text = await seals.seal(Cursor(10), BOUND)
    hand.move(0.9 * HOUR)
    await seals.seal(Cursor(10), BOUND)
    assert len(await store.sealing_keys()) == 2
    assert await seals.unseal(text, BOUND, 10) == Cursor(10)
    hand.move(0.2 * HOUR)
    with pytest.raises(ExpiredCursor):
        await seals.unseal(text, BOUND, 10)


async def test_made_up_cursors_are_no_questions_to_the_database(store: Store, hand: HandClock) -> None:
    seals = Seals(store, hand.clock, 3600)
    await seals.seal(Cursor(10), BOUND)
    asked = 0
    keys = store.sealing_keys

    async def counted() -> object:
        nonlocal asked
        asked += 1
        return await keys()

    store.sealing_keys = counted  # type: ignore[method-assign, assignment]
    hand.move(timedelta(seconds=2))
    for n in range(20):
        with pytest.raises(InvalidCursor):
            await seals.unseal("AQ" + f"{n:02d}" * 59, BOUND, 10)
    assert asked == 1
