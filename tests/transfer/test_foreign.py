"""scim2-server, a target that is not ours: what it can is found out, and it ends in step as well."""

import json
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.server import running_server
from tests.support.transfer_hand import Hand
from tests.support.transfer_stage import Stage, people, person, wanted

APPLICATION = """
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.memory import AsyncInMemoryStorage
from scim2_server.utils import load_default_provider

app = ASGIApplication(AsyncInMemoryStorage(), load_default_provider())
"""


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[str]:
    """Its address."""
    (tmp_path / "foreign_app.py").write_text(APPLICATION, "utf-8")
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(tmp_path), "foreign_app:app", "--port", "{port}"]
    with running_server([*command, "--log-level", "warning"], path="/v2/ServiceProviderConfig") as server:
        yield f"{server.url}/v2"


def users(base: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{base}/Users?count=1000") as answer:
        return {user["userName"]: user for user in json.load(answer)["Resources"]}


def test_a_foreign_target_is_brought_in_step_three_times(tmp_path: Path, hand: Hand, foreign: str) -> None:
    stage = Stage(tmp_path, hand, foreign, "", login='login = "none"', rows=people(40))
    stage.tables = '[policy]\nleavers = "delete"\n'

    def in_step() -> None:
        found = users(foreign)
        assert found.keys() == {row["login"].lower() for row in stage.rows}
        for row in stage.rows:
            right = wanted(row)
            there = found[right["userName"]]
            assert {name: there.get(name) for name in right} == right

    assert stage.sync()["counts"] == {"create done": 40}
    in_step()
    assert stage.sync()["counts"] == {}
    stage.rows = [*stage.rows[2:], person(50), person(51)]
    stage.rows[0]["login"] = "renamed@acorn.example"
    stage.rows[1]["mail"] = ""
    stage.rows[2]["active"] = "0"
    counts = stage.sync()["counts"]
    assert counts == {"create done": 2, "update done": 2, "deactivate done": 1, "delete done": 2}
    in_step()
    stage.rows[2]["active"] = "1"
    stage.rows[1]["mail"] = "back@acorn.example"
    assert stage.sync()["counts"] == {"update done": 1, "reactivate done": 1}
    in_step()
    assert stage.sync()["counts"] == {}
