"""``rollbook transfer links``: list, rebuild."""

import asyncio

import typer

from rollbook.cli.options import Json
from rollbook.cli.output import fail, print_json, print_table, say
from rollbook.cli.transfer_options import ConfigFile, TargetName, chosen
from rollbook.cli.transfer_running import sound

app = typer.Typer(
    name="links",
    help="Which user of the target is which of the source: a memory that can be made anew.",
    short_help="List and rebuild what is known of who is who.",
    invoke_without_command=True,
)

_GIVEN = "rollbook.transfer.links"


@app.callback()
@sound
def links(
    ctx: typer.Context, config: ConfigFile = "transfer.toml", target: TargetName = None, json: Json = False
) -> None:
    """List the users that are ours; or rebuild what is known.

    \b
    rollbook transfer links
    rollbook transfer links rebuild
    """
    ctx.meta[_GIVEN] = (config, target)
    if ctx.invoked_subcommand is None:
        _list(config, target, json=json)


def _given(ctx: typer.Context, config: str, target: str | None) -> tuple[str, str | None]:
    """What was said before the verb counts where nothing was said after it."""
    before, named = ctx.meta.get(_GIVEN, (config, target))
    return (before if config == "transfer.toml" else config), (named if target is None else target)


@app.command("list")
@sound
def list_(
    ctx: typer.Context, config: ConfigFile = "transfer.toml", target: TargetName = None, json: Json = False
) -> None:
    """List the users that are ours.

    \b
    rollbook transfer links list
    """
    _list(*_given(ctx, config, target), json=json)


def _list(config: str, target: str | None, *, json: bool) -> None:
    from rollbook.transfer.state.journal import Journal

    found, targets = chosen(config, target)
    rows = []
    for settings in targets:
        path = found.state_folder / f"{settings.name}.db"
        if not path.is_file():
            continue
        journal = Journal(path)
        rows += [(settings.name, *link) for link in journal.links()]
        journal.close()
    names = ("target", "id", "key", "user_name", "since", "how")
    if json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(list(names), rows)


@app.command()
@sound
def rebuild(
    ctx: typer.Context, config: ConfigFile = "transfer.toml", target: TargetName = None, json: Json = False
) -> None:
    """Forget who is who, and find it out anew by externalId, userName and policy.match. The target is not changed.

    \b
    rollbook transfer links rebuild
    """
    from rollbook.cli.transfer_bars import bars
    from rollbook.errors import RollbookError
    from rollbook.transfer.runs import Session

    found, targets = chosen(*_given(ctx, config, target))
    told = []
    for settings in targets:
        try:
            with bars(settings.name) as progress, Session(found, settings, progress=progress, said=say) as session:
                linked, without = asyncio.run(session.rebuild())
        except RollbookError as refused:
            fail(f"{settings.name}: {refused.detail}", refused.hint, getattr(refused, "exit_code", 1))
        told.append({"target": settings.name, "linked": linked, "without": without})
        say(f"{settings.name}: {linked:,} linked, {without:,} entries of the source without a user.")
    if json:
        print_json(told)
