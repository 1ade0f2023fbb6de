"""Every command as a process, on both engines: what it prints, what it leaves, how it ends."""

import json
import os
import pty
import re
import select
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.command import ROLLBOOK, Told, environment, rollbook

from rollbook.identity.token_text import is_well_formed

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CHECKS = ["settings", "clock", "database", "role", "keys", "mail", "disk"]
NOWHERE = "00000000-0000-4000-8000-000000000000"

Command = Callable[..., Told]


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'rollbook.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'rollbook.db'}"


@pytest.fixture
def run(database: str) -> Command:
    """Run a command on the database of this test."""

    def command(*arguments: str) -> Told:
        return rollbook(*arguments, ROLLBOOK_DATABASE=database)

    return command


def test_a_tenant_is_created_on_an_empty_database_and_found_by_name_and_id(run: Command) -> None:
    created = run("tenant", "create", "Acorn", "--json")
    tenant = created.json()
    assert list(tenant) == ["id", "name", "dialect"]
    assert (tenant["name"], tenant["dialect"]) == ("Acorn", "standard")
    assert UUID.fullmatch(tenant["id"])
    assert created.out.count("\n") == 1
    shown = run("tenant", "show", "ACORN", "--json").json()
    assert shown == run("tenant", "show", tenant["id"], "--json").json()
    assert (shown["status"], shown["users"], shown["groups"], shown["activeTokens"]) == ("active", 0, 0, 0)
    assert run("tenant", "list", "--json").json() == [
        {key: shown[key] for key in ("id", "name", "dialect", "status", "created")}
    ]
    assert run("tenant", "list").rows()[0][:3] == [tenant["id"], "Acorn", "standard"]
    assert f"id            {tenant['id']}" in run("tenant", "show", "acorn").out


def test_a_taken_name_is_refused_and_a_wrong_one_is_wrong_usage(run: Command) -> None:
    assert run("tenant", "create", "acorn").code == 0
    taken = run("tenant", "create", "ACORN", "--json")
    assert (taken.code, taken.out) == (1, "")
    assert "already" in taken.err
    for arguments in (["a b"], [""], ["x" * 64], ["birch", "--dialect", "klingon"]):
        wrong = run("tenant", "create", *arguments)
        assert (wrong.code, wrong.out) == (2, ""), arguments
    assert [row[1] for row in run("tenant", "list").rows()] == ["acorn"]


def test_a_tenant_is_suspended_resumed_and_deleted_and_its_events_stay(run: Command) -> None:
    id = run("tenant", "create", "acorn", "--json").json()["id"]
    assert run("tenant", "suspend", "acorn", "--json").json()["status"] == "suspended"
    assert "active" in run("tenant", "resume", "acorn").err
    unasked = run("tenant", "delete", "acorn")
    assert (unasked.code, unasked.out) == (1, "")
    assert "--yes" in unasked.err
    assert run("tenant", "show", "acorn").code == 0
    assert run("tenant", "delete", "acorn", "--yes", "--json").json()["status"] == "deleted"
    assert run("tenant", "list", "--json").json() == []
    assert run("tenant", "show", "acorn").code == 1
    assert run("tenant", "resume", id).code == 1
    assert run("tenant", "delete", id, "--yes").code == 1
    kinds = [event["kind"] for event in run("audit", id, "--json").json()]
    assert kinds == ["tenant:create", "tenant:suspend", "tenant:resume", "tenant:delete"]
    assert run("tenant", "create", "acorn").code == 0


