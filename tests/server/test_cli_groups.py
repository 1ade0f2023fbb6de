"""``rollbook group``: the groups that an operator looks after, on both engines."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.command import Told, rollbook

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Command = Callable[..., Told]


@pytest.fixture(params=["sqlite", "postgres"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Command:
    """Run a command on an empty database of this test's own, on each engine."""
    sqlite = request.param == "sqlite"
    database = f"sqlite:///{tmp_path / 'rollbook.db'}" if sqlite else request.getfixturevalue("postgres_url")
    return lambda *arguments: rollbook(*arguments, ROLLBOOK_DATABASE=database)


def test_groups_are_created_listed_by_name_and_deleted(run: Command, tmp_path: Path) -> None:
    run("tenant", "create", "acorn")
    made = run("group", "create", "acorn", "Sowers", "--json").json()
    assert list(made) == ["id", "name", "members", "created"]
    assert UUID.fullmatch(made["id"])
    run("group", "create", "acorn", "Diggers")
    again = run("group", "create", "acorn", "SOWERS")
    assert (again.code, again.out) == (1, "")
    assert "already" in again.err
    people = tmp_path / "people.csv"
    people.write_text("userName\nann\nbo\n")
    run("import", "acorn", str(people))
    assert [row[1:3] for row in run("group", "list", "acorn").rows()] == [["Diggers", "0"], ["Sowers", "0"]]
    assert run("group", "list", "acorn", "--json").json()[1] == made
    assert run("group", "delete", "acorn", "sowers").code == 1  # nobody is here to be asked
    assert run("group", "delete", "acorn", "sowers", "--yes", "--json").json() == made
    assert [row[1] for row in run("group", "list", "acorn").rows()] == ["Diggers"]
    told = [row[1:3] for row in run("audit", "acorn").rows() if row[5].startswith("Group ")]
    assert told == [["resource:create", "operator"]] * 2 + [["resource:delete", "operator"]]


@pytest.mark.parametrize("run", ["sqlite"], indirect=True)
def test_what_is_no_group_is_refused(run: Command) -> None:
    run("tenant", "create", "acorn")
    assert run("group", "list", "acorn", "--json").json() == []
    for arguments in (["create", "acorn", " "], ["delete", "acorn", "Sowers", "--yes"], ["list", "birch"]):
        refused = run("group", *arguments)
        assert (refused.code, refused.out) == (1, ""), arguments
    assert "rollbook group list acorn" in run("group", "delete", "acorn", "Sowers", "--yes").err
