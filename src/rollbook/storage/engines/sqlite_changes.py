"""How a ``Change`` is made in SQLite: functions of an open transaction, run by the writer.

**Rules**: First look, then refuse, then write (``sqlite_writer`` relies on it). The first write of each is the one that
may break uniqueness; SQLite undoes that one statement by itself.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import apsw
import orjson

from rollbook.storage.engines.sqlite_catalogue import check_schema
from rollbook.storage.engines.sqlite_groups import change_groups, refuse_missing_groups
from rollbook.storage.engines.sqlite_rows import resource_row
from rollbook.storage.engines.sqlite_scripts import drive
from rollbook.storage.engines.sqlite_unique import come, forget, look, replace
from rollbook.storage.engines.sqlite_writer import Transaction, Work
from rollbook.storage.errors import AlreadyExists, MissingMembers, NotFound, VersionConflict
from rollbook.storage.records import (
    NO_PASSWORD,
    Applied,
    Change,
    Content,
    Delete,
    IndexRow,
    Insert,
    MemberChange,
    Update,
)
from rollbook.storage.rows import cascaded
from rollbook.storage.sql.locker_lifecycle import CONCERNED, gone, left

KINDS = """WITH RECURSIVE kind (type) AS (
    SELECT min(type) FROM resource WHERE tenant_id = ?1
    UNION ALL
    SELECT (SELECT min(r.type) FROM resource r WHERE r.tenant_id = ?1 AND r.type > kind.type)
    FROM kind WHERE kind.type IS NOT NULL)
"""
"""The types of which a tenant has resources, by jumping along the primary key: a row is found by its id alone with one
step for each type."""

MEMBER_COUNTS = """SELECT m.group_id, count(*) FROM json_each(?2) j
CROSS JOIN member m ON m.tenant_id = ?1 AND m.group_id = j.value GROUP BY m.group_id"""
TYPES_OF = f"""{KINDS}
SELECT r.id, r.type FROM kind CROSS JOIN json_each(?2) j
CROSS JOIN resource r ON r.tenant_id = ?1 AND r.type = kind.type AND r.id = j.value"""

_CONCERNED = f"SELECT {CONCERNED.format(tenant='?1', id='?2')}"
_CONNECTION = "SELECT 1 FROM connection WHERE tenant_id = ? AND id = ?"
_STATE = "SELECT version, created, last_modified FROM resource WHERE tenant_id = ? AND type = ? AND id = ?"
_NEW_CONTENT = """UPDATE resource SET version = ?4, last_modified = ?5, unique_key = ?6, external_id = ?7, display = ?8,
    display_key = ?9, document = ?10, search = jsonb(?11), connection_id = coalesce(?12, connection_id)
WHERE tenant_id = ?1 AND type = ?2 AND id = ?3"""
# A statement that names a column of an index files its entry anew, changed or not; so what seldom changes stays out.
# The unary plus keeps SQLite from looking for the row by it.
_NEW_DOCUMENT = """UPDATE resource SET version = ?4 + 1, last_modified = max(last_modified, ?5), display = ?6,
    display_key = ?7, document = ?8, search = jsonb(?9)