def test_a_token_is_shown_once_listed_without_its_secret_and_revoked(run: Command) -> None:
    run("tenant", "create", "acorn")
    issued = run("token", "create", "acorn", "--name", "Entra", "--expires", "90d", "--json")
    token = issued.json()
    assert list(token) == ["id", "token"]
    assert is_well_formed(token["token"])
    listed = run("token", "list", "acorn", "--json")
    (row,) = listed.json()
    assert (row["id"], row["name"], row["status"]) == (token["id"], "Entra", "active")
    assert row["expires"] > row["created"]
    assert token["token"] not in listed.out + run("token", "list", "acorn").out
    assert run("token", "revoke", "acorn", token["id"]).code == 0
    assert run("token", "revoke", "acorn", token["id"], "--json").json()["status"] == "revoked"
    assert run("token", "list", "acorn").rows()[0][5:] == ["revoked", "scim.read scim.write", "default"]
    assert run("token", "revoke", "acorn", NOWHERE).code == 1
    plain = run("token", "create", "acorn")
    assert re.search(r"^token +rbk_\w{49}$", plain.out, re.MULTILINE)
    assert "expires  never" in plain.out
    assert "not shown again" in plain.err


def test_what_is_not_there_is_refused_and_what_cannot_be_read_is_wrong_usage(run: Command) -> None:
    run("tenant", "create", "acorn")
    for command in ("tenant show", "tenant suspend", "tenant resume", "token create", "token list", "audit"):
        refused = run(*command.split(), "birch")
        assert (refused.code, refused.out) == (1, ""), command
        assert "'birch'" in refused.err
    for arguments in (
        ["token", "create", "acorn", "--expires", "soon"],
        ["audit", "acorn", "--since", "yesterday"],
        ["audit", "acorn", "--until", "2026-13-01"],
    ):
        wrong = run(*arguments)
        assert (wrong.code, wrong.out) == (2, ""), arguments
    assert run("token", "list", "acorn").rows() == []


def test_audit_prints_the_events_of_a_span_oldest_first(run: Command) -> None:
    id = run("tenant", "create", "acorn", "--json").json()["id"]
    run("tenant", "suspend", "acorn")
    events = run("audit", "acorn", "--json").json()
    assert [event["kind"] for event in events] == ["tenant:create", "tenant:suspend"]
    assert {(event["actor"], event["resource"]) for event in events} == {("operator", id)}
    later = events[1]["at"]
    assert run("audit", "acorn", "--since", later, "--json").json() == events[1:]
    assert run("audit", "acorn", "--until", later, "--json").json() == events[:1]
    assert run("audit", "acorn", "--until", "2001-01-01", "--json").json() == []
    assert run("audit", "acorn", "--until", "2001-01-01").out == ""
    assert run("audit", "--json").json() == [], "nobody's events are none of a tenant's"
    assert [row[1:3] for row in run("audit", "acorn").rows()] == [
        ["tenant:create", "operator"],
        ["tenant:suspend", "operator"],
    ]


def test_an_empty_database_is_set_up_by_migrate_and_a_second_time_changes_nothing(run: Command) -> None:
    empty = run("tenant", "list")
    assert empty.code == 1
    assert "rollbook db migrate" in empty.err
    assert run("db", "check").code == 1
    first = run("db", "migrate", "--json").json()
    assert first["migrations"]
    assert first["schema"] >= 1
    assert run("db", "migrate", "--json").json() == {"migrations": [], "schema": first["schema"]}
    assert run("db", "check", "--json").json() == {"ok": True, "schema": first["schema"], "problems": []}
    assert run("db", "check").out.startswith("ok")
    assert run("tenant", "list", "--json").json() == []


def test_a_backup_restores_what_was_there(run: Command, tmp_path: Path) -> None:
    file = tmp_path / "acorn.rollbook"
    run("tenant", "create", "acorn")
    token = run("token", "create", "acorn", "--json").json()
    made = run("db", "backup", str(file), "--json").json()
    assert made == {"file": str(file), "bytes": file.stat().st_size}
    again = run("db", "backup", str(file))
    assert again.code == 1
    assert "already" in again.err
    run("tenant", "create", "birch")
    run("tenant", "delete", "acorn", "--yes")
    unasked = run("db", "restore", str(file))
    assert unasked.code == 1
    assert "--yes" in unasked.err
    assert run("db", "restore", str(file), "--yes", "--json").json()["tenants"] == 1
    assert [row[1] for row in run("tenant", "list").rows()] == ["acorn"]
    assert run("token", "list", "acorn", "--json").json()[0]["id"] == token["id"]


