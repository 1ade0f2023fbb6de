"""What is too much for one run. Values only."""

from rollbook.transfer.operations import Totals
from rollbook.transfer.policy import Brakes

EMPTY = "the source is empty"
_FEW = 2
"""So many leave a small source on any day: it has not shrunk, unless they are half of it."""


def holding(totals: Totals, brakes: Brakes, before: int | None) -> tuple[str, ...]:
    """The brakes that hold, each a sentence. ``before``: the source's entries in the last run that was done.

    >>> holding(Totals(source=100, managed=100, delete=9), Brakes(), 100)
    ('9 users would be deleted: 5 are allowed (5% of the managed users, at least 5, at most 500)',)
    """
    if totals.source == 0:
        return (EMPTY,)
    held = []
    shrunk = 0 if before is None else before - totals.source
    if before and shrunk > brakes.shrink * before and (shrunk > _FEW or 2 * shrunk >= before):
        held.append(
            f"the source has shrunk from {before:,} entries to {totals.source:,}: {brakes.shrink:.0%} is allowed"
        )
    managed = totals.managed
    for number, limit, what in (
        (totals.delete, brakes.deletes, "deleted"),
        (totals.deactivate, brakes.deactivations, "deactivated"),
        (totals.create if managed else 0, brakes.creates, "created"),
    ):
        if number > (allowed := limit.of(managed)):
            held.append(f"{_users(number)} would be {what}: {allowed:,} {_are(allowed)} allowed ({limit})")
    allowed = brakes.changes.of(managed)
    for path, number in sorted(totals.changed.items()):
        if number > allowed:
            held.append(
                f"{path} would change in {_users(number)}: {allowed:,} {_are(allowed)} allowed ({brakes.changes})"
            )
    return tuple(held)


def _users(number: int) -> str:
    return f"{number:,} user{'' if number == 1 else 's'}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
