"""``rollbook transfer explain USER``: one person, from the row of the source to the decision."""

import asyncio
import json as json_
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.options import Json
from rollbook.cli.output import fail, print_json, printable, say
from rollbook.cli.transfer_options import ConfigFile, TargetName, chosen
from rollbook.errors import RollbookError

if TYPE_CHECKING:
    from rollbook.transfer.config import Config
    from rollbook.transfer.decide import Standing
    from rollbook.transfer.explaining import Found
    from rollbook.transfer.target import Target
    from rollbook.transfer.target_settings import TargetSettings
    from rollbook.transfer.users import TargetUser


@dataclass(frozen=True, slots=True)
class _Met:
    """Whom a target has for a person: those found, and what our state says."""

    users: list["TargetUser"]
    standing: "Standing"


def explain(
    user: Annotated[str, typer.Argument(metavar="USER", help="A key, userName or externalId.", show_default=False)],
    config: ConfigFile = "transfer.toml",
    target: TargetName = None,
    no_target: Annotated[bool, typer.Option("--no-target", help="Look at the source and the map only.")] = False,
    json: Json = False,
) -> None:
    """Follow one person: the row of the source, what is mapped, what the target has, the difference, the decision.

    \b
    rollbook transfer explain ann
    rollbook transfer explain 00042 --no-target
    """
    from rollbook.clock import SYSTEM_CLOCK
    from rollbook.transfer.errors import DONE
    from rollbook.transfer.explaining import find_person

    read, targets = chosen(config, target)
    try:
        found = find_person(read, user, today=read.day(SYSTEM_CLOCK.now()))
    except RollbookError as refused:
        fail(refused.detail, refused.hint, getattr(refused, "exit_code", 1))
    told: dict[str, Any] = {"user": user, "source": [_source_json(one) for one in found], "targets": []}
    if not json:
        _tell_source(user, found)
    code, met = DONE, bool(found)
    for settings in [] if no_target else targets:
        try:
            said = asyncio.run(_in_target(read, settings, user, found))
        except RollbookError as refused:
            say(f"{settings.name}: {refused.detail}" + (f"\n  {refused.hint}" if refused.hint else ""))
            code = code or getattr(refused, "exit_code", 1)
            continue
        met = met or any("target" in one for one in said)
        told["targets"].append({"name": settings.name, "people": said})
        if not json:
            _tell_target(settings.name, said)
    if json:
        print_json(told)
    if not met and not code:
        fail(f"nobody has the key, userName or externalId {user!r}", "`rollbook transfer check` names bad rows")
    raise typer.Exit(code)


def _source_json(found: "Found") -> dict[str, Any]:
    said: dict[str, Any] = {"key": found.key, "rows": [{"at": at, "cells": dict(cells)} for at, cells in found.rows]}
    if found.entry is not None:
        said["mapped"] = dict(found.entry.attributes)
    if found.trouble:
        said["trouble"] = found.trouble
    return said


def _tell_source(user: str, found: "list[Found]") -> None:
    if not found:
        print(f"source: nobody is {user}")
    for one in found:
        for at, cells in one.rows:
            print(f"source: {at}")
            _tell(cells)
        if one.entry is not None:
            print("mapped:")
            _tell(one.entry.attributes)
        if one.trouble:
            print(f"bad rows: {one.trouble}", flush=True)


def _tell(values: Mapping[str, Any]) -> None:
    width = max((len(name) for name in values), default=0) + 2
    for name, value in values.items():
        print(f"  {name:{width}}{_text(value)}", flush=True)


def _text(value: Any) -> str:
    return printable(value if isinstance(value, str) else json_.dumps(value, ensure_ascii=False))


async def _in_target(
    config: "Config", settings: "TargetSettings", user: str, found: "list[Found]"
) -> list[dict[str, Any]]:
    from rollbook.transfer.probe import probe
    from rollbook.transfer.records import Entry
    from rollbook.transfer.target import Target

    async with Target.open(settings) as target:
        await probe(target)
        said = []
        for one in found:
            if one.entry is None:
                said.append({"key": one.key, "decision": "nothing", "reason": "its row is bad, so it is left alone"})
                continue
            met = await _meet(config, settings, target, one.entry)
            said.append({"key": one.key, **_decided(target, settings, one.entry, met)})
        if not found:
            wanted = Entry(user, 0, {"userName": user, "externalId": user}, "")
            met = await _meet(config, settings, target, wanted)
            if met.users:
                said.append({"key": "", **_decided(target, settings, None, met)})
    return said


async def _meet(config: "Config", settings: "TargetSettings", target: "Target", entry: Any) -> _Met:
    from rollbook.transfer.decide import Standing
    from rollbook.transfer.state.journal import Journal, Link

    path = config.state_folder / f"{settings.name}.db"
    links: list[Link] = []
    graces: Mapping[str, str] = {}
    if path.is_file():
        journal = Journal(path)
        try:
            links, graces = list(journal.links()), journal.graces()
        finally:
            journal.close()
    by_key = next((link for link in links if link.key == entry.key), None)
    if by_key is not None and (there := await target.get(by_key.id)) is not None:
        return _Met([there], Standing(linked=True, in_grace=there.id in graces))
    users = await target.find(entry)
    by_id = next((link for link in links if [link.id] == [user.id for user in users]), None)
    if by_id is not None:
        adopted = by_id.key is None
        return _Met(users, Standing(linked=not adopted, adopted=adopted, in_grace=by_id.id in graces))
    return _Met(users, Standing(found_by="externalId or userName" if users else ""))


def _decided(target: "Target", settings: "TargetSettings", entry: Any, met: _Met) -> dict[str, Any]:
    from rollbook.transfer.decide import decide

    if len(met.users) > 1:
        ids = ", ".join(one.id for one in met.users)
        return {"decision": "report", "reason": f"several users may be meant: {ids}", "target": {"ids": ids}}
    there = met.users[0] if met.users else None
    can = target.can
    decision = decide(
        entry,
        there,
        settings.policy,
        met.standing,
        separator=can.name_separator,
        can_delete=can.delete,
        groups=can.memberships != "none",
    )
    said: dict[str, Any] = {"decision": decision.kind, "reason": decision.reason}
    if there is not None:
        said["target"] = {"id": there.id, **there.document}
        if there.groups:
            said["target"]["groups"] = [group.display or group.id for group in there.groups]
    said["changes"] = [{"path": one.path, "before": one.before, "after": one.after} for one in decision.changes]
    return said


def _tell_target(name: str, said: list[dict[str, Any]]) -> None:
    for one in said:
        if "target" in one:
            print(f"target {name}:")
            _tell(one["target"])
        else:
            print(f"target {name}: has nobody of that name or externalId")
        for change in one.get("changes", ()):
            print(f"difference: {change['path']}: {_text(change['before'])} → {_text(change['after'])}")
        print(f"decision: {one['decision']}: {one['reason']}", flush=True)
