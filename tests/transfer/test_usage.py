"""The command line: exit codes, groups, and state that belongs to its owner."""

import json

import pytest
from tests.support.fault_proxy import fault_proxy
from tests.support.house import Seat
from tests.support.transfer_stage import Stage, sync_killed_at, there


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "-c", "missing.toml"),
        ("plan", "-t", "nobody"),
        ("plan", "--nonsense"),
        ("apply", "missing.jsonl"),
        ("show", "missing.jsonl"),
        ("sync", "--plan", "0" * 16),
        ("report", "--format", "text", "-o", "x.txt"),
    ],
)
def test_wrong_usage_ends_with_2(stage: Stage, words: tuple[str, ...]) -> None:
    assert stage.run(*words).code == 2


def test_a_wrong_config_ends_with_2_and_names_its_line(stage: Stage) -> None:
    stage.tables = '[policy]\nleaver = "delete"\n'
    told = stage.run("sync")
    assert told.code == 2
    assert "leavers" in told.err


def test_plan_says_by_its_exit_code_whether_there_is_something_to_do(stage: Stage) -> None:
    assert stage.run("plan", "--detailed-exitcode").code == 10
    assert stage.run("plan").code == 0
    stage.sync()
    assert stage.run("plan", "--detailed-exitcode").code == 0


def test_every_verb_explains_itself(stage: Stage) -> None:
    for verb in ("plan", "show", "apply", "sync", "resume", "report", "links"):
        told = stage.run(verb, "--help")
        assert told.code == 0
        assert f"rollbook transfer {verb}" in told.out


def test_links_alone_lists_them(stage: Stage) -> None:
    stage.sync()
    assert len(stage.run("links").rows()) == 10


def test_nothing_to_resume_is_no_failure(stage: Stage) -> None:
    told = stage.run("resume")
    assert (told.code, "nothing to resume" in told.err) == (0, True)


def test_a_run_that_is_too_old_is_closed_and_not_begun(stage: Stage, acorn: Seat) -> None:
    with fault_proxy(acorn.base) as proxy:
        stage.base_url = proxy.url
        stage.tables = "[run]\nconcurrency = 1\n"
        sync_killed_at(stage, proxy, 4)
        stage.tables = "[run]\nconcurrency = 1\nplan_hours = 0\n"
        told = stage.run("resume", "--json")
    assert told.code == 4
    counts = json.loads(told.out)["targets"][0]["counts"]
    assert counts == {"create done": 4, "create skipped": 6}
    assert len(there(acorn)) == 4


def test_groups_are_joined_and_left(stage: Stage, acorn: Seat) -> None:
    acorn.group("Archer")
    acorn.group("Birch")
    stage.tables = '[[groups]]\nadd = ["{last}"]\n'
    stage.rows[9]["last"] = "Nobody"
    told = stage.run("sync", "--json")
    assert told.code == 4
    assert "there is no group named 'Nobody' in the target" in told.err
    assert json.loads(told.out)["targets"][0]["counts"] == {"create done": 9, "create failed": 1}
    stage.rows[0]["last"] = stage.rows[9]["last"] = "Birch"
    assert stage.sync()["counts"] == {"update done": 2}
    groups = {name: [g["display"] for g in user["groups"]] for name, user in there(acorn).items()}
    assert groups["user1@acorn.example"] == groups["user10@acorn.example"] == ["Birch"]
    assert groups["user2@acorn.example"] == ["Archer"]
    assert stage.sync()["counts"] == {}


def test_state_and_plans_are_for_their_owner_alone(stage: Stage) -> None:
    stage.run("plan", "-o", "plan.jsonl")
    for path in (stage.folder / "transfer.state", stage.folder / "plan.jsonl"):
        assert path.stat().st_mode & 0o077 == 0
