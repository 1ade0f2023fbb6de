"""Sealed cursors: what comes back, and what does not."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.scim.cursor import Cursor, Key, Value, binding, key_of, seal, unseal
from rollbook.scim.errors import ExpiredCursor, InvalidCount, InvalidCursor

KEY = Key(b"k" * 16, b"s" * 32)
NONCE = b"n" * 12
BOUND = binding("acorn", 'userName sw "a"', None)
AT = 1_769_846_400

VALUES = st.lists(
    st.none()
    | st.text(max_size=30)
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)


@given(VALUES, st.booleans(), st.none() | st.integers(0, 2**40))
def test_a_cursor_comes_back_as_it_was(values: list[Value], back: bool, total: int | None) -> None:
    cursor = Cursor(10, total, back, "42d7cfdf-73a0-45e0-b796-234a88625f87", tuple(values))
    text = seal(cursor, KEY, NONCE, AT, BOUND)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", text)
    assert key_of(text) == KEY.id
    assert unseal(text, KEY, AT + 60, 3600, BOUND, 10) == cursor


def test_no_part_of_a_cursor_can_be_changed() -> None:
    text = seal(Cursor(10, 7, False, "id", ("aster",)), KEY, NONCE, AT, BOUND)
    whole = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert b"aster" not in whole
    for place in range(len(whole)):
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        with pytest.raises(InvalidCursor):
            unseal(base64.urlsafe_b64encode(changed).rstrip(b"=").decode(), KEY, AT, 3600, BOUND, 10)
    for other in (text + "=", text + "A", text[:-1], text[:20], "", "é" * 60, "A" * 20_000, text + "\n"):
        with pytest.raises(InvalidCursor):
            unseal(other, KEY, AT, 3600, BOUND, 10)


def test_a_cursor_is_good_for_its_key_and_what_it_is_bound_to() -> None:
    text = seal(Cursor(10), KEY, NONCE, AT, BOUND)
    for key, bound in (
        (None, BOUND),
        (Key(KEY.id, b"t" * 32), BOUND),
        (KEY, binding("birch", 'userName sw "a"', None)),
    ):
        with pytest.raises(InvalidCursor):
            unseal(text, key, AT, 3600, bound, 10)


def test_a_cursor_is_good_until_its_time_is_over() -> None:
    text = seal(Cursor(10), KEY, NONCE, AT, BOUND)
    assert unseal(text, KEY, AT + 3600, 3600, BOUND, 10) == Cursor(10)
    with pytest.raises(ExpiredCursor):
        unseal(text, KEY, AT + 3601, 3600, BOUND, 10)


def test_the_count_stays_as_it_was() -> None:
    text = seal(Cursor(10), KEY, NONCE, AT, BOUND)
    with pytest.raises(InvalidCount):
        unseal(text, KEY, AT, 3600, BOUND, 11)


def test_bindings_of_other_parts_differ() -> None:
    parts: list[tuple[object, ...]] = [("a", "b"), ("ab",), ("a", None), ("a", "b", None), (["a", "b"],), ("a", False)]
    assert len({binding(*some) for some in parts}) == len(parts)
