"""Targets that are not as they say: found out by trying, and never believed where that could hurt."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.odd_target import odd_target
from tests.support.stores import HandClock
from tests.support.transfer_hand import Hand
from tests.support.transfer_stage import Stage, people

from rollbook.transfer.capabilities import PRESETS, Capabilities
from rollbook.transfer.engine import Timing
from rollbook.transfer.errors import Unreachable
from rollbook.transfer.pace import Breaker
from rollbook.transfer.policy import Run
from rollbook.transfer.probe import probe
from rollbook.transfer.target import Target
from rollbook.transfer.target_settings import TargetSettings

pytestmark = pytest.mark.anyio


async def probed(url: str, dialect: str = "standard") -> Capabilities:
    async with Target.open(TargetSettings("odd", dialect, url)) as target:
        return await probe(target)


@pytest.mark.parametrize(
    ("filters", "believed"),
    [
        ("right", (True, True, True, True)),
        ("everybody", (False, False, False, False)),
        ("nobody", (False, False, False, False)),
        ("no_or", (True, True, False, True)),
    ],
)
async def test_filters_are_believed_once_they_were_tried(filters: str, believed: tuple[bool, ...]) -> None:
    with odd_target(filters=filters) as odd:
        odd.add(userName="ann", externalId="7")
        odd.add(userName="bo", externalId="8")
        can = await probed(odd.url)
    assert (can.filter, can.filter_external, can.filter_or, can.proven) == believed


async def test_filters_of_an_empty_target_are_not_proven() -> None:
    with odd_target() as odd:
        can = await probed(odd.url)
    assert (can.filter, can.proven) == (True, False)


async def test_what_is_announced_comes_before_the_preset() -> None:
    said = {
        "patch": {"supported": False},
        "filter": {"supported": True, "maxResults": 40},
        "etag": {"supported": False},
        "pagination": {"cursor": True, "index": True, "maxPageSize": 30},
    }
    with odd_target(announced=said) as odd:
        can = await probed(odd.url)
        weak = await probed(odd.url, "retailops")
    assert (can.patch, can.etag, can.page, can.paging) == (False, False, 30, "cursor")
    assert (weak.filter, weak.paging, weak.page) == (False, "index", 30)


def staged(folder: Path, hand: Hand, url: str, **more: Any) -> Stage:
    return Stage(folder, hand, url, "", login='login = "none"', rows=people(5), **more)


@pytest.mark.parametrize("filters", ["right", "everybody", "nobody"])
def test_a_target_ends_in_step_whatever_its_filters_are(tmp_path: Path, hand: Hand, filters: str) -> None:
    with odd_target(filters=filters) as odd:
        odd.add(userName="user1@acorn.example", externalId="00001")
        stage = staged(tmp_path, hand, odd.url)
        assert stage.sync()["counts"] == {"create done": 4, "update done": 1}
        assert stage.sync()["counts"] == {}
        assert sorted(user["userName"] for user in odd.users.values()) == [
            f"user{n}@acorn.example" for n in range(1, 6)
        ]
        assert all(agent.startswith("rollbook-transfer/") for agent in odd.agents)


@pytest.mark.parametrize("filters", ["right", "everybody"])
def test_a_user_whom_a_page_has_lost_is_not_created_again(tmp_path: Path, hand: Hand, filters: str) -> None:
    with odd_target(filters=filters, lost=[1]) as odd:
        for row in people(5):
            odd.add(userName=row["login"].lower(), externalId=row["id"])
        counts = staged(tmp_path, hand, odd.url).sync()["counts"]
        assert counts == {"update done": 5}
        assert "POST /Users" not in odd.calls


def test_a_linked_user_whom_a_page_has_lost_is_asked_for_by_id(tmp_path: Path, hand: Hand) -> None:
    with odd_target() as odd:
        stage = staged(tmp_path, hand, odd.url)
        stage.sync()
        odd.lost, odd._walks = [1], 0
        odd.calls.clear()
        stage.rows[0]["first"] = "Cleo"
        assert stage.sync()["counts"] == {"update done": 1}
        assert "GET /Users/5" in odd.calls
        assert "POST /Users" not in odd.calls


def test_without_etags_a_user_that_has_changed_is_a_conflict_as_well(tmp_path: Path, hand: Hand) -> None:
    with odd_target() as odd:
        stage = staged(tmp_path, hand, odd.url)
        stage.sync()
        stage.rows[0]["first"] = stage.rows[1]["first"] = "Cleo"
        stage.run("plan", "-o", "plan.jsonl")
        first, second = (odd.named(row["login"]) for row in stage.rows[:2])
        first["name"]["givenName"] = "Other"
        told = stage.run("apply", "plan.jsonl")
        assert told.code == 4
        assert "somebody else has changed name.givenName" in told.err
        assert [user["name"]["givenName"] for user in (first, second)] == ["Other", "Cleo"]


@pytest.mark.parametrize("announced", [None, {"patch": {"supported": False}}])
def test_without_patch_users_are_read_merged_and_put(tmp_path: Path, hand: Hand, announced: Any) -> None:
    with odd_target(announced=announced, patch=501) as odd:
        stage = staged(tmp_path, hand, odd.url)
        stage.sync()
        odd.named(stage.rows[0]["login"])["nickName"] = "Annie"
        stage.rows[0]["first"] = "Cleo"
        assert stage.sync()["counts"] == {"update done": 1}
        user = odd.named(stage.rows[0]["login"])
        assert (user["name"]["givenName"], user["nickName"]) == ("Cleo", "Annie")
        assert (announced is None) == (f"PATCH /Users/{user['id']}" in odd.calls)


def test_a_run_without_changes_walks_the_target_once_and_writes_nothing(tmp_path: Path, hand: Hand) -> None:
    with odd_target() as odd:
        stage = staged(tmp_path, hand, odd.url, tables="[run]\npage_size = 2\n")
        stage.sync()
        odd.calls.clear()
        stage.sync()
        assert odd.calls.count("GET /Users") <= 5  # three pages, a few users to try filters with, one more at most
        assert all(call.startswith("GET ") for call in odd.calls)


async def test_a_target_that_keeps_failing_is_given_up_after_ever_longer_pauses() -> None:
    hands = HandClock()
    naps: list[float] = []

    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        hands.seconds += seconds

    timing = Timing(hands.clock, sleep, lambda: 1.0, Breaker(failures=3, openings=2, pause=5))
    with odd_target(patch=500) as odd:
        id = odd.add(userName="ann")
        settings = TargetSettings("odd", "standard", odd.url, run=Run(patience=1000))
        async with Target.open(settings, timing=timing) as target:
            assert await target.get(id) is not None
            with pytest.raises(Unreachable, match="the target answers 500"):
                await target.engine.call("PATCH", f"/Users/{id}", {}, repeat=True)
    assert max(naps) >= 5
    assert naps[:2] == [0.5, 1.0]


async def test_retries_end_with_the_patience_of_the_config() -> None:
    hands = HandClock()

    async def sleep(seconds: float) -> None:
        hands.seconds += seconds

    timing = Timing(hands.clock, sleep, lambda: 1.0, Breaker(failures=1000))
    with odd_target(patch=500) as odd:
        id = odd.add(userName="ann")
        async with Target.open(
            TargetSettings("odd", "standard", odd.url, run=Run(patience=20)), timing=timing
        ) as target:
            assert await target.get(id) is not None
            with pytest.raises(Unreachable):
                await target.engine.call("PATCH", f"/Users/{id}", {}, repeat=True)
    assert 10 < hands.seconds <= 20


async def test_requests_are_paced_as_the_preset_says() -> None:
    hands = HandClock()

    async def sleep(seconds: float) -> None:
        hands.seconds += seconds

    with odd_target() as odd:
        id = odd.add(userName="ann")
        timing = Timing(hands.clock, sleep, lambda: 1.0)
        async with Target.open(TargetSettings("odd", "aws", odd.url), timing=timing) as target:
            for _ in range(30):
                await target.get(id)
    preset = PRESETS["aws"]
    assert preset.rate is not None
    assert hands.seconds == pytest.approx((30 - preset.burst) / preset.rate, rel=0.05)


@pytest.mark.parametrize(
    ("status", "headers", "waited"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (429, {"Retry-After": "Sat, 31 Jan 2026 08:00:09 GMT"}, 9.0),
        (503, {"Retry-After": "5"}, 5.0),
        (429, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "4"}, 4.0),
        (0, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "6"}, 6.0),
    ],
)
async def test_what_a_server_says_of_waiting_is_done(status: int, headers: dict[str, str], waited: float) -> None:
    hands = HandClock()

    async def sleep(seconds: float) -> None:
        hands.seconds += seconds

    with odd_target() as odd:
        id = odd.add(userName="ann")
        odd.next.append((status, headers))
        timing = Timing(hands.clock, sleep, lambda: 1.0)
        async with Target.open(TargetSettings("odd", "standard", odd.url), timing=timing) as target:
            assert await target.get(id) is not None
            assert await target.get(id) is not None
    assert hands.seconds == pytest.approx(waited)
