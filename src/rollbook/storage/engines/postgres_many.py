"""Several changes in one transaction of PostgreSQL: in order until one is refused, or all of them or none.

Neighbours that are plain (new resources without members, new contents; no passwords) are one statement. Where it fails,
it is undone and they are made one at a time, so that each has its own outcome and the ones before a refused one stand.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from asyncpg.exceptions import PostgresError

from rollbook.storage.engines import postgres_statements as sql
from rollbook.storage.engines.postgres_catalogue import check_schema
from rollbook.storage.engines.postgres_changes import CHANGES, password_comes
from rollbook.storage.engines.postgres_faults import store_error
from rollbook.storage.engines.postgres_groups import change_groups
from rollbook.storage.engines.postgres_pool import Link
from rollbook.storage.engines.postgres_rows import is_id, updates_arguments
from rollbook.storage.engines.postgres_transactions import Transactions
from rollbook.storage.engines.postgres_unique import insertion, keeps_unique, named
from rollbook.storage.errors import AlreadyExists, MissingGroups, MissingMembers, NotFound, OneRefused, StoreError
from rollbook.storage.records import Applied, Change, Insert, Update


class _Stray(StoreError):
    """One of several new resources names a connection that is not there."""


async def each(transactions: Transactions, tenant: str, changes: Sequence[Change]) -> list[Applied | StoreError]:
    """See ``TenantStore.apply_each``."""
    events = [change.event.id for change in changes]
    return await transactions.run(tenant, events, partial(make_each, tenant=tenant, changes=changes))


async def together(transactions: Transactions, tenant: str, inserts: Sequence[Insert]) -> list[Applied]:
    """See ``TenantStore.apply_together``."""
    events = [insert.event.id for insert in inserts]
    try:
        return await transactions.run(tenant, events, partial(_together, tenant=tenant, inserts=inserts, at_once=True))
    except (AlreadyExists, _Stray):  # of which of them, only one statement for each can tell
        return await transactions.run(tenant, events, partial(_together, tenant=tenant, inserts=inserts, at_once=False))


async def make_each(link: Link, *, tenant: str, changes: Sequence[Change]) -> list[Applied | StoreError]:
    """The same inside of a transaction that is open."""
    await check_schema(link, tenant, changes)
    outcomes: list[Applied | StoreError] = []
    for run in _runs(changes):
        made = await _at_once(link, tenant, run) if len(run) > 1 else None
        if made is not None:
            outcomes += made
            continue
        for change in run:
            outcome = await _one(link, tenant, change)
            outcomes.append(outcome)
            if isinstance(outcome, StoreError):
                return outcomes
    return outcomes


def _runs(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Neighbours that one statement can make; what none can makes a run of its own."""
    run: list[Change] = []
    ids: set[str] = set()
    for change in changes:
        plain = _is_plain(change)
        if run and not (plain and type(run[0]) is type(change) and change.id not in ids and _is_plain(run[0])):
            yield run
            run, ids = [], set()
        run.append(change)
        ids.add(change.id)
    if run:
        yield run


def _is_plain(change: Change) -> bool:
    match change:
        case Insert():
            return not change.members and change.password is None and change.groups is None
        case Update():
            alone = change.members is None and change.password is None and change.groups is None and not change.leaves
            return alone and keeps_unique(change) and change.content is not None and change.version is not None
        case _:
            return False


async def _at_once(link: Link, tenant: str, run: Sequence[Change]) -> list[Applied] | None:
    """What a run came to, or None where one of it is refused; then nothing is done."""
    await link.run("SAVEPOINT run")
    try:
        made = await _inserted(link, tenant, run) or await _updated(link, tenant, run)
    except PostgresError as error:
        if not isinstance(store_error(error), AlreadyExists):
            raise
        made = None
    await link.run("RELEASE run" if made is not None else "ROLLBACK TO run")
    return made


async def _inserted(link: Link, tenant: str, run: Iterable[Change]) -> list[Applied] | None:
    inserts = [change for change in run if isinstance(change, Insert)]
    if not inserts:
        return None
    rows = await link.fetch(*insertion(tenant, inserts))
    if {str(row[0]) for row in rows} != {insert.connection for insert in inserts}:
        return None
    return [Applied(1, insert.at, insert.at, True) for insert in inserts]


async def _updated(link: Link, tenant: str, run: Iterable[Change]) -> list[Applied] | None:
    updates = [change for change in run if isinstance(change, Update) and is_id(change.id)]
    ordered = sorted(updates, key=lambda change: change.id)
    rows = await link.fetch(sql.UPDATES, *updates_arguments(tenant, ordered)) if ordered else ()
    made = {ordered[n - 1].id: Applied(version, created, modified, True) for n, version, created, modified in rows}
    outcomes = [made.get(change.id) for change in run]
    return None if None in outcomes else [outcome for outcome in outcomes if outcome]


async def _one(link: Link, tenant: str, change: Change) -> Applied | StoreError:
    await link.run("SAVEPOINT one")
    refused: StoreError | None
    try:
        applied = await _made(link, tenant, change)
    except StoreError as error:
        refused = error
    except PostgresError as error:
        refused = store_error(error)
        if not isinstance(refused, AlreadyExists):
            raise
    else:
        await link.run("RELEASE one")
        return applied
    await link.run("ROLLBACK TO one")
    return await named(link.fetch, tenant, change, refused)


async def _made(link: Link, tenant: str, change: Change) -> Applied:
    if isinstance(change, Insert) and _is_plain(change):
        made = await _inserted(link, tenant, [change])
        if made is None:
            raise NotFound("no such connection")
        return made[0]
    if not (isinstance(change, Insert) or is_id(change.id)):
        raise NotFound
    return await CHANGES[type(change)](link, tenant, change)


async def _together(link: Link, *, tenant: str, inserts: Sequence[Insert], at_once: bool) -> list[Applied]:
    await check_schema(link, tenant, inserts)
    for start, some in [(0, inserts)] if at_once else [(at, [insert]) for at, insert in enumerate(inserts)]:
        await link.run("SAVEPOINT one")
        try:
            made = await _inserted(link, tenant, some)
        except PostgresError as error:
            refused = store_error(error)
            if at_once or not isinstance(refused, AlreadyExists):
                raise
            await link.run("ROLLBACK TO one")
            raise OneRefused(start, await named(link.fetch, tenant, some[0], refused)) from error
        if made is None:
            raise _Stray("no such connection") if at_once else OneRefused(start, NotFound("no such connection"))
    wanted = list(dict.fromkeys(id for insert in inserts for id in insert.members))
    rows = await link.fetch(sql.LOCK_MEMBERS, tenant, [id for id in wanted if is_id(id)]) if wanted else ()
    types = {str(id): type for id, type in rows}
    for at, insert in enumerate(inserts):
        missing = [id for id in insert.members if id not in types]
        if missing:
            raise OneRefused(at, MissingMembers(missing))
    for at, insert in enumerate(inserts):
        if insert.members:
            numbers = [types[id] for id in insert.members]
            await link.fetch(sql.MEMBERS_COME, tenant, insert.id, list(insert.members), numbers)
        await password_comes(link, tenant, insert)
        try:
            await change_groups(link, tenant, insert)
        except MissingGroups as error:
            raise OneRefused(at, error) from error
    return [Applied(1, insert.at, insert.at, True) for insert in inserts]
