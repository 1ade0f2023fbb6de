"""Plan, sync, apply: what is done about whom."""

import json

from tests.support.house import Seat
from tests.support.transfer_stage import Stage, differing, person, there


def test_a_first_sync_creates_everybody_and_a_second_writes_nothing(stage: Stage, acorn: Seat) -> None:
    assert stage.sync()["counts"] == {"create done": 10}
    assert differing(acorn, stage.rows) == []
    before = len(acorn.events())
    assert stage.sync()["counts"] == {}
    assert len(acorn.events()) == before


def test_a_rename_is_an_update_and_a_change_is_a_change_of_nothing_else(stage: Stage, acorn: Seat) -> None:
    stage.sync()
    id = there(acorn)["user3@acorn.example"]["id"]
    acorn.patch(f"/Users/{id}", {"op": "add", "path": "title", "value": "Explorer"})
    stage.rows[2] |= {"login": "Bo@acorn.example", "first": ""}
    plan = stage.plan("--detailed-exitcode", code=10)
    (operation,) = plan["operations"]
    assert operation["kind"] == "update"
    changes = {".".join(change["path"]): (change["before"], change["after"]) for change in operation["changes"]}
    assert changes == {
        "userName": ("user3@acorn.example", "bo@acorn.example"),
        "name.givenName": ("Ann3", None),
    }
    stage.sync()
    now = there(acorn)["bo@acorn.example"]
    assert (now["id"], now["title"], now["name"]) == (id, "Explorer", {"familyName": "Archer"})
    assert differing(acorn, stage.rows) == []


def test_leavers_are_deactivated_and_come_back(stage: Stage, acorn: Seat) -> None:
    stage.sync()
    gone = stage.rows.pop()
    assert stage.sync()["counts"] == {"deactivate done": 1}
    assert there(acorn)["user10@acorn.example"]["active"] is False
    assert stage.sync()["counts"] == {}
    stage.rows.append(gone)
    assert stage.sync()["counts"] == {"reactivate done": 1}
    assert differing(acorn, stage.rows) == []


def test_leavers_are_deleted_where_the_config_says_so(stage: Stage, acorn: Seat) -> None:
    stage.tables = '[policy]\nleavers = "delete"\n'
    stage.sync()
    stage.rows.pop()
    assert stage.sync()["counts"] == {"delete done": 1}
    assert "user10@acorn.example" not in there(acorn)
    assert stage.sync()["counts"] == {}


def test_leavers_are_deleted_once_their_grace_is_over(stage: Stage, acorn: Seat) -> None:
    stage.tables = "[policy]\ngrace_days = 30\n"
    stage.sync()
    stage.rows.pop()
    assert stage.sync()["counts"] == {"deactivate done": 1}
    assert stage.sync()["counts"] == {}
    stage.tables = "[policy]\ngrace_days = 0\n"
    assert stage.sync()["counts"] == {"delete done": 1}
    assert len(there(acorn)) == 9


def test_a_leaver_that_comes_back_is_active_again_even_where_nobody_maps_that(stage: Stage, acorn: Seat) -> None:
    stage.map = {path: rule for path, rule in stage.map.items() if path != "active"}
    stage.sync()
    gone = stage.rows.pop()
    stage.sync()
    stage.rows.append(gone)
    assert stage.sync()["counts"] == {"reactivate done": 1}
    assert there(acorn)["user10@acorn.example"]["active"] is True


def test_unknown_users_are_reported_and_left_alone(stage: Stage, acorn: Seat) -> None:
    acorn.user("stranger")
    told = stage.run("sync")
    assert told.code == 0, told.err
    assert "unknown: stranger" in told.err
    assert there(acorn)["stranger"]["active"] is True


def test_unknown_users_become_what_the_config_says(stage: Stage, acorn: Seat) -> None:
    acorn.user("stranger")
    stage.tables = '[policy]\nunknown = "deactivate"\n'
    assert stage.sync()["counts"] == {"create done": 10, "deactivate done": 1}
    stage.tables = '[policy]\nunknown = "delete"\n'
    assert stage.sync()["counts"] == {"delete done": 1}
    assert "stranger" not in there(acorn)


def test_who_is_adopted_is_no_leaver_before_the_source_has_had_them(stage: Stage, acorn: Seat) -> None:
    stage.tables = '[policy]\nunknown = "adopt"\nleavers = "delete"\ntake_over = false\n'
    acorn.user("stranger")
    told = stage.run("sync")
    assert (told.code, "adopted: stranger" in told.err) == (0, True)
    assert "ours from now on, and left alone until the source has had them" in told.err
    again = stage.run("plan", "--detailed-exitcode")
    assert (again.code, "stranger" in again.out + again.err) == (0, False)
    assert stage.sync()["counts"] == {}
    assert "adopted, and the source has not had them yet" in stage.run("explain", "stranger").out
    stage.rows.append(person(11, login="stranger"))
    assert stage.sync()["counts"] == {"update done": 1}
    stage.rows.pop()
    assert stage.sync()["counts"] == {"delete done": 1}
    assert "stranger" not in there(acorn)


