"""Three days of people in every dialect: joiners, movers, leavers, renames, returners, broken rows. After each day
source and target are in step, as the standard sees the same tenant.

``make prove-transfer`` does it with 5,000 people for each dialect; here that many are for the standard alone.
"""

import json
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.dialects.retailops_stage import configure
from tests.identity.stage import make_desk, make_user
from tests.support.fault_proxy import Cut, Fault, Says, Where, fault_proxy
from tests.support.house import ENTERPRISE, Seat
from tests.support.transfer_hand import Hand
from tests.support.transfer_stage import Stage, there

from rollbook.oauth.grants import GRANTS
from rollbook.storage.contract import Store
from rollbook.tenancy import connections
from rollbook.testing.people import DEPARTMENTS, Day, Person, three_days

RELEEZME = "urn:ietf:params:scim:schemas:extension:releezme:2.0:User"
RETAIL_OPS = "urn:ietf:params:scim:schemas:extension:retailops:2.0:User"
EVERYBODY = int(os.environ.get("PROVE_TRANSFER", "0"))
"""People for every dialect; 0: as many as there is time for."""

User = dict[str, Any]
Login = tuple[str, dict[str, str]]


def bearer(seat: Seat) -> Login:
    """A token of the connection."""
    return 'token = { env = "TARGET_TOKEN" }', {"TARGET_TOKEN": seat.token}


def password(dialect: str, address: str, scope: str, more: str = "") -> Callable[[Seat], Login]:
    """A password login at the product's own token address."""

    def login(seat: Seat) -> Login:
        async def through(store: Store) -> dict[str, str]:
            return {seat.tenant.id: (await connections.find(store, seat.tenant, dialect)).id}

        desk = make_desk(seat, grants=GRANTS, connections=seat.house.with_store(through))
        lines = (
            f'token_url = "{seat.house.url}{address}"\nclient_id = "{desk.id}"\n'
            f'client_secret = {{ env = "CLIENT_SECRET" }}\nusername = "{desk.user.name}"\n'
            f'password = {{ env = "TARGET_PASSWORD" }}\nscope = "{scope}"\n{more}'
        )
        return lines, {"CLIENT_SECRET": desk.secret, "TARGET_PASSWORD": desk.password}

    return login


def session(seat: Seat) -> Login:
    """A session of Retail Ops."""
    configure(seat, user_name_immutable=False)
    user, secret = make_user(seat)
    return f'username = "{user.name}"\npassword = {{ env = "TARGET_PASSWORD" }}', {"TARGET_PASSWORD": secret}


def plainly(one: Person) -> User:
    """What every dialect keeps of somebody."""
    return {
        "userName": one.login.lower(),
        "active": one.active == "yes",
        "emails": [{"value": one.mail, "type": "work", "primary": True}],
    }


def named(one: Person) -> User:
    """With a name and an externalId."""
    name = {"givenName": one.first, "familyName": one.last}
    return {**plainly(one), "externalId": one.id, "name": name}


def at_work(one: Person) -> User:
    """With a department."""
    return {**named(one), ENTERPRISE: {"department": one.department}}


def with_badge(one: Person) -> User:
    """With a badge, and in the group of the department."""
    badges = [{"value": one.badge, "display": "Card"}]
    return {**named(one), RELEEZME: {"badges": badges}, "groups": one.department}


def in_a_group(one: Person) -> User:
    """With a department, and in the group of it."""
    return {**at_work(one), "groups": one.department}


def in_a_shop(one: Person) -> User:
    """With a store; who is not active is linked to nobody."""
    own = {"role": "Seller", "storeCodeList": [one.department]}
    if one.active == "yes":
        own["openIDUserID"] = one.id
    emails = [{"value": one.mail, "type": "Work", "primary": True}]
    return {**named(one), "emails": emails, RETAIL_OPS: own}


def of_identify(one: Person) -> User:
    """With a display name, and without what Identify does not know."""
    return {**plainly(one), "displayName": f"{one.first} {one.last}"}


NAMED = {
    "externalId": "id",
    "userName": "lower(login)",
    '"name.givenName"': "first",
    '"name.familyName"': "last",
    "emails": "mail",
    "active": "active",
}


@dataclass(frozen=True)
class Trial:
    """One dialect: how its client logs in, what it maps, and what the standard shows of it then."""

    dialect: str
    people: int
    login: Callable[[Seat], Login]
    map: Mapping[str, str]
    shows: Callable[[Person], User]
    tables: str = ""


