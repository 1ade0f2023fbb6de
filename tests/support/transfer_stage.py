"""A source that can be changed, a config, a target: what tests of the transfer stand on."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.command import Told
from tests.support.fault_proxy import Cut, Fault, FaultProxy, Seen, Where
from tests.support.house import Seat
from tests.support.transfer_hand import Child, Hand

COLUMNS = ("id", "login", "first", "last", "mail", "active")
MAP = {
    "externalId": "id",
    "userName": "lower(login)",
    '"name.givenName"': "first",
    '"name.familyName"': "last",
    "emails": "mail",
    "active": "active",
}


def person(number: int, **other: str) -> dict[str, str]:
    """A row of the source."""
    row = {
        "id": f"{number:05}",
        "login": f"User{number}@acorn.example",
        "first": f"Ann{number}",
        "last": "Archer",
        "mail": f"user{number}@acorn.example",
        "active": "1",
    }
    return {**row, **other}


def people(count: int) -> list[dict[str, str]]:
    """So many rows."""
    return [person(number) for number in range(1, count + 1)]


@dataclass
class Stage:
    """A folder with a config, its source and its state. ``rows`` is what the source holds."""

    folder: Path
    hand: Hand
    base_url: str
    token: str
    dialect: str = "standard"
    login: str = 'token = { env = "TARGET_TOKEN" }'
    tables: str = ""
    rows: list[dict[str, str]] = field(default_factory=list)
    map: Mapping[str, str] = field(default_factory=lambda: dict(MAP))
    secrets: dict[str, str] = field(default_factory=dict)

    def write(self) -> None:
        """Source and config, as they are now."""
        self.write_rows(self.rows)
        lines = "\n".join(f'{path} = "{rule}"' for path, rule in self.map.items())
        text = (
            f'[source]\ntype = "csv"\npath = "people.csv"\nkey = "id"\n\n'
            f'[target]\ndialect = "{self.dialect}"\nbase_url = "{self.base_url}"\n{self.login}\n\n'
            f"[map]\n{lines}\n\n{self.tables}\n"
        )
        (self.folder / "transfer.toml").write_text(text, "utf-8")

    def write_rows(self, rows: Iterable[Mapping[str, str]]) -> None:
        with (self.folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)

    def run(self, *arguments: str) -> Told:
        """``rollbook transfer ARGUMENTS`` with everything as it is now."""
        self.write()
        return self.hand(*arguments, cwd=self.folder, **self._secrets())

    def start(self, *arguments: str) -> Child:
        """Begin it."""
        self.write()
        return self.hand.start(*arguments, cwd=self.folder, **self._secrets())

    def _secrets(self) -> dict[str, str]:
        return {"TARGET_TOKEN": self.token, "ROLLBOOK_CONFIG": "", **self.secrets}

    def sync(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Sync; what it says of its one target."""
        told = self.run("sync", "--json", *arguments)
        assert told.code == code, told.out + told.err
        found: dict[str, Any] = json.loads(told.out)["targets"][0]
        return found

    def plan(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Plan; the plan."""
        told = self.run("plan", "--json", *arguments)
        assert told.code == code, told.out + told.err
        found: dict[str, Any] = json.loads(told.out)["targets"][0]
        return found


def there(seat: Seat, base: str | None = None) -> dict[str, dict[str, Any]]:
    """Everybody in the target, by userName."""
    found: dict[str, dict[str, Any]] = {}
    start = 1
    while True:
        body = seat.call("GET", "/Users", base=base, startIndex=start, count=1000).json()
        for user in body["Resources"]:
            found[user["userName"]] = user
        start += len(body["Resources"])
        if start > body["totalResults"] or not body["Resources"]:
            return found


def wanted(row: Mapping[str, str]) -> dict[str, Any]:
    """What a row comes to in a target that speaks the standard."""
    user: dict[str, Any] = {"externalId": row["id"], "userName": row["login"].lower(), "active": row["active"] == "1"}
    name = {"givenName": row["first"], "familyName": row["last"]}
    user["name"] = {key: value for key, value in name.items() if value}
    if row["mail"]:
        user["emails"] = [{"value": row["mail"], "type": "work", "primary": True}]
    return user


def differing(seat: Seat, rows: Iterable[Mapping[str, str]]) -> list[str]:
    """In whom source and target differ: nobody, where they are in step. Users that the source does not have count
    where they are active."""
    found, wrong = there(seat), []
    for row in rows:
        right = wanted(row)
        user = found.pop(right["userName"], None)
        if user is None:
            wrong.append(f"{right['userName']} is missing")
        elif any(user.get(name) != value for name, value in right.items()):
            wrong.append(f"{right['userName']}: {user} for {right}")
    return wrong + [f"{name} is still active" for name, user in found.items() if user.get("active")]


def sync_killed_at(stage: Stage, proxy: FaultProxy, posts: int, where: Where = Where.BEFORE) -> None:
    """A ``sync`` that goes through a proxy, and is killed at its so-manieth POST."""

    def plan(seen: Seen) -> Fault | None:
        if seen.method == "POST" and sum(one.method == "POST" for one in proxy.seen) == posts:
            child.kill()
            return Cut(where)
        return None

    proxy.plan = plan
    child = stage.start("sync")
    assert child.wait().code == -9
