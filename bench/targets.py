"""The ratios that rollbook promises, each with its target, from the numbers of one run.

The names of rows are keys of the result's JSON too. What was not measured in this run has no row.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bench.lockers import DECISION, REACH
from bench.measure import Cell
from bench.scale import LISTED, SMALL, Single, questions
from bench.spoken import STANDARD

OPERATIONS = ("create", "get", "filter", "PATCH")
KEPT_UP = 0.95
"""Below this share of the requests that came due, latencies tell of a queue that grows and not of the server."""

FLOODED_MS = 100.0
"""What a GET may take beside a flood of logins: nobody notices it, and no client gives up."""

ACCESS_MS = {DECISION: 2.0, REACH: 20.0}
"""What the database may take; HTTP is above that."""

GROWTH_MB = 8.0
"""What a listing may leave behind: the allocator keeps some pages of answers that it had to hold."""


@dataclass
class Row:
    """``at_least`` tells whether more is better. ``value`` None: not measured here, ``note`` says why."""

    name: str
    value: float | None
    target: float
    unit: str
    at_least: bool = True
    note: str = ""
    failed: bool = False
    """Not measured because it could not be done."""

    @property
    def met(self) -> bool | None:
        if self.value is None:
            return False if self.failed else None
        return self.value >= self.target if self.at_least else self.value <= self.target


@dataclass
class Results:
    """All that a run has measured."""

    cells: list[Cell]
    paced: dict[str, dict[str, float]]
    singles: list[Single]
    rss: dict[str, float]
    listings: dict[str, dict[str, float]]
    two_workers: dict[str, Any] | None = None
    floods: dict[str, dict[str, float]] = field(default_factory=dict)
    bulks: dict[str, dict[str, float]] = field(default_factory=dict)
    tokens: dict[str, dict[str, float]] = field(default_factory=dict)
    transfers: dict[str, dict[str, float]] = field(default_factory=dict)
    dialects: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)

    def rate(self, subject: str, operation: str) -> float | None:
        return next((c.rate for c in self.cells if (c.subject, c.operation) == (subject, operation)), None)


def rows(results: Results) -> list[Row]:
    """Every target that this run can judge, in the order of the table."""
    return [
        *_ceilings(results),
        *_peer(results),
        *_workers(results),
        *_growth(results),
        *_access(results),
        *_paced(results),
        *_floods(results),
        *_memory(results),
        *_bulks(results),
        *_tokens(results),
        *_dialects(results),
        *_transfers(results),
    ]


def _ceilings(results: Results) -> Iterator[Row]:
    pairs = (
        ("PostgreSQL: create / pgbench insert of the same rows", ("PostgreSQL", "create"), ("pgbench", "create"), 40),
        ("PostgreSQL: get / plain ASGI echo", ("PostgreSQL", "get"), ("echo", "GET"), 30),
        ("PostgreSQL: PATCH of one attribute / pgbench update", ("PostgreSQL", "PATCH"), ("pgbench", "update"), 25),
        ("SQLite: get / plain ASGI echo", ("SQLite", "get"), ("echo", "GET"), 45),
    )
    for name, ours, ceiling, target in pairs:
        rate, top = results.rate(*ours), results.rate(*ceiling)
        if rate is not None and top:
            yield Row(name, rate / top * 100, target, "%")


def _peer(results: Results) -> Iterator[Row]:
    for engine in ("PostgreSQL", "SQLite"):
        for operation in OPERATIONS:
            rate, other = results.rate(engine, operation), results.rate("scim2-server", operation)
            if rate is not None and other:
                yield Row(f"{engine}: {operation} / scim2-server in memory", rate / other, 10, "times")


def _workers(results: Results) -> Iterator[Row]:
    if results.two_workers is not None:
        name = "PostgreSQL: get with two workers / with one"
        yield Row(name, results.two_workers["ratio"], 1.5, "times", note=results.two_workers["note"])


def _growth(results: Results) -> Iterator[Row]:
    found = {(s.engine, s.question, s.users): s for s in results.singles}
    largest = {engine: max(s.users for s in results.singles if s.engine == engine) for engine, _, _ in found}
    for engine, users in largest.items():
        groups = [s for s in results.singles if s.engine == engine and "one member" in s.question]
        if len(groups) == 2:
            name = f"{engine}: PATCH of one member, group of {LISTED:,} / group of 10"
            yield Row(name, groups[1].p50 / groups[0].p50, 2, "times", at_least=False)
        small, large = found[engine, "userName eq", SMALL], found[engine, "userName eq", users]
        name = f"{engine}: userName eq, tenant of {users:,} / tenant of {SMALL:,}"
        yield Row(name, large.p50 / small.p50, 1.5, "times", at_least=False)
        for question, _, indexed in questions(users):
            if indexed:
                single = found[engine, question, users]
                yield Row(f"{engine}: {question}, {users:,} users", single.p50, 5, "ms", at_least=False)


def _access(results: Results) -> Iterator[Row]:
    for single in results.singles:
        if (target := ACCESS_MS.get(single.question)) is not None:
            yield Row(f"{single.engine}: {single.question}, over HTTP", single.p50, target, "ms", at_least=False)


def _paced(results: Results) -> Iterator[Row]:
    for name, sample in results.paced.items():
        row = Row(f"{name}: p99 / p50 at half of the highest rate", None, 10, "times", at_least=False, failed=True)
        if sample["rate"] >= KEPT_UP * sample["asked"]:
            row.value, row.failed = sample["p99_ms"] / sample["p50_ms"], False
        else:
            row.note = f"only {sample['rate']:,.0f} of {sample['asked']:,.0f} a second were answered"
        yield row


def _bulks(results: Results) -> Iterator[Row]:
    for name, rates in results.bulks.items():
        yield Row(
            f"{name}: creates in bulks of 1,000 / one after the other", rates["bulk"] / rates["alone"], 3, "times"
        )


def _tokens(results: Results) -> Iterator[Row]:
    for name, costs in results.tokens.items():
        ratio = costs["jwt"] / costs["static"]
        yield Row(f"{name}: CPU of a get with a JWT / with a static token", ratio, 1.15, "times", at_least=False)


def _dialects(results: Results) -> Iterator[Row]:
    for engine, by_name in results.dialects.items():
        for name, costs in by_name.items():
            for operation, cost in costs.items() if name != STANDARD else ():
                what = f"{engine}: CPU of a {operation} through {name} / through the standard"
                yield Row(what, cost / by_name[STANDARD][operation], 1.25, "times", at_least=False)


def _transfers(results: Results) -> Iterator[Row]:
    for name, found in results.transfers.items():
        what = f"{name}: transfer plans {found['users']:,.0f} entries"
        yield Row(f"{what}, time", found["seconds"], 60, "s", at_least=False)
        yield Row(f"{what}, memory of the client", found["memory_mb"], 300, "MB", at_least=False)


def _floods(results: Results) -> Iterator[Row]:
    for name, found in results.floods.items():
        yield Row(f"{name}: p99 of GETs beside 200 logins at once", found["p99_ms"], FLOODED_MS, "ms", at_least=False)


def _memory(results: Results) -> Iterator[Row]:
    for name, peak in results.rss.items():
        yield Row(f"{name}: memory of a worker under load, at its highest", peak, 150, "MB", at_least=False)
    for name, listing in results.listings.items():
        growth = listing["rss_end_mb"] - listing["rss_early_mb"]
        yield Row(
            f"{name}: memory gained while {LISTED:,} users are listed twice", growth, GROWTH_MB, "MB", at_least=False
        )
