"""Tolerances: what is on where, and what is noted."""

from dataclasses import fields

from rollbook.scim.tolerances import NOTES_LIMIT, STANDARD, STRICT, note


def test_strict_tolerates_nothing() -> None:
    assert not any(getattr(STRICT, field.name) is True for field in fields(STRICT))
    assert STRICT.unknown == "refuse"


def test_standard_refuses_what_it_does_not_know_and_creates_nothing_on_replace() -> None:
    assert STANDARD.unknown == "refuse"
    assert not STANDARD.upsert_on_replace
    assert not STANDARD.derive_schemas


def test_notes_stay_few_and_short() -> None:
    notes: list[str] = []
    for number in range(1000):
        note(notes, "unknown attribute", f"{number}" * 1000)
    assert len(notes) == NOTES_LIMIT
    assert max(map(len, notes)) < 130
