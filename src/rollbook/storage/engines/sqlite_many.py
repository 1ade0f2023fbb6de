"""Several changes in one transaction of SQLite: in order until one is refused, or all of them or none.

A change that is refused has written nothing (``sqlite_changes``), so the ones before it stand. What nobody looks for
within the same run (index rows of new resources, events) is added at its end, many rows at a time.
"""

from collections.abc import Sequence
from dataclasses import replace

from rollbook.storage.engines.sqlite_changes import add_members, work_of
from rollbook.storage.engines.sqlite_groups import change_groups, refuse_missing_groups
from rollbook.storage.engines.sqlite_rows import Row
from rollbook.storage.engines.sqlite_writer import Transaction
from rollbook.storage.errors import OneRefused, StoreError
from rollbook.storage.records import Applied, Change, Insert

_LOOKED_FOR = ("resource", "unique_value")


class _Run(Transaction):
    """Rows of resources and of their unique values are added at once, because others may be refused for them; the rest
    when the run ends."""

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction.connection, gathers=True)
        self.places = transaction.places

    def gather(self, table: str, row: Row) -> None:
        if table in _LOOKED_FOR:
            self.add(table, [row])
        else:
            super().gather(table, row)

    def finish(self) -> None:
        super().finish()
        self._gathered.clear()


def each(tenant: str, changes: Sequence[Change], transaction: Transaction) -> list[Applied | StoreError]:
    """A work of the writer: see ``TenantStore.apply_each``."""
    run = _Run(transaction)
    outcomes: list[Applied | StoreError] = []
    for change in changes:
        if not isinstance(change, Insert):
            run.finish()  # it may change what is still to be added
        work, _ = work_of(tenant, change)
        try:
            outcomes.append(work(run))
        except StoreError as error:
            outcomes.append(error)
            break
    run.finish()
    return outcomes


def together(tenant: str, inserts: Sequence[Insert], transaction: Transaction) -> list[Applied] | OneRefused:
    """A work of the writer: see ``TenantStore.apply_together``. The refusal is returned: raising it would undo what
    others do in the same transaction."""
    run = _Run(transaction)
    run.connection.execute("SAVEPOINT together")
    applied: list[Applied] = []
    for step in (_come, _fill):
        for at, insert in enumerate(inserts):
            try:
                step(tenant, insert, run, applied)
            except StoreError as error:
                run.connection.execute("ROLLBACK TO together")
                run.connection.execute("RELEASE together")
                return OneRefused(at, error)
    run.finish()
    run.connection.execute("RELEASE together")
    return applied


def _come(tenant: str, insert: Insert, run: _Run, applied: list[Applied]) -> None:
    work, _ = work_of(tenant, replace(insert, members=(), groups=None))
    applied.append(work(run))


def _fill(tenant: str, insert: Insert, run: _Run, applied: list[Applied]) -> None:
    if insert.members:
        add_members(tenant, insert.id, insert.members, run)
    refuse_missing_groups(run, tenant, insert.groups)
    change_groups(run, tenant, insert)
