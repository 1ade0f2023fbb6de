"""``rollbook openapi``: the OpenAPI document of a tenant."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rollbook.cli.options import Config, Database, TenantName
from rollbook.cli.session import load, with_store
from rollbook.tenancy import lifecycle

if TYPE_CHECKING:
    from rollbook.storage.contract import Store


def openapi(
    ctx: typer.Context,
    tenant: TenantName,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Else standard output.", show_default=False)
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The address under which clients reach the server.", show_default=False),
    ] = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Print the OpenAPI 3.1 document of a tenant, as JSON: every operation, with the tenant's own schemas.

    The server gives the same at /t/TENANT/openapi.json, and shows it at /t/TENANT/docs.

    \b
    rollbook openapi acorn
    rollbook openapi acorn --public-url https://scim.acorn.example -o acorn-openapi.json
    """
    settings = load(ctx, database=database, config=config, public_url=public_url).settings

    async def work(store: "Store") -> bytes:
        import orjson

        from rollbook.app import tenant_dialect
        from rollbook.dialects.openapi import document

        found = await lifecycle.find(store, tenant)
        dialect = await tenant_dialect(settings, store, found)
        made = document(dialect, settings.origin, found.name)
        return orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    body = with_store(settings, work)
    if output is not None:
        output.write_bytes(body)
        return
    sys.stdout.buffer.write(body)
    sys.stdout.flush()
