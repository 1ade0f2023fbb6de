"""``rollbook transfer init`` and ``check``: a first config, and a look at all that a config names."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.options import Json, Yes
from rollbook.cli.output import WRONG_USAGE, fail, print_json, say
from rollbook.cli.transfer_options import ConfigFile, TargetName, chosen
from rollbook.errors import RollbookError

if TYPE_CHECKING:
    from rollbook.transfer.config import Config
    from rollbook.transfer.records import Snapshot
    from rollbook.transfer.target_settings import TargetSettings

_BAD_SHOWN = 20
_FILES = ("csv", "tsv", "xlsx", "ods", "xls", "jsonl", "json", "ldif")


def init(
    config: ConfigFile = "transfer.toml",
    type: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Of the source: csv, xlsx, jsonl, ldif, ldap, ad, sql, scim …")
    ] = None,
    path: Annotated[str | None, typer.Option(metavar="FILE", help="The file, where the source is one.")] = None,
    key: Annotated[str | None, typer.Option(metavar="COLUMN", help="What tells people apart.")] = None,
    dialect: Annotated[str | None, typer.Option(metavar="DIALECT", help="What the target speaks.")] = None,
    base_url: Annotated[str | None, typer.Option(metavar="URL", help="Where the target is.")] = None,
    variable: Annotated[
        str, typer.Option("--token-env", metavar="NAME", help="The variable of the environment that holds the token.")
    ] = "TARGET_TOKEN",
    force: Annotated[bool, typer.Option("--force", help="Write over a config that is there.")] = False,
    yes: Yes = False,
) -> None:
    """Ask what is needed, and write a commented config that works.

    What an option says is not asked; with --yes nothing is. The map is guessed from the columns of the source.

    \b
    rollbook transfer init
    rollbook transfer init --type csv --path people.csv --dialect releezme --base-url https://host/api --yes
    """
    from rollbook.transfer.capabilities import PRESETS
    from rollbook.transfer.drafting import Draft, guess_key, usual_base, write_config
    from rollbook.transfer.source_settings import KINDS

    if Path(config).exists() and not force:
        fail(f"{config} is there already", "name another with -c, or say --force", WRONG_USAGE)
    ask = _Asking(yes)
    type = ask.one_of("What kind of source is it?", type, tuple(KINDS), _told_by(path))
    if type in _FILES and path is None:
        path = ask.text("Where is the file?", f"people.{type}")
    columns = _columns(type, path or "", Path(config).absolute().parent)
    if columns:
        say(f"It has the columns {', '.join(columns)}.")
        key = key or ask.text("Which column tells people apart, and never changes?", guess_key(columns))
        if key not in columns:
            fail(f"--key: there is no column {key}", f"there are {', '.join(columns)}", WRONG_USAGE)
    dialect = ask.one_of("What does the target speak?", dialect, tuple(PRESETS), "standard")
    base_url = base_url or ask.text("Where is it?", usual_base(dialect))
    draft = Draft(type, path or "", key or "", dialect, base_url, variable, columns)
    Path(config).write_text(write_config(draft), "utf-8")
    say(f"{config} is written. `rollbook transfer check -c {config}` looks at all of it.")


class _Asking:
    def __init__(self, yes: bool) -> None:
        self._silent = yes or not sys.stdin.isatty()
        self._yes = yes

    def text(self, question: str, default: str) -> str:
        if not self._silent:
            return str(typer.prompt(question, default=default, err=True))
        if not self._yes:
            fail(f"nobody is here to be asked: {question}", "give it as an option, or say --yes", WRONG_USAGE)
        return default

    def one_of(self, question: str, given: str | None, choices: tuple[str, ...], default: str) -> str:
        answer = given or self.text(f"{question} ({', '.join(choices)})", default)
        if answer not in choices:
            fail(f"{question[:-1]}: {answer!r} is none", f"choose of {', '.join(choices)}", WRONG_USAGE)
        return answer


def _told_by(path: str | None) -> str:
    ending = Path(path or "").suffix.lower().removeprefix(".")
    return ending if ending in _FILES else "jsonl" if ending == "ndjson" else "csv"


def _columns(type: str, path: str, folder: Path) -> tuple[str, ...]:
    """The columns of a file that is there."""
    from rollbook.transfer.errors import EmptySource
    from rollbook.transfer.source_settings import CsvSource, SheetSource, SourceSettings
    from rollbook.transfer.sources.opening import open_source

    settings: SourceSettings
    if type in ("csv", "tsv"):
        settings = CsvSource(type=type, key="", path=path)  # type: ignore[arg-type]
    elif type in ("xlsx", "ods", "xls"):
        settings = SheetSource(type=type, key="", path=path)  # type: ignore[arg-type]
    else:
        return ()
    if not (folder / path).is_file():
        say(f"{path} is not there yet: the map in the config is an example.")
        return ()
    try:
        return open_source(settings, folder).columns() or ()
    except EmptySource:
        say(f"{path} is empty: the map in the config is an example.")
        return ()


def check(
    config: ConfigFile = "transfer.toml",
    target: TargetName = None,
    preview: Annotated[int, typer.Option("--preview", metavar="N", help="Show so many people as they would be.")] = 0,
    no_target: Annotated[bool, typer.Option("--no-target", help="Look at the source and the map only.")] = False,
    json: Json = False,
) -> None:
    """Look at everything a config names: sources, map, targets, logins, schemas. Nothing is changed.

    Bad rows are named, and are no failure: they stop nothing but themselves.

    \b
    rollbook transfer check
    rollbook transfer check --preview 5 --no-target
    """
    from rollbook.cli.progress import progress
    from rollbook.clock import SYSTEM_CLOCK
    from rollbook.transfer.errors import DONE
    from rollbook.transfer.snapshot import passing_snapshot

    read, targets = chosen(config, target)
    told: dict[str, Any] = {"config": str(read.path)}
    code = DONE
    now = SYSTEM_CLOCK.now()
    try:
        with (
            progress("reading the source", None) as advance,
            passing_snapshot(read, today=read.day(now), taken=SYSTEM_CLOCK.written(), progress=advance) as snapshot,
        ):
            _tell_source(snapshot, told, preview, json=json)
    except RollbookError as refused:
        _fail(refused, told, json=json)
    told["targets"] = []
    for settings in [] if no_target else targets:
        try:
            found = asyncio.run(_check_target(read, settings))
        except RollbookError as refused:
            say(f"{settings.name}: {refused.detail}" + (f"\n  {refused.hint}" if refused.hint else ""))
            found = {"name": settings.name, "error": refused.detail, "code": getattr(refused, "exit_code", 1)}
        told["targets"].append(found)
        code = code or found["code"]
        if not json and "error" not in found:
            _tell_target(found)
    if json:
        print_json({**told, "exit_code": code})
    raise typer.Exit(code)


def _fail(refused: RollbookError, told: dict[str, Any], *, json: bool) -> None:
    code = getattr(refused, "exit_code", 1)
    if json:
        print_json({**told, "error": refused.detail, "exit_code": code})
    fail(refused.detail, refused.hint, code)


def _tell_source(snapshot: "Snapshot", told: dict[str, Any], preview: int, *, json: bool) -> None:
    bad = [str(one) for _, one in zip(range(_BAD_SHOWN), snapshot.bad(), strict=False)]
    shown = [dict(one.attributes) for _, one in zip(range(preview), snapshot, strict=False)]
    told["sources"] = [
        {"name": one.name, "rows": one.rows, "bad": one.bad, "left_out": one.left_out, "silent": list(one.silent)}
        for one in snapshot.sources
    ]
    told |= {"people": snapshot.count, "bad_rows": bad, "preview": shown}
    if json:
        return
    for one in snapshot.sources:
        left = f", {one.left_out:,} left out" if one.left_out else ""
        print(f"source {one.name}: {one.rows:,} rows, {one.bad:,} bad{left}")
        for column in one.silent:
            print(f"  no row has a value in {column}: is there such a column?")
    for line in bad:
        print(f"  {line}")
    if snapshot.bad_count > len(bad):
        print(f"  and {snapshot.bad_count - len(bad):,} more")
    print(f"people: {snapshot.count:,}", flush=True)
    for resource in shown:
        print_json(resource)
    if not snapshot.count:
        say("The source is empty: a run would stop.")


async def _check_target(config: "Config", settings: "TargetSettings") -> dict[str, Any]:
    """Whether a target can be reached, lets us in, and has what is mapped."""
    from rollbook.transfer.errors import DONE, WRONG_CONFIG
    from rollbook.transfer.mapping.checking import check_mapping, live_user, wanting
    from rollbook.transfer.mapping.known import known_user
    from rollbook.transfer.mapping.slots import read_slot
    from rollbook.transfer.probe import probe
    from rollbook.transfer.target import Target

    async with Target.open(settings) as target:
        can = await probe(target)
        schemas = await target.schemas()
    user = live_user(schemas)
    slots = {key: read_slot(key, known_user()) for key in config.map.lines}
    if config.map.groups:
        slots.setdefault("groups", read_slot("groups", known_user()))
    wrongs = [] if user is None else check_mapping(slots, user, names=can.names, groups=can.memberships != "none")
    problems = [str(config.problem(one.key, one.detail, one.right)) for one in wrongs]
    lacking = wanting(config.map.lines, config.managed, can)
    warnings = [] if lacking is None else [str(config.problem(lacking.key, lacking.detail, lacking.right))]
    return {
        "name": settings.name,
        "base_url": settings.base_url,
        "version": can.version,
        "filter": can.filter,
        "patch": can.patch,
        "delete": can.delete,
        "paging": can.paging,
        "page": can.page,
        "groups": can.memberships,
        "schemas": user is not None,
        "problems": problems,
        "warnings": warnings,
        "code": WRONG_CONFIG if problems else DONE,
    }


def _tell_target(found: dict[str, Any]) -> None:
    print(f"target {found['name']}: {found['base_url']} lets us in, SCIM {found['version']}")
    able = {
        "finds users": found["filter"],
        "changes parts of users": found["patch"],
        "deletes users": found["delete"],
        "takes groups": found["groups"] != "none",
    }
    print(f"  it {', '.join(name if yes else f'not: {name}' for name, yes in able.items())}")
    pages = "all at once" if found["paging"] == "none" else f"{found['page']} on a page ({found['paging']})"
    print(f"  it lists users {pages}", flush=True)
    if not found["schemas"]:
        print("  it says nothing of its schemas, so the map is not held against them", flush=True)
    for problem in found["problems"]:
        say(f"  {problem}")
    for warning in found["warnings"]:
        say(f"  warning: {warning}")
