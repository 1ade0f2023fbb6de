"""The floors hold: imports, SQL in its place, and nothing in the project that belongs to one machine."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "rollbook"

SQL = re.compile(
    r"\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bUPDATE \w+ SET\b|\bDELETE FROM\b|\bCREATE (TABLE|INDEX|ROLE|POLICY)\b",
    re.DOTALL,
)
# In pieces, so that this file does not name them either.
FOREIGN = re.compile(
    "|".join(
        (
            "pypi" + r"\.org",
            "python" + r"hosted\.org",
            "npm" + r"js\.org",
            "deb" + r"ian\.org/deb",
            r"(?<![\w.])/" + r"(?:work|root|opt|home)/\w+/",
            "file:" + r"///\w",
        )
    )
)


def tracked() -> Iterator[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: there is no list of tracked files")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in listed.split("\0"):
        path = ROOT / name
        if name and path.is_file():  # a file may be deleted and not committed yet
            yield path


def test_the_import_contracts_hold() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def _holds_sql(path: Path) -> bool:
    parts = path.relative_to(SOURCE).parts
    return parts[0] in ("storage", "testing") or parts[:2] == ("transfer", "state")


def test_sql_stands_under_storage_and_in_the_state_of_transfers_only() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCE.rglob("*.py")
        if not _holds_sql(path)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.search(node.value)
    ]
    assert found == []


def test_no_tracked_file_names_a_registry_or_a_place_on_one_machine() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in FOREIGN.finditer(text)]
    assert found == []


def test_every_package_is_pinned_by_its_digest_and_no_two_locks_disagree() -> None:
    pins: dict[str, set[str]] = {}
    for lock in (ROOT / "requirements").glob("*.txt"):
        for entry in re.split(r"\n(?=[A-Za-z])", lock.read_text("utf-8").strip()):
            pin = re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)", entry)
            assert pin, entry[:60]
            assert "--hash=sha256:" in entry, pin[0]
            if lock.stem in ("run", "test", "check", "build"):
                pins.setdefault(pin[1], set()).add(pin[2])
    assert pins["orjson"]
    assert {name: versions for name, versions in pins.items() if len(versions) > 1} == {}
