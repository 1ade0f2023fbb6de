"""Sources put together, mapped and kept: who is wanted, which rows are bad, and who is left alone because of them."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import apsw
import pytest

from rollbook.testing.people import COLUMNS, three_days
from rollbook.transfer.config import read_config
from rollbook.transfer.errors import SourceFailed, WrongConfig
from rollbook.transfer.explaining import find_person
from rollbook.transfer.records import Snapshot
from rollbook.transfer.snapshot import passing_snapshot, take_snapshot

TODAY = date(2026, 3, 2)
TARGET = '[target]\ndialect = "standard"\nbase_url = "http://127.0.0.1:9/scim/v2"\n'
ONE = f'[source]\ntype = "csv"\npath = "people.csv"\nkey = "id"\n{TARGET}[map]\nuserName = "login"\nactive = "active"\n'


def snapshot(folder: Path, config: str, **files: Sequence[str] | bytes) -> Snapshot:
    for name, content in files.items():
        path = folder / f"{name}.csv"
        path.write_bytes(content if isinstance(content, bytes) else "\n".join(content).encode())
    (folder / "transfer.toml").write_text(config)
    read = read_config(folder / "transfer.toml", {})
    return take_snapshot(read, apsw.Connection(""), today=TODAY, taken="then")


def test_entries_come_by_key_again_and_again(tmp_path: Path) -> None:
    found = snapshot(tmp_path, ONE, people=["id,login,active", "b,bo,yes", "a,ann,no", "ä,cleo,yes"])
    assert [(one.key, one.line, one.origin) for one in found] == [
        ("a", 3, "people.csv line 3"),
        ("b", 2, "people.csv line 2"),
        ("ä", 4, "people.csv line 4"),
    ]
    assert next(one.attributes for one in found) == {"active": False, "userName": "ann"}
    bo = found.get("b")
    assert bo is not None
    assert bo.attributes["userName"] == "bo"
    assert found.get("c") is None
    assert (found.count, found.bad_count, found.taken) == (3, 0, "then")


def test_equal_sources_have_equal_hashes(tmp_path: Path) -> None:
    first = snapshot(tmp_path, ONE, people=["id,login,active", "b,bo,yes", "a,ann,no"]).hash
    assert snapshot(tmp_path, ONE, people=["login,active,id,x", "ann,0,a,1", "bo,Y,b,2"]).hash == first
    assert snapshot(tmp_path, ONE, people=["id,login,active", "b,bob,yes", "a,ann,no"]).hash != first


def test_bad_rows_are_named_and_whoever_they_are_of_is_not_gone(tmp_path: Path) -> None:
    rows = ["id,login,active", "a,ann,yes", "b,bo", "c,,yes", ",eve,yes", "a,ann2,yes", "d,dan,perhaps", "e,eve,yes"]
    found = snapshot(tmp_path, ONE, people=rows)
    assert [str(one) for one in found.bad()] == [
        "people.csv line 3: has 2 cells, and the heading 3",
        "people.csv line 4: userName is empty",
        "people.csv line 5: has no key",
        "people.csv line 6: has the key of line 2",
        "people.csv line 7: active is neither yes nor no; compare it: column == 'A'",
        "people.csv line 2: has the key of line 6",
    ]
    assert [one.key for one in found] == ["e"]
    assert [key for key in "abcde" if found.spoiled(key)] == ["a", "b", "c", "d"]
    assert (found.keyless, found.sources[0].rows, found.sources[0].bad) == (1, 7, 6)


def test_of_a_key_that_stands_twice_the_first_row_may_count(tmp_path: Path) -> None:
    config = ONE.replace('key = "id"', 'key = "id"\nduplicates = "first"')
    rows = ["id,login,active", "a,ann,yes", "a,ann2,yes", "b,bo,yes", "a,ann3,yes"]
    found = snapshot(tmp_path, config, people=rows)
    assert [(one.key, one.line) for one in found] == [("a", 2), ("b", 4)]
    assert [str(one) for one in found.bad()] == [
        "people.csv line 3: has the key of line 2",
        "people.csv line 5: has the key of line 2",
    ]


@pytest.mark.parametrize("rows", [("a,ann,yes", "a,ann"), ("a,ann", "a,ann,yes"), ("a,,yes", "a,ann,yes")])
def test_a_row_does_not_count_where_another_with_its_key_cannot_be_read(tmp_path: Path, rows: tuple[str, ...]) -> None:
    found = snapshot(tmp_path, ONE, people=["id,login,active", *rows])
    assert (list(found), found.bad_count, found.spoiled("a")) == ([], 2, True)


def test_in_several_sources_a_key_that_stands_twice_stops_its_person_and_both_rows_are_named(tmp_path: Path) -> None:
    phones = [*PHONES, "a,again@x,Dr"]
    hr = [*HR, "c,clea,c2@x,"]
    found = snapshot(tmp_path, TWO, hr=hr, badges=BADGES, phones=phones)
    assert [one.key for one in found] == ["b"]
    assert [str(one) for one in found.bad()] == [
        "hr.csv line 5: has the key of line 4",
        "hr.csv line 4: has the key of line 5",
        "phones.csv line 4: has the key of line 2",
        "phones.csv line 2: has the key of line 4",
        "hr.csv line 2: cannot be used as long as a row of another source with its key cannot",
    ]
    assert [key for key in "abc" if found.spoiled(key)] == ["a", "c"]


def test_rows_that_do_not_count_are_as_if_they_were_not_there(tmp_path: Path) -> None:
    config = ONE.replace('key = "id"', 'key = "id"\nwhere = "kind == \'staff\'"')
    rows = ["id,login,active,kind", "a,ann,yes,staff", "b,bo,yes,guest", "a,x,yes,guest"]
    found = snapshot(tmp_path, config, people=rows)
    assert [one.key for one in found] == ["a"]
    assert (found.bad_count, found.sources[0].left_out, found.spoiled("b")) == (0, 2, False)


def test_a_column_that_is_missing_stops_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(WrongConfig) as refused:
        snapshot(tmp_path, ONE, people=["id,logn,active", "a,ann,yes"])
    assert "map.userName (transfer.toml line 9): there is no column login" in str(refused.value)
    assert "the nearest is logn" in str(refused.value)


TWO = f"""\
[[source]]
name = "hr"
type = "csv"
path = "hr.csv"
key = "id"
[[source]]
name = "badges"
type = "csv"
path = "badges.csv"
key = "person"
several = true
[[source]]
name = "phones"
type = "csv"
path = "phones.csv"
key = "lower(id)"
{TARGET}
[map]
userName = "login"
emails = "mail"
badges = "number"
title = "phones.title"
"""
HR = ["id,login,mail,title", "a,ann,ann@x,", "b,bo,,Boss", "c,cleo,c@x,"]
BADGES = ["person,number", "a,0001", "b,0007", "a,0002", "z,9999"]
PHONES = ["id,mail,title", "A,other@x,Ms", "B,bo@x,Mr"]
URN = "urn:ietf:params:scim:schemas:extension:releezme:2.0:User"


def test_several_sources_are_joined_by_key_and_the_first_value_counts(tmp_path: Path) -> None:
    found = {one.key: one.attributes for one in snapshot(tmp_path, TWO, hr=HR, badges=BADGES, phones=PHONES)}
    assert found.keys() == {"a", "b", "c"}
    assert [found[key]["emails"][0]["value"] for key in "abc"] == ["ann@x", "bo@x", "c@x"]
    badges = [[badge["value"] for badge in found[key][URN]["badges"]] for key in "abc"]
    assert badges == [["0001", "0002"], ["0007"], []]
    assert [found[key]["title"] for key in "abc"] == ["Ms", "Mr", None]


def test_more_than_one_source_may_have_people(tmp_path: Path) -> None:
    config = TWO.replace('path = "phones.csv"', 'path = "phones.csv"\npeople = true').replace(
        '"login"', "\"default(login, 'x')\""
    )
    found = snapshot(tmp_path, config, hr=HR, badges=BADGES, phones=[*PHONES, "D,d@x,Dr"])
    assert [one.key for one in found] == ["a", "b", "c", "d"]
    assert [one.origin for one in found][3] == "phones.csv line 4"


def test_a_bad_row_of_one_source_holds_the_person_of_the_others(tmp_path: Path) -> None:
    found = snapshot(tmp_path, TWO, hr=HR, badges=[*BADGES, "b,1,2"], phones=[*PHONES, "B,x,y"])
    assert [one.key for one in found] == ["a", "c"]
    assert found.spoiled("b")
    assert [str(one) for one in found.bad()] == [
        "badges.csv line 6: has 3 cells, and the heading 2",
        "phones.csv line 4: has the key of line 3",
        "phones.csv line 3: has the key of line 4",
        "hr.csv line 3: cannot be used as long as a row of another source with its key cannot",
    ]


def test_a_person_is_followed_from_the_rows_to_what_is_wanted(tmp_path: Path) -> None:
    snapshot(tmp_path, TWO, hr=HR, badges=[*BADGES, "b,1,2"], phones=PHONES)
    config = read_config(tmp_path / "transfer.toml", {})
    (ann,) = find_person(config, "ANN", today=TODAY)
    assert [at for at, _ in ann.rows] == [
        "hr.csv line 2",
        "badges.csv line 2",
        "badges.csv line 4",
        "phones.csv line 2",
    ]
    assert ann.rows[0][1] == {"id": "a", "login": "ann", "mail": "ann@x", "title": ""}
    assert ann.entry is not None
    (bo,) = find_person(config, "b", today=TODAY)
    assert bo.entry is None
    assert "badges.csv line 6" in bo.trouble
    assert find_person(config, "nobody", today=TODAY) == []


def test_columns_that_stand_twice_are_shown_to_nobody(tmp_path: Path) -> None:
    snapshot(tmp_path, ONE, people=["id,login,active,x,x,", "a,ann,yes,1,2,3"])
    (ann,) = find_person(read_config(tmp_path / "transfer.toml", {}), "ann", today=TODAY)
    assert ann.rows[0][1] == {"id": "a", "login": "ann", "active": "yes"}


def test_lookup_tables_may_stand_in_files(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("code;site\nHR;Leeds\nHR;York\nit;Graz\n")
    table = "[lookup.sites]\nfile = 'sites.csv'\nkey = 'code'\nvalue = 'site'\n"
    config = f"{ONE}title = \"join(lookup(dept, 'sites'), '+')\"\n{table}"
    found = snapshot(tmp_path, config, people=["id,login,active,dept", "a,ann,yes,hr", "b,bo,yes,IT"])
    assert [one.attributes["title"] for one in found] == ["Leeds+York", "Graz"]
    with pytest.raises(SourceFailed, match="no column town"):
        snapshot(tmp_path, config.replace("'site'\n", "'town'\n"), people=["id,login,active,dept"])


def test_made_up_days_are_what_they_say(tmp_path: Path) -> None:
    config = ONE.replace('"login"', '"lower(login)"') + 'emails = "mail"\nbadges = "badge"\ndepartment = "department"\n'
    for day in three_days(300):
        day.write(tmp_path / "people.csv")
        found = snapshot(tmp_path, config)
        assert {one.key for one in found} == set(day.wanted)
        assert found.bad_count == day.bad
        assert all(found.spoiled(key) for key in day.held)
    assert three_days(300)[1].rows == three_days(300)[1].rows
    assert len(COLUMNS) == 10


MEASURE = """
import datetime, sys
from pathlib import Path
import apsw
from rollbook.transfer.config import read_config
from rollbook.transfer.snapshot import take_snapshot
folder = Path(sys.argv[1])
snapshot = take_snapshot(read_config(folder / "transfer.toml", {}), apsw.Connection(str(folder / "run.db")),
                         today=datetime.date(2026, 3, 2))
