"""``rollbook tenant configure``: judged whole, set whole, followed by what is running."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.support.command import Told, rollbook
from tests.support.house import House, Seat
from tests.support.refusals import until

OWN = "urn:ietf:params:scim:schemas:extension:retailops:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


def configure(seat: Seat, folder: Path, text: str, *options: str) -> Told:
    """Run the command on the house's database."""
    file = folder / "acorn.toml"
    file.write_text(text, "utf-8")
    return rollbook("tenant", "configure", seat.name, str(file), *options, "--database", seat.house.database)


@pytest.fixture
def shop(sqlite_house: House) -> Seat:
    """A tenant that speaks the standard and Retail Ops, as Retail Ops."""
    return sqlite_house.seat("acorn").speaking("retailops")


@pytest.fixture(scope="session")
def sqlite_house(_house_on_sqlite: House) -> House:
    return _house_on_sqlite


def _created(seat: Seat, name: str, role: str) -> int:
    body = {"schemas": [CORE, OWN], "userName": name, "retailOps": {"role": role}}
    return seat.post("/Users", body).status_code


def test_a_running_server_follows_within_five_seconds(shop: Seat, tmp_path: Path) -> None:
    assert _created(shop, "ann", "Juggler") == 201
    told = configure(shop, tmp_path, '[retailops]\nroles = ["Seller"]\nsession_idle_minutes = 5\n')
    assert (told.code, told.err) == (0, "retailops.roles, retailops.session_idle_minutes are set.\n")
    names = (f"bo-{number}" for number in count())
    assert until(lambda: _created(shop, next(names), "Juggler") == 400)
    assert _created(shop, "cleo", "Seller") == 201
    (schema,) = [one for one in shop.get("/Schemas").json()["Resources"] if one["id"] == OWN]
    (role,) = [one for one in schema["attributes"] if one["name"] == "role"]
    assert role["canonicalValues"] == ["Seller"]
    (event,) = [event for event in shop.events() if event.kind == "tenant:configure"]
    assert event.attributes == ("retailops.roles", "retailops.session_idle_minutes")
    assert event.actor == "operator"
    assert configure(shop, tmp_path, '[retailops]\nroles = ["Seller"]\nsession_idle_minutes = 5\n').err == (
        "Nothing is different.\n"
    )
    assert len([event for event in shop.events() if event.kind == "tenant:configure"]) == 1


def test_what_is_shown_can_be_set_again(shop: Seat, tmp_path: Path) -> None:
    shop.speaking("identify")
    text = """
[identify]
separator = '|\\"'
organizations = { Root = { "Sälés.x" = {}, Workshop = { Night = {} } } }
strict_scim11 = true

[retailops]
stores = ["LDN1", "🔑"]
"""
    assert configure(shop, tmp_path, text).code == 0
    database = ("--database", shop.house.database)
    shown = rollbook("tenant", "configure", shop.name, "--show", *database)
    whole = rollbook("tenant", "configure", shop.name, "--show", "--json", *database).json()
    assert whole["identify"]["separator"] == '|\\"'
    assert whole["identify"]["organizations"] == {"Root": {"Sälés.x": {}, "Workshop": {"Night": {}}}}
    assert whole["retailops"]["stores"] == ["LDN1", "🔑"]
    assert whole["retailops"]["session_idle_minutes"] == 30
    assert "standard" not in whole
    assert configure(shop, tmp_path, shown.out).code == 0
    assert rollbook("tenant", "configure", shop.name, "--show", "--json", *database).json() == whole
    answer: Any = configure(shop, tmp_path, "[retailops]\n", "--json").json()
    assert "retailops.stores" in answer["changed"]
    assert answer["settings"]["retailops"]["stores"] == []
    assert answer["settings"]["identify"] == whole["identify"]


def test_everything_wrong_is_told_and_nothing_is_changed(shop: Seat, tmp_path: Path) -> None:
    told = configure(shop, tmp_path, '[retailops]\nstores = ["a"]\nrols = 1\nroles = 2\n[identify]\n')
    assert told.code == 1
    first, *wrong = told.err.splitlines()
    assert first.endswith("cannot be used, and nothing was changed")
    assert [line.partition("acorn.toml, ")[2] for line in wrong] == [
        "line 3: retailops.rols: there is no such setting (did you mean roles?)",
        "line 4: retailops.roles: this has to be a list of texts",
        "line 5: identify: the tenant does not speak identify: it speaks retailops, standard",
    ]
    assert not [event for event in shop.events() if event.kind == "tenant:configure"]
    assert rollbook("tenant", "configure", shop.name, "--database", shop.house.database).code == 2


EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ('email_claim_type = "urn:x"\nactivation_claim_type = "urn:x"', 3, "activation_claim_type"),
        (f'activation_claim_type = "{EMAIL}"', 2, "activation_claim_type"),
        ('email_claim_type = "urn:rollbook:identify:claims:activationcode"', 2, "email_claim_type"),
        ('default_claim_type = "urn:x"\nactivation_claim_type = "urn:x"', 3, "activation_claim_type"),
    ],
)
def test_one_claim_type_cannot_be_two_things(shop: Seat, tmp_path: Path, text: str, line: int, key: str) -> None:
    shop.speaking("identify")
    told = configure(shop, tmp_path, f"[identify]\n{text}\n")
    assert told.code == 1
    (said,) = told.err.splitlines()[1:]
    assert f"acorn.toml, line {line}: identify.{key}: this is also identify." in said
    assert said.endswith("; the two have to differ")
    assert not [event for event in shop.events() if event.kind == "tenant:configure"]


def test_the_name_of_a_user_may_be_an_e_mail_address(shop: Seat, tmp_path: Path) -> None:
    shop.speaking("identify")
    assert configure(shop, tmp_path, f'[identify]\ndefault_claim_type = "{EMAIL}"\n').code == 0
