"""``rollbook audit``: what happened in a tenant."""

from typing import TYPE_CHECKING, Annotated

import typer

from rollbook.cli.options import Config, Database, Json
from rollbook.cli.output import print_json_array, print_table, understood
from rollbook.cli.session import load, with_store
from rollbook.events import Event
from rollbook.tenancy import audit as trail
from rollbook.tenancy import lifecycle

if TYPE_CHECKING:
    from rollbook.storage.contract import Store

_BATCH = 500
"""Rows of one table: a long trail is drawn as it comes, without being held in memory."""


def audit(
    ctx: typer.Context,
    tenant: Annotated[
        str | None, typer.Argument(metavar="[TENANT]", help="The tenant's name or id; without one, what is nobody's.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="From this moment on (UTC).")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Before this moment (UTC).")] = None,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Print what happened in a tenant, oldest first: each write, and each write and login that was refused.

    Without TENANT: the refused logins that belong to no tenant, because nothing is known of what was sent.

    TIME is 2026-01-31 or 2026-01-31T08:00:00Z; without a zone it is UTC. A deleted tenant is found by its id.
    With --json it is one array with an event on each line; no event holds a value that a client sent.

    \b
    rollbook audit acorn --since 2026-01-31
    rollbook audit acorn --since 2026-01-31T08:00Z --until 2026-01-31T09:00Z --json
    """
    first = understood("--since", trail.read_moment, since) if since is not None else None
    last = understood("--until", trail.read_moment, until) if until is not None else None

    async def work(store: "Store") -> None:
        whose = await lifecycle.find(store, tenant) if tenant is not None else None
        events = trail.read(store, whose, first, last)
        if json:
            await print_json_array(trail.as_json(event) async for event in events)
            return
        batch: list[Event] = []
        async for event in events:
            batch.append(event)
            if len(batch) == _BATCH:
                _print(batch)
                batch.clear()
        _print(batch)

    with_store(load(ctx, database=database, config=config).settings, work)


def _print(events: list[Event]) -> None:
    if events:
        print_table(["at", "what", "who", "from", "status", "which", "attributes"], [_row(event) for event in events])


def _row(event: Event) -> list[object]:
    outcome = " ".join(str(part) for part in (event.status or "", event.scim_type) if part)
    repeats = f" x{event.repeats}" if event.repeats > 1 else ""
    which = f"{event.resource_type} {event.resource}".strip()
    names = ", ".join((*event.attributes, *event.tolerances))
    return [event.at, f"{event.kind}{repeats}", event.actor, event.peer, outcome, which, names]
