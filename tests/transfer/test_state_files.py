"""The files that last between runs, when the disk is full, or somebody else holds them, or they are damaged."""

import json
import resource
import signal
import sqlite3
from pathlib import Path

import pytest
from tests.support.fault_proxy import Fault, Seen, fault_proxy
from tests.support.house import Seat
from tests.support.transfer_stage import Stage, differing, people, there

STATE = "transfer.state/default.db"


def test_a_state_that_another_program_holds_is_told_and_the_next_run_goes_on(stage: Stage, acorn: Seat) -> None:
    stage.run("plan")
    holder = sqlite3.connect(stage.folder / STATE, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    told = stage.run("sync", "--json")
    holder.close()
    assert told.code == 1
    assert "the state of the transfer is locked by another program" in told.err
    (said,) = json.loads(told.out)["targets"]
    assert "locked by another program" in said["error"]
    assert there(acorn) == {}
    assert stage.sync()["counts"] == {"create done": 10}


def test_a_disk_that_is_full_stops_before_the_first_write(stage: Stage, acorn: Seat) -> None:
    stage.run("plan")
    size = (stage.folder / STATE).stat().st_size
    with fault_proxy(acorn.base) as proxy:
        stage.base_url = proxy.url

        def plan(seen: Seen) -> Fault | None:
            if seen.number == 1:
                resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (size, size))
            return None

        proxy.plan = plan
        stage.rows = people(400)
        child = stage.start("sync")
        told = child.wait()
    assert told.code == 1, told.err
    assert "the state of the transfer cannot be written: the disk is full" in told.err
    assert there(acorn) == {}


def test_a_disk_that_fills_up_in_a_run_loses_nothing(stage: Stage, acorn: Seat) -> None:
    stage.rows = people(60)
    stage.tables = "[run]\nconcurrency = 2\n"
    address = stage.base_url
    with fault_proxy(acorn.base) as proxy:
        stage.base_url = proxy.url

        def plan(seen: Seen) -> Fault | None:
            if seen.method == "POST" and sum(one.method == "POST" for one in proxy.seen) == 20:
                size = (stage.folder / f"{STATE}-wal").stat().st_size
                resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (size, size))
            return None

        proxy.plan = plan
        child = stage.start("sync")
        told = child.wait()
    stage.base_url = address
    assert told.code == 1, told.err
    assert "the disk is full" in told.err
    assert "rollbook transfer resume" in told.err
    assert len(told.err.splitlines()) == 2, told.err
    made = len(there(acorn))
    assert 18 <= made < 30
    assert stage.run("resume").code == 0
    assert differing(acorn, stage.rows) == []
    assert stage.sync()["counts"] == {}


@pytest.mark.parametrize("verb", ["sync", "plan", "report", "links", "explain", "resume"])
def test_a_state_that_is_damaged_is_told(stage: Stage, verb: str) -> None:
    stage.sync()
    path = stage.folder / STATE
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    told = stage.run(verb, *(["00001"] if verb == "explain" else []))
    assert told.code == 1, told.err
    assert "the state of the transfer is damaged" in told.err
    assert "bug of ours" not in told.err


def test_a_state_folder_that_is_a_file_is_told(stage: Stage) -> None:
    (stage.folder / "transfer.state").write_text("x")
    told = stage.run("sync", "--json")
    assert told.code == 1
    assert json.loads(told.out)["targets"][0]["error"].startswith("the state of the transfer cannot be kept in ")


def test_a_signal_before_the_first_write_leaves_nothing_to_resume(stage: Stage, acorn: Seat) -> None:
    with fault_proxy(acorn.base) as proxy:
        stage.base_url = proxy.url

        def plan(seen: Seen) -> Fault | None:
            if seen.number == 2:
                child.kill(signal.SIGINT)
            return None

        proxy.plan = plan
        child = stage.start("sync")
        told = child.wait()
    assert told.code == 1
    assert "a signal ended the run before anything was changed" in told.err
    assert "resume" not in told.err


def test_init_with_a_file_that_is_empty_writes_an_example(tmp_path: Path, stage: Stage) -> None:
    (tmp_path / "people.csv").write_text("")
    told = stage.hand("init", "--path", "people.csv", "--yes", "-c", "first.toml", cwd=tmp_path)
    assert told.code == 0, told.err
    assert "people.csv is empty: the map in the config is an example." in told.err
    assert "brake" not in told.err
    assert "userName" in (tmp_path / "first.toml").read_text()
