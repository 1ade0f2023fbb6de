"""The demo as a stranger runs it: one command, three lines to paste, and again."""

import contextlib
import json
import shutil
import signal
import subprocess
import urllib.request
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import apsw
import pytest
from tests.support.command import ROLLBOOK, environment
from tests.support.server import free_port, read_line

from rollbook.cli import demo_people
from rollbook.storage.migrations import migrations


class Demo:
    """A running demo and what it printed."""

    def __init__(self, folder: Path, *options: str, own: bool = False) -> None:
        self.port = free_port()
        there = () if own else ("--database", "sqlite:///demo.db")
        self.process = subprocess.Popen(
            [ROLLBOOK, "demo", "--port", str(self.port), *there, *options],
            cwd=folder,
            bufsize=0,  # else a line may wait here where select does not see it
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(XDG_DATA_HOME=str(folder)),
        )

    def line(self) -> str:
        return read_line(self.process.stdout).decode().rstrip("\n")

    def text(self, count: int = 3) -> list[str]:
        """All that is printed for a person: until the last line to paste."""
        lines: list[str] = []
        while sum(line.startswith("curl ") for line in lines) < count:
            lines.append(self.line())
        return lines

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C. The exit code and what was said on standard error."""
        self.process.send_signal(signal.SIGINT)
        _, error = self.process.communicate(timeout=30)
        return self.process.returncode, error.decode()


@contextlib.contextmanager
def running(folder: Path, *options: str, own: bool = False) -> Iterator[Demo]:
    demo = Demo(folder, *options, own=own)
    try:
        yield demo
    finally:
        demo.process.kill()
        demo.process.communicate()


def ask(base_url: str, token: str, path: str) -> Any:
    request = urllib.request.Request(base_url + path, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def paste(line: str) -> Any:
    """Run a line as a shell would, and read what it prints."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed here, and the lines are its")
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_demo_prints_lines_that_work_and_finds_its_data_on_the_second_start(tmp_path: Path) -> None:
    tokens = set()
    for start in (1, 2):
        with running(tmp_path) as demo:
            lines = demo.text()
            base_url = f"http://127.0.0.1:{demo.port}/scim/v2"
            assert f"base URL  {base_url}" in lines
            (token,) = [line.split()[1] for line in lines if line.startswith("token ")]
            tokens.add(token)
            assert f"with {199 + start} users and 10 groups" in lines[0]
            create, filter, patch = (line for line in lines if line.startswith("curl "))
            created = paste(create)
            assert created["userName"].startswith("newcomer-")
            found = paste(filter)
            assert found["totalResults"] > 0
            assert {user["name"]["familyName"] for user in found["Resources"]} == {"Archer"}
            changed = paste(patch)
            assert changed["title"] == "Explorer"
            assert ask(base_url, token, f"/Users/{changed['id']}")["title"] == "Explorer"
            assert ask(base_url, token, "/Users?count=0")["totalResults"] == 200 + start
            code, said = demo.interrupt()
            assert code == 0, said
            assert "Traceback" not in said
            assert str(tmp_path / "demo.db") in said
    assert len(tokens) == 2


def old_database(path: Path, version: int = 1) -> None:
    """What the first release has left, perhaps with the number of another."""
    path.parent.mkdir(exist_ok=True)
    connection = apsw.Connection(str(path))
    connection.execute(migrations("sqlite")[0].sql)
    connection.execute("INSERT INTO rollbook_schema VALUES (?, 'x', '2026-01-01T00:00:00.000Z')", (version,))
    connection.close()


def test_data_of_an_earlier_release_in_the_demos_own_file_is_brought_to_this_one(tmp_path: Path) -> None:
    old_database(tmp_path / "rollbook" / "demo.db")
    with running(tmp_path, "--json", own=True) as demo:
        told = json.loads(demo.line())
        assert ask(told["base_url"], told["token"], "/Users?count=0")["totalResults"] == 200
        code, said = demo.interrupt()
    assert code == 0
    newest = migrations("sqlite")[-1].version
    assert f"The database was of an older release: it is brought from schema 1 to {newest}." in said


def test_data_of_a_newer_release_and_files_that_somebody_named_are_left_as_they_are(tmp_path: Path) -> None:
    old_database(tmp_path / "rollbook" / "demo.db", 99)
    old_database(tmp_path / "demo.db")
    for own, wanted in ((True, "of a newer release (schema 99"), (False, "run `rollbook db migrate`")):
        with running(tmp_path, own=own) as demo:
            _, error = demo.process.communicate(timeout=30)
            assert (demo.process.returncode, wanted in error.decode()) == (1, True), error