def test_who_was_adopted_and_looks_as_the_source_wants_is_a_leaver_later(stage: Stage, acorn: Seat) -> None:
    stage.tables = '[policy]\nunknown = "adopt"\ntake_over = false\n'
    left = stage.rows.pop()
    stage.sync()
    name = {"givenName": left["first"], "familyName": left["last"]}
    emails = [{"value": left["mail"], "type": "work", "primary": True}]
    acorn.user("user10@acorn.example", externalId="00010", active=True, name=name, emails=emails)
    assert stage.sync()["counts"] == {}
    stage.rows.append(left)
    assert stage.sync()["counts"] == {}
    stage.rows.pop()
    assert stage.sync()["counts"] == {"deactivate done": 1}
    assert stage.run("links", "rebuild", "--json").json() == [{"target": "default", "linked": 9, "without": 0}]


def test_users_that_are_there_already_are_found_by_external_id_then_by_name(stage: Stage, acorn: Seat) -> None:
    first = acorn.user("somebody", externalId="00001")
    second = acorn.user("USER2@acorn.example")
    assert stage.sync()["counts"] == {"create done": 8, "update done": 2}
    users = there(acorn)
    assert users["user1@acorn.example"]["id"] == first["id"]
    assert users["user2@acorn.example"]["id"] == second["id"]
    assert differing(acorn, stage.rows) == []


def test_users_are_found_by_an_attribute_that_the_config_names(stage: Stage, acorn: Seat) -> None:
    stage.tables = '[policy]\nmatch = "emails"\n'
    made = acorn.user("old-name", emails=[{"value": "USER4@acorn.example", "primary": True}])
    assert stage.sync()["counts"] == {"create done": 9, "update done": 1}
    assert there(acorn)["user4@acorn.example"]["id"] == made["id"]


def test_who_might_be_two_people_is_reported_and_nothing_is_done(stage: Stage, acorn: Seat) -> None:
    stage.tables = '[policy]\nmatch = "emails"\nunknown = "delete"\n'
    for name in ("one", "two"):
        acorn.user(name, emails=[{"value": "user4@acorn.example", "primary": True}])
    told = stage.run("sync", "--json")
    assert told.code == 4
    assert json.loads(told.out)["targets"][0]["counts"] == {"create done": 9}
    assert "ambiguous" in told.err
    assert {"one", "two"} <= there(acorn).keys()


def test_nobody_is_taken_over_where_the_config_forbids_it(stage: Stage, acorn: Seat) -> None:
    stage.tables = "[policy]\ntake_over = false\n"
    acorn.user("user1@acorn.example", displayName="Mine")
    assert stage.sync()["counts"] == {"create done": 9}
    assert "externalId" not in there(acorn)["user1@acorn.example"]


def test_protected_users_are_never_touched(stage: Stage, acorn: Seat) -> None:
    stage.tables = '[policy]\nprotected = ["USER1@*", "root*"]\nprotected_groups = ["Heads"]\nunknown = "delete"\n'
    acorn.user("user1@acorn.example")
    acorn.user("rooted")
    head = acorn.user("head")
    acorn.group("Heads", head["id"])
    acorn.user("other")
    assert stage.sync()["counts"] == {"create done": 9, "delete done": 1}
    users = there(acorn)
    assert {"rooted", "head", "user1@acorn.example"} <= users.keys()
    assert "name" not in users["user1@acorn.example"]


def test_two_entries_with_one_name_are_both_left_alone(stage: Stage, acorn: Seat) -> None:
    stage.rows.append(person(11, login="user1@ACORN.example"))
    assert stage.sync(code=4)["counts"] == {"create done": 9}
    assert "user1@acorn.example" not in there(acorn)


def test_names_that_change_hands_in_one_run_end_with_their_new_owners(stage: Stage, acorn: Seat) -> None:
    stage.sync()
    ids = {name: user["id"] for name, user in there(acorn).items()}
    stage.rows[0]["login"], stage.rows[1]["login"] = stage.rows[1]["login"], "fresh@acorn.example"
    assert stage.sync()["counts"] == {"update done": 2}
    users = there(acorn)
    assert users["user2@acorn.example"]["id"] == ids["user1@acorn.example"]
    assert users["fresh@acorn.example"]["id"] == ids["user2@acorn.example"]


def test_somebody_who_was_deleted_by_others_is_created_again(stage: Stage, acorn: Seat) -> None:
    stage.sync()
    acorn.delete(f"/Users/{there(acorn)['user5@acorn.example']['id']}")
    told = stage.run("sync", "--json")
    assert json.loads(told.out)["targets"][0]["counts"] == {"create done": 1}
    assert "vanished" in told.err
    assert differing(acorn, stage.rows) == []


def test_a_bad_row_is_named_by_its_line_and_its_user_is_left_alone(stage: Stage, acorn: Seat) -> None:
    stage.tables = '[policy]\nleavers = "delete"\nunknown = "delete"\n'
    stage.sync()
    stage.rows[4]["active"] = "perhaps"
    told = stage.run("sync", "--json")
    assert told.code == 4
    assert "people.csv line 6" in told.err
    assert "user5@acorn.example" in there(acorn)


