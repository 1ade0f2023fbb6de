"""``rollbook serve``: the server, after a look at everything that it stands on."""

from typing import TYPE_CHECKING, Annotated

import typer

from rollbook.cli.options import Config, Database, Dialects
from rollbook.cli.output import fail
from rollbook.cli.session import load, refuse_unfit, with_store

if TYPE_CHECKING:
    from rollbook.config import Settings

Host = Annotated[str | None, typer.Option(help="Where to listen. Else 127.0.0.1: only this machine.")]
Port = Annotated[int | None, typer.Option(help="The port to listen on. Else 8080.")]


def serve(
    ctx: typer.Context,
    host: Host = None,
    port: Port = None,
    database: Database = None,
    workers: Annotated[int | None, typer.Option(help="Processes that serve; more than 1 needs PostgreSQL.")] = None,
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The address under which clients reach this server.")
    ] = None,
    dialects: Dialects = None,
    config: Config = None,
) -> None:
    """Serve SCIM until told to stop (Ctrl-C or SIGTERM).

    An empty database is set up by itself. One of another release is refused, with the command to run.
    A server that is told to stop says so at /readyz first, finishes the requests in flight, and ends within 30 seconds.

    \b
    rollbook serve
    rollbook serve --port 8443 --public-url https://scim.example
    rollbook serve --database postgresql://rollbook:secret@db/rollbook --workers 4
    """
    settings = load(
        ctx,
        config=config,
        host=host,
        port=port,
        database=database,
        workers=workers,
        public_url=public_url,
        dialects=dialects,
    ).settings
    from rollbook.app import house_dialects

    house_dialects(settings)  # what is wrong with a file is told before anything is opened
    refuse_many_on_sqlite(settings)
    refuse_taken_port(settings.host, settings.port)
    with_store(settings, refuse_unfit, empty="migrate")
    from rollbook.app import serve as serve_app

    serve_app(settings)


def refuse_many_on_sqlite(settings: "Settings") -> None:
    """One process writes an SQLite file."""
    if settings.workers > 1 and settings.database.engine == "sqlite":
        fail(
            f"{settings.workers} workers cannot share an SQLite file: it has one writer, and one process serves it",
            "leave --workers at 1, or move to PostgreSQL (`rollbook db backup FILE`, then `rollbook db restore FILE`)",
        )


def refuse_taken_port(host: str, port: int) -> None:
    """Find out before anything is opened or written whether the port can be had. **Raises** ``ServeError``."""
    from rollbook.web.server import bind

    bind(host, port).close()
