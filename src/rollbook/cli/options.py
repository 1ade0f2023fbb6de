"""The options that several commands share, so that they are called and explained alike."""

from typing import Annotated

import typer

Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="sqlite:///path (four slashes for an absolute one) or postgresql://user:password@host:port/name."
        " Else ROLLBOOK_DATABASE, else a file in the platform's data folder.",
        show_default=False,
    ),
]
Config = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="A TOML file with settings. Else ROLLBOOK_CONFIG, else rollbook.toml in the platform's config folder.",
        show_default=False,
    ),
]
Dialects = Annotated[
    str | None,
    typer.Option(
        "--dialects",
        metavar="DIR",
        help="A folder of dialect files of your own, served beside those that rollbook has. Else ROLLBOOK_DIALECTS.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
TenantName = Annotated[str, typer.Argument(metavar="TENANT", help="The tenant's name or id.", show_default=False)]
