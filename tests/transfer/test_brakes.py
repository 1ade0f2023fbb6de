"""What stops a run, and the one way past it."""

import json

import pytest
from tests.support.house import Seat
from tests.support.transfer_stage import Stage, people, person, there


@pytest.fixture
def many(stage: Stage) -> Stage:
    """Forty people, all of them in the target."""
    stage.rows = people(40)
    stage.sync()
    return stage


def test_too_many_deactivations_stop_before_the_first_write(many: Stage, acorn: Seat) -> None:
    many.rows = many.rows[:33]
    before = len(acorn.events())
    told = many.run("sync")
    assert told.code == 3
    assert "7 users would be deactivated: 5 are allowed" in told.err
    assert "--allow-deletes 7 --plan " in told.err
    (said,) = json.loads(many.run("sync", "--json").out)["targets"]
    assert (said["removals"], said["held"][0][:7]) == (7, "7 users")
    assert len(acorn.events()) == before


def test_a_plan_that_was_looked_at_passes_once_with_the_exact_number(many: Stage, acorn: Seat) -> None:
    many.rows = many.rows[:33]
    plan = many.plan(code=3)
    assert plan["held"]
    id = plan["plan"]
    assert many.run("sync", "--allow-deletes", "6", "--plan", id).code == 3
    assert many.run("sync", "--allow-deletes", "7", "--plan", "0" * 16).code == 1
    assert many.run("sync", "--allow-deletes", "7").code == 2
    assert many.sync("--allow-deletes", "7", "--plan", id)["counts"] == {"deactivate done": 7}
    report = many.run("report", "--json").json()
    assert report["allowed"] == 7
    again = many.run("sync", "--allow-deletes", "7", "--plan", id)
    assert again.code == 1
    assert "something has changed" in again.err


def test_a_kept_plan_passes_in_the_same_way(many: Stage) -> None:
    many.tables = '[policy]\nleavers = "delete"\n'
    many.rows = many.rows[:33]
    told = many.run("plan", "-o", "plan.jsonl")
    assert told.code == 3
    id = told.out.rpartition("\nplan ")[2].split(",")[0]
    assert many.run("apply", "plan.jsonl").code == 3
    assert many.run("apply", "plan.jsonl", "--allow-deletes", "7", "--plan", id).code == 0
    assert many.run("apply", "plan.jsonl", "--allow-deletes", "7", "--plan", id).code == 1


def test_an_empty_source_always_stops(many: Stage, acorn: Seat) -> None:
    many.rows = []
    plan = many.plan(code=3)
    assert plan["held"] == ["the source is empty"]
    removals = plan["totals"]["deactivate"]
    told = many.run("sync", "--allow-deletes", str(removals), "--plan", plan["plan"])
    assert told.code == 3
    assert "nothing lets an empty source pass" in told.err
    assert all(user["active"] for user in there(acorn).values())


@pytest.mark.parametrize("content", ["", "id,login,first,last,mail,active\n"])
@pytest.mark.parametrize("verb", ["plan", "sync"])
def test_a_file_that_was_cut_to_nothing_is_an_empty_source(stage: Stage, content: str, verb: str) -> None:
    stage.write()
    (stage.folder / "people.csv").write_text(content)
    told = stage.hand(verb, cwd=stage.folder, TARGET_TOKEN=stage.token)
    assert told.code == 3
    assert "stopped by a brake: the source is empty" in told.err
    assert "nothing lets an empty source pass" in told.err


def test_a_shrunken_source_stops_even_where_limits_are_wide(many: Stage) -> None:
    many.tables = "[brakes]\ndeactivations = 1000\n"
    many.rows = many.rows[:30]
    told = many.run("sync")
    assert told.code == 3
    assert "the source has shrunk from 40 entries to 30" in told.err


def test_one_attribute_that_changes_in_most_stops(many: Stage) -> None:
    for row in many.rows:
        row["first"], row["last"] = row["last"], row["first"]
    told = many.run("sync")
    assert told.code == 3
    assert "name.familyName would change in 40 users: 24 are allowed" in told.err


def test_too_many_new_users_stop_where_there_are_users_already(many: Stage) -> None:
    many.tables = "[brakes]\ncreates = { share = 0.1, least = 2 }\n"
    many.rows += [person(100 + number) for number in range(5)]
    told = many.run("sync")
    assert told.code == 3
    assert "5 users would be created: 4 are allowed" in told.err


def test_a_run_that_was_stopped_is_in_the_report(many: Stage) -> None:
    many.rows = []
    many.run("sync")
    report = many.run("report", "--json").json()
    assert (report["outcome"], report["held"]) == ("stopped", ["the source is empty"])


def test_a_target_in_which_nobody_is_left_is_not_filled_anew(many: Stage, acorn: Seat) -> None:
    many.tables = "[brakes]\ncreates = 10\n"
    other = acorn.house.seat("birch")
    many.token = other.token
    told = many.run("sync")
    assert told.code == 3
    assert "40 users would be created: 10 are allowed" in told.err
    assert there(other) == {}