def test_where_a_key_stands_twice_neither_row_counts_and_the_person_is_left_alone(stage: Stage, acorn: Seat) -> None:
    stage.tables = '[policy]\nleavers = "delete"\nunknown = "delete"\n'
    stage.sync()
    there_before = there(acorn)["user5@acorn.example"]
    stage.rows[4]["first"] = "Bo"
    stage.rows.append(person(5, first="Cleo", login="other@acorn.example"))
    stage.rows += [person(11), person(11, login="user12@acorn.example")]
    told = stage.run("sync", "--json")
    assert told.code == 4, told.err
    assert json.loads(told.out)["targets"][0]["counts"] == {}
    for first, second in ((6, 12), (13, 14)):
        assert f"people.csv line {first}: has the key of line {second}" in told.err
        assert f"people.csv line {second}: has the key of line {first}" in told.err
    assert "left alone: its row of the source cannot be read" in told.err
    assert there(acorn)["user5@acorn.example"] == there_before
    assert len(there(acorn)) == 10
    for asked in ("00005", "user5@acorn.example"):
        explained = stage.run("explain", asked)
        assert "line 6: has the key of line 12" in explained.out
        assert "its row is bad, so it is left alone" in explained.out


def test_the_first_of_two_rows_with_one_key_counts_where_the_config_says_so(stage: Stage, acorn: Seat) -> None:
    stage.rows.append(person(5, login="other@acorn.example"))
    stage.write()
    config = stage.folder / "transfer.toml"
    config.write_text(config.read_text().replace('key = "id"', 'key = "id"\nduplicates = "first"'))
    told = stage.hand("sync", cwd=stage.folder, TARGET_TOKEN=stage.token)
    assert told.code == 4, told.err
    assert "people.csv line 12: has the key of line 6" in told.err
    assert "people.csv line 6" not in told.err
    assert {"user5@acorn.example"} == {name for name in there(acorn) if "5" in name}
    assert "other@acorn.example" not in there(acorn)


def test_links_can_be_listed_and_rebuilt(stage: Stage, acorn: Seat) -> None:
    stage.sync()
    before = stage.run("links", "list", "--json").json()
    assert [link["key"] for link in before] == [row["id"] for row in stage.rows]
    assert stage.run("links", "rebuild", "--json").json() == [{"target": "default", "linked": 10, "without": 0}]
    after = stage.run("links", "list", "--json").json()
    assert [(link["id"], link["key"]) for link in after] == [(link["id"], link["key"]) for link in before]
    assert stage.sync()["counts"] == {}


def test_what_a_target_keeps_otherwise_is_told_once(stage: Stage, acorn: Seat) -> None:
    """Identify has no place for names, and its externalId is its userName: it takes both, and keeps neither."""
    spoken = acorn.speaking("identify")
    stage.dialect, stage.base_url, stage.token = "identify", spoken.base, spoken.token
    assert stage.sync()["counts"] == {"create done": 10}
    before = len(acorn.events())
    assert stage.plan("--detailed-exitcode")["operations"] == []
    assert stage.sync()["counts"] == {}
    assert len(acorn.events()) == before
    stage.rows[2] |= {"first": "Cleo", "login": "Cleo@acorn.example"}
    (operation,) = stage.plan("--detailed-exitcode", code=10)["operations"]
    told = {".".join(change["path"]) for change in operation["changes"]}
    assert {"userName", "name.givenName"} <= told
    assert "name.familyName" not in told
    assert stage.sync()["counts"] == {"update done": 1}
    assert stage.sync()["counts"] == {}


def test_a_value_that_no_service_takes_makes_a_bad_row_and_stops_nobody_else(stage: Stage, acorn: Seat) -> None:
    stage.rows[3]["login"] = "nul\0nul"
    told = stage.run("sync", "--json")
    assert told.code == 4, told.err
    assert json.loads(told.out)["targets"][0]["counts"] == {"create done": 9}
    assert "people.csv line 5: has a NUL character" in told.err


def test_who_cannot_be_looked_up_is_left_alone_and_stops_nobody_else(stage: Stage, acorn: Seat) -> None:
    acorn.user("somebody")
    stage.rows[3]["login"] = "x" * 70_000
    for _ in range(2):
        told = stage.run("sync", "--json")
        assert told.code == 4, told.err
        assert "people.csv line 5: the target cannot say whether it is there: 414" in told.err
    assert len(there(acorn)) == 10


def test_half_a_character_makes_a_bad_row(stage: Stage) -> None:
    stage.write()
    rows = [json.dumps({**row, "login": "\ud800"} if row["id"] == "00003" else row) for row in stage.rows]
    (stage.folder / "people.jsonl").write_text("\n".join(rows))
    config = stage.folder / "transfer.toml"
    config.write_text(config.read_text().replace('"csv"', '"jsonl"').replace("people.csv", "people.jsonl"))
    told = stage.hand("check", "--no-target", cwd=stage.folder, TARGET_TOKEN=stage.token)
    assert (told.code, "people.jsonl line 3: has half a character" in told.out) == (0, True), told.err
