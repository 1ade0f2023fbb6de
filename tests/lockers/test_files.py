"""The structure as a file: import with ranges and a rehearsal, export; by the System API and by the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.lockers.conftest import SCOPES, Company, Desk
from tests.support.command import rollbook
from tests.support.house import House

from rollbook.lockers.ranges import compressed, expanded

TABLE = """location,timeZone,section,lockerBank,number,size,accessible,lockerGroups
Head office,Europe/Berlin,Ground floor,A,001-118,M,no,Doors of all
Head office,,Ground floor,A,"119, 120",L,yes,Doors of all|Wide doors
Head office,,First floor,B,1-3,,,
"""
WHOLE: dict[str, Any] = {
    "locations": [
        {
            "name": "Head office",
            "timeZone": "Europe/Berlin",
            "sections": [
                {
                    "name": "Ground floor",
                    "floor": "0",
                    "lockerBanks": [
                        {"name": "A", "controller": "c-1", "lockers": [{"numbers": "001-003", "size": "M"}]}
                    ],
                }
            ],
        }
    ],
    "lockerGroups": [
        {
            "name": "Doors of all",
            "bookable": True,
            "lockers": [
                {"location": "Head office", "section": "Ground floor", "lockerBank": "A", "numbers": "001, 002"}
            ],
        }
    ],
    "links": [{"userGroup": "Staff", "lockerGroup": "Doors of all", "rights": ["use"], "maxLockers": 1}],
}
CSV = {"content-type": "text/csv"}


def test_a_table_makes_a_structure(desk: Desk) -> None:
    path = "/structure/import"
    tried = desk.call("POST", path, TABLE.encode(), headers=CSV, dryRun="true").json()
    assert tried["dryRun"] is True
    assert desk.items("/locations") == []
    made = desk.call("POST", path, TABLE.encode(), headers=CSV).json()
    assert made["created"] == {"Location": 1, "Section": 2, "LockerBank": 2, "Locker": 123, "LockerGroup": 2}
    assert (made["created"], made["grouped"]) == (tried["created"], tried["grouped"]) == (made["created"], 122)
    (wide,) = desk.items("/locker-groups", name="wide doors")
    doors = [desk.get(f"/lockers/{id}") for id in desk.items(f"/locker-groups/{wide['id']}/lockers")]
    assert {(one["number"], one["size"], one["accessible"]) for one in doors} == {
        ("119", "L", True),
        ("120", "L", True),
    }
    again = desk.call("POST", path, TABLE.encode(), headers=CSV).json()
    assert (again["created"], again["changed"], again["grouped"]) == ({}, {}, 0)
    changed = desk.call("POST", path, TABLE.replace(",L,", ",XL,").encode(), headers=CSV).json()
    assert changed["changed"] == {"Locker": 2}
    assert desk.kinds()[-1] == "locker:change"


def test_each_thing_is_counted_once_however_many_rows_name_it(desk: Desk) -> None:
    path = "/structure/import"
    rows = ["location,timeZone,section,lockerBank,number,size"]
    rows += [f"Head office,Europe/Berlin,Ground floor,A,{number},M" for number in ("1-3", "2-4", "4")]

    def report(text: str) -> dict[str, Any]:
        answer: dict[str, Any] = desk.call("POST", path, text.encode(), headers=CSV).json()
        return {name: answer[name] for name in ("created", "changed", "unchanged")}

    table = "\n".join(rows)
    each = {"Location": 1, "Section": 1, "LockerBank": 1, "Locker": 4}
    assert report(table) == {"created": each, "changed": {}, "unchanged": {}}
    assert report(table) == {"created": {}, "changed": {}, "unchanged": each}
    twice = "\n".join([*rows, "Head office,Europe/Paris,Ground floor,A,4,L"])
    some = {"Section": 1, "LockerBank": 1, "Locker": 3}
    assert report(twice) == {"created": {}, "changed": {"Location": 1, "Locker": 1}, "unchanged": some}
    there = "\n".join(
        [rows[0], "Head office,Asia/Tokyo,Ground floor,A,4,L", "Head office,Europe/Paris,Ground floor,A,4,L"]
    )
    assert report(there) == {"created": {}, "changed": {}, "unchanged": {**some, "Location": 1, "Locker": 1}}


def test_a_file_comes_whole_and_goes_whole(house: House, company: Company) -> None:
    desk = Desk(house.seat("birch", scopes=SCOPES))
    desk.seat.group("Staff")
    made = desk.make("/structure/import", WHOLE)
    assert made["created"] == {"Location": 1, "Section": 1, "LockerBank": 1, "Locker": 3, "LockerGroup": 1, "Link": 1}
    out = desk.get("/structure/export")
    assert out["links"] == [{"userGroup": "Staff", "lockerGroup": "Doors of all", "maxLockers": 1}]
    assert out["lockerGroups"] == WHOLE["lockerGroups"]
    third = Desk(house.seat("birch", scopes=SCOPES))
    third.seat.group("Staff")
    assert third.make("/structure/import", out)["created"] == made["created"]
    assert third.get("/structure/export") == out
    assert third.make("/structure/import", out)["created"] == {}
    assert len(company.items("/lockers")) == 3


def test_links_between_the_same_groups_stay_several(company: Company, house: House) -> None:
    ends = {"userGroupId": company.staff, "lockerGroupId": company.group}
    company.make("/links", ends | {"rights": ["manage"], "days": ["mon"]})
    company.make("/links", ends | {"rights": ["openRemote"], "hours": {"from": "08:00", "until": "18:00"}})
    out = company.get("/structure/export")
    again = company.make("/structure/import", out)
    assert (again["created"], again["changed"], again["unchanged"]["Link"]) == ({}, {}, 3)
    desk = Desk(house.seat("birch", scopes=SCOPES))
    desk.seat.group("Staff")
    assert desk.make("/structure/import", out)["created"]["Link"] == 3
    assert desk.get("/structure/export")["links"] == out["links"]


def test_a_table_goes_out_and_in_again(company: Company, house: House) -> None:
    company.make("/lockers", {"lockerBankId": company.bank, "number": "=1+1"})
    out = company.call("GET", "/structure/export", format="csv")
    assert out.headers["content-type"] == "text/csv; charset=utf-8"
    assert ",'=1+1," in out.text
    desk = Desk(house.seat("birch", scopes=SCOPES))
    assert desk.call("POST", "/structure/import", out.content, headers=CSV).status_code == 200
    assert desk.call("GET", "/structure/export", format="csv").text == out.text


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"locations": [{"name": "L", "sections": [{"name": ""}]}]}, "/locations/0/sections/0/name"),
        ({"locations": [{"name": "L", "timeZone": "Nowhere/Land"}]}, "/locations/0/timeZone"),
        ({"locations": {}}, "/locations"),
        ({"lokations": []}, "/lokations"),
        ({"links": [{"userGroup": "Nobody", "lockerGroup": "X"}]}, "/links/0/userGroup"),
        (
            {
                "locations": [
                    {
                        "name": "L",
                        "sections": [{"name": "S", "lockerBanks": [{"name": "B", "lockers": [{"numbers": "9-1"}]}]}],
                    }
                ]
            },
            "/locations/0/sections/0/lockerBanks/0/lockers/0/numbers",
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(desk: Desk, document: object, pointer: str) -> None:
    answer = desk.call("POST", "/structure/import", document)
    assert answer.status_code == 400
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert desk.items("/locations") == []


def test_a_wrong_row_is_named_by_its_line(desk: Desk) -> None:
    for table, line in (
        (TABLE.replace("Europe/Berlin", "Mars"), "line 2"),
        (TABLE.replace(",yes,", ",maybe,"), "line 3"),
        (TABLE.replace("1-3", "3-1"), "line 4"),
        (TABLE.replace("lockerBank", "bank"), "line 1"),
    ):
        answer = desk.call("POST", "/structure/import", table.encode(), headers=CSV)
        assert answer.status_code == 400
        assert line in answer.text


@pytest.mark.parametrize(
    ("table", "line"),
    [
        (f"location,section,lockerBank,number\nL,S,B,{'9' * 200_000}\n", "line 2"),
        ('location,section,lockerBank,number\nL,S,B,"1\nL,S,B,2\n', "line 3"),
        ('location,section,lockerBank,number\nL,S,B,"1"2\n', "line 2"),
        ("location,section,lockerBank,number,Number\nL,S,B,1,2\n", "line 1"),
        ("location,section,lockerBank,number\nL,S,B,1\x00\n", "line 2"),
        ("\n", "line 1"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(desk: Desk, table: str, line: str) -> None:
    answer = desk.call("POST", "/structure/import", table.encode(), headers=CSV)
    assert answer.status_code == 400
    assert line in answer.json()["detail"]
    assert desk.items("/locations") == []


@pytest.mark.parametrize(("between", "end"), [(",", "\n"), (";", "\r\n"), ("\t", "\r")])
def test_tables_are_read_as_spreadsheets_write_them(desk: Desk, between: str, end: str) -> None:
    rows = (("location", "section", "lockerBank", "number"), ("'t Hoekje", "'=1", "''q", "'-7"))
    table = "".join(between.join(row) + end for row in rows)
    assert desk.call("POST", "/structure/import", table.encode(), headers=CSV).status_code == 200
    assert [one["name"] for one in desk.items("/locations")] == ["'t Hoekje"]
    assert [one["name"] for one in desk.items("/sections")] == ["=1"]
    assert [one["name"] for one in desk.items("/locker-banks")] == ["'q"]
    assert [one["number"] for one in desk.items("/lockers")] == ["-7"]
    out = desk.call("GET", "/structure/export", format="csv").text
    again = desk.call("POST", "/structure/import", out.encode(), headers=CSV).json()
    assert (again["created"], again["changed"]) == ({}, {})


def test_a_table_keeps_numbers_that_read_like_ranges_and_names_with_bars(desk: Desk, house: House) -> None:
    table = "location,section,lockerBank,number,door,lockerGroups\nL,S,B,,1-03,North||South|All\nL,S,B,7-8,,All\n"
    assert desk.call("POST", "/structure/import", table.encode(), headers=CSV).status_code == 200
    assert sorted(one["number"] for one in desk.items("/lockers")) == ["1-03", "7", "8"]
    assert {one["name"] for one in desk.items("/locker-groups")} == {"All", "North|South"}
    out = desk.call("GET", "/structure/export", format="csv").text
    other = Desk(house.seat("birch", scopes=SCOPES))
    assert other.call("POST", "/structure/import", out.encode(), headers=CSV).status_code == 200
    assert other.call("GET", "/structure/export", format="csv").text == out
    for row in ("L,S,B,1,2,", "L,S,B,,,"):
        wrong = f"location,section,lockerBank,number,door,lockerGroups\n{row}\n"
        answer = desk.call("POST", "/structure/import", wrong.encode(), headers=CSV)
        assert (answer.status_code, "line 2" in answer.text) == (400, True)


def test_a_name_of_two_user_groups_means_neither(desk: Desk) -> None:
    for _ in range(2):
        desk.seat.group("Staff")
    desk.make("/locker-groups", {"name": "All"})
    answer = desk.call("POST", "/structure/import", {"links": [{"userGroup": "Staff", "lockerGroup": "All"}]})
    assert (answer.status_code, "several" in answer.json()["detail"]) == (400, True)


def test_a_location_keeps_its_time_zone_in_another_company(desk: Desk, house: House) -> None:
    desk.make("/locations", {"name": "L"})
    other = Desk(house.seat("birch", scopes=SCOPES))
    other.call("PATCH", "/company", {"timeZone": "Europe/Paris"}, match="*")
    other.make("/structure/import", desk.get("/structure/export"))
    assert [one["timeZone"] for one in other.items("/locations")] == ["UTC"]


def test_the_command_line_imports_and_exports(house: House, tmp_path: Path) -> None:
    seat = house.seat("acorn", scopes=SCOPES)
    database = ("--database", house.database)
    table = tmp_path / "lockers.csv"
    table.write_text(TABLE, "utf-8")
    tried = rollbook("locker", "import", seat.name, str(table), "--dry-run", "--json", *database)
    assert tried.json()["created"]["Locker"] == 123
    done = rollbook("locker", "import", seat.name, str(table), *database)
    assert ["Locker", "123", "0", "0"] in done.rows()
    assert rollbook("locker", "export", seat.name, str(tmp_path / "out.json"), *database).code == 0
    out = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert [one["name"] for one in out["locations"]] == ["Head office"]
    assert [one["numbers"] for one in out["lockerGroups"][1]["lockers"]] == ["119, 120"]
    shown = rollbook("locker", "export", seat.name, "-", "--format", "csv", *database)
    assert len(shown.out.splitlines()) == 124
    table.write_text(TABLE.replace("001-118", "118-001"), "utf-8")
    wrong = rollbook("locker", "import", seat.name, str(table), *database)
    assert (wrong.code, "line 2" in wrong.err) == (1, True)
    assert rollbook("locker", "import", seat.name, str(tmp_path / "none"), *database).code == 2


def test_ranges_are_numbers_again() -> None:
    for text, numbers in (
        ("001-003", ["001", "002", "003"]),
        ("A1-A3, 7", ["A1", "A2", "A3", "7"]),
        ("08-11", ["08", "09", "10", "11"]),
        ("1-3", ["1", "2", "3"]),
        ("A-B", ["A-B"]),
    ):
        assert expanded(text) == numbers
    for numbers in (["001", "002", "003", "005"], ["98", "99", "100"], ["A1", "A2", "B1"], ["9", "10", "11"], ["x"]):
        assert expanded(compressed(numbers)) == numbers
    for wrong in ("3-1", "1-99999", "1,,2"):
        with pytest.raises(ValueError):
            expanded(wrong)
