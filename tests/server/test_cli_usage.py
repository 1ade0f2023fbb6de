"""Settings, wrong usage and help, as an operator meets them."""

import re
import socket
import subprocess
from pathlib import Path

import pytest
from tests.support.command import ROLLBOOK, environment, rollbook

import rollbook as package

COMMANDS = [
    "",
    "serve",
    "demo",
    "audit",
    "doctor",
    *(f"tenant {name}" for name in ("create", "list", "show", "suspend", "resume", "delete")),
    *(f"token {name}" for name in ("create", "list", "revoke")),
    *(f"connection {name}" for name in ("create", "list", "show", "set", "delete")),
    *(f"db {name}" for name in ("migrate", "check", "backup", "restore")),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_with_an_example(command: str) -> None:
    told = rollbook(*command.split(), "--help")
    assert (told.code, told.err) == (0, "")
    assert re.search(rf"^  rollbook {command}", told.out, re.MULTILINE)
    assert "--database" in told.out


@pytest.mark.parametrize(
    "arguments",
    [
        "frobnicate",
        "tenant frobnicate",
        "tenant create",
        "tenant create acorn birch",
        "token create",
        "token revoke acorn",
        "audit acorn birch",
        "db backup",
        "serve --port many",
        "serve --port 70000",
        "serve --workers 0",
        "serve --public-url acorn",
        "--frob",
        "tenant list --database mysql://localhost/x",
        "tenant list --config /nowhere/rollbook.toml",
    ],
)
def test_wrong_usage_ends_with_2_and_says_so_on_standard_error(arguments: str) -> None:
    told = rollbook(*arguments.split())
    assert (told.code, told.out) == (2, "")
    assert told.err


def test_the_version_is_printed() -> None:
    assert rollbook("--version").out == f"rollbook {package.__version__}\n"


def test_help_does_not_load_the_house() -> None:
    """What makes it quick: neither the settings nor a database nor the server is imported for it."""
    code = "import sys; from rollbook.cli import main; print(*sys.modules)"
    python = str(Path(ROLLBOOK).parent / "python")
    loaded = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pydantic", "asyncpg", "apsw", "uvicorn", "structlog", "rollbook.app", "rollbook.config"} & {*loaded}


def test_the_database_may_be_named_before_and_after_the_command(tmp_path: Path) -> None:
    one, two = f"sqlite:///{tmp_path}/one.db", f"sqlite:///{tmp_path}/two.db"
    assert rollbook("--database", one, "tenant", "create", "acorn").code == 0
    assert rollbook("tenant", "show", "acorn", "--database", one).code == 0
    assert rollbook("--database", one, "tenant", "create", "birch", "--database", two).code == 0
    assert [row[1] for row in rollbook("tenant", "list", "--database", two).rows()] == ["birch"]


def test_a_relative_path_is_relative_to_where_the_command_runs(tmp_path: Path) -> None:
    assert rollbook("tenant", "create", "acorn", "--database", "sqlite:///acorn.db", cwd=tmp_path).code == 0
    assert (tmp_path / "acorn.db").exists()


def test_without_a_setting_the_file_lies_in_the_data_folder_of_the_platform(tmp_path: Path) -> None:
    assert rollbook("tenant", "create", "acorn", XDG_DATA_HOME=str(tmp_path)).code == 0
    assert (tmp_path / "rollbook" / "rollbook.db").exists()


def test_a_look_at_a_database_that_is_not_there_does_not_make_it(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/mistyped.db"
    for command in ("tenant list", "db check", "doctor", "audit acorn", "token create acorn"):
        assert rollbook(*command.split(), ROLLBOOK_DATABASE=database).code == 1, command
    assert list(tmp_path.iterdir()) == []


def test_everything_wrong_in_the_settings_is_told_with_its_source(tmp_path: Path) -> None:
    file = tmp_path / "rollbook.toml"
    file.write_text("prot = 8080\nmax_page = 0\n")
    told = rollbook("serve", "--workers", "many", "--config", str(file))
    assert told.code == 2
    told = rollbook("serve", "--workers", "0", "--config", str(file), ROLLBOOK_DATABSE="x")
    assert told.code == 2
    assert told.out == ""
    for line in (
        f"prot ({file}): there is no such setting; the nearest is port",
        f"max_page ({file}): 0 is not right; give a whole number from 1 to 10000",
        "workers (--workers): 0 is not right; give a whole number from 1 to 256",
        "ROLLBOOK_DATABSE (environment): there is no such setting; the nearest is ROLLBOOK_DATABASE",
    ):
        assert line in told.err


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{nobody.getsockname()[1]}"
        for command in ("doctor", "tenant list", "serve --port 0", "db check"):
            told = rollbook(*command.split(), ROLLBOOK_DATABASE=f"postgresql://ann:hunter2@{where}/acorn")
            assert told.code == 1, command
            assert "hunter2" not in told.out + told.err
            assert told.err or command == "doctor"
    assert "hunter2" not in rollbook("doctor", ROLLBOOK_DATABASE="postgresql://ann:hunter2@h:x/acorn").out


def test_doctor_tells_every_wrong_setting_and_what_would_be_right() -> None:
    told = rollbook("doctor", ROLLBOOK_PORT="many", ROLLBOOK_WORKERS="0")
    assert told.code == 1
    assert told.out.count("TO DO") == 2
    assert "→ give a whole number from 0 to 65535" in told.out


def test_several_workers_on_sqlite_are_refused_with_the_reason(tmp_path: Path) -> None:
    told = rollbook("serve", "--workers", "2", ROLLBOOK_DATABASE=f"sqlite:///{tmp_path}/acorn.db")
    assert told.code == 1
    assert "one writer" in told.err
    assert not (tmp_path / "acorn.db").exists()


def test_a_port_in_use_is_said_so(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        for command in ("serve", "demo"):
            told = rollbook(command, "--port", port, ROLLBOOK_DATABASE=f"sqlite:///{tmp_path}/acorn.db")
            assert (told.code, told.out) == (1, ""), command
            assert f"ort {port} on 127.0.0.1 is in use" in told.err
    assert not (tmp_path / "acorn.db").exists()


def test_a_reader_that_goes_away_ends_the_command_quietly(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/acorn.db"
    assert rollbook("tenant", "create", "acorn", ROLLBOOK_DATABASE=database).code == 0
    process = subprocess.Popen(
        [ROLLBOOK, "audit", "acorn", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(ROLLBOOK_DATABASE=database),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.wait(30)
    assert process.stderr.read() == b""
    process.stderr.close()
