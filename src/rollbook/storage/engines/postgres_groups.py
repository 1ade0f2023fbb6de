"""Groups said from the side of a member, in PostgreSQL: steps of a change (``postgres_changes``).

**Rules**: the member is locked before its groups, as by whoever deletes it, and they in the order of their ids.
"""

from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.postgres_pool import Link
from rollbook.storage.engines.postgres_rows import event_rows, is_id
from rollbook.storage.errors import MissingGroups
from rollbook.storage.records import Insert, Update
from rollbook.storage.rows import cascaded

_OWN_GROUPS = "SELECT group_id FROM member WHERE tenant_id = $1 AND member_id = $2"
_LOCK_GROUPS = """SELECT id FROM resource WHERE tenant_id = $1 AND type = $2 AND id = ANY($3::uuid[])
ORDER BY id FOR NO KEY UPDATE"""
_GROUPS_COME = """INSERT INTO member (tenant_id, group_id, member_id, member_type)
SELECT $1, i.id, $2, $3 FROM unnest($4::uuid[]) AS i(id) ON CONFLICT DO NOTHING RETURNING group_id"""
_GROUPS_GO = """DELETE FROM member WHERE tenant_id = $1 AND member_id = $2 AND group_id = ANY($3::uuid[])
RETURNING group_id"""


async def change_groups(link: Link, tenant: str, change: Insert | Update) -> bool:
    """Whether the resource came into any group or left one; each of these has its new version and its event.

    **Raises** ``MissingGroups``.
    """
    groups = change.groups
    if groups is None:
        return False
    own = {str(row[0]) for row in await link.fetch(_OWN_GROUPS, tenant, change.id)}
    go = (own if groups.clear else own.intersection(groups.remove)).difference(groups.add)
    known = [id for id in dict.fromkeys(groups.add) if is_id(id)]
    wanted = [*known, *go]
    locked = await link.fetch(_LOCK_GROUPS, tenant, groups.type, wanted) if wanted else ()
    there = {str(row[0]) for row in locked}
    if missing := [id for id in groups.add if id not in there]:
        raise MissingGroups(missing)
    touched = []
    if come := [id for id in known if id not in own]:
        touched += await link.fetch(_GROUPS_COME, tenant, change.id, change.type, come)
    if go:
        touched += await link.fetch(_GROUPS_GO, tenant, change.id, list(go))
    if not touched:
        return False
    ids = [row[0] for row in touched]
    changed = await link.fetch(sql.TOUCH_PARENTS, tenant, [groups.type] * len(ids), ids, change.at)
    events = [cascaded(change.event, groups.name, str(id)) for _, id, _ in changed]
    await link.fetch(sql.TOLD, tenant, event_rows(events), [version for _, _, version in changed])
    return True
