"""What becomes of whom, and what is too much: as values."""

from typing import Any

import pytest

from rollbook.transfer.brakes import EMPTY, holding
from rollbook.transfer.decide import Standing, decide
from rollbook.transfer.operations import Note, Operation, Totals
from rollbook.transfer.policy import Brakes, Limit, Policy
from rollbook.transfer.records import Entry
from rollbook.transfer.users import Change, Group, TargetUser

LINKED = Standing(linked=True)


def entry(**attributes: Any) -> Entry:
    return Entry("7", 2, {"userName": "ann", **attributes}, "people.csv line 2")


def user(name: str = "ann", *, active: bool | None = True, external: str | None = None, **document: Any) -> TargetUser:
    return TargetUser("1", name, external, active, None, (), {"active": active, **document})


@pytest.mark.parametrize(
    ("policy", "standing", "found", "kind"),
    [
        (Policy(), Standing(), user(), "report"),
        (Policy(unknown="adopt"), Standing(), user(), "adopt"),
        (Policy(unknown="deactivate"), Standing(), user(), "deactivate"),
        (Policy(unknown="deactivate"), Standing(), user(active=False), "nothing"),
        (Policy(unknown="delete"), Standing(), user(), "delete"),
        (Policy(unknown="delete"), Standing(doubt="rows"), user(), "report"),
        (Policy(), LINKED, user(), "deactivate"),
        (Policy(), LINKED, user(active=False), "nothing"),
        (Policy(leavers="delete"), LINKED, user(), "delete"),
        (Policy(leavers="delete"), Standing(linked=True, doubt="rows"), user(), "deactivate"),
        (Policy(leavers="report"), LINKED, user(), "report"),
        (Policy(grace_days=3), Standing(linked=True, in_grace=True), user(active=False), "nothing"),
        (Policy(grace_days=3), Standing(linked=True, in_grace=True, grace_over=True), user(active=False), "delete"),
        (Policy(mark="hr-", leavers="delete"), Standing(), user(external="hr-7"), "delete"),
        (Policy(mark="hr-", leavers="delete"), Standing(), user(external="it-7"), "report"),
        (Policy(unknown="delete", protected=("A*",)), Standing(), user(), "protected"),
    ],
)
def test_who_is_not_in_the_source(policy: Policy, standing: Standing, found: TargetUser, kind: str) -> None:
    assert decide(None, found, policy, standing).kind == kind


def test_a_target_that_deletes_nobody_deactivates_instead() -> None:
    decision = decide(None, user(), Policy(leavers="delete"), LINKED, can_delete=False)
    assert decision.kind == "deactivate"
    assert "the target deletes nobody" in decision.reason


@pytest.mark.parametrize(
    ("wanted", "found", "standing", "kind"),
    [
        ({"active": True}, user(), LINKED, "nothing"),
        ({"active": True}, user(), Standing(found_by="userName"), "link"),
        ({"active": True, "title": "Chief"}, user(), LINKED, "update"),
        ({"active": False, "title": "Chief"}, user(), LINKED, "deactivate"),
        ({"active": True}, user(active=False), LINKED, "reactivate"),
        ({}, user(active=False), Standing(linked=True, in_grace=True), "reactivate"),
        ({}, user(active=False), LINKED, "nothing"),
    ],
)
def test_who_is_in_both(wanted: dict[str, Any], found: TargetUser, standing: Standing, kind: str) -> None:
    assert decide(entry(**wanted), found, Policy(), standing).kind == kind


def test_members_of_protected_groups_are_protected() -> None:
    policy = Policy(protected_groups=("heads", "g-9"))
    for group in (Group("g-1", "Heads"), Group("g-9", "")):
        member = TargetUser("1", "ann", None, True, None, (group,))
        assert decide(entry(), member, policy, LINKED).kind == "protected"


@pytest.mark.parametrize(
    ("totals", "before", "held"),
    [
        (Totals(source=100, managed=100), 100, 0),
        (Totals(source=0, managed=100), 100, 1),
        (Totals(source=80, managed=100), 100, 0),
        (Totals(source=79, managed=100), 100, 1),
        (Totals(source=2, managed=3), 3, 0),
        (Totals(source=2, managed=4), 4, 1),
        (Totals(source=7, managed=10), 10, 1),
        (Totals(source=100, managed=100, delete=5), 100, 0),
        (Totals(source=100, managed=100, delete=6), 100, 1),
        (Totals(source=100, managed=100, deactivate=6, delete=6), 100, 2),
        (Totals(source=30_000, managed=20_000, deactivate=501), None, 1),
        (Totals(source=10_000, managed=0, create=10_000), None, 0),
        (Totals(source=1000, managed=500, create=251), 500, 1),
        (Totals(source=100, managed=100, changed={"title": 60}), 100, 0),
        (Totals(source=100, managed=100, changed={"title": 61, "emails": 61}), 100, 2),
    ],
)
def test_brakes_hold_above_their_limits(totals: Totals, before: int | None, held: int) -> None:
    assert len(holding(totals, Brakes(), before)) == held


def test_an_empty_source_is_told_as_that_and_nothing_else() -> None:
    assert holding(Totals(managed=100, deactivate=100), Brakes(), 100) == (EMPTY,)


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        (0, Limit(0, 0, 0)),
        (10, Limit(0, 10, 10)),
        ({"share": 0.1}, Limit(0.1)),
        ({"share": 1, "least": 2, "most": 3}, Limit(1.0, 2, 3)),
    ],
)
def test_limits_are_read(value: object, limit: Limit) -> None:
    assert Limit.from_toml(value) == limit


@pytest.mark.parametrize("value", [-1, True, "5", {}, {"share": 2}, {"share": "a"}, {"leest": 1}, {"least": -1}, 0.5])
def test_what_is_no_limit_is_refused_with_a_sentence(value: object) -> None:
    with pytest.raises(ValueError, match=r"give a number|share is a number|whole numbers"):
        Limit.from_toml(value)


def test_operations_and_notes_come_back_as_they_were_written() -> None:
    operation = Operation("update", "7", "1", "ann", "why", "line 2", 'W/"1"', (Change(("title",), None, "x"),))
    assert Operation.from_json(operation.to_json()) == operation
    assert Operation.from_json(Operation("create", "7", "", "ann", "why").to_json()).attributes == {}
    note = Note("unknown", "text", "", "1", "ann")
    assert Note.from_json(note.to_json()) == note
