"""Links: which statements a connection keeps prepared."""

import pytest

from rollbook.storage.engines.postgres_pool import LONGEST_KEPT, Pool


@pytest.mark.anyio
async def test_a_long_statement_is_not_kept_on_either_side(postgres_url: str) -> None:
    pool = Pool(postgres_url, 1)
    await pool.open()
    try:
        async with pool.link() as link:
            kept = "SELECT count(*) FROM pg_prepared_statements"
            await link.fetch(kept)
            for number in range(5):
                long = "SELECT 1 WHERE " + " AND ".join([f"{number} = {number}"] * 5000)
                assert len(long) > LONGEST_KEPT
                assert [tuple(row) for row in await link.fetch(long)] == [(1,)]
            (row,) = await link.fetch(kept)
            assert row[0] <= 2  # the question itself, and the last one, which goes with the next question
    finally:
        await pool.close()
