"""All changes of a long stream in one transaction of PostgreSQL: other writers wait only for what it touches."""

from collections.abc import AsyncIterable, Callable, Sequence

from rollbook.storage.engines.postgres_many import make_each
from rollbook.storage.engines.postgres_pool import Link
from rollbook.storage.engines.postgres_transactions import Transactions
from rollbook.storage.errors import OneRefused, StoreError
from rollbook.storage.records import Change


async def whole(transactions: Transactions, tenant: str, changes: Callable[[], AsyncIterable[Sequence[Change]]]) -> int:
    """See ``TenantStore.apply_all``."""
    last_event: list[str] = []

    async def work(link: Link) -> int:
        made = 0
        async for some in changes():
            for at, outcome in enumerate(await make_each(link, tenant=tenant, changes=some)):
                if isinstance(outcome, StoreError):
                    raise OneRefused(made + at, outcome)
            made += len(some)
            if some:
                last_event[:] = [some[-1].event.id]
        return made

    return await transactions.run(tenant, last_event, work)
