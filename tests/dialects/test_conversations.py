"""What clients of each dialect send, as recorded conversations on the running server.

The files are ``conversations/{dialect}/*.http`` (their form: ``rollbook.testing.conversations``); each is held in a
tenant of its own, through a connection of that dialect.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.support.house import House, Seat

from rollbook.testing.conversations import Answer, hold, read_conversation

FILES = sorted((Path(__file__).parent / "conversations").glob("*/*.http"))


def _asking(seat: Seat, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    sent = {"authorization": f"Bearer {seat.token}", **headers}
    answer = seat.client.request(method, seat.base + target, content=body, headers=sent)
    return Answer(answer.status_code, dict(answer.headers), answer.content)


def _noted(seat: Seat, request: str) -> tuple[str, ...]:
    (found,) = [event for event in seat.events() if event.request == request]
    tolerances: tuple[str, ...] = found.tolerances
    return tolerances


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_conversation_goes_as_recorded(house: House, file: Path) -> None:
    conversation = read_conversation(file.read_text("utf-8"))
    seat = house.seat("acorn").speaking(file.parent.name, conversation.preset, **conversation.settings)
    hold(
        conversation,
        lambda method, target, headers, body: _asking(seat, method, target, headers, body),
        lambda request: _noted(seat, request),
    )
