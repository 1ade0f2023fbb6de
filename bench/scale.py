"""What grows with a tenant and what does not: single answers, one after the other, small tenant and large in turn."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from bench.bulk import Loader
from bench.people import GROUP, numbered, patch_body, user_body, user_document, user_name
from bench.subjects import Rollbook, Subject, user_filter
from bench.wire import Wire

SMALL = 1_000
LISTED = 100_000
REPEATS = 300
LONGEST = 5.0
"""Seconds that one question may take in all."""


_NAMES = ("birch", "cedar", "dogwood")


@dataclass
class Tenant:
    id: str
    subject: Subject
    template: str
    users: int


@dataclass
class Single:
    """Latencies of one question, in milliseconds."""

    engine: str
    question: str
    users: int
    p50: float
    p99: float


def questions(users: int) -> list[tuple[str, Callable[[int], str], bool]]:
    """Name, path for the nth time, and whether an index answers it (so that the target holds for it)."""

    def email(n: int) -> str:
        return str(user_document(numbered(n % SMALL))["emails"][0]["value"])

    deep = users * 9 // 10
    return [
        ("userName eq", lambda n: user_filter(f'userName eq "{user_name(numbered(n % SMALL))}"'), True),
        ("emails.value eq", lambda n: user_filter(f'emails.value eq "{email(n)}"'), True),
        ("displayName eq", lambda n: user_filter(f'displayName eq "Ann Fern{numbered(n % SMALL)}"'), True),
        (
            "name.familyName sw, 10 of 10 found",
            lambda n: user_filter(f'name.familyName sw "Fern{numbered(n % SMALL)[:7]}"'),
            True,
        ),
        (
            "name.familyName sw, page of 100 of 1,000 found",
            lambda n: user_filter(f'name.familyName sw "Fern{numbered(0)[:5]}"', "&count=100"),
            True,
        ),
        ("sort by name.familyName, first 10", lambda n: "/Users?sortBy=name.familyName&count=10", False),
        ("all users, first page of 100", lambda n: "/Users?count=100", False),
        ("all users, page of 100 at nine tenths", lambda n: f"/Users?count=100&startIndex={deep}", False),
    ]


def load_tenants(house: Rollbook, loader: Loader, users: int, tell: Callable[[str], None]) -> list[Tenant]:
    """Tenants of 1,000, of 100,000 and of ``users``, each with users 0, 1, 2 and so on; the same one where the numbers
    are."""
    sizes = dict.fromkeys((SMALL, LISTED, users))
    tenants = [new_tenant(house, loader, name, count, tell) for name, count in zip(_NAMES, sizes, strict=False)]
    loader.settle()
    return tenants


def new_tenant(house: Rollbook, loader: Loader, name: str, count: int, tell: Callable[[str], None]) -> Tenant:
    begun = time.perf_counter()
    id, subject = house.tenant(name)
    wire = subject.wire()
    template = wire.must("POST", "/Users", user_body())["id"]
    wire.close()
    loader.users(id, template, count)
    tell(f"{house.name}: tenant of {count:,} users made in {time.perf_counter() - begun:.0f} s")
    return Tenant(id, subject, template, count)


def ask(engine: str, small: Tenant, large: Tenant) -> list[Single]:
    """Every question to both tenants in turn."""
    wires = [tenant.subject.wire() for tenant in (small, large)]
    found = []
    for place, (name, _, _) in enumerate(questions(SMALL)):
        paths = [questions(tenant.users)[place][1] for tenant in (small, large)]
        took = in_turn([_get(wire, path) for wire, path in zip(wires, paths, strict=True)])
        found += [
            Single(engine, name, tenant.users, *percentiles(times))
            for tenant, times in zip((small, large), took, strict=True)
        ]
    for wire in wires:
        wire.close()
    return found


def change_members(engine: str, loader: Loader, tenant: Tenant) -> list[Single]:
    """Add one member and remove it again, in a group of 10 and in one of (nearly) all."""
    wire = tenant.subject.wire()
    # Groups are filled from the least id on, so the user with the greatest is in none.
    spare = max(loader.ids(tenant.id, tenant.users))
    sizes, changes = (10, tenant.users - 1), []
    for size in sizes:
        body = orjson.dumps({"schemas": [GROUP], "displayName": f"Group of {size}"})
        group = wire.must("POST", "/Groups", body)["id"]
        loader.members(tenant.id, group, size)
        changes.append(_toggle(wire, group, spare))
    loader.settle()
    took = in_turn(changes)
    wire.close()
    return [
        Single(engine, f"PATCH of one member, group of {size:,}", tenant.users, *percentiles(times))
        for size, times in zip(sizes, took, strict=True)
    ]


def _toggle(wire: Wire, group: str, member: str) -> Callable[[int], float]:
    add = patch_body({"op": "add", "path": "members", "value": [{"value": member}]})
    remove = patch_body({"op": "remove", "path": f'members[value eq "{member}"]'})
    return lambda n: wire.timed("PATCH", f"/Groups/{group}", remove if n % 2 else add)


def list_all(tenant: Tenant, rss: Callable[[], float]) -> dict[str, float]:
    """Read the whole tenant, 1,000 users a page, twice; memory after the first tenth and at the end."""
    wire = tenant.subject.wire()
    pages = range(1, tenant.users + 1, 1000)
    seen, early = 0, 0.0
    begun = time.perf_counter()
    for turn in range(2):
        for number, start in enumerate(pages):
            seen += len(wire.must("GET", f"/Users?startIndex={start}&count=1000")["Resources"])
            if turn == 0 and number == len(pages) // 10:
                early = rss()
    wire.close()
    assert seen == 2 * tenant.users, f"{seen} users were listed"
    return {"users": tenant.users, "rss_early_mb": early, "rss_end_mb": rss(), "seconds": time.perf_counter() - begun}


def _get(wire: Wire, path: Callable[[int], str]) -> Callable[[int], float]:
    return lambda n: wire.timed("GET", path(n))


def in_turn(works: list[Callable[[int], float]]) -> list[list[float]]:
    """What each took, time after time, in milliseconds."""
    took: list[list[float]] = [[] for _ in works]
    for n in range(20):
        for work in works:
            work(n)
    until = time.perf_counter() + LONGEST
    for n in range(REPEATS):
        for times, work in zip(took, works, strict=True):
            times.append(work(n))
        if time.perf_counter() > until and n % 2 and n > 10:
            break
    return took


def percentiles(took: list[float]) -> tuple[float, float]:
    """The middle, and what one in a hundred exceeds."""
    ordered = statistics.quantiles(took, n=100, method="inclusive")
    return ordered[49], ordered[98]