TRIALS = (
    Trial("standard", 5000, bearer, {**NAMED, f'"{ENTERPRISE}:department"': "department"}, at_work),
    Trial(
        "releezme",
        300,
        password("releezme", "/connect/token", "Vecos.Releezme.Web.SCIM offline_access"),
        {**NAMED, "badges": "BADGES"},
        with_badge,
        '[[groups]]\nadd = ["{department}"]\n',
    ),
    Trial(
        "retailops",
        200,
        session,
        {
            **NAMED,
            "emails": "MAIL",
            f'"{RETAIL_OPS}:role"': "'Seller'",
            f'"{RETAIL_OPS}:storeCodeList"': "department",
            f'"{RETAIL_OPS}:openIDUserID"': "if(matches(active, 'yes'), id)",
        },
        in_a_shop,
    ),
    Trial(
        "identify",
        200,
        password("identify", "/runtime/oauth2/token.idp", "identify*scim", "bare = true"),
        {"userName": "lower(login)", "displayName": "{first} {last}", "emails": "mail", "active": "active"},
        of_identify,
    ),
    Trial(
        "scim11",
        300,
        bearer,
        {**NAMED, f'"{ENTERPRISE}:department"': "department"},
        in_a_group,
        '[[groups]]\nadd = ["{department}"]\n',
    ),
)
WRITTEN = {
    "BADGES": '[{ value = "badge", display = "\'Card\'" }]',
    "MAIL": '[{ value = "mail", type = "Work", primary = true }]',
}
"""What stands in a map and is no text."""


class Shown(Stage):
    """A stage whose source is a day of people."""

    day: Day

    def write(self) -> None:
        super().write()
        path = self.folder / "transfer.toml"
        text = path.read_text("utf-8")
        for name, value in WRITTEN.items():
            text = text.replace(f'"{name}"', value)
        path.write_text(text, "utf-8")
        self.day.write(self.folder / "people.csv")


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.dialect)
def test_three_days_end_in_step(trial: Trial, tmp_path: Path, hand: Hand, acorn: Seat) -> None:
    seat = speaking(trial, acorn)
    login, secrets = trial.login(seat)
    stage = Shown(tmp_path, hand, seat.base, "", trial.dialect, login, trial.tables, [], trial.map, secrets)
    live(stage, trial, acorn, seat, three_days(EVERYBODY or trial.people))


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.dialect)
def test_three_days_in_a_storm_end_in_step(trial: Trial, tmp_path: Path, hand: Hand, acorn: Seat) -> None:
    seat = speaking(trial, acorn)
    login, secrets = trial.login(seat)
    chance = random.Random(trial.dialect)
    faults: list[Fault] = [
        Cut(Where.BEFORE),
        Cut(Where.AFTER),
        Says(500, where=Where.AFTER),
        Says(503, (("Retry-After", "0"),)),
        Says(429, (("Retry-After", "0"),)),
    ]
    with fault_proxy(seat.house.url) as proxy:
        proxy.plan = lambda seen: chance.choice(faults) if chance.random() < 0.05 else None
        base, login = (text.replace(seat.house.url, proxy.url) for text in (seat.base, login))
        stage = Shown(tmp_path, hand, base, "", trial.dialect, login, trial.tables, [], trial.map, secrets)
        live(stage, trial, acorn, seat, three_days(30, broken=False))


def speaking(trial: Trial, standard: Seat) -> Seat:
    """The tenant through the dialect, with a group for each department where they are wanted."""
    if trial.tables:
        for department in DEPARTMENTS:
            standard.group(department)
    return standard if trial.dialect == "standard" else standard.speaking(trial.dialect)


def live(stage: Shown, trial: Trial, standard: Seat, seat: Seat, days: tuple[Day, ...]) -> None:
    """Sync on each of the days, and look."""
    held: dict[str, User] = {}
    for number, day in enumerate(days):
        stage.day = day
        told = stage.run("sync", "--json")
        assert told.code == (4 if day.bad else 0), told.err
        result = json.loads(told.out)["targets"][0]
        assert result["failed"] == 0, told.err
        right = {key: trial.shows(one) for key, one in day.wanted.items()}
        for key, user in held.items():
            if key in day.held:
                right[key] = user
            elif key not in right:
                right[key] = gone(user)
        assert in_step(standard, seat, right) == []
        held = right
        again = stage.run("sync", "--json")
        assert json.loads(again.out)["targets"][0]["counts"] == {}, (number, again.err)


def gone(user: User) -> User:
    """A leaver."""
    left = {**user, "active": False}
    if RETAIL_OPS in user:
        left[RETAIL_OPS] = {name: value for name, value in user[RETAIL_OPS].items() if name != "openIDUserID"}
    return left


def in_step(standard: Seat, seat: Seat, right: Mapping[str, User]) -> list[str]:
    """Whoever is otherwise than he should be; what only the dialect shows is asked of it."""
    found, wrong = there(standard), []
    own = there(seat) if any(name in (RELEEZME, RETAIL_OPS) for user in right.values() for name in user) else {}
    for user in right.values():
        one = found.pop(user["userName"], {})
        for name, value in user.items():
            now = one.get(name)
            if name == "groups":
                now = ", ".join(group["display"] for group in now or ())
            elif name == RELEEZME:
                now = own.get(user["userName"], {}).get(RELEEZME)
            elif name == RETAIL_OPS:
                shown = own.get(user["userName"], {}).get("retailOps", {})
                now = {key: shown[key] for key in ("role", "storeCodeList", "openIDUserID") if shown.get(key)}
            elif name == ENTERPRISE:
                now = {key: now.get(key) for key in value} if now else now
            if now != value:
                wrong.append(f"{user['userName']}: {name} is {now} for {value}")
    return wrong + list(found)
