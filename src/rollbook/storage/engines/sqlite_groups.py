"""Groups said from the side of a member, in SQLite: steps of a change (``sqlite_changes``)."""

from collections.abc import Iterable

import orjson

from rollbook.storage.engines.sqlite_writer import Transaction
from rollbook.storage.errors import MissingGroups
from rollbook.storage.records import GroupChange, Insert, Update
from rollbook.storage.rows import cascaded

_THERE = """SELECT r.id FROM json_each(?3) j
CROSS JOIN resource r ON r.tenant_id = ?1 AND r.type = ?2 AND r.id = j.value"""
_OWN = "SELECT group_id FROM member WHERE tenant_id = ? AND member_id = ?"
_COME = "INSERT INTO member (tenant_id, group_id, member_id, member_type) VALUES (?, ?, ?, ?)"
_GO = "DELETE FROM member WHERE tenant_id = ? AND group_id = ? AND member_id = ?"
_GROUP_CHANGES = """UPDATE resource SET version = version + 1, last_modified = max(last_modified, ?4)
WHERE tenant_id = ?1 AND type = ?2 AND id = ?3 RETURNING version"""


def refuse_missing_groups(transaction: Transaction, tenant: str, groups: GroupChange | None) -> None:
    """**Raises** ``MissingGroups``."""
    if groups and groups.add:
        there = {row[0] for row in transaction.rows(_THERE, (tenant, groups.type, _json(groups.add)))}
        if missing := [id for id in groups.add if id not in there]:
            raise MissingGroups(missing)


def change_groups(transaction: Transaction, tenant: str, change: Insert | Update) -> bool:
    """Whether the resource came into any group or left one; each of these has its new version and its event."""
    groups = change.groups
    if groups is None:
        return False
    own = {row[0] for row in transaction.rows(_OWN, (tenant, change.id))}
    come = [id for id in dict.fromkeys(groups.add) if id not in own]
    go = (own if groups.clear else own.intersection(groups.remove)).difference(groups.add)
    for id in come:
        transaction.change(_COME, (tenant, id, change.id, change.type))
    for id in go:
        transaction.change(_GO, (tenant, id, change.id))
    for id in sorted((*come, *go)):
        for (version,) in transaction.rows(_GROUP_CHANGES, (tenant, groups.type, id, change.at)):
            transaction.changed(tenant, cascaded(change.event, groups.name, id), version)
    return bool(come or go)


def _json(ids: Iterable[str]) -> str:
    return orjson.dumps(list(ids)).decode()
