"""``rollbook connection`` and the tokens of connections, as an operator types them, on both engines."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.command import Told, rollbook
from tests.support.house import USER, House, Seat

from rollbook.testing.builders import USER as USER_TYPE

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOWHERE = "00000000-0000-4000-8000-000000000000"

Command = Callable[..., Told]


@pytest.fixture(params=["sqlite", "postgres"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Command:
    """Run a command on an empty database of this test's own, on each engine."""
    sqlite = request.param == "sqlite"
    database = f"sqlite:///{tmp_path / 'rollbook.db'}" if sqlite else request.getfixturevalue("postgres_url")
    return lambda *arguments: rollbook(*arguments, ROLLBOOK_DATABASE=database)


def test_a_connection_is_created_listed_and_shown(run: Command) -> None:
    run("tenant", "create", "acorn")
    made = run("connection", "create", "acorn", "Okta", "--preset", "okta", "--json").json()
    assert list(made) == ["id", "name", "dialect", "preset", "settings", "created"]
    assert UUID.fullmatch(made["id"])
    assert (made["name"], made["dialect"], made["preset"], made["settings"]) == ("Okta", "standard", "okta", {})
    assert [row[1] for row in run("connection", "list", "acorn").rows()] == ["default", "Okta"]
    assert run("connection", "list", "acorn", "--json").json()[1] == made
    for name in ("okta", "OKTA", made["id"]):
        shown = run("connection", "show", "acorn", name, "--json").json()
        assert shown == {**made, "resources": 0, "activeTokens": 0}
    told = run("connection", "create", "acorn", "entra", "--preset", "entra")
    assert "preset    entra" in told.out
    assert "rollbook token create acorn --connection entra" in told.err


@pytest.mark.parametrize("run", ["sqlite"], indirect=True)
def test_a_tenant_can_start_with_a_preset(run: Command) -> None:
    assert run("tenant", "create", "acorn", "--preset", "okat").code == 2
    run("tenant", "create", "acorn", "--preset", "okta")
    assert [row[1:4] for row in run("connection", "list", "acorn").rows()] == [["default", "standard", "okta"]]


@pytest.mark.parametrize("run", ["sqlite"], indirect=True)
def test_a_connection_that_cannot_be_is_refused(run: Command) -> None:
    run("tenant", "create", "acorn")
    assert run("connection", "create", "acorn", "okta").code == 0
    taken = run("connection", "create", "acorn", "OKTA")
    assert (taken.code, taken.out) == (1, "")
    assert "already" in taken.err
    assert run("connection", "create", "birch", "okta").code == 1
    for arguments in ([NOWHERE], ["two", "--dialect", "klingon"]):
        wrong = run("connection", "create", "acorn", *arguments)
        assert (wrong.code, wrong.out) == (2, ""), arguments
    assert "did you mean okta?" in run("connection", "create", "acorn", "two", "--preset", "okat").err
    refused = run("connection", "show", "acorn", "entra")
    assert (refused.code, refused.out) == (1, "")
    assert "rollbook connection list acorn" in refused.err


@pytest.mark.parametrize("run", ["sqlite"], indirect=True)
def test_settings_are_checked_by_name_and_value_and_can_be_taken_back(run: Command) -> None:
    run("tenant", "create", "acorn")
    told = run(
        "connection",
        "set",
        "acorn",
        "default",
        "preset=okta",
        "page_size=50",
        "delete=deactivate",
        "rate=2.5",
        "--json",
    )
    settings = {"delete": "deactivate", "page_size": 50, "rate": 2.5}
    assert (told.json()["preset"], told.json()["settings"]) == ("okta", settings)
    assert "delete=deactivate page_size=50 rate=2.5" in run("connection", "show", "acorn", "default").out
    for wrong, hint in {"page_siez=50": "did you mean page_size?", "page_size": "NAME=VALUE"}.items():
        refused = run("connection", "set", "acorn", "default", "put_active=clear", wrong)
        assert (refused.code, refused.out) == (2, ""), wrong
        assert hint in refused.err
    back = run("connection", "set", "acorn", "default", "delete=", "rate=", "preset=", "--json").json()
    assert (back["preset"], back["settings"]) == ("standard", {"page_size": 50})
    assert run("connection", "set", "acorn", "default", "page_size=50").code == 0
    events = [(e["kind"], e["attributes"]) for e in run("audit", "acorn", "--json").json()]
    assert events[1:] == [
        ("connection:change", ["preset", "page_size", "delete", "rate"]),
        ("connection:change", ["delete", "rate", "preset"]),
    ]


