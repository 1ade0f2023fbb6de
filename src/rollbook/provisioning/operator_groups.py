"""Groups that the operator looks after: made, listed, deleted without a client (some products only let it read them).

They are Groups like any other; the events name the operator. One group has a name here, so that it can be called by it.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple

import orjson

from rollbook.provisioning import create, delete
from rollbook.provisioning.work import Work
from rollbook.scim.binding import bind
from rollbook.scim.errors import Conflict, InvalidValue
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.operations import Create, Delete
from rollbook.scim.resource import Stored
from rollbook.scim.schema import ResourceType
from rollbook.storage.records import Query, Step, Target

PAGE = 500
"""Groups read at once."""
_SAME = 20
"""Groups of one name that are told of."""


class GroupLine(NamedTuple):
    """One group as an operator sees it; ``members`` is how many it has itself."""

    id: str
    name: str
    members: int
    created: str


async def create_group(work: Work, type: ResourceType, name: str) -> GroupLine:
    """A new group without members. **Raises** ``InvalidValue``, ``Conflict`` where there is one of that name, in any
    letter case."""
    if not name.strip() or len(name) > work.limits.name_length:
        raise InvalidValue(f"A group's name has from 1 to {work.limits.name_length} characters, one of them visible.")
    if await find_groups(work, type, name):
        raise Conflict(f"There is a group {name!r} already (letter case makes no difference). Choose another name.")
    found = await create.create(Create(type, {"schemas": [type.schema.id], "displayName": name}), work)
    stored = found.view.stored
    return GroupLine(stored.id, name, 0, stored.created)


async def groups(work: Work, type: ResourceType) -> AsyncGenerator[list[GroupLine], None]:
    """All groups by their names, in pages."""
    query = Query((Target(type, None, type.place(None, "displayName", None)),), limit=PAGE, sorted=True)
    stretch = await work.store.walk(query, Step())
    while True:
        if stretch.rows:
            yield await _lines(work, stretch.rows)
        if not stretch.more:
            return
        stretch = await work.store.walk(query, Step(stretch.last))


async def find_groups(work: Work, type: ResourceType, name_or_id: str) -> list[GroupLine]:
    """The group of that id, or those of that name in any letter case (clients may have made several)."""
    stored = await work.store.get(type.number, name_or_id.lower())
    if stored is not None:
        return await _lines(work, [stored])
    quoted = orjson.dumps(name_or_id).decode()
    bound = bind(parse_filter(f"displayName eq {quoted}", limits=work.limits), type)
    page = await work.store.query(Query((Target(type, bound),), limit=_SAME))
    return await _lines(work, page.rows)


async def delete_group(work: Work, type: ResourceType, id: str) -> None:
    """The group goes, and its members are in it no longer. **Raises** ``NotFound``."""
    await delete.delete(Delete(type, id), work)


async def _lines(work: Work, rows: Sequence[Stored]) -> list[GroupLine]:
    counts = await work.store.member_counts([row.id for row in rows]) if rows else {}
    return [
        GroupLine(row.id, orjson.loads(row.document).get("displayName", ""), counts.get(row.id, 0), row.created)
        for row in rows
    ]
