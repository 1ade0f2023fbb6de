"""What identity providers send, as recorded conversations, each under its preset, on the running server."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.house import House, Seat

from rollbook.scim.presets import PRESETS
from rollbook.testing.conversations import Answer, hold, read_conversation

HERE = Path(__file__).parents[1] / "conversations"
FILES = sorted(HERE.glob("*/*.http"))


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
    settings: dict[str, Any] = {"preset": conversation.preset, **conversation.settings}
    seat = house.seat("acorn", **settings)
    hold(
        conversation,
        lambda method, target, headers, body: _asking(seat, method, target, headers, body),
        lambda request: _noted(seat, request),
    )


def test_every_preset_of_a_provider_has_its_conversations() -> None:
    spoken = {read_conversation(file.read_text("utf-8")).preset for file in FILES}
    assert spoken >= PRESETS.keys() - {"strict"}