WHERE tenant_id = ?1 AND type = ?2 AND id = ?3 AND version = ?4 AND +unique_key IS ?10 AND +external_id IS ?11
RETURNING created, last_modified"""
_NEW_VERSION = "UPDATE resource SET version = ?4, last_modified = ?5 WHERE tenant_id = ?1 AND type = ?2 AND id = ?3"
_GONE = "DELETE FROM resource WHERE tenant_id = ? AND type = ? AND id = ?"
_PASSWORD_COMES = """INSERT INTO password (tenant_id, type, id, hash, changed) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (tenant_id, type, id) DO UPDATE SET hash = excluded.hash, changed = excluded.changed"""  # noqa: S105
_PASSWORD_GOES = "DELETE FROM password WHERE tenant_id = ? AND type = ? AND id = ?"  # noqa: S105
_INDEX = "SELECT path, value, ordinal FROM attribute_index WHERE tenant_id = ? AND type = ? AND id = ?"
_INDEX_ROW_GONE = """DELETE FROM attribute_index
WHERE tenant_id = ? AND type = ? AND path = ? AND value = ? AND id = ? AND ordinal = ?"""
_INDEX_GONE = "DELETE FROM attribute_index WHERE tenant_id = ? AND type = ? AND id = ?"
_MEMBER_IDS = "SELECT member_id FROM member WHERE tenant_id = ? AND group_id = ?"
_MEMBERS_COME = """INSERT INTO member (tenant_id, group_id, member_id, member_type)
SELECT ?1, ?2, j.value ->> 0, j.value ->> 1 FROM json_each(?3) j WHERE true ON CONFLICT DO NOTHING"""
_MEMBERS_GO = """DELETE FROM member
WHERE tenant_id = ?1 AND group_id = ?2 AND member_id IN (SELECT value FROM json_each(?3))"""
_ALL_MEMBERS_GO = "DELETE FROM member WHERE tenant_id = ? AND group_id = ?"
_LEAVES_GROUPS = "DELETE FROM member WHERE tenant_id = ? AND member_id = ?"
_PARENTS = "SELECT group_id FROM member WHERE tenant_id = ? AND member_id = ?"
_PARENT_CHANGES = """UPDATE resource SET version = version + 1, last_modified = max(last_modified, ?4)
WHERE tenant_id = ?1 AND type = ?2 AND id = ?3 RETURNING version"""


QUICK_ROWS = 200
"""Rows that a quick work writes at most."""


def is_quick(change: Change) -> bool:
    """Whether a change takes some µs only: it touches few rows, and the change itself says so."""
    match change:
        case Insert():
            few = len(change.content.unique or ()) < QUICK_ROWS and _few_groups(change)
            return few and len(change.members) < QUICK_ROWS and len(change.index) < QUICK_ROWS
        case Update():
            members = change.members
            few = members is None or (not members.clear and len(members.add) + len(members.remove) < QUICK_ROWS)
            few = few and (change.content is None or len(change.content.unique or ()) < QUICK_ROWS)
            few = few and _few_groups(change)
            return few and len(change.index or ()) < QUICK_ROWS
        case Delete():
            return False  # its memberships may be many


def _few_groups(change: Insert | Update) -> bool:
    """Whether a resource comes into few groups; how many it leaves, nobody knows, but people are in few."""
    return change.groups is None or len(change.groups.add) + len(change.groups.remove) < QUICK_ROWS


def work_of(tenant: str, change: Change) -> tuple[Work[Applied], bool]:
    """The work that makes a change, and whether it comes last in its batch: what inserts does, because its rows are
    gathered (a tenant that goes in the same batch has to be gone before the insert looks)."""
    match change:
        case Insert():
            return partial(_insert, tenant, change), True
        case Update():
            return partial(_update, tenant, change), False
        case Delete():
            return partial(_delete, tenant, change), False


def add_members(tenant: str, group: str, ids: Sequence[str], transaction: Transaction) -> None:
    """Members come into a group that is new in this transaction. **Raises** ``MissingMembers``."""
    _add_members(transaction, tenant, group, _found_members(transaction, tenant, ids))


def types_of(transaction: Transaction, tenant: str, ids: Sequence[str]) -> dict[str, int]:
    return dict(transaction.rows(TYPES_OF, (tenant, ids_json(ids)))) if ids else {}


def ids_json(ids: Iterable[str]) -> str:
    """Ids as one parameter, for ``json_each``."""
    return orjson.dumps(list(ids)).decode()


def _insert(tenant: str, change: Insert, transaction: Transaction) -> Applied:
    check_schema(transaction, tenant, change.schema)
    connection = (tenant, change.connection)
    if connection not in transaction.connections:
        if not transaction.rows(_CONNECTION, connection):
            raise NotFound("no such connection")
        transaction.connections.add(connection)
    members = _found_members(transaction, tenant, change.members)
    key = (tenant, change.type, change.id)
    refuse_missing_groups(transaction, tenant, change.groups)
    if change.content.unique:
        look(transaction, key, change.content.unique)
    try:
        transaction.gather("resource", resource_row(tenant, change))
    except apsw.ConstraintError as error:
        raise _taken(error) from error
    for path, value, ordinal in change.index:
        transaction.gather("attribute_index", (tenant, change.type, path, value, change.id, ordinal))
    if change.content.unique:
        come(transaction, key, change.content.unique)
    if members:
        _add_members(transaction, tenant, change.id, members)
    if change.password:
        transaction.gather("password", (tenant, change.type, change.id, change.password, change.at))
    transaction.changed(tenant, change.event, 1)
    change_groups(transaction, tenant, change)
    return Applied(1, change.at, change.at, True)


def _update(tenant: str, change: Update, transaction: Transaction) -> Applied:
    plain = change.members is None and change.owner is None and change.password is None and change.groups is None
    if change.content and change.version is not None and plain and change.content.unique is None:
        check_schema(transaction, tenant, change.schema)
        found = transaction.rows(_NEW_DOCUMENT, _document(tenant, change, change.content))
        if found:
            if change.index is not None:
                _replace_index(transaction, (tenant, change.type, change.id), change.index)
            transaction.changed(tenant, change.event, change.version + 1)
            if change.leaves:
                drive(tenant, partial(left, tenant, change.id, change.event), transaction)
            created, last_modified = found[0]
            return Applied(change.version + 1, created, last_modified, True)
    return _update_any(tenant, change, transaction)


def _update_any(tenant: str, change: Update, transaction: Transaction) -> Applied:
    version, created, last_modified = _state(transaction, tenant, change)
    if change.content:
        check_schema(transaction, tenant, change.schema)
    members = change.members
    found = _found_members(transaction, tenant, members.add) if members else {}
    new_version, new_modified = version + 1, max(change.at, last_modified)
    key = (tenant, change.type, change.id)
    refuse_missing_groups(transaction, tenant, change.groups)
    unique = change.content.unique if change.content else None
    if unique:
        look(transaction, key, unique)
    if change.content:
        try:
            transaction.change(_NEW_CONTENT, (*key, new_version, new_modified, *_content(change.content), change.owner))
        except apsw.ConstraintError as error:
            raise _taken(error) from error
    changed = members is not None and _change_members(transaction, tenant, change.id, members, found)
    if change.password is not None:
        changed = _change_password(transaction, key, change.password, change.at) or changed
    changed = change_groups(transaction, tenant, change) or changed
    if not change.content:
        if not changed:
            return Applied(version, created, last_modified, False)
        transaction.change(_NEW_VERSION, (*key, new_version, new_modified))
    if change.index is not None:
        _replace_index(transaction, key, change.index)
    if unique is not None:
        replace(transaction, key, unique)
    transaction.changed(tenant, change.event, new_version)
    if change.leaves:
        drive(tenant, partial(left, tenant, change.id, change.event), transaction)
    return Applied(new_version, created, new_modified, True)


def _delete(tenant: str, change: Delete, transaction: Transaction) -> Applied:
    version, created, last_modified = _state(transaction, tenant, change)
    key = (tenant, change.type, change.id)
    parents = [row[0] for row in transaction.rows(_PARENTS, (tenant, change.id))]
    transaction.change(_GONE, key)
    transaction.change(_INDEX_GONE, key)
    transaction.change(_PASSWORD_GOES, key)
    forget(transaction, key)
    transaction.change(_ALL_MEMBERS_GO, (tenant, change.id))
    if parents:
        transaction.change(_LEAVES_GROUPS, (tenant, change.id))
    transaction.changed(tenant, change.event, version + 1)
    if transaction.rows(_CONCERNED, (tenant, change.id))[0][0]:
        drive(tenant, partial(gone, tenant, change.id, change.event), transaction)
    for id, type in types_of(transaction, tenant, parents).items():
        ((parent_version,),) = transaction.rows(_PARENT_CHANGES, (tenant, type, id, change.at))
        transaction.changed(tenant, cascaded(change.event, change.names.get(type, ""), id), parent_version)
    return Applied(version, created, max(change.at, last_modified), True)


def _state(transaction: Transaction, tenant: str, change: Update | Delete) -> tuple[int, str, str]:
    """Version, created and lastModified as they stand. **Raises** ``NotFound``, ``VersionConflict``."""
    found = transaction.rows(_STATE, (tenant, change.type, change.id))
    if not found:
        raise NotFound
    version, created, last_modified = found[0]
    if change.version is not None and change.version != version:
        raise VersionConflict
    return version, created, last_modified


def _found_members(transaction: Transaction, tenant: str, ids: Sequence[str]) -> dict[str, int]:
    """The type of each. **Raises** ``MissingMembers``."""
    types = types_of(transaction, tenant, ids)
    missing = [id for id in ids if id not in types]
    if missing:
        raise MissingMembers(missing)
    return types


def _change_members(
    transaction: Transaction, tenant: str, group: str, change: MemberChange, found: dict[str, int]
) -> bool:
    """Whether any member came or went."""
    gone = set(change.remove)
    if change.clear:
        gone.update(row[0] for row in transaction.rows(_MEMBER_IDS, (tenant, group)))
    gone.difference_update(found)
    went = transaction.change(_MEMBERS_GO, (tenant, group, ids_json(gone))) if gone else 0
    return _add_members(transaction, tenant, group, found) + went > 0


def _add_members(transaction: Transaction, tenant: str, group: str, found: dict[str, int]) -> int:
    if not found:
        return 0
    return transaction.change(_MEMBERS_COME, (tenant, group, orjson.dumps(list(found.items())).decode()))


def _change_password(transaction: Transaction, key: tuple[str, int, str], hash: str, at: str) -> bool:
    """Whether a password came, or the one that there was went."""
    if hash == NO_PASSWORD:
        return transaction.change(_PASSWORD_GOES, key) > 0
    return transaction.change(_PASSWORD_COMES, (*key, hash, at)) > 0


def _replace_index(transaction: Transaction, key: tuple[str, int, str], index: Sequence[IndexRow]) -> None:
    """Most changes touch no indexed value; a row that stays is not written again."""
    tenant, type, id = key
    wanted = {tuple(row) for row in index}
    there = set(transaction.rows(_INDEX, key))
    for path, value, ordinal in there - wanted:
        transaction.change(_INDEX_ROW_GONE, (tenant, type, path, value, id, ordinal))
    transaction.add(
        "attribute_index",
        [(tenant, type, path, value, id, ordinal) for path, value, ordinal in sorted(wanted - there)],
    )


def _document(tenant: str, change: Update, content: Content) -> tuple[Any, ...]:
    """The values of ``_NEW_DOCUMENT``."""
    return (
        tenant,
        change.type,
        change.id,
        change.version,
        change.at,
        content.display,
        content.display_key,
        content.document.decode(),
        content.search.decode(),
        content.key,
        content.external_id,
    )


def _content(content: Content) -> tuple[Any, ...]:
    return (
        content.key,
        content.external_id,
        content.display,
        content.display_key,
        content.document.decode(),
        content.search.decode(),
    )


_UNIQUE = {"unique_key": "key", "external_id": "externalId", "id": "id"}


def _taken(error: apsw.ConstraintError) -> Exception:
    """What a broken constraint means: SQLite names its columns. Anything but a unique one is a bug, as it is."""
    for column, attribute in _UNIQUE.items():
        if f"resource.{column}" in str(error) and "UNIQUE" in str(error):
            return AlreadyExists(attribute)
    return error
