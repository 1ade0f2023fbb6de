"""Exporting a tenant: every resource as it is answered, type by type, read in pages and never held."""

from collections.abc import AsyncGenerator

from rollbook.scim.answer import Locations
from rollbook.scim.attributes import Held
from rollbook.scim.outcomes import View
from rollbook.scim.schema import ResourceType
from rollbook.storage.contract import TenantStore
from rollbook.storage.records import Query, Step, Target

PAGE = 500
"""Resources read at once."""


async def documents(store: TenantStore, type: ResourceType, locations: Locations) -> AsyncGenerator[bytes, None]:
    """The resources of a type by id, as JSON: what a GET answers, without ``groups``, which members say already.

    **Rules**: no snapshot: what is created, changed or deleted meanwhile is shown as it is when its page is read.
    """
    query = Query((Target(type),), limit=PAGE)
    stretch = await store.walk(query, Step())
    while True:
        rows = stretch.rows
        members = await store.members([row.id for row in rows]) if rows and type.held(Held.MEMBERS) else {}
        for row in rows:
            yield locations.plain(View(type, row, members.get(row.id), None))
        if not stretch.more:
            return
        stretch = await store.walk(query, Step(stretch.last))