assert sum(1 for _ in snapshot) == snapshot.count
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(snapshot.count, int(status["VmHWM"].split()[0]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="the system does not tell")
def test_a_hundred_thousand_rows_need_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "people.csv").open("w") as file:
        file.write("id,login,active,mail\n")
        file.writelines(f"{number * 7919 % 1000003:07d},user{number},yes,u{number}@x\n" for number in range(100_000))
    (tmp_path / "transfer.toml").write_text(ONE + 'emails = "mail"\n')
    done = subprocess.run([sys.executable, "-c", MEASURE, tmp_path], capture_output=True, text=True, check=True)
    count, megabytes = map(int, done.stdout.split())
    assert count == 100_000
    assert megabytes < 120


def test_columns_that_nobody_has_are_told_where_a_source_does_not_say_its_own(tmp_path: Path) -> None:
    (tmp_path / "people.jsonl").write_text('{"id": "1", "login": "ann"}\n{"id": "2", "login": "bo", "active": ""}\n')
    config = ONE.replace('"csv"', '"jsonl"').replace(".csv", ".jsonl").replace('"active"', "\"default(active, 'yes')\"")
    found = snapshot(tmp_path, config + 'title = "tilte"\n')
    assert found.count == 2
    assert found.sources[0].silent == ("active", "tilte")


def test_a_snapshot_may_be_taken_in_passing(tmp_path: Path) -> None:
    snapshot(tmp_path, ONE, people=["id,login,active", "a,ann,yes", "b"])
    config = read_config(tmp_path / "transfer.toml", {})
    with passing_snapshot(config, today=TODAY) as found:
        assert ([one.key for one in found], found.bad_count) == (["a"], 1)
