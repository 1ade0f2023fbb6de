"""``rollbook export`` and ``rollbook import``: files of resources out of one tenant and into another."""

import csv
import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.command import Told, rollbook
from tests.support.devices import attribute, keeper, made, schema
from tests.support.house import ENTERPRISE, GROUP, USER, House, Seat

Command = Callable[..., Told]


@pytest.fixture
def run(seat: Seat) -> Command:
    """A command on the running house's database."""

    def command(*arguments: str, stdin: str = "") -> Told:
        return rollbook(*arguments, stdin=stdin, ROLLBOOK_DATABASE=seat.house.database)

    return command


@pytest.fixture
def filled(seat: Seat) -> Seat:
    """A tenant with what is hard to carry over: nested and ringed groups, extensions, odd texts, many values."""
    ann = seat.user("ann", externalId="e1", title="=cmd|x", nickName="'", active=False)
    bo = seat.user("bö ß", **{ENTERPRISE: {"employeeNumber": "007", "manager": {"value": ann["id"]}}})
    cleo = seat.user("cleo", emails=[{"value": "c@acorn.example", "type": "work", "primary": True}, {"value": "d@x"}])
    inner = seat.group("inner", ann["id"], bo["id"])
    outer = seat.group("outer", inner["id"], cleo["id"])
    seat.patch(f"/Groups/{inner['id']}", {"op": "add", "path": "members", "value": [{"value": outer["id"]}]})
    seat.group("empty")
    return seat


