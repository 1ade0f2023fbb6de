"""A network and a server that fail: cut, late, 429, 500, 401. Everything is done, and nothing twice."""

import random
import signal
import time
from collections.abc import Iterator

import pytest
from tests.support.fault_proxy import Cut, Fault, FaultProxy, Late, Says, Seen, Where, fault_proxy
from tests.support.house import Seat
from tests.support.server import free_port
from tests.support.transfer_stage import Stage, differing, people, sync_killed_at, there


@pytest.fixture
def proxy(stage: Stage, acorn: Seat) -> Iterator[FaultProxy]:
    """A proxy between the stage and its target."""
    with fault_proxy(acorn.base) as found:
        stage.base_url = found.url
        yield found


def writes(seat: Seat) -> int:
    return sum(event.kind.value.startswith("resource:") for event in seat.events())


def only(method: str, fault: Fault, times: int = 1) -> "_Only":
    return _Only(method, fault, times)


class _Only:
    """A fault for the first requests of a method."""

    def __init__(self, method: str, fault: Fault, times: int) -> None:
        self.method, self.fault, self.left = method, fault, times

    def __call__(self, seen: Seen) -> Fault | None:
        if seen.method != self.method or self.left == 0:
            return None
        self.left -= 1
        return self.fault


@pytest.mark.parametrize("where", [Where.BEFORE, Where.AFTER])
def test_a_post_without_an_answer_is_looked_up_before_it_is_sent_again(
    stage: Stage, acorn: Seat, proxy: FaultProxy, where: Where
) -> None:
    proxy.plan = only("POST", Cut(where))
    assert stage.sync()["counts"] == {"create done": 10}
    posts = [seen.number for seen in proxy.seen if seen.method == "POST"]
    assert len(posts) == (10 if where is Where.AFTER else 11)
    assert any(seen.method == "GET" and "filter=" in seen.path for seen in proxy.seen[posts[0] :])
    assert differing(acorn, stage.rows) == []
    assert writes(acorn) == 10


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_post_that_ends_with_5xx_is_looked_up_as_well(
    stage: Stage, acorn: Seat, proxy: FaultProxy, status: int
) -> None:
    proxy.plan = only("POST", Says(status, where=Where.AFTER), 2)
    assert stage.sync()["counts"] == {"create done": 10}
    assert writes(acorn) == 10


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_write_whose_answer_is_lost_is_not_done_twice(
    stage: Stage, acorn: Seat, proxy: FaultProxy, method: str
) -> None:
    stage.tables = '[policy]\nleavers = "delete"\n'
    stage.sync()
    before = writes(acorn)
    stage.rows.pop()
    stage.rows[0]["first"] = "Cleo"
    proxy.plan = only(method, Cut(Where.AFTER))
    assert stage.sync()["counts"] == {"delete done": 1, "update done": 1}
    assert writes(acorn) == before + 2
    assert differing(acorn, stage.rows) == []


def test_a_server_that_asks_for_patience_gets_it(stage: Stage, proxy: FaultProxy) -> None:
    said: list[float] = []

    def plan(seen: Seen) -> Fault | None:
        said.append(time.monotonic())
        return Says(429, (("Retry-After", "1"),)) if len(said) == 3 else None

    proxy.plan = plan
    assert stage.sync()["counts"] == {"create done": 10}
    assert said[3] - said[2] >= 1


def test_late_answers_are_waited_for(stage: Stage, acorn: Seat, proxy: FaultProxy) -> None:
    proxy.plan = only("POST", Late(0.3), 4)
    assert stage.sync()["counts"] == {"create done": 10}


def test_an_answer_that_does_not_come_in_time_counts_as_lost(stage: Stage, acorn: Seat, proxy: FaultProxy) -> None:
    stage.tables = "[run]\ntimeout = 0.3\n"
    proxy.plan = only("POST", Late(1.0))
    assert stage.sync()["counts"] == {"create done": 10}
    assert writes(acorn) == 10


def test_a_token_that_is_refused_ends_the_run_with_5(stage: Stage, acorn: Seat) -> None:
    stage.token = "rbk_nobody"
    told = stage.run("sync")
    assert told.code == 5
    assert "refuses the credential" in told.err


