"""``rollbook schema`` as a process: files in, sentences out."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.command import Told, rollbook
from tests.support.devices import BADGE, BADGE_SCHEMA, DEVICE, DEVICE_SCHEMA, DEVICE_TYPE, user_type


class Office:
    """A database with the tenant acorn, to which nothing can be added, and birch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = f"sqlite:///{folder}/rollbook.db"
        for tenant in ("acorn", "birch"):
            assert self.run("tenant", "create", tenant).code == 0

    def run(self, *arguments: str, stdin: str = "") -> Told:
        return rollbook(*arguments, cwd=self.folder, stdin=stdin, ROLLBOOK_DATABASE=self.database)

    def file(self, name: str, document: Any) -> str:
        path = self.folder / name
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return name


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("office"))


def test_a_file_of_schemas_and_types_is_added_as_a_whole_and_shown(office: Office) -> None:
    everything = [user_type(BADGE, paths=(f"{BADGE}:number",)), DEVICE_TYPE, DEVICE_SCHEMA, BADGE_SCHEMA]
    added = office.run("schema", "add", "birch", office.file("all.json", everything))
    assert (added.code, added.out) == (0, "")
    assert added.err.splitlines()[1] == "type Device is there."
    assert office.run("schema", "list", "birch").rows() == [
        ["schema", DEVICE, "", ""],
        ["schema", BADGE, "", ""],
        ["type", "User", "/Users", "0"],
        ["type", "Device", "/Devices", "0"],
    ]
    shown = office.run("schema", "show", "birch", "device")
    assert shown.json()["schema"] == DEVICE
    assert office.run("schema", "show", "birch", BADGE).json()["attributes"][0]["name"] == "number"
    assert office.run("schema", "show", "birch", "Group").json()["endpoint"] == "/Groups"
    again = office.run("schema", "add", "birch", "-", "--json", stdin=shown.out)
    assert again.json() == [{"kind": "type", "name": "Device"}]
    kinds = [event["kind"] for event in office.run("audit", "birch", "--json").json()]
    assert kinds == ["tenant:create", "type:replace", "index:change"]


def test_what_is_wrong_is_told_with_file_and_place_and_nothing_is_added(office: Office) -> None:
    wrong = [BADGE_SCHEMA, {"id": "urn:example:x", "name": "X", "attributes": [{"name": "a", "typ": "string"}]}]
    told = office.run("schema", "add", "acorn", office.file("wrong.json", wrong))
    assert (told.code, told.out) == (1, "")
    assert told.err.splitlines() == [
        "rollbook: wrong.json cannot be added",
        "  [1].attributes[0].typ: there is no such key; did you mean type?",
    ]
    dangling = office.run("schema", "add", "acorn", office.file("type.json", DEVICE_TYPE))
    assert dangling.code == 1
    assert f"Device.schema: there is no schema '{DEVICE}' of your own" in dangling.err
    assert office.run("schema", "list", "acorn", "--json").json() == []


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ('{"id": }', 1, "line 1, column 8: this is no JSON"),
        ("[]", 1, "holds nothing"),
        ('{"id": "urn:example:x", "id": "urn:example:y"}', 1, "the key 'id' stands twice"),
        ("[" * 100_000, 1, "nested too deep"),
        ("7", 1, "a schema is a JSON object, and this is a number"),
    ],
)
def test_a_file_that_is_none_is_refused(office: Office, content: str, code: int, said: str) -> None:
    told = office.run("schema", "add", "acorn", office.file("odd.json", content))
    assert (told.code, said in told.err) == (code, True), told.err


def test_a_file_that_is_not_there_is_wrong_usage(office: Office) -> None:
    assert office.run("schema", "add", "acorn", "nowhere.json").code == 2
    assert office.run("schema", "add", "nobody", office.file("d.json", DEVICE_SCHEMA)).code == 1


def test_devices_are_exported_and_imported_like_everything_else(office: Office) -> None:
    assert office.run("tenant", "create", "dogwood").code == 0
    office.run("schema", "add", "dogwood", office.file("all.json", [DEVICE_TYPE, DEVICE_SCHEMA]))
    lines = [{"schemas": [DEVICE], "serialNumber": f"X{n}", "tags": ["a", "b"]} for n in range(3)]
    lines.append({"schemas": [DEVICE], "model": "Tower"})
    file = office.file("in.ndjson", "\n".join(map(json.dumps, lines)))
    brought = office.run("import", "dogwood", file)
    assert "3 created" in brought.err
    assert "line 4: serialNumber is required" in brought.err
    told = office.run("export", "dogwood", "--type", "Device").out
    assert sorted(json.loads(line)["serialNumber"] for line in told.splitlines()) == ["X0", "X1", "X2"]


def test_what_is_removed_is_gone_unless_it_is_used(office: Office) -> None:
    assert office.run("tenant", "create", "cedar").code == 0
    office.run("schema", "add", "cedar", office.file("all.json", [DEVICE_TYPE, DEVICE_SCHEMA]))
    used = office.run("schema", "remove", "cedar", DEVICE)
    assert (used.code, "The resource type Device uses this schema" in used.err) == (1, True)
    assert office.run("schema", "remove", "cedar", "User").code == 1
    assert office.run("schema", "remove", "cedar", "Device").err == "Device is removed.\n"
    assert office.run("schema", "remove", "cedar", DEVICE).code == 0
    assert office.run("schema", "list", "cedar", "--json").json() == []
