"""Answers of one turn of the loop: written together, in their order, and never lost to a close."""

import asyncio
from typing import Any

import pytest

from rollbook.web.outgoing import Outgoing, Together

pytestmark = pytest.mark.anyio


class Wire(asyncio.Transport):
    """A transport that keeps what it is told, in order."""

    def __init__(self, told: list[Any]) -> None:
        super().__init__()
        self.told = told
        self.closed = False

    def write(self, data: Any) -> None:
        self.told.append(bytes(data))

    def write_eof(self) -> None:
        self.told.append("eof")

    def close(self) -> None:
        self.closed = True
        self.told.append("close")

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return sum(len(part) for part in self.told if isinstance(part, bytes))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return name

    def __getattribute__(self, name: str) -> Any:
        if name in ("pause_reading", "resume_reading", "abort", "can_write_eof", "set_protocol"):
            return lambda *_: self.told.append(name)
        return super().__getattribute__(name)


async def test_answers_wait_for_the_end_of_the_turn_and_keep_their_order() -> None:
    told: list[Any] = []
    outgoing = Outgoing(asyncio.get_running_loop())
    ann, bo = (Together(Wire(told), outgoing) for _ in range(2))
    for wire, data in ((ann, b"1"), (bo, b"2"), (ann, b"3")):
        wire.write(data)
    assert told == []
    await asyncio.sleep(0)
    assert told == [b"1", b"2", b"3"]
    ann.write(b"4")
    await asyncio.sleep(0)
    assert told[-1] == b"4"


async def test_what_is_said_of_a_connection_keeps_its_place_among_the_answers() -> None:
    told: list[Any] = []
    wire = Together(Wire(told), Outgoing(asyncio.get_running_loop()))
    wire.write(b"1")
    assert wire.get_write_buffer_size() == 1
    wire.write(b"2")
    wire.write_eof()
    wire.write(b"3")
    wire.close()
    assert told == [b"1", b"2", "eof", b"3", "close"]
    assert wire.is_closing()
    assert wire.get_extra_info("peername") == "peername"


async def test_a_client_that_has_gone_is_told_nothing_and_the_others_are() -> None:
    gone, there = Wire([]), Wire([])
    outgoing = Outgoing(asyncio.get_running_loop())
    Together(gone, outgoing).write(b"1")
    Together(there, outgoing).write(b"2")
    gone.closed = True
    await asyncio.sleep(0)
    assert (gone.told, there.told) == ([], [b"2"])


async def test_a_connection_that_cannot_be_written_to_is_ended_and_the_others_are_written() -> None:
    broken, there = Wire([]), Wire([])
    broken.write = None  # type: ignore[method-assign, assignment]
    outgoing = Outgoing(asyncio.get_running_loop())
    Together(broken, outgoing).write(b"1")
    Together(there, outgoing).write(b"2")
    await asyncio.sleep(0)
    assert (broken.told, there.told) == (["abort"], [b"2"])


async def test_much_is_not_held_to_the_end_of_the_turn() -> None:
    wire = Wire([])
    Together(wire, Outgoing(asyncio.get_running_loop())).write(b"x" * 300_000)
    assert wire.get_write_buffer_size() == 300_000
