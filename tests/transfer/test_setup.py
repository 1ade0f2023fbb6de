"""``init``, ``check`` and ``explain``: a stranger's first quarter of an hour."""

import json
from pathlib import Path

import pytest
from tests.support.transfer_hand import Hand
from tests.support.transfer_stage import Stage, people, person

from rollbook.transfer.capabilities import PRESETS
from rollbook.transfer.config import read_config
from rollbook.transfer.drafting import Draft, write_config
from rollbook.transfer.source_settings import KINDS

URN = "urn:ietf:params:scim:schemas:extension:releezme:2.0:User"


def test_a_first_config_is_written_checked_and_works(tmp_path: Path, hand: Hand, stage: Stage) -> None:
    stage.write()
    (tmp_path / "transfer.toml").unlink()
    told = hand("init", "--path", "people.csv", "--base-url", stage.base_url, "--yes", cwd=tmp_path)
    assert told.code == 0, told.err
    assert "id, login, first, last, mail, active" in told.err
    told = hand("check", cwd=tmp_path, TARGET_TOKEN=stage.token)
    assert told.code == 0, told.err
    assert "people: 10" in told.out
    assert "lets us in, SCIM 2.0" in told.out
    assert hand("sync", cwd=tmp_path, TARGET_TOKEN=stage.token).code == 0
    assert hand("plan", "--detailed-exitcode", cwd=tmp_path, TARGET_TOKEN=stage.token).code == 0


def test_init_writes_over_nothing_and_guesses_no_answers(tmp_path: Path, hand: Hand) -> None:
    told = hand("init", cwd=tmp_path)
    assert told.code == 2
    assert "nobody is here to be asked" in told.err
    assert hand("init", "--yes", cwd=tmp_path).code == 0
    told = hand("init", "--yes", cwd=tmp_path)
    assert told.code == 2
    assert "is there already" in told.err
    told = hand("init", "--yes", "--force", "--dialect", "releesme", cwd=tmp_path)
    assert told.code == 2
    assert "releezme" in told.err


@pytest.mark.parametrize(("type", "dialect"), [(type, dialect) for type in KINDS for dialect in PRESETS])
def test_every_first_config_is_a_right_one(tmp_path: Path, type: str, dialect: str) -> None:
    path = tmp_path / "transfer.toml"
    path.write_text(write_config(Draft(type, dialect=dialect, columns=("Emp No", "e-mail", "First Name"))))
    environ = {"TARGET_CLIENT_ID": "x", "TARGET_USERNAME": "y"}
    assert read_config(path, environ).map.lines["userName"]
    path.write_text(write_config(Draft(type, dialect=dialect)))
    assert read_config(path, environ).sources[0].type == type


def test_check_names_bad_rows_and_is_content(stage: Stage) -> None:
    stage.rows = [*people(4), person(2), person(9, active="perhaps")]
    told = stage.run("check", "--json", "--preview", "1")
    said = json.loads(told.out)
    assert told.code == 0
    assert said["people"] == 3
    assert said["bad_rows"] == [
        "people.csv line 6: has the key of line 3",
        "people.csv line 7: active is neither yes nor no; compare it: column == 'A'",
        "people.csv line 3: has the key of line 6",
    ]
    assert said["preview"][0]["userName"] == "user1@acorn.example"
    assert said["targets"][0]["filter"] is True


def test_check_holds_the_map_against_the_schemas_of_the_target(stage: Stage) -> None:
    stage.map = {**stage.map, f'"{URN}:badges"': "id", "nickName": "first"}
    told = stage.run("check")
    assert told.code == 2
    assert f"map.{URN}:badges (transfer.toml line 18): the target has no attribute {URN}:badges" in told.err
    assert "nickName" not in told.err


def test_check_tells_what_is_wrong_with_each_part_by_its_exit_code(stage: Stage) -> None:
    stage.map = {**stage.map, "title": "tilte"}
    told = stage.run("check")
    assert told.code == 2
    assert "map.title (transfer.toml line 18): there is no column tilte" in told.err
    del stage.map["title"]
    token, stage.token = stage.token, "wrong"
    assert stage.run("check").code == 5
    stage.token, stage.base_url = token, "http://127.0.0.1:9/scim/v2"
    assert stage.run("check").code == 5
    assert stage.run("check", "--no-target").code == 0
    stage.write()
    (stage.folder / "people.csv").unlink()
    told = stage.hand("check", "--no-target", cwd=stage.folder)
    assert told.code == 1
    assert "people.csv cannot be read" in told.err


def test_explain_follows_a_person_from_the_row_to_the_decision(stage: Stage) -> None:
    told = stage.run("explain", "USER3@acorn.example")
    assert told.code == 0, told.err
    for line in (
        "source: people.csv line 4",
        "  id      00003",
        "  userName    user3@acorn.example",
        "decision: create",
    ):
        assert line in told.out
    stage.sync()
    assert "decision: nothing" in stage.run("explain", "00003").out
    stage.rows[2] = person(3, first="Bo", login="renamed")
    said = json.loads(stage.run("explain", "00003", "--json").out)
    assert said["source"][0]["rows"][0]["cells"]["first"] == "Bo"
    assert said["source"][0]["mapped"]["userName"] == "renamed"
    (found,) = said["targets"][0]["people"]
    assert found["decision"] == "update"
    assert found["target"]["userName"] == "user3@acorn.example"
    assert {change["path"]: change["after"] for change in found["changes"]} == {
        "userName": "renamed",
        "name.givenName": "Bo",
    }


def test_explain_tells_of_leavers_of_bad_rows_and_of_nobody(stage: Stage) -> None:
    stage.sync()
    del stage.rows[2]
    stage.rows[3] = person(5, active="perhaps")
    told = stage.run("explain", "user3@acorn.example")
    assert "source: nobody is user3@acorn.example" in told.out
    assert "decision: deactivate: ours, and in the source no more" in told.out
    told = stage.run("explain", "00005")
    assert "active is neither yes nor no" in told.out
    assert "its row is bad, so it is left alone" in told.out
    told = stage.run("explain", "stranger")
    assert told.code == 1
    assert "nobody has the key, userName or externalId 'stranger'" in told.err
