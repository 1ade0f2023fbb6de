"""How far a transfer is, where there is no terminal that could draw."""

import pytest

from rollbook.cli import transfer_bars


def test_without_a_terminal_there_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(transfer_bars, "_EVERY", 0.0)
    with transfer_bars.bars("north") as told:
        told("walking", 500, 2000)
        told("walking", 500, 2000)
        told("reading", 7, None)
        told("", 0, None)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(", ")[0] for line in lines] == [
        "north: walking 500 of 2,000",
        "north: walking 1,000 of 2,000",
        "north: reading 7",
    ]
    assert lines[1].endswith(" s left")
    assert "\x1b" not in "".join(lines)


def test_what_is_done_at_once_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with transfer_bars.bars("north") as told:
        told("walking", 500, 2000)
    assert capsys.readouterr().err == ""
