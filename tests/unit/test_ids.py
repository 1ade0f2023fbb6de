"""Identifiers: random ones, and ones that are ordered by time."""

import uuid
from concurrent.futures import ThreadPoolExecutor

from rollbook.ids import new_id, ordered_id, random_bytes


def test_ordered_ids_are_uuids_of_version_7_in_their_one_written_form() -> None:
    made = [ordered_id() for _ in range(2_000)]
    for text in made:
        parsed = uuid.UUID(text)
        assert (parsed.version, parsed.variant, str(parsed)) == (7, uuid.RFC_4122, text)


def test_ordered_ids_never_go_back_and_never_repeat() -> None:
    made = [ordered_id() for _ in range(20_000)]  # more than one millisecond can count
    assert made == sorted(set(made))


def test_threads_share_one_order() -> None:
    with ThreadPoolExecutor(4) as pool:
        made = [id for part in pool.map(lambda _: [ordered_id() for _ in range(2_000)], range(4)) for id in part]
    assert len(set(made)) == len(made)


def test_random_ids_are_uuids_of_version_4() -> None:
    assert {uuid.UUID(new_id()).version for _ in range(100)} == {4}
    assert len(random_bytes(32)) == 32
