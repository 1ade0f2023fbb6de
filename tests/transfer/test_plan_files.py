"""A plan in a file: what it shows, and when it is refused."""

import json
import os
import re
import stat
from pathlib import Path

import pytest
from tests.support.house import Seat
from tests.support.transfer_stage import Stage, differing, there


def planned(stage: Stage) -> Path:
    assert stage.run("plan", "-o", "plan.jsonl").code == 0
    return stage.folder / "plan.jsonl"


def refused(stage: Stage, sentence: str) -> None:
    told = stage.run("apply", "plan.jsonl")
    assert told.code == 1, told.out + told.err
    assert sentence in told.err


def test_a_plan_is_shown_and_applied(stage: Stage, acorn: Seat) -> None:
    stage.sync()
    stage.rows[0]["first"] = "Cleo"
    planned(stage)
    shown = stage.run("show", "plan.jsonl")
    assert shown.code == 0
    assert "name.givenName: Ann1 → Cleo" in shown.out
    assert "people.csv line 2" in shown.out
    assert len(json.loads(stage.run("show", "plan.jsonl", "--json").out)["operations"]) == 1
    assert stage.run("apply", "plan.jsonl").code == 0
    assert differing(acorn, stage.rows) == []
    refused(stage, "another run was made since the plan was")


def test_a_redacted_plan_shows_no_name_and_no_value(stage: Stage) -> None:
    planned(stage)
    shown = stage.run("show", "plan.jsonl", "--redact")
    assert "00001" in shown.out
    assert not re.search("Ann1|user1@", shown.out)


@pytest.mark.parametrize("edit", ["value", "line", "cut", "other"])
def test_a_plan_that_was_edited_is_refused(stage: Stage, acorn: Seat, edit: str) -> None:
    path = planned(stage)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    text = {
        "value": "".join(lines).replace("Ann1", "Bo"),
        "line": "".join(lines[:2] + lines[3:]),
        "cut": "".join(lines[:-1]),
        "other": '{"hello": 1}\n',
    }[edit]
    path.write_text(text, "utf-8")
    refused(stage, "plan")
    assert stage.run("show", "plan.jsonl").code == 1
    assert there(acorn) == {}


def test_a_plan_is_stale_once_the_source_has_changed(stage: Stage) -> None:
    planned(stage)
    stage.rows[0]["first"] = "Cleo"
    refused(stage, "the source has changed since the plan was made")


def test_a_plan_is_stale_once_the_config_has_changed(stage: Stage) -> None:
    planned(stage)
    stage.tables = '[policy]\nleavers = "delete"\n'
    refused(stage, "the config has changed since the plan was made")


def test_a_plan_is_stale_once_it_is_old(stage: Stage) -> None:
    stage.tables = "[run]\nplan_hours = 0\n"
    planned(stage)
    refused(stage, "hours old")


def test_a_user_that_has_changed_since_is_a_conflict_and_the_others_are_done(stage: Stage, acorn: Seat) -> None:
    stage.sync()
    stage.rows[0]["first"] = stage.rows[1]["first"] = "Cleo"
    planned(stage)
    id = there(acorn)["user1@acorn.example"]["id"]
    acorn.patch(f"/Users/{id}", {"op": "replace", "path": "name.givenName", "value": "Other"})
    told = stage.run("apply", "plan.jsonl", "--json")
    assert told.code == 4
    assert json.loads(told.out)["targets"][0]["counts"] == {"update conflict": 1, "update done": 1}
    assert "\nupdate\t1\t1 conflict\n" in stage.run("report").out
    users = there(acorn)
    assert users["user1@acorn.example"]["name"]["givenName"] == "Other"
    assert users["user2@acorn.example"]["name"]["givenName"] == "Cleo"


def test_a_change_of_something_else_is_no_conflict(stage: Stage, acorn: Seat) -> None:
    stage.sync()
    stage.rows[0]["first"] = "Cleo"
    planned(stage)
    id = there(acorn)["user1@acorn.example"]["id"]
    acorn.patch(f"/Users/{id}", {"op": "add", "path": "title", "value": "Explorer"})
    assert stage.run("apply", "plan.jsonl").code == 0
    user = there(acorn)["user1@acorn.example"]
    assert (user["title"], user["name"]["givenName"]) == ("Explorer", "Cleo")


def test_a_user_that_appears_after_the_plan_is_not_made_twice(stage: Stage, acorn: Seat) -> None:
    planned(stage)
    acorn.user("user1@acorn.example")
    told = stage.run("apply", "plan.jsonl", "--json")
    assert told.code == 4
    assert json.loads(told.out)["targets"][0]["counts"] == {"create done": 9, "create failed": 1}
    assert len(there(acorn)) == 10


def test_the_same_differences_make_the_same_plan(stage: Stage) -> None:
    assert stage.plan()["plan"] == stage.plan()["plan"]


def test_the_key_of_plans_is_for_its_owner_alone(stage: Stage) -> None:
    planned(stage)
    assert (stage.folder / "transfer.state" / "plan.key").stat().st_mode & 0o077 == 0


def test_a_plan_goes_into_a_pipe_as_it_goes_into_a_file(stage: Stage) -> None:
    pipe = stage.folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        told = stage.run("plan", "-o", "pipe")
        assert told.code == 0, told.err
        text = os.read(reader, 1_000_000)
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    (stage.folder / "plan.jsonl").write_bytes(text)
    assert stage.run("apply", "plan.jsonl").code == 0


@pytest.mark.parametrize(("name", "said"), [(".", "is a folder"), ("missing/plan.jsonl", "there is no folder missing")])
def test_a_plan_that_cannot_be_kept_there_is_wrong_usage(stage: Stage, name: str, said: str) -> None:
    told = stage.run("plan", "-o", name)
    assert (told.code, said in told.err) == (2, True), told.err
