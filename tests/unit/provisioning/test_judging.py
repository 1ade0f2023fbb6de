"""From what a client wrote to what is kept, by the rules of a view: what each rule is given, and what becomes of it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.support.house import PATCH_OP, USER
from tests.support.stores import HandClock, sqlite_store

from rollbook.dialects.loading import catalog_sources, load
from rollbook.dialects.reader import Source
from rollbook.dialects.starter import starter
from rollbook.provisioning.lines import Lines
from rollbook.provisioning.perform import perform
from rollbook.provisioning.seals import Seals
from rollbook.provisioning.work import Work
from rollbook.scim.answer import Locations
from rollbook.scim.errors import InvalidValue
from rollbook.scim.limits import STANDARD_LIMITS
from rollbook.scim.operations import Create, Modify, Operation, Replace
from rollbook.scim.outcomes import Found
from rollbook.scim.patch import read_patch
from rollbook.scim.presets import STANDARD_TERMS
from rollbook.scim.rules import Asked, Plain
from rollbook.scim.schema import ResourceType
from rollbook.testing.storage_contract import new_tenant

pytestmark = pytest.mark.anyio
URN = "urn:example:shop:2.0:User"


class Shelves(Plain):
    """Every user has a shelf, shelf X is refused, and whoever moves gets a letter."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []

    def read(self, body: dict[str, Any], asked: Asked) -> dict[str, Any]:
        self.seen.append(("read", dict(asked.given)))
        place = body.pop("place", None)
        return {**body, URN: {"shelf": place}} if place else body

    def open(self, document: dict[str, Any], asked: Asked) -> dict[str, Any]:
        self.seen.append(("open", asked.id))
        return {**document, "displayName": "opened"}

    def judge(self, before: Mapping[str, Any] | None, after: dict[str, Any], asked: Asked) -> dict[str, Any]:
        self.seen.append(("judge", None if before is None else dict(before)))
        shelf = after.get(URN, {}).get("shelf", asked.settings.get("default", "A1"))
        if shelf == "X":
            raise InvalidValue("shelf X is broken.")
        asked.notes.append("judged")
        asked.effects.append(f"letter about {shelf}")
        return {**after, URN: {"shelf": shelf}, "nickName": after.get("nickName", "kept beside")}

    def show(self, resource: dict[str, Any], asked: Asked) -> dict[str, Any]:
        return {**resource, URN: {"shelf": resource[URN]["shelf"].lower()}}


class Desk:
    """A tenant, and a view of users with these rules."""

    def __init__(self, store: Any, tenant: Any, type: ResourceType, rules: Shelves) -> None:
        self.store, self.tenant, self.type, self.rules = store, tenant, type, rules
        self.handle = store.tenant(tenant.id)
        self.work: Work | None = None

    async def does(self, operation: Operation) -> dict[str, Any]:
        clock = HandClock().clock
        self.work = Work(
            store=self.handle,
            connection=self.tenant.connection,
            actor="operator",
            peer="",
            request="",
            clock=clock,
            terms=STANDARD_TERMS,
            limits=STANDARD_LIMITS,
            location_base="https://acorn.example",
            lines=Lines(),
            seals=Seals(self.store, clock, 60),
            types=(self.type,),
        )
        outcome = await perform(operation, self.work)
        assert isinstance(outcome, Found)
        shown: dict[str, Any] = orjson.loads(Locations("", (self.type,)).shown(outcome.view, outcome.projection))
        return shown

    async def kept(self, id: str) -> dict[str, Any]:
        stored = await self.handle.get(self.type.number, id)
        document: dict[str, Any] = orjson.loads(stored.document)
        return document


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    shop = next(d for d in load([*catalog_sources(), Source("shop.toml", starter("shop"))]) if d.name == "shop")
    rules = Shelves()
    type = replace(shop.types[0], rules=rules, settings={"default": "B2"})
    async with sqlite_store(tmp_path, HandClock().clock) as store:
        yield Desk(store, await new_tenant(store, "acorn"), type, rules)


async def test_a_post_is_read_judged_and_shown_by_the_rules(desk: Desk) -> None:
    body = {"schemas": [USER], "userName": "ann", "place": "C3", "title": "Lead"}
    made = await desk.does(Create(desk.type, body))
    assert made[URN] == {"shelf": "c3"}
    assert desk.rules.seen == [("read", body), ("judge", None)]
    kept = await desk.kept(made["id"])
    assert kept[URN] == {"shelf": "C3"}
    assert kept["nickName"] == "kept beside"
    assert "nickName" not in made
    assert desk.work is not None
    assert desk.work.effects == ["letter about C3"]
    assert {"dropped: title", "judged"} <= {*desk.work.notes}
    other = await desk.does(Create(desk.type, {"schemas": [USER], "userName": "bo"}))
    assert other[URN] == {"shelf": "b2"}, "the tenant's setting"


async def test_a_put_is_judged_by_what_is_kept_and_hides_nothing_away(desk: Desk) -> None:
    made = await desk.does(Create(desk.type, {"schemas": [USER], "userName": "ann", "place": "C3"}))
    before = await desk.kept(made["id"])
    desk.rules.seen.clear()
    body = {"schemas": [USER], "userName": "ann", "displayName": "Ann"}
    await desk.does(Replace(desk.type, made["id"], body))
    assert desk.rules.seen[-1] == ("judge", before)
    now = await desk.kept(made["id"])
    assert now["nickName"] == "kept beside"
    assert now[URN] == {"shelf": "B2"}
    with pytest.raises(InvalidValue):
        await desk.does(Replace(desk.type, made["id"], {**body, "place": "X"}))
    assert await desk.kept(made["id"]) == now


async def test_a_patch_is_applied_to_what_the_rules_open(desk: Desk) -> None:
    made = await desk.does(Create(desk.type, {"schemas": [USER], "userName": "ann", "place": "C3"}))
    operation = {"op": "replace", "path": f"{URN}:shelf", "value": "D4"}
    operations = read_patch({"schemas": [PATCH_OP], "Operations": [operation]})
    shown = await desk.does(Modify(desk.type, made["id"], operations))
    assert shown[URN] == {"shelf": "d4"}
    assert shown["displayName"] == "opened"
    assert ("open", made["id"]) in desk.rules.seen
    assert (await desk.kept(made["id"]))["nickName"] == "kept beside"
