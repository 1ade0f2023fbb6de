"""``rollbook group``: create, list, delete."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from rollbook.cli.options import Config, Database, Json, TenantName, Yes
from rollbook.cli.output import confirm, fail, print_json, print_json_array, print_record, print_table, say
from rollbook.cli.session import load, with_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.tenancy import lifecycle

if TYPE_CHECKING:
    from rollbook.config import Settings
    from rollbook.provisioning.operator_groups import GroupLine
    from rollbook.provisioning.work import Work
    from rollbook.scim.schema import ResourceType
    from rollbook.storage.contract import Store

T = TypeVar("T")

app = typer.Typer(
    name="group",
    help="The groups of a tenant, for dialects whose clients only read them.",
    short_help="Create, list, delete the groups of a tenant.",
    no_args_is_help=True,
)


@app.command()
def create(
    ctx: typer.Context,
    tenant: TenantName,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it; no other group is called so.")],
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Give a tenant another group, without members.

    \b
    rollbook group create acorn "Second floor"
    """
    from rollbook.provisioning import operator_groups

    async def work(surroundings: "Work", type: "ResourceType") -> "GroupLine":
        return await operator_groups.create_group(surroundings, type, name)

    made = _with_groups(load(ctx, database=database, config=config).settings, tenant, work)
    if json:
        print_json(_fields(made))
    else:
        print_record(_fields(made))


@app.command("list")
def list_(
    ctx: typer.Context, tenant: TenantName, database: Database = None, config: Config = None, json: Json = False
) -> None:
    """List a tenant's groups by name, with how many members each has.

    \b
    rollbook group list acorn
    """
    from rollbook.provisioning import operator_groups

    async def work(surroundings: "Work", type: "ResourceType") -> None:
        async with aclosing(operator_groups.groups(surroundings, type)) as pages:
            if json:
                await print_json_array(_each(pages))
                return
            async for page in pages:
                print_table(_HEADINGS, page)

    _with_groups(load(ctx, database=database, config=config).settings, tenant, work)


@app.command()
def delete(
    ctx: typer.Context,
    tenant: TenantName,
    group: Annotated[str, typer.Argument(metavar="GROUP", help="The group's name or id.", show_default=False)],
    yes: Yes = False,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Delete a group. Its members stay, and are in it no longer.

    \b
    rollbook group delete acorn "Second floor"          asks first
    rollbook group delete acorn "Second floor" --yes
    """
    from rollbook.provisioning import operator_groups

    settings = load(ctx, database=database, config=config).settings

    async def look(surroundings: "Work", type: "ResourceType") -> "list[GroupLine]":
        return await operator_groups.find_groups(surroundings, type, group)

    found = _with_groups(settings, tenant, look)
    if not found:
        fail(f"there is no group {group!r}", f"`rollbook group list {tenant}` shows those there are")
    if len(found) > 1:
        fail(f"several groups are called {group!r}", f"say which by its id: {', '.join(line.id for line in found)}")
    (gone,) = found
    confirm(f"Delete group {gone.name} ({gone.id}) with {gone.members} members, for ever?", yes=yes)

    async def work(surroundings: "Work", type: "ResourceType") -> None:
        await operator_groups.delete_group(surroundings, type, gone.id)

    _with_groups(settings, tenant, work)
    if json:
        print_json(_fields(gone))
    else:
        say(f"Group {gone.name} is deleted.")


_HEADINGS = ("id", "name", "members", "created")


def _fields(line: "GroupLine") -> dict[str, Any]:
    return dict(zip(_HEADINGS, line, strict=True))


async def _each(pages: "AsyncIterator[list[GroupLine]]") -> AsyncIterator[dict[str, Any]]:
    async for page in pages:
        for line in page:
            yield _fields(line)


def _with_groups(settings: "Settings", tenant: str, work: "Callable[[Work, ResourceType], Awaitable[T]]") -> T:
    """Do something as the operator, with the type that the tenant's groups are of."""

    async def session(store: "Store") -> T:
        from rollbook.app import tenant_dialect
        from rollbook.provisioning.lines import Lines
        from rollbook.provisioning.work import Work
        from rollbook.scim.catalog_reader import GROUP_NUMBER, standard_types

        found = await lifecycle.find(store, tenant)
        dialect = await tenant_dialect(settings, store, found)
        type = next(type for type in (*dialect.types, *standard_types()) if type.number == GROUP_NUMBER)
        surroundings = Work(
            store=store.tenant(found.id),
            connection=found.connection,
            actor=lifecycle.OPERATOR,
            peer="",
            request="",
            clock=SYSTEM_CLOCK,
            terms=dialect.terms,
            limits=dialect.limits,
            location_base=f"{settings.origin}{dialect.base}",
            lines=Lines(),
            types=dialect.types,
            member_types=dialect.member_types,
            schema=dialect.revision,
        )
        return await work(surroundings, type.whole)

    return with_store(settings, session)
