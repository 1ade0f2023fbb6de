"""A plan file that changes under the hands of whoever applies it."""

from pathlib import Path

import pytest

from rollbook.transfer import plan_file
from rollbook.transfer.errors import Tampered

KEY = bytes(32)


def test_a_plan_that_changes_after_it_was_read_is_refused_before_its_end(tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    lines = [b'{"kind":"create","key":"1"}', b'{"note":"unknown"}']
    plan_file.write(path, KEY, {"plan": "1"}, lines, {"create": 1, "held": []})
    found = plan_file.read(path, KEY)
    assert [line for line, _ in found.lines()] == lines
    assert list(found.operations()) == lines[:1]
    path.write_bytes(path.read_bytes().replace(b'"key":"1"', b'"key":"2"'))
    with pytest.raises(Tampered):
        list(found.lines())
    with pytest.raises(Tampered):
        plan_file.read(path, KEY)


def test_a_plan_signed_with_another_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    plan_file.write(path, KEY, {"plan": "1"}, [], {})
    with pytest.raises(Tampered):
        plan_file.read(path, bytes(31) + b"x")


def test_what_a_plan_is_called_depends_on_what_it_does() -> None:
    lines = [b'{"kind":"create"}']
    id = plan_file.plan_id("target", "source", 7, lines)
    assert id == plan_file.plan_id("target", "source", 7, iter(lines))
    others = [
        plan_file.plan_id("another", "source", 7, lines),
        plan_file.plan_id("target", "another", 7, lines),
        plan_file.plan_id("target", "source", 8, lines),
        plan_file.plan_id("target", "source", 7, []),
    ]
    assert id not in others