def test_with_json_the_first_line_is_one_object_that_is_true_when_it_is_printed(tmp_path: Path) -> None:
    with running(tmp_path, "--json") as demo:
        told = json.loads(demo.line())
        assert list(told) == ["base_url", "tenant", "token"]
        assert told["base_url"] == f"http://127.0.0.1:{demo.port}/scim/v2"
        assert told["tenant"] == "demo"
        assert ask(told["base_url"], told["token"], "/Users?count=0")["totalResults"] == 200
        groups = ask(told["base_url"], told["token"], "/Groups")
        assert groups["totalResults"] == 10
        assert {len(group["members"]) for group in groups["Resources"]} == {20}
        assert demo.interrupt()[0] == 0


LINES = {"releezme": 4, "retailops": 4, "identify": 4, "scim11": 3}
"""How many lines a demo of each dialect prints: create, search, change, and how to get in."""


def test_the_lines_of_each_product_work_and_its_credentials_are_new_on_every_start(tmp_path: Path) -> None:
    for dialect, count in LINES.items():
        with running(tmp_path, "--dialect", dialect) as demo:
            lines = demo.text(count)
            *enter, create, search, change = (line for line in lines if line.startswith("curl "))
            for line in enter:
                told = paste(line)
                assert told.get("access_token") or told["data"]["token"], told
            created = paste(create)
            assert created["userName"].startswith("newcomer-"), created
            assert paste(search)["Resources"]
            changed = paste(change)
            assert "Explorer" in str(changed) or changed.get("preferredLanguage") == "pt" or changed["active"], changed
            assert demo.interrupt()[0] == 0
    for dialect, keys in TOLD.items():
        with running(tmp_path, "--dialect", dialect, "--json") as demo:
            told = json.loads(demo.line())
            assert set(told) == keys
            assert _users(dialect, told) == 200 + len(LINES)
            if dialect == "releezme":
                with pytest.raises(HTTPError, match="403"):  # a token is given, and does not open SCIM
                    _users(dialect, told | {"scope": "Vecos.Releezme.Web.SAPI"})
            assert demo.interrupt()[0] == 0


TOLD = {
    "releezme": {"base_url", "token_url", "client_id", "client_secret", "username", "password", "scope"},
    "retailops": {"base_url", "session_url", "auth_client_id", "key", "iv", "login", "password", "session"},
}


def _users(dialect: str, told: dict[str, Any]) -> int:
    """How many users a client sees that gets in by what was told."""
    if dialect == "retailops":
        assert len(b64decode(told["key"])) == 32
        assert len(b64decode(told["iv"])) == 16
        headers = {"X-PHP-SESSID": told["session"]}
        request = urllib.request.Request(f"{told['base_url']}/Users", headers=headers)
    else:
        form = {name: told[name] for name in ("client_id", "client_secret", "username", "password", "scope")}
        body = urlencode({"grant_type": "password", **form}).encode()
        with urllib.request.urlopen(told["token_url"], data=body, timeout=30) as answer:
            token = json.load(answer)["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"{told['base_url']}/users", headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(json.load(answer)["totalResults"])


def test_a_dialect_that_there_is_not_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with running(tmp_path, "--dialect", "relezme") as demo:
        _, said = demo.process.communicate(timeout=30)
        assert demo.process.returncode == 2
        assert b"did you mean releezme?" in said
    assert not (tmp_path / "demo.db").exists()


def test_the_demo_does_not_serve_a_suspended_tenant(tmp_path: Path) -> None:
    with running(tmp_path, "--json") as demo:
        demo.line()
        assert demo.interrupt()[0] == 0
    command = [ROLLBOOK, "tenant", "suspend", "demo", "--database", "sqlite:///demo.db"]
    subprocess.run(command, cwd=tmp_path, env=environment(), check=True, capture_output=True)
    with running(tmp_path) as demo:
        _, said = demo.process.communicate(timeout=30)
        assert demo.process.returncode == 1
        assert b"rollbook tenant resume demo" in said


def test_the_sample_has_200_users_of_different_names_in_10_departments() -> None:
    users = [demo_people.user(number, None) for number in range(demo_people.USERS)]
    assert len({user["userName"] for user in users}) == len({user["externalId"] for user in users}) == 200
    assert len({user["displayName"] for user in users}) == 200
    assert all(user["userName"].isascii() for user in users)
    departments = {user[demo_people.ENTERPRISE]["department"] for user in users}
    assert departments == set(demo_people.DEPARTMENTS)
    assert 0 < sum(not user["active"] for user in users) < 20
    assert all(demo_people.head_of(number) < number for number in range(1, 200))
