"""The steps that scripts on lockers share: an event is told, a request is done once, a rehearsal is undone."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import orjson

from rollbook.ids import ordered_id
from rollbook.storage.errors import AnsweredBefore, KeyReused, Rehearsed, VersionConflict
from rollbook.storage.locker_records import Act, Answered, LockerEvent, Manner, Once, Written
from rollbook.storage.records import Applied, Change, Delete, Stored
from rollbook.storage.sql.scripts import Ask, Row, Script, Tell

R = TypeVar("R")

_HAPPENED = """INSERT INTO locker_event
(tenant_id, id, place, at, kind, actor, subject, subject_id, locker_id, user_id, data)
VALUES ($1, $2, @place, $3, $4, $5, $6, $7, $8, $9, $10)"""
_ANSWERED = """SELECT digest, status, body, etag, location FROM request_key
WHERE tenant_id = $1 AND key = $2 AND expires > $3"""
_FORGET = "DELETE FROM request_key WHERE tenant_id = $1 AND expires <= $2"
_DOCUMENT = "SELECT document FROM resource WHERE tenant_id = $1 AND type = $2 AND id = $3"
_REMEMBER = """INSERT INTO request_key (tenant_id, key, digest, status, body, etag, location, created, expires)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id, key) DO NOTHING RETURNING 1"""


def happened(
    tenant: str,
    act: Act,
    kind: str,
    subject: str,
    subject_id: str,
    locker_id: str | None = None,
    user_id: str | None = None,
    /,
    **data: Any,
) -> Script[None]:
    """A row for those who follow what happens."""
    written = orjson.dumps(data).decode()
    values = (tenant, ordered_id(), act.at, kind, act.actor, subject, subject_id, locker_id, user_id, written)
    yield Ask(_HAPPENED, values)


def event_of(row: Row) -> LockerEvent:
    return LockerEvent(*row)._replace(data=orjson.loads(row[-1]))


def done(tenant: str, act: Act, manner: Manner, script: Callable[[], Script[R]]) -> Script[R]:
    """The script as its manner asks, with the audit's event.

    A request that was done is looked for first, and remembered last: two that come at once both do the work, and one
    of them loses it (``VersionConflict``), to be asked again.
    """
    once = manner.once
    if once is not None:
        yield from look_for_answer(tenant, once)
    result = yield from script()
    yield Tell(tenant, act.event)
    return (yield from ended(tenant, manner, result))


def ended(tenant: str, manner: Manner, result: R) -> Script[R]:
    """What was done is remembered, or undone, as its manner asks. **Raises** ``VersionConflict``, ``Rehearsed``."""
    once = manner.once
    if once is not None:
        status, body, etag, location = once.answer(result)
        yield Ask(_FORGET, (tenant, once.at))
        values = (tenant, once.key, once.digest, status, body, etag, location, once.at, once.expires)
        if not (yield Ask(_REMEMBER, values)):
            raise VersionConflict
    if manner.rehearse:
        raise Rehearsed(result)
    return result


def written(tenant: str, change: Change, manner: Manner, applied: Applied) -> Script[Written]:
    """What a change of a resource came to, as its manner asks."""
    document: bytes | None = None
    if not isinstance(change, Delete):
        if change.content is not None:
            document = change.content.document
        else:
            ((text,),) = yield Ask(_DOCUMENT, (tenant, change.type, change.id))
            document = text if isinstance(text, bytes) else text.encode()
    stored = None
    if document is not None:
        version, created, last_modified, _ = applied
        stored = Stored(change.type, change.id, version, created, last_modified, document, False)
    return (yield from ended(tenant, manner, Written(applied, stored)))


def looked(tenant: str, manner: Manner) -> Script[None]:
    """**Raises** ``AnsweredBefore``, ``KeyReused``."""
    if manner.once is not None:
        yield from look_for_answer(tenant, manner.once)


def kept(tenant: str, once: Once, result: Any) -> Script[None]:
    """The answer to a request for which nothing had to be done is remembered."""
    yield from look_for_answer(tenant, once)
    yield from ended(tenant, Manner(once), result)


def look_for_answer(tenant: str, once: Once) -> Script[None]:
    """**Raises** ``AnsweredBefore``, ``KeyReused``."""
    for digest, *answer in (yield Ask(_ANSWERED, (tenant, once.key, once.at))):
        if digest != once.digest:
            raise KeyReused
        raise AnsweredBefore(Answered(*answer))


def ids(rows: list[Row]) -> list[str]:
    return [row[0] for row in rows]


Where = Mapping[str, Any]