def test_what_is_no_backup_changes_nothing(run: Command, tmp_path: Path) -> None:
    run("tenant", "create", "acorn")
    (tmp_path / "text").write_text("not a backup\n" * 500)
    for file in (tmp_path / "text", tmp_path / "missing"):
        refused = run("db", "restore", str(file), "--yes")
        assert refused.code == 1
        assert refused.err
    assert [row[1] for row in run("tenant", "list").rows()] == ["acorn"]
    assert run("db", "backup", str(tmp_path / "no folder" / "file")).code == 1


def test_a_backup_of_one_engine_fills_the_other(postgres_url: str, sqlite: str, tmp_path: Path) -> None:
    file = str(tmp_path / "moved.rollbook")
    id = rollbook("tenant", "create", "acorn", "--json", ROLLBOOK_DATABASE=sqlite).json()["id"]
    assert rollbook("db", "backup", file, ROLLBOOK_DATABASE=sqlite).code == 0
    restored = rollbook("db", "restore", file, ROLLBOOK_DATABASE=postgres_url)
    assert restored.code == 0, restored.err
    assert rollbook("tenant", "show", "acorn", "--json", ROLLBOOK_DATABASE=postgres_url).json()["id"] == id


def test_doctor_finds_nothing_on_a_database_that_is_fit(run: Command, database: str) -> None:
    run("db", "migrate")
    told = run("doctor", "--json")
    findings = json.loads(told.out)
    assert list(dict.fromkeys(finding["check"] for finding in findings)) == CHECKS
    todo = [finding for finding in findings if not finding["ok"]]
    if database.startswith("sqlite"):
        assert (told.code, todo) == (0, [])
        assert run("doctor").out.count("ok  ") == len(CHECKS)
    else:  # the server of these tests is told not to wait for its disk, and that is found
        assert told.code == 1
        assert all("acknowledged writes may be lost" in finding["detail"] for finding in todo)


def test_doctor_says_what_to_do_about_an_empty_database(run: Command) -> None:
    told = run("doctor")
    assert told.code == 1
    assert "rollbook db migrate" in told.out


def test_a_superuser_is_not_served_and_doctor_says_so(postgres_admin_url: str, postgres_url: str) -> None:
    name = postgres_url.rpartition("/")[2]
    mighty = postgres_admin_url.rpartition("/")[0] + "/" + name
    assert rollbook("db", "migrate", ROLLBOOK_DATABASE=postgres_url).code == 0
    told = rollbook("doctor", "--json", ROLLBOOK_DATABASE=mighty)
    assert told.code == 1
    assert "superuser" in told.out
    refused = rollbook("serve", "--port", "0", ROLLBOOK_DATABASE=mighty)
    assert refused.code == 1
    assert "superuser" in refused.err


def answer_on_a_terminal(database: str, answer: str) -> int:
    """Delete tenant acorn on a terminal, answering what is asked. The exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [ROLLBOOK, "tenant", "delete", "acorn"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(ROLLBOOK_DATABASE=database),
    )
    os.close(theirs)
    told = ""
    try:
        while "[y/N]" not in told:
            assert select.select([ours], [], [], 30)[0], told
            told += os.read(ours, 4096).decode()
        os.write(ours, answer.encode())
        return process.wait(30)
    finally:
        os.close(ours)
        process.kill()
        process.wait()


def test_on_a_terminal_a_tenant_is_deleted_only_after_a_yes(sqlite: str) -> None:
    rollbook("tenant", "create", "acorn", ROLLBOOK_DATABASE=sqlite)
    assert answer_on_a_terminal(sqlite, "n\n") == 1
    assert rollbook("tenant", "show", "acorn", ROLLBOOK_DATABASE=sqlite).code == 0
    assert answer_on_a_terminal(sqlite, "y\n") == 0
    assert rollbook("tenant", "show", "acorn", ROLLBOOK_DATABASE=sqlite).code == 1