def _user(name: str, **attributes: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": name, **attributes}


def _lines(*documents: Any) -> str:
    return "".join(d if isinstance(d, str) else json.dumps(d) + "\n" for d in documents)


def _resources(seat: Seat) -> dict[str, Any]:
    """Everything in a tenant, by id, as it is answered, but for what is the tenant's own."""
    found = {}
    for path in ("/Users", "/Groups"):
        for resource in seat.get(path, count=1000).json()["Resources"]:
            del resource["meta"]
            for member in resource.get("members", ()):
                del member["$ref"]
            resource.get("members", []).sort(key=lambda member: member["value"])
            resource.pop("groups", None)
            found[resource["id"]] = resource
    return found


@pytest.mark.parametrize("format", ["ndjson", "csv"])
@pytest.mark.parametrize("strict", [False, True])
def test_a_round_trip_gives_the_same_resources(
    filled: Seat, run: Command, tmp_path: Path, format: str, strict: bool
) -> None:
    birch = filled.house.seat("birch")
    file = tmp_path / f"acorn.{format}"
    told = run("export", filled.name, "-o", str(file), "--format", format)
    assert told.code == 0, told.err
    assert told.err == f"Exported 3 User, 3 Group to {file}.\n"
    again = run("import", birch.name, str(file), "--json", *(["--strict"] if strict else [])).json()
    assert (again["written"], again["created"], again["refused"]) == (True, 6, 0)
    assert _resources(birch) == _resources(filled)
    groups = birch.get("/Users", filter='userName eq "ann"').json()["Resources"][0]["groups"]
    assert {(group["display"], group["type"]) for group in groups} == {("inner", "direct"), ("outer", "indirect")}


def test_an_import_into_the_same_tenant_changes_nothing(filled: Seat, run: Command) -> None:
    before = {id: filled.get(f"/Groups/{id}").headers.get("etag") for id in _resources(filled)}
    exported = run("export", filled.name).out
    for options in (["--dry-run"], ["--strict"], []):
        report = run("import", filled.name, "-", "--json", *options, stdin=exported).json()
        assert (report["created"], report["changed"], report["unchanged"], report["refused"]) == (0, 0, 6, 0)
    assert {id: filled.get(f"/Groups/{id}").headers.get("etag") for id in before} == before


def test_a_bad_line_is_named_by_its_number_and_stops_nothing_but_itself(seat: Seat, run: Command) -> None:
    ghost = str(uuid.uuid4())
    file = _lines(
        _user("ann"),
        "{bad\n",
        "\n",
        _user("bo", shoeSize=43),
        _user("ANN"),
        {"schemas": [GROUP], "displayName": "ghosts", "members": [{"value": ghost}]},
        {"hello": "world"},
        _user("cleo", id="17"),
        _user("cleo"),
    )
    told = run("import", seat.name, "-", "--json", stdin=file)
    assert told.code == 1
    report = json.loads(told.out)
    assert (report["written"], report["created"], report["refused"]) == (True, 2, 6)
    errors = {error["line"]: error["detail"] for error in report["errors"]}
    assert sorted(errors) == [2, 4, 5, 6, 7, 8]
    for line, words in {2: "not valid JSON", 4: "shoeSize", 5: "Line 1", 6: ghost, 7: "schemas", 8: "UUID"}.items():
        assert words in errors[line]
        assert f"line {line}: {errors[line]}" in told.err
    assert sorted(seat.names("userName pr")) == ["ann", "cleo"]
    assert seat.get("/Groups").json()["totalResults"] == 0


def test_strict_stops_all_and_nothing_is_half_done(seat: Seat, run: Command) -> None:
    seat.user("cleo", externalId="e1")
    before = [event.kind for event in seat.events()]
    for bad in ("{bad\n", json.dumps(_user("bo", externalId="e1")) + "\n"):
        told = run("import", seat.name, "-", "--strict", "--json", stdin=_lines(_user("ann"), bad, _user("dana")))
        assert told.code == 1
        report = json.loads(told.out)
        assert (report["written"], report["refused"], report["errors"][0]["line"]) == (False, 1, 2)
        assert seat.names("userName pr") == ["cleo"]
    assert [event.kind for event in seat.events()] == before


def test_a_dry_run_says_what_would_happen_and_writes_nothing(filled: Seat, run: Command) -> None:
    before, events = _resources(filled), len(filled.events())
    file = _lines(_user("dana"), _user("ANN", title="Captain"), _user("x", externalId=17))
    told = run("import", filled.name, "-", "--dry-run", "--json", stdin=file)
    report = json.loads(told.out)
    assert (told.code, report["written"]) == (1, False)
    assert (report["created"], report["changed"], report["refused"]) == (1, 1, 1)
    assert (_resources(filled), len(filled.events())) == (before, events)


def test_a_table_changes_only_what_it_has_columns_for(seat: Seat, run: Command) -> None:
    seat.user("ann", title="Archer", displayName="Ann", emails=[{"value": "a@acorn.example"}])
    table = "userName;name.givenName;title;emails\nann;Ann;;new@acorn.example\nbo;Bo;Clerk;bo@acorn.example\n"
    report = run("import", seat.name, "-", "--format", "csv", "--json", stdin=table).json()
    assert (report["created"], report["changed"]) == (1, 1)
    ann, bo = seat.get("/Users", sortBy="userName").json()["Resources"]
    assert (ann["displayName"], ann["name"], "title" in ann) == ("Ann", {"givenName": "Ann"}, False)
    assert ann["emails"] == [{"value": "new@acorn.example", "primary": True}]
    assert (bo["title"], bo["emails"][0]["value"], bo["active"]) == ("Clerk", "bo@acorn.example", True)


@pytest.mark.parametrize("last", ['cleo,"Cleo"\n', "cleo,Cleo"])
def test_a_quote_that_is_not_closed_loses_its_own_row_only(seat: Seat, run: Command, last: str) -> None:
    table = 'userName,title\r\nann,"two\r\nlines"\r\nzed,"Clerk\r\nbo,"Bow maker"\r\nmany,cells,here\n' + last
    report = json.loads(run("import", seat.name, "-", "--format", "csv", "--json", stdin=table).out)
    assert (report["created"], [error["line"] for error in report["errors"]]) == (3, [4, 6])
    users = seat.get("/Users", sortBy="userName").json()["Resources"]
    assert [(user["userName"], user["title"].split()) for user in users] == [
        ("ann", ["two", "lines"]),
        ("bo", ["Bow", "maker"]),
        ("cleo", ["Cleo"]),
    ]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('userName\n"ann"x\n', "line 2: The row cannot be read: after the quote that ends a cell"),
        ('userName\n"ann\n', "line 2: The row cannot be read: a cell begins with a quote and is not closed"),
        ("userName\nann\rbo\n", "line 2: The row cannot be read: a carriage return stands where no line ends"),
        ("userName\rann\r", "the heading of the table is wrong: a carriage return stands where no line ends"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_in_our_words(seat: Seat, run: Command, table: str, words: str) -> None:
    told = run("import", seat.name, "-", "--format", "csv", stdin=table)
    assert (told.code, words in told.err) == (1, True), told.err


def test_a_wrong_heading_is_wrong_with_the_whole_table(seat: Seat, run: Command) -> None:
    told = run("import", seat.name, "-", "--format", "csv", stdin="user_name,title\nann,Archer\n")
    assert told.code == 1
    assert "Did you mean userName?" in told.err
    assert seat.names("userName pr") == []


@pytest.mark.parametrize(("existing", "counted"), [("skip", "skipped"), ("refuse", "refused")])
def test_what_is_there_may_be_left_alone(seat: Seat, run: Command, existing: str, counted: str) -> None:
    seat.user("ann", title="Archer")
    file = _lines(_user("ann", title="Captain"), _user("bo"))
    report = json.loads(run("import", seat.name, "-", "--existing", existing, "--json", stdin=file).out)
    assert (report["created"], report["changed"], report[counted]) == (1, 0, 1)
    assert seat.names('title eq "Archer"') == ["ann"]


def test_groups_wait_for_their_members_wherever_those_stand(seat: Seat, run: Command) -> None:
    ids = [str(uuid.uuid4()) for _ in range(6)]

    def group(number: int, *members: int) -> dict[str, Any]:
        named = [{"value": ids[member]} for member in members]
        return {"schemas": [GROUP], "id": ids[number], "displayName": f"g{number}", "members": named}

    # 0 holds 1 holds 2 holds ann; 3 and 4 hold each other, and 0 holds them.
    file = _lines(group(0, 1, 3), group(1, 2), group(2, 5), group(3, 4), group(4, 3), _user("ann", id=ids[5]))
    report = run("import", seat.name, "-", "--json", stdin=file).json()
    assert (report["created"], report["refused"]) == (6, 0)
    assert {member["value"] for member in seat.get(f"/Groups/{ids[0]}").json()["members"]} == {ids[1], ids[3]}
    assert [member["value"] for member in seat.get(f"/Groups/{ids[3]}").json()["members"]] == [ids[4]]


def test_a_ring_of_groups_with_a_bad_one_is_refused_as_a_whole(seat: Seat, run: Command) -> None:
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    file = _lines(
        {"schemas": [GROUP], "id": first, "displayName": "a", "members": [{"value": second}]},
        {"schemas": [GROUP], "id": second, "displayName": "b", "members": [{"value": first}, {"value": second}]},
    )
    report = json.loads(run("import", seat.name, "-", "--json", stdin=file).out)
    assert (report["created"], report["refused"]) == (0, 2)
    assert seat.get("/Groups").json()["totalResults"] == 0


def test_each_imported_resource_has_its_event(seat: Seat, run: Command) -> None:
    run("import", seat.name, "-", stdin=_lines(_user("ann")))
    event = seat.events()[-1]
    assert (event.kind, event.actor, event.resource_type) == ("resource:create", "operator", "User")
    assert "userName" in event.attributes


def test_a_table_can_be_read_by_others(filled: Seat, run: Command) -> None:
    rows = list(csv.DictReader(io.StringIO(run("export", filled.name, "--format", "csv", "--type", "User").out)))
    assert {row["userName"] for row in rows} == {"ann", "bö ß", "cleo"}
    assert next(row for row in rows if row["userName"] == "ann")["title"] == "'=cmd|x"
    assert "members" not in rows[0]


def test_an_export_that_fails_leaves_no_file(seat: Seat, run: Command, tmp_path: Path) -> None:
    assert run("export", seat.name, "--type", "Locker", "-o", str(tmp_path / "x.ndjson")).code == 2
    assert run("export", "nobody", "-o", str(tmp_path / "x.ndjson")).code == 1
    assert list(tmp_path.iterdir()) == []


def test_external_ids_become_those_of_the_connection_that_is_named(seat: Seat, run: Command) -> None:
    other = seat.by("okta")
    ann, bo = seat.user("ann", externalId="7"), seat.user("bo", externalId="8")
    file = _lines(_user("cleo", externalId="7"), _user("ann"), _user("bo", externalId="9"))
    report = run("import", seat.name, "-", "--connection", "OKTA", "--json", stdin=file).json()
    assert (report["created"], report["changed"], report["unchanged"], report["refused"]) == (1, 1, 1, 0)
    assert seat.get(f"/Users/{ann['id']}").json()["externalId"] == "7"
    assert other.post("/Users", _user("dan", externalId="7")).status_code == 409
    assert other.post("/Users", _user("dan", externalId="9")).status_code == 409
    assert seat.post("/Users", _user("dan", externalId="9")).status_code == 201
    assert seat.get(f"/Users/{bo['id']}").json()["externalId"] == "9"
    told = run("import", seat.name, "-", "--connection", "nobody", stdin=file)
    assert (told.code, "has no connection 'nobody'" in told.err) == (1, True)


def test_external_ids_of_several_connections_may_be_the_same_in_one_file(
    seat: Seat, run: Command, tmp_path: Path
) -> None:
    seat.user("ann", externalId="7")
    seat.by("okta").user("bo", externalId="7")
    file = tmp_path / "acorn.ndjson"
    assert run("export", seat.name, "-o", str(file)).code == 0
    report = run("import", seat.name, str(file), "--json").json()
    assert (report["unchanged"], report["refused"]) == (2, 0)


@pytest.mark.parametrize("strict", [[], ["--strict"], ["--dry-run"]])
def test_an_external_id_is_written_by_one_line_only(seat: Seat, run: Command, strict: list[str]) -> None:
    file = _lines(_user("ann", externalId="7"), _user("bo", externalId="7"))
    told = run("import", seat.name, "-", "--json", *strict, stdin=file)
    assert json.loads(told.out)["errors"] == [{"line": 2, "detail": "Line 1 has this externalId already."}]


@pytest.mark.parametrize("how", ["--strict", "--dry-run"])
def test_a_judge_sees_what_others_in_the_tenant_have(seat: Seat, run: Command, how: str) -> None:
    ann = seat.user("ann", externalId="7")
    seat.user("bo")
    seat.by("okta").user("eve", externalId="8")
    file = _lines(
        _user("BO", id=ann["id"]), _user("cleo", externalId="7"), _user("dan", externalId="8"), _user("eve", title="x")
    )
    told = run("import", seat.name, "-", "--json", how, stdin=file)
    report = json.loads(told.out)
    assert (report["written"], report["created"], report["changed"], report["refused"]) == (False, 1, 1, 2)
    errors = {error["line"]: error["detail"] for error in report["errors"]}
    assert ("has this userName already" in errors[1], "has this externalId already" in errors[2]) == (True, True)
    again = json.loads(run("import", seat.name, "-", "--json", stdin=file).out)
    assert ({e["line"]: e["detail"] for e in again["errors"]}, again["created"], again["changed"]) == (errors, 1, 1)


def test_a_table_of_all_types_keeps_attributes_apart_whose_names_are_much_the_same(
    house: House, tmp_path: Path
) -> None:
    seat = keeper(house)
    odd = schema("urn:example:acorn:2.0:Odd", attribute("resourceType"), attribute("USERNAME", "integer"))
    made(seat, "/Schemas", odd)
    made(seat, "/ResourceTypes", {"name": "Odd", "endpoint": "/Odds", "schema": odd["id"]})
    found = made(seat, "/Odds", {"schemas": [odd["id"]], "resourceType": "User", "USERNAME": 7})
    seat.user("ann")
    file = tmp_path / "acorn.csv"
    for command in (("export", seat.name, "-o", str(file)), ("import", seat.name, str(file), "--json")):
        told = rollbook(*command, ROLLBOOK_DATABASE=house.database)
        assert told.code == 0, told.err
    assert (json.loads(told.out)["unchanged"], json.loads(told.out)["refused"]) == (2, 0)
    file.write_text(file.read_text().replace(",User\n", ",Group\n").replace(",7", ",8"))
    assert rollbook("import", seat.name, str(file), ROLLBOOK_DATABASE=house.database).code == 0
    changed = seat.get(f"/Odds/{found['id']}").json()
    assert (changed["resourceType"], changed["USERNAME"]) == ("Group", 8)