def test_a_target_that_is_not_there_ends_the_run_with_5(stage: Stage) -> None:
    stage.base_url = f"http://127.0.0.1:{free_port()}/scim/v2"
    told = stage.run("sync")
    assert told.code == 5
    assert f"the target at {stage.base_url} cannot be reached" in told.err


def test_a_login_address_that_is_not_there_is_named(stage: Stage) -> None:
    address = f"http://127.0.0.1:{free_port()}/token"
    stage.login = f'token_url = "{address}"\nclient_id = "c"\nclient_secret = {{ env = "TARGET_TOKEN" }}'
    told = stage.run("sync")
    assert told.code == 5
    assert f"the login address {address} cannot be reached" in told.err


def test_a_storm_of_faults_ends_with_source_and_target_in_step(stage: Stage, acorn: Seat, proxy: FaultProxy) -> None:
    chance = random.Random(7)
    faults: list[Fault] = [
        Cut(Where.BEFORE),
        Cut(Where.AFTER),
        Says(500, where=Where.AFTER),
        Says(503, (("Retry-After", "0"),)),
        Says(429, (("Retry-After", "0"),)),
        Late(0.05),
    ]
    proxy.plan = lambda seen: chance.choice(faults) if chance.random() < 0.15 else None
    stage.tables = '[policy]\nleavers = "delete"\n'
    stage.rows = people(60)
    assert stage.sync()["counts"] == {"create done": 60}
    assert differing(acorn, stage.rows) == []
    assert writes(acorn) == 60
    stage.rows = stage.rows[:57]
    for row in stage.rows[:20]:
        row["first"] = "Cleo"
    assert stage.sync()["counts"] == {"update done": 20, "delete done": 3}
    assert differing(acorn, stage.rows) == []
    assert writes(acorn) == 83
    assert len(there(acorn)) == 57


def test_sigterm_finishes_the_calls_in_flight_and_resume_the_rest(stage: Stage, acorn: Seat, proxy: FaultProxy) -> None:
    stage.rows = people(30)

    def plan(seen: Seen) -> Fault | None:
        posts = sum(one.method == "POST" for one in proxy.seen)
        if seen.method == "POST" and posts == 8:
            child.kill(signal.SIGTERM)
            return Late(0.3)
        return None

    proxy.plan = plan
    child = stage.start("sync")
    told = child.wait()
    assert told.code == 1
    assert "a signal ended the run" in told.err
    done = writes(acorn)
    assert 8 <= done < 30
    report = stage.run("report", "--json").json()
    assert report["outcome"] == "running"
    states = [operation["state"] for operation in report["operations"]]
    assert states.count("done") == done, states
    assert stage.run("resume").code == 0
    assert writes(acorn) == 30
    assert differing(acorn, stage.rows) == []


def test_a_sync_finishes_what_was_cut_off_before_it_begins(stage: Stage, acorn: Seat, proxy: FaultProxy) -> None:
    sync_killed_at(stage, proxy, 3, Where.AFTER)
    refused = stage.run("plan", "-o", "plan.jsonl")
    assert refused.code == 0
    assert "cut off" in stage.run("apply", "plan.jsonl").err
    told = stage.run("sync")
    assert told.code == 0
    assert "it is finished first" in told.err
    assert writes(acorn) == 10


def test_one_run_of_a_target_at_a_time(stage: Stage, acorn: Seat, proxy: FaultProxy) -> None:
    from rollbook.transfer.state.journal import Lock

    lock = Lock(stage.folder / "transfer.state" / "default.lock")
    try:
        told = stage.run("sync")
        assert told.code == 1
        assert "another run of this target is at work" in told.err
    finally:
        lock.release()
    assert stage.run("sync").code == 0


def test_a_login_that_may_not_read_ends_the_run_with_5(stage: Stage, proxy: FaultProxy) -> None:
    proxy.plan = lambda seen: Says(403) if "/Users" in seen.path else None
    told = stage.run("sync")
    assert (told.code, "which rights has the login?" in told.err) == (5, True)


def test_an_address_without_users_ends_the_run_with_5(stage: Stage) -> None:
    stage.base_url += "/nowhere"
    told = stage.run("sync")
    assert (told.code, "is base_url right?" in told.err) == (5, True)
