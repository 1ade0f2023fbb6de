"""``rollbook changes``: the feed of what changed in a tenant, from a position on."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.options import Config, Database, Json, TenantName
from rollbook.cli.output import print_json_array, print_table
from rollbook.cli.session import load, with_store

if TYPE_CHECKING:
    from rollbook.storage.contract import Store, TenantStore

_BATCH = 500
"""Rows of one table: a long feed is drawn as it comes."""


def changes(
    ctx: typer.Context,
    tenant: TenantName,
    since: Annotated[
        str | None,
        typer.Option(metavar="POSITION", help="Only what came after this; `now` prints the position after all."),
    ] = None,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Print each change of a tenant's resources in order, deletions included, with the position to go on from.

    It is what GET /scim/v2/Changes answers. Keep the last position that was printed, and give it to --since next time:
    no change is missed and none is told twice. With --json it is one array with a change on each line.

    \b
    rollbook changes acorn
    rollbook changes acorn --since now
    rollbook changes acorn --since 3vq2…8Ab --json
    """
    from rollbook.provisioning.changes import newest_position
    from rollbook.scim.feed import NOW
    from rollbook.tenancy import lifecycle

    async def work(store: "Store") -> None:
        handle = store.tenant((await lifecycle.find(store, tenant)).id)
        if since == NOW:
            position = await newest_position(handle)
            if json:
                await print_json_array(_only({"position": position}))
            else:
                print(position)
            return
        if json:
            await print_json_array(_told(handle, since))
            return
        batch: list[dict[str, Any]] = []
        async for change in _told(handle, since):
            batch.append(change)
            if len(batch) == _BATCH:
                _print(batch)
                batch.clear()
        _print(batch)

    with_store(load(ctx, database=database, config=config).settings, work)


async def _told(handle: "TenantStore", since: str | None) -> AsyncIterator[dict[str, Any]]:
    from rollbook.provisioning.changes import all_changes, kind_of

    async for position, change in all_changes(handle, since):
        yield {
            "kind": kind_of(change),
            "resourceType": change.resource_type,
            "id": change.id,
            "version": change.version,
            "at": change.at,
            "position": position,
        }


async def _only(value: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    yield value


def _print(batch: list[dict[str, Any]]) -> None:
    if batch:
        headings = ["at", "kind", "type", "id", "version", "position"]
        names = ("at", "kind", "resourceType", "id", "version", "position")
        print_table(headings, [[change[name] for name in names] for change in batch])
