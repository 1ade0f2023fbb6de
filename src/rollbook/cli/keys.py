"""``rollbook keys``: list, rotate, drop, master."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.options import Config, Database, Json
from rollbook.cli.output import fail, print_json, print_table
from rollbook.cli.session import load, with_store
from rollbook.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from rollbook.storage.contract import Store
    from rollbook.storage.identity_records import SigningKey

app = typer.Typer(
    name="keys",
    help="The keys that sign access tokens. One signs, the next is published already, the last ones still are.",
    short_help="List and rotate the keys that sign tokens; make a master key.",
    no_args_is_help=True,
)


@app.command("list")
def list_(ctx: typer.Context, database: Database = None, config: Config = None, json: Json = False) -> None:
    """List the keys, oldest first: next, active, retiring (published until the last token that it signed has expired).

    \b
    rollbook keys list
    """

    async def work(store: "Store") -> list["SigningKey"]:
        return await store.identity.keys()

    _print(with_store(load(ctx, database=database, config=config).settings, work), json=json)


@app.command()
def rotate(
    ctx: typer.Context,
    algorithm: Annotated[
        str | None, typer.Option("--alg", metavar="ALG", help="Of the key that comes next: RS256 or EdDSA.")
    ] = None,
    now: Annotated[
        bool,
        typer.Option("--now", help="Even if the next key is not known to everybody yet; with --alg, change at once."),
    ] = False,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let the next key sign, and make one to come after it. Tokens that were signed before hold until they expire.

    \b
    rollbook keys rotate
    rollbook keys rotate --alg EdDSA --now
    """
    from rollbook.app import make_master_key
    from rollbook.identity import keys

    if algorithm is not None and algorithm not in keys.ALGORITHMS:
        fail(f"--alg: choose {' or '.join(keys.ALGORITHMS)}", code=2)
    settings = load(ctx, database=database, config=config).settings

    async def work(store: "Store") -> list["SigningKey"]:
        return await keys.rotate(store, SYSTEM_CLOCK, make_master_key(settings), algorithm, at_once=now)

    _print(with_store(settings, work), json=json)


@app.command()
def drop(
    ctx: typer.Context,
    kid: Annotated[str, typer.Argument(metavar="KID", help="The id of a retiring key.", show_default=False)],
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let a key that has leaked be gone at once: the tokens that it signed end within 5 seconds. Rotate first.

    \b
    rollbook keys rotate --now
    rollbook keys drop 42d7cfdf-73a0-45e0-b796-234a88625f87
    """
    from rollbook.identity import keys

    async def work(store: "Store") -> list["SigningKey"]:
        return await keys.drop(store, SYSTEM_CLOCK, kid)

    _print(with_store(load(ctx, database=database, config=config).settings, work), json=json)


@app.command()
def master() -> None:
    """Print a new master key: the one by which the signing keys are encrypted in the database.

    An SQLite database without one gets a file of its own (DATABASE.key) when the first token is signed. PostgreSQL
    needs one, the same on every host; without it no token can be signed. Keep it apart from backups of the database.

    \b
    rollbook keys master > /etc/rollbook/master.key && chmod 600 /etc/rollbook/master.key
    ROLLBOOK_MASTER_KEY_FILE=/etc/rollbook/master.key rollbook serve
    """
    from rollbook.identity.master_key import new_master_key

    print(new_master_key())


def _print(keys: list["SigningKey"], *, json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {"kid": key.kid, "algorithm": key.algorithm, "state": key.state, "created": key.created, "until": key.until}
        for key in keys
    ]
    if json:
        print_json(rows)
    else:
        print_table(["kid", "algorithm", "state", "created", "until"], [list(row.values()) for row in rows])
