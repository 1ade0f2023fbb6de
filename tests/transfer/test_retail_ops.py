"""Retail Ops as a target: who is active has to be linked to a user of the OpenID provider."""

import json
import re

import pytest
from tests.identity.stage import make_user
from tests.support.house import Seat
from tests.support.transfer_hand import Hand
from tests.support.transfer_stage import Stage, people, there

OPEN_ID = '"retailOps.openIDUserID"'


@pytest.fixture
def shop(stage: Stage, acorn: Seat) -> Stage:
    """Three people and Retail Ops."""
    user, password = make_user(acorn)
    seat = acorn.speaking("retailops")
    stage.dialect, stage.base_url = "retailops", seat.base
    stage.login = f'username = "{user.name}"\npassword = {{ env = "TARGET_PASSWORD" }}'
    stage.secrets = {"TARGET_PASSWORD": password}
    stage.rows = people(3)
    return stage


def test_check_and_plan_warn_where_nobody_new_could_be_active_and_say_what_to_add(shop: Stage, acorn: Seat) -> None:
    told = shop.run("check")
    assert told.code == 0, told.err
    (line,) = (line for line in told.err.splitlines() if "warning" in line)
    assert "map.active" in line
    assert "transfer.toml line" in line
    assert "active needs retailOps.openIDUserID" in line
    assert 'add "retailOps.openIDUserID" = "lower(login)"' in line
    (found,) = json.loads(shop.run("check", "--json").out)["targets"]
    assert (len(found["warnings"]), found["problems"]) == (1, [])
    planned = shop.run("plan")
    assert (planned.code, "active needs retailOps.openIDUserID" in planned.err) == (0, True)
    key, rule = re.findall(r'add ("[^"]+") = "([^"]+)"', line)[0]
    shop.map = {**shop.map, key: rule}
    assert "warning" not in shop.run("check").err
    assert "needs" not in shop.run("plan").err
    assert shop.sync()["counts"] == {"create done": 3}
    assert all(user["active"] for user in there(acorn).values())


def test_a_first_config_for_retail_ops_makes_active_users(shop: Stage, hand: Hand, acorn: Seat) -> None:
    shop.write()
    (shop.folder / "transfer.toml").unlink()
    words = ("--path", "people.csv", "--dialect", "retailops", "--base-url", shop.base_url, "--yes")
    assert hand("init", *words, cwd=shop.folder).code == 0
    config = shop.folder / "transfer.toml"
    name = re.findall(r'username = "(.*)"', shop.login)[0]
    secrets = {**shop.secrets, "TARGET_USERNAME": name}
    told = hand("check", cwd=shop.folder, **secrets)
    assert (told.code, "warning" in told.err) == (0, False), told.err + config.read_text()
    told = hand("sync", cwd=shop.folder, **secrets)
    assert told.code == 0, told.err
    assert all(user["active"] for user in there(acorn).values())


def test_who_was_not_active_can_become_so_later(shop: Stage, acorn: Seat) -> None:
    shop.map = {**shop.map, OPEN_ID: "lower(login)"}
    shop.rows[1]["active"] = "0"
    assert shop.sync()["counts"] == {"create done": 3}
    assert shop.sync()["counts"] == {}
    shop.rows[1]["active"] = "1"
    shop.rows[2]["active"] = "0"
    assert shop.sync()["counts"] == {"reactivate done": 1, "deactivate done": 1}
    assert [user["active"] for _, user in sorted(there(acorn).items())] == [True, True, False]
    assert shop.sync()["counts"] == {"update done": 1}, "a link of somebody inactive, which it is told once"
    assert shop.sync()["counts"] == {}
    shop.rows[2]["active"] = "1"
    assert shop.sync()["counts"] == {"reactivate done": 1}
    gone = shop.rows.pop()
    assert shop.sync()["counts"] == {"deactivate done": 1}
    shop.rows.append(gone)
    assert shop.sync()["counts"] == {"reactivate done": 1}
    assert all(user["active"] for user in there(acorn).values())
