"""The command ``rollbook``, put together."""

import sys
from typing import Annotated

import typer

import rollbook
from rollbook.cli import (
    audit,
    changes,
    client,
    connection,
    db,
    demo,
    dialect,
    doctor,
    export,
    group,
    import_,
    issuer,
    keys,
    locker,
    mail,
    openapi,
    schema,
    serve,
    tenant,
    token,
    transfer,
    user,
)
from rollbook.cli.options import Config, Database, Dialects
from rollbook.cli.session import Global, guarded

app = typer.Typer(
    name="rollbook",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        print(f"rollbook {rollbook.__version__}")
        raise typer.Exit


@app.callback()
def main(
    ctx: typer.Context,
    database: Database = None,
    config: Config = None,
    dialects: Dialects = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """One SCIM server that speaks every provider's dialect.

    \b
    rollbook demo                            a server with sample data, to try
    rollbook tenant create acorn             a customer of your own
    rollbook token create acorn              the token for its identity provider
    rollbook serve                           the server

    Every setting is an option, an environment variable (ROLLBOOK_PORT) or a line of one TOML file (port = 8080), in
    this order. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
    """
    ctx.obj = Global(config, {"database": database, "dialects": dialects})


app.command(short_help="Serve SCIM until told to stop.")(serve.serve)
app.command(short_help="Try it: a server with sample data, a token and curl lines.")(demo.demo)
app.add_typer(tenant.app)
app.add_typer(connection.app)
app.add_typer(token.app)
app.add_typer(client.app)
app.add_typer(user.app)
app.add_typer(group.app)
app.add_typer(issuer.app)
app.add_typer(mail.app)
app.add_typer(keys.app)
app.add_typer(schema.app)
app.add_typer(dialect.app)
app.command(short_help="Print the OpenAPI document of a tenant.")(openapi.openapi)
app.command(short_help="Print what happened in a tenant.")(audit.audit)
app.command(short_help="Print a tenant's changes from a position on.")(changes.changes)
app.command(short_help="Write a tenant's resources to a file.")(export.export)
app.command("import", short_help="Create and change resources from a file.")(import_.import_)
app.add_typer(locker.app)
app.add_typer(transfer.app)
app.add_typer(db.app)
app.command(short_help="Look at everything a server stands on.")(doctor.doctor)


def run() -> None:
    """The entry point."""
    sys.exit(guarded(app))
