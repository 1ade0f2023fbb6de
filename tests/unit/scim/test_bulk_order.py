"""The order of a bulk: its own, but for what names things that come later, and for circles."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.scim.bulk import Part
from rollbook.scim.bulk_order import Step, order


def parts(*references: Sequence[int], others: Sequence[int] = ()) -> list[Part]:
    """Creations that name each other by their numbers; ``others`` are changes."""
    return [
        Part(n, 0, 0, "PATCH" if n in others else "POST", str(n), "/Users", tuple(map(str, names)))
        for n, names in enumerate(references)
    ]


def steps(wanted: list[Part]) -> list[tuple[int, ...]]:
    return [tuple(part.number for part in step.parts) for step in order(wanted)]


@pytest.mark.parametrize(
    ("references", "wanted"),
    [
        ([[], [], []], [(0,), (1,), (2,)]),
        ([[], [0], [0, 1]], [(0,), (1,), (2,)]),
        ([[2], [], []], [(1,), (2,), (0,)]),
        ([[1], [2], [], []], [(2,), (1,), (0,), (3,)]),
        ([[2], [2], [], []], [(2,), (0,), (1,), (3,)]),
        ([[1], [0], []], [(0, 1), (2,)]),
        ([[2], [], [0]], [(1,), (0, 2)]),
        ([[1], [2], [0, 4], [], []], [(3,), (4,), (0, 1, 2)]),
        ([[1], [0], [3], [2], [0, 2]], [(0, 1), (2, 3), (4,)]),
        ([[0], [1]], [(0,), (1,)]),
        ([[9], []], [(0,), (1,)]),
    ],
)
def test_what_names_another_is_done_after_it(references: list[list[int]], wanted: list[tuple[int, ...]]) -> None:
    assert steps(parts(*references)) == wanted


def test_what_names_itself_is_told_from_the_others() -> None:
    assert [step.own for step in order(parts([0], [], [3], [2]))] == [True, False, True]


def test_a_change_is_in_no_circle() -> None:
    assert steps(parts([1], [2], [1], others=[0])) == [(1, 2), (0,)]
    assert steps(parts([1], [0], others=[1])) == [(0,), (1,)]


def test_a_long_chain_is_walked_without_recursion() -> None:
    chain = parts(*([n + 1] for n in range(9_999)), [])
    assert steps(chain) == [(n,) for n in range(9_999, -1, -1)]
    assert steps(parts(*([(n + 1) % 10_000] for n in range(10_000)))) == [tuple(range(10_000))]


@given(st.lists(st.lists(st.integers(0, 11), max_size=3), max_size=12))
def test_every_part_has_one_step_after_all_that_it_names(references: list[list[int]]) -> None:
    wanted = parts(*references)
    done: set[str] = set()
    seen: list[int] = []
    known = {part.bulk_id for part in wanted}
    step: Step
    for step in order(wanted):
        names = {part.bulk_id for part in step.parts if part.bulk_id}
        for part in step.parts:
            assert set(part.references) & known <= done | names
        done |= names
        seen += [part.number for part in step.parts]
    assert sorted(seen) == list(range(len(references)))
