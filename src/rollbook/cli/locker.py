"""``rollbook locker``: the structure of lockers from a file, and into one."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.options import Config, Database, Json, TenantName
from rollbook.cli.output import FAILED, WRONG_USAGE, fail, print_json, print_table, say
from rollbook.cli.session import load, with_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.tenancy import lifecycle

if TYPE_CHECKING:
    from rollbook.lockers.importing import GroupOf, Report
    from rollbook.storage.contract import Store, TenantStore

app = typer.Typer(
    name="locker",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Import and export the structure of lockers. Everything else is in the System API, at /api/v1.",
)

_SHOWN = 20


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"


FormatOption = Annotated[Format | None, typer.Option(help="Else told by the file's name (.csv), else json.")]


@app.command("import", short_help="Make and change a structure from a file.")
def import_(
    ctx: typer.Context,
    tenant: TenantName,
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON or CSV; - is standard input.")],
    format: FormatOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Try all of it, change nothing.")] = False,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make and change locations, sections, locker banks, lockers, locker groups and links from a file.

    What is not there is made, what is there by its name gets what the file says, the rest stays. All or nothing. A row
    of a table is a door or a range of doors; a JSON file is nested as `rollbook locker export` writes it.

    \b
    rollbook locker import acorn lockers.csv --dry-run
    rollbook locker import acorn lockers.json
    location,section,lockerBank,number,size,lockerGroups      a table to begin with
    Head office,Ground floor,A,001-120,M,Doors of all
    """
    settings = load(ctx, database=database, config=config).settings
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        fail(f"{file}: {error.strerror}", code=WRONG_USAGE)
    except UnicodeDecodeError:
        fail(f"{file} is not UTF-8", "save it as CSV UTF-8, or as JSON", WRONG_USAGE)

    async def work(store: "Store") -> "Report":
        from rollbook.lockers.entries import of_csv, of_json
        from rollbook.lockers.importing import import_entries
        from rollbook.lockers.work import LockerWork
        from rollbook.storage.locker_records import Manner

        found = await lifecycle.find(store, tenant)
        handle = store.tenant(found.id)
        surroundings = LockerWork(handle.lockers, SYSTEM_CLOCK, "operator")
        entries = of_csv(text) if _format(format, file) is Format.CSV else of_json(_json(text, file))
        return await import_entries(surroundings, entries, _group_of(handle), Manner(rehearse=dry_run))

    from rollbook.lockers.importing import lines
    from rollbook.lockers.work import Malformed
    from rollbook.storage.errors import LockerRefused

    try:
        report = with_store(settings, work)
    except Malformed as refused:
        say("rollbook: nothing was imported")
        told = list(lines(refused.problems)) or [refused.detail]
        for line in told[:_SHOWN]:
            say(f"  {line}")
        if len(told) > _SHOWN:
            say(f"  and {len(told) - _SHOWN} more")
        raise typer.Exit(FAILED) from None
    except LockerRefused as refused:
        fail(f"nothing was imported: {refused.detail}")
    if json:
        print_json(report.shown())
        return
    kinds = sorted({*report.created, *report.changed, *report.unchanged})
    rows = [(kind, report.created[kind], report.changed[kind], report.unchanged[kind]) for kind in kinds]
    print_table(("", "created", "changed", "unchanged"), rows)
    if report.grouped:
        say(f"{report.grouped} lockers came into groups.")
    if dry_run:
        say("Nothing was changed (--dry-run).")


@app.command(short_help="Write the structure to a file.")
def export(
    ctx: typer.Context,
    tenant: TenantName,
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON or CSV; - is standard output.")] = "-",
    format: FormatOption = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Write the structure by names, so that any tenant can import it.

    JSON has everything: locations, sections, locker banks, lockers, locker groups and links. CSV has a row for each
    door, with its groups.

    \b
    rollbook locker export acorn lockers.json
    rollbook locker export acorn lockers.csv
    """
    settings = load(ctx, database=database, config=config).settings

    async def work(store: "Store") -> str:
        from rollbook.lockers.exporting import as_csv, as_json
        from rollbook.lockers.work import LockerWork

        found = await lifecycle.find(store, tenant)
        handle = store.tenant(found.id)
        surroundings = LockerWork(handle.lockers, SYSTEM_CLOCK, "operator")
        if _format(format, file) is Format.CSV:
            return await as_csv(surroundings)
        import json as encoder

        async def name_of(id: str) -> str | None:
            stored = await handle.get(_group_type(), id)
            return encoder.loads(stored.document).get("displayName") if stored is not None else None

        whole = await as_json(surroundings, name_of)
        return encoder.dumps(whole, indent=1, ensure_ascii=False) + "\n"

    text = with_store(settings, work)
    if file == "-":
        sys.stdout.write(text)
        return
    try:
        Path(file).write_text(text, "utf-8", newline="")
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    say(f"The structure of {tenant} is in {file}.")


def _format(format: Format | None, file: str) -> Format:
    return format or (Format.CSV if file.lower().endswith(".csv") else Format.JSON)


def _json(text: str, file: str) -> Any:
    import orjson

    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        fail(f"{file} is not JSON (line {error.lineno}, column {error.colno})", code=WRONG_USAGE)


def _group_type() -> int:
    from rollbook.scim.catalog_reader import GROUP_NUMBER

    return GROUP_NUMBER


def _group_of(handle: "TenantStore") -> "GroupOf":
    from rollbook.scim.binding import bind
    from rollbook.scim.catalog_reader import standard_types
    from rollbook.scim.filter_parser import parse_filter
    from rollbook.storage.records import Query, Target

    _, group = standard_types()

    async def group_of(name: str) -> str | None:
        import json as encoder

        wanted = bind(parse_filter(f"displayName eq {encoder.dumps(name)}"), group)
        found = (await handle.query(Query((Target(group, wanted),), limit=2))).rows
        return found[0].id if len(found) == 1 else None

    return group_of
