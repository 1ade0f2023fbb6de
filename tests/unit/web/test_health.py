"""The probes: what they ask, how often, and what they say."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from rollbook.clock import Clock
from rollbook.http_message import Request, Response
from rollbook.web.health import Health

READY = Request("GET", "/readyz")


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.clock = Clock(now=lambda: datetime(2026, 1, 31, tzinfo=UTC), elapsed=lambda: self.seconds)


class Database:
    """Counts how often it was asked."""

    def __init__(self, *reasons: str) -> None:
        self.reasons: Sequence[str] = reasons
        self.asked = 0

    async def check(self) -> Sequence[str]:
        self.asked += 1
        await asyncio.sleep(0)
        return self.reasons


def told(response: Response) -> tuple[int, object]:
    return response.status, orjson.loads(response.body)


def test_ready_is_200_and_otherwise_503_with_the_reasons() -> None:
    async def run() -> None:
        assert told(await Health(Database().check).readyz(READY)) == (200, {"status": "ok"})
        away = Health(Database("the database does not answer").check)
        assert told(await away.readyz(READY)) == (
            503,
            {"status": "unavailable", "reasons": ["the database does not answer"]},
        )

    asyncio.run(run())


def test_a_flood_of_probes_is_one_question_a_second() -> None:
    async def run() -> None:
        hands, database = Hands(), Database()
        health = Health(database.check, clock=hands.clock)
        await asyncio.gather(*(health.readyz(READY) for _ in range(100)))
        assert database.asked == 1
        hands.seconds = 0.9
        await health.readyz(READY)
        assert database.asked == 1
        hands.seconds = 1.0
        await health.readyz(READY)
        assert database.asked == 2

    asyncio.run(run())


def test_draining_is_seen_at_once_and_asks_nothing() -> None:
    async def run() -> None:
        hands, database, drained = Hands(), Database(), [False]
        health = Health(database.check, draining=lambda: drained[0], clock=hands.clock)
        assert (await health.readyz(READY)).status == 200
        drained[0] = True
        assert told(await health.readyz(READY)) == (503, {"status": "unavailable", "reasons": ["draining"]})
        assert database.asked == 1
        assert (await health.healthz(Request("GET", "/healthz"))).status == 200

    asyncio.run(run())


def test_a_check_that_fails_or_hangs_is_not_ready_and_tells_no_text() -> None:
    async def fails() -> Sequence[str]:
        raise OSError("host db.internal of ann")

    async def hangs() -> Sequence[str]:
        await asyncio.Event().wait()
        return ()

    async def run() -> None:
        assert told(await Health(fails).readyz(READY)) == (
            503,
            {"status": "unavailable", "reasons": ["the check failed"]},
        )
        assert told(await Health(hangs, patience=0).readyz(READY)) == (
            503,
            {"status": "unavailable", "reasons": ["the check took too long"]},
        )

    asyncio.run(run())
