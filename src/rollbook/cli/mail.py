"""``rollbook mail``: list, retry."""

from typing import TYPE_CHECKING, Annotated

import typer

from rollbook.cli.options import Config, Database, Json
from rollbook.cli.output import fail, print_json, print_table, say
from rollbook.cli.session import load, with_store
from rollbook.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from rollbook.storage.contract import Store
    from rollbook.storage.entrance_records import Letter

app = typer.Typer(
    name="mail",
    help="The mails and text messages that the server sends: invitations, and the ids and secrets of clients.",
    short_help="List what was sent to people, and try again what was not.",
    no_args_is_help=True,
)


@app.command("list")
def list_(ctx: typer.Context, database: Database = None, config: Config = None, json: Json = False) -> None:
    """List what was written to people within 30 days, oldest first, and whether it was sent. What it says is not shown.

    \b
    rollbook mail list
    """

    async def work(store: "Store") -> tuple[list["Letter"], dict[str, str]]:
        return await store.entrance.letters(), {tenant.id: tenant.name for tenant in await store.tenants()}

    letters, tenants = with_store(load(ctx, database=database, config=config).settings, work)
    rows = [
        {
            "id": letter.id,
            "tenant": tenants.get(letter.tenant or "", ""),
            "channel": letter.channel,
            "kind": letter.kind,
            "recipient": letter.recipient,
            "state": letter.state,
            "tries": letter.attempts,
            "reason": letter.reason,
            "created": letter.created,
        }
        for letter in letters
    ]
    if json:
        print_json(rows)
    else:
        heads = ["id", "tenant", "channel", "kind", "recipient", "state", "tries", "reason", "created"]
        print_table(heads, [list(row.values()) for row in rows])


@app.command()
def retry(
    ctx: typer.Context,
    letter: Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.", show_default=False)],
    database: Database = None,
    config: Config = None,
) -> None:
    """Try to send something again, at once, that waits or has failed.

    \b
    rollbook mail retry 42d7cfdf-73a0-45e0-b796-234a88625f87
    """

    async def work(store: "Store") -> bool:
        return await store.entrance.again(letter, SYSTEM_CLOCK.written())

    if not with_store(load(ctx, database=database, config=config).settings, work):
        fail("there is nothing of that id that is still to be sent", "`rollbook mail list` shows what there is")
    say("The server tries again within some seconds.")
