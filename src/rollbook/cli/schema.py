"""``rollbook schema``: add, list, show, remove the schemas and resource types of a tenant."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.options import Config, Database, Json, TenantName
from rollbook.cli.output import fail, print_json, print_table, say
from rollbook.cli.session import load, with_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.tenancy import lifecycle

if TYPE_CHECKING:
    from rollbook.scim.catalogue import Catalogue
    from rollbook.storage.contract import Store, TenantStore

app = typer.Typer(
    name="schema",
    help="The schemas and resource types that a tenant has made: attributes of its own for User and Group, and whole"
    " new kinds of resources. A running server serves a change within 5 seconds.",
    short_help="Add, list, show, remove a tenant's own schemas and types.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A schema's URN, or the name of a resource type.")]


@app.command()
def add(
    ctx: typer.Context,
    tenant: TenantName,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="JSON: a schema, a resource type, or a list of both; or -")
    ],
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Add schemas and resource types to a tenant, all of a file or none; what is there already is replaced.

    A change that data would break is refused, with the number of resources that are in the way.

    \b
    rollbook schema add acorn device.json
    rollbook schema show acorn Device        what came of it
    """
    documents = _read(file)

    async def work(store: "Store") -> list[tuple[str, str]]:
        from rollbook.scim.judge import InvalidDocument
        from rollbook.tenancy import schemas
        from rollbook.tenancy.indexes import look_after_all

        desk = await _desk(store, tenant)
        try:
            added = await schemas.put_all(desk, documents)
        except InvalidDocument as refused:
            say(f"rollbook: {file} cannot be added")
            for problem in refused.problems:
                say(f"  {problem}")
            raise typer.Exit(1) from None
        await look_after_all(store, SYSTEM_CLOCK)  # a server does it too, if one runs
        return added

    added = with_store(load(ctx, database=database, config=config).settings, work)
    if json:
        print_json([{"kind": _KINDS[topic], "name": name} for topic, name in added])
    else:
        for topic, name in added:
            say(f"{_KINDS[topic]} {name} is there.")


@app.command("list")
def list_(
    ctx: typer.Context, tenant: TenantName, database: Database = None, config: Config = None, json: Json = False
) -> None:
    """List what a tenant has made, and the types of the standard that it has added to.

    \b
    rollbook schema list acorn
    """

    async def work(store: "Store") -> list[dict[str, Any]]:
        catalogue, handle = await _catalogue(store, tenant)
        counts = {type.number: await handle.count(type.number) for type in catalogue.types}
        of_schemas = [
            {"kind": "schema", "name": schema["id"], "endpoint": "", "resources": None}
            for schema in catalogue.schemas.values()
        ]
        return of_schemas + [
            {"kind": "type", "name": type.name, "endpoint": type.endpoint, "resources": counts[type.number]}
            for type in catalogue.types
        ]

    found = with_store(load(ctx, database=database, config=config).settings, work)
    if json:
        print_json(found)
    else:
        print_table(["kind", "name", "endpoint", "resources"], [list(row.values()) for row in found])


@app.command()
def show(ctx: typer.Context, tenant: TenantName, name: Name, database: Database = None, config: Config = None) -> None:
    """Print a schema or a resource type of a tenant as JSON, those of the standard too.

    \b
    rollbook schema show acorn Device > device.json
    """

    async def work(store: "Store") -> dict[str, Any]:
        from rollbook.scim.catalog_reader import standard_types
        from rollbook.scim.catalogue import compile_types
        from rollbook.scim.discovery import discover

        catalogue, _ = await _catalogue(store, tenant)
        made = compile_types(catalogue, standard_types())
        return discover(_topic(name), name, made.types, "", unused=made.unused)

    shown = with_store(load(ctx, database=database, config=config).settings, work)
    print_json({key: value for key, value in shown.items() if key != "meta"})


@app.command()
def remove(
    ctx: typer.Context, tenant: TenantName, name: Name, database: Database = None, config: Config = None
) -> None:
    """Remove a schema that no type uses, or a resource type of which there are no resources.

    \b
    rollbook schema remove acorn Device
    rollbook schema remove acorn urn:example:2.0:Device
    """

    async def work(store: "Store") -> None:
        from rollbook.tenancy import schemas

        await schemas.remove(await _desk(store, tenant), _topic(name), name)

    with_store(load(ctx, database=database, config=config).settings, work)
    say(f"{name} is removed.")


_KINDS = {"Schemas": "schema", "ResourceTypes": "type"}


def _topic(name: str) -> str:
    return "Schemas" if ":" in name else "ResourceTypes"


def _read(file: str) -> list[Any]:
    """The documents of a file: one, or a list."""
    import json as reader

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8-sig")
        found = reader.loads(text, object_pairs_hook=_each_once)
    except OSError as refused:
        fail(f"{file}: {refused.strerror}", "FILE holds JSON: a schema, a resource type, or a list of both", 2)
    except UnicodeDecodeError:
        fail(f"{file} is no text in UTF-8")
    except reader.JSONDecodeError as wrong:
        fail(f"{file}: line {wrong.lineno}, column {wrong.colno}: this is no JSON", wrong.msg)
    except RecursionError:
        fail(f"{file} is nested too deep")
    documents = found if isinstance(found, list) else [found]
    if not documents:
        fail(f"{file} holds nothing", "give a schema, a resource type, or a list of both")
    return documents


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        fail(f"the key {next(n for n in names if names.count(n) > 1)!r} stands twice in one object of the file")
    return found


async def _desk(store: "Store", tenant: str) -> Any:
    from rollbook.dialects.model import standard
    from rollbook.tenancy.schemas import Author, Desk

    found = await lifecycle.find(store, tenant)
    return Desk(store.tenant(found.id), SYSTEM_CLOCK, Author(lifecycle.OPERATOR), standard().routes.names)


async def _catalogue(store: "Store", tenant: str) -> tuple["Catalogue", "TenantStore"]:
    from rollbook.tenancy.schemas import load as load_catalogue

    handle = store.tenant((await lifecycle.find(store, tenant)).id)
    return await load_catalogue(handle), handle