def test_a_connection_is_deleted_its_tokens_revoked_and_default_stays(run: Command) -> None:
    run("tenant", "create", "acorn")
    run("connection", "create", "acorn", "okta")
    run("token", "create", "acorn", "--connection", "okta")
    run("token", "create", "acorn")
    unasked = run("connection", "delete", "acorn", "okta")
    assert (unasked.code, unasked.out) == (1, "")
    assert "(1)" in unasked.err
    gone = run("connection", "delete", "acorn", "OKTA", "--yes", "--json").json()
    assert (gone["name"], gone["activeTokens"], gone["resources"]) == ("okta", 1, 0)
    assert [(row[5], row[7]) for row in run("token", "list", "acorn").rows()] == [
        ("revoked", ""),
        ("active", "default"),
    ]
    kept = run("connection", "delete", "acorn", "default", "--yes")
    assert (kept.code, kept.out) == (1, "")
    assert [row[1] for row in run("connection", "list", "acorn").rows()] == ["default"]
    kinds = [event["kind"] for event in run("audit", "acorn", "--json").json()]
    assert kinds[-1] == "connection:delete"


@pytest.mark.parametrize("run", ["sqlite"], indirect=True)
def test_tokens_have_a_connection_and_scopes(run: Command) -> None:
    run("tenant", "create", "acorn")
    run("connection", "create", "acorn", "okta")
    run("token", "create", "acorn", "--connection", "okta", "--scope", "schemas.write", "--scope", "scim.read")
    (row,) = run("token", "list", "acorn", "--json").json()
    assert (row["scopes"], row["connection"]) == ("scim.read schemas.write", "okta")
    wrong = run("token", "create", "acorn", "--scope", "scim.all")
    assert (wrong.code, wrong.out) == (2, "")
    assert "scim.read" in wrong.err
    assert run("token", "create", "acorn", "--connection", "entra").code == 1


def _command(house: House) -> Command:
    return lambda *arguments: rollbook(*arguments, ROLLBOOK_DATABASE=house.database)


def test_a_running_server_follows_a_changed_connection(house: House, seat: Seat) -> None:
    command = _command(house)
    unknown = {"schemas": [USER], "userName": "ann", "bed": 7}
    assert command("connection", "create", seat.name, "okta", "--preset", "okta").code == 0
    token = command("token", "create", seat.name, "--connection", "okta", "--json").json()["token"]
    sent = {"authorization": f"Bearer {token}"}
    assert seat.post("/Users", unknown).status_code == 400
    assert seat.post("/Users", unknown, headers=sent).status_code == 201
    shown = command("connection", "show", seat.name, "okta", "--json").json()
    assert (shown["resources"], shown["activeTokens"]) == (1, 1)
    assert command("connection", "delete", seat.name, "okta", "--yes").code == 0
    assert seat.names('userName eq "ann"') == ["ann"]

    async def count(store) -> int:  # type: ignore[no-untyped-def]
        found: int = await store.tenant(seat.tenant.id).count(USER_TYPE.number)
        return found

    assert house.with_store(count) == 1


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_connections_of_another_tenant_are_not_there(house: House) -> None:
    acorn, birch, command = house.seat("acorn"), house.seat("birch"), _command(house)
    birch.by("okta", "okta")
    theirs = command("connection", "show", birch.name, "okta", "--json").json()["id"]
    for arguments in (["show", "okta"], ["show", theirs], ["set", theirs, "preset=okta"], ["delete", theirs, "--yes"]):
        refused = command("connection", arguments[0], acorn.name, *arguments[1:])
        assert (refused.code, refused.out) == (1, ""), arguments
    assert command("token", "create", acorn.name, "--connection", theirs).code == 1
    assert [row[1] for row in command("connection", "list", acorn.name).rows()] == ["default"]
    assert command("connection", "show", birch.name, "okta").code == 0


def test_the_users_of_a_deleted_connection_stay_and_their_external_ids_are_nobodys(house: House) -> None:
    seat = house.seat("acorn")
    ann = seat.by("okta", "okta").user("ann", externalId="1")
    assert _command(house)("connection", "delete", seat.name, "okta", "--yes").code == 0
    assert seat.names('externalId eq "1"') == ["ann"]
    answer = seat.put(f"/Users/{ann['id']}", {"schemas": [USER], "userName": "ann"})
    assert "externalId" not in answer.json()
