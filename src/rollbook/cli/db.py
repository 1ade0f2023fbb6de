"""``rollbook db``: migrate, check, backup, restore."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rollbook.cli.options import Config, Database, Json, Yes
from rollbook.cli.output import confirm, fail, print_json, say
from rollbook.cli.session import explain, load, refuse_missing_file, see_to_schema, with_store
from rollbook.storage.errors import SchemaMismatch

if TYPE_CHECKING:
    from rollbook.storage.contract import Store

app = typer.Typer(
    name="db",
    help="The database: its schema, its health, its backups.",
    short_help="Migrate, check, back up, restore the database.",
    no_args_is_help=True,
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file of the backup.", show_default=False)]


@app.command()
def migrate(ctx: typer.Context, database: Database = None, config: Config = None, json: Json = False) -> None:
    """Bring the database to this release. Where there is nothing to do, nothing is done.

    \b
    rollbook db backup before.rollbook
    rollbook db migrate
    """

    async def work(store: "Store") -> tuple[list[str], int]:
        try:
            await store.ping()
        except SchemaMismatch as mismatch:
            if mismatch.found > mismatch.wanted:
                fail(*explain(mismatch.found, mismatch.wanted))
        return await store.migrate(), await store.schema_version()

    ran, version = with_store(load(ctx, database=database, config=config).settings, work, empty="leave")
    if json:
        print_json({"migrations": ran, "schema": version})
        return
    for name in ran:
        print(name)
    say(f"The database is at schema {version}{'' if ran else ', as it was'}.")


@app.command()
def check(ctx: typer.Context, database: Database = None, config: Config = None, json: Json = False) -> None:
    """Check that the database is whole, of this release, and fit to serve. Exit code 1 where it is not.

    \b
    rollbook db check
    """

    async def work(store: "Store") -> tuple[int, list[str]]:
        try:
            await store.ping()
        except SchemaMismatch as mismatch:
            return mismatch.found, [": ".join(explain(mismatch.found, mismatch.wanted))]
        return await store.schema_version(), await store.problems()

    settings = load(ctx, database=database, config=config).settings
    refuse_missing_file(settings)
    version, problems = with_store(settings, work, empty="leave")
    if json:
        print_json({"ok": not problems, "schema": version, "problems": problems})
    elif not problems:
        print(f"ok: schema {version}, whole and fit to serve")
    else:
        for problem in problems:
            say(f"rollbook: {problem}")
    raise typer.Exit(1 if problems else 0)


@app.command()
def backup(
    ctx: typer.Context, file: File, database: Database = None, config: Config = None, json: Json = False
) -> None:
    """Write everything to one new file, as it stands at one moment. A server may go on serving meanwhile.

    The file holds people's data and digests of tokens: keep it as you keep the database. It fits both kinds of
    database, so it also carries a directory from SQLite to PostgreSQL.

    \b
    rollbook db backup 2026-01-31.rollbook
    """
    settings = load(ctx, database=database, config=config).settings
    if file.exists():
        fail(f"{file} is there already", "give a new file: a backup is never written over")
    if not file.absolute().parent.is_dir():
        fail(f"there is no folder {file.absolute().parent}")

    async def work(store: "Store") -> None:
        await store.backup(str(file.absolute()))

    with_store(settings, work)
    size = file.stat().st_size
    if json:
        print_json({"file": str(file.absolute()), "bytes": size})
    else:
        say(f"{file} holds everything ({size:,} bytes).")


@app.command()
def restore(
    ctx: typer.Context,
    file: File,
    yes: Yes = False,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Replace everything in the database by what a backup holds. Stop the servers first.

    \b
    rollbook db restore 2026-01-31.rollbook          asks where there is something to lose
    rollbook db restore 2026-01-31.rollbook --yes
    """
    settings = load(ctx, database=database, config=config).settings
    if not file.is_file():
        fail(f"there is no file {file}")

    async def look(store: "Store") -> list[str]:
        await see_to_schema(store, migrate=True)
        return [tenant.name for tenant in await store.tenants()]

    names = with_store(settings, look, empty="leave")
    if names:
        confirm(f"{settings.database} has {_counted(len(names))}; all of it is replaced. Go on?", yes=yes)

    async def work(store: "Store") -> int:
        await store.restore(str(file.absolute()))
        return len(await store.tenants())

    tenants = with_store(settings, work)
    if json:
        print_json({"file": str(file.absolute()), "tenants": tenants})
    else:
        say(f"Restored {_counted(tenants)} from {file}.")


def _counted(tenants: int) -> str:
    return "1 tenant" if tenants == 1 else f"{tenants} tenants"
