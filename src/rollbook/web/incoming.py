"""Requests that arrive in one turn of the event loop are begun together, once all of them are read.

Reading from a socket and answering a request are two long ways through two programs, the system and the interpreter.
Going one of them for all, and then the other for all, is cheaper than changing between them with every request.

Source: measured, decision 0026.
"""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Incoming(Generic[Item]):
    """What is to be begun when this turn of the loop ends."""

    __slots__ = ("_loop", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[Callable[[Item], None], Item]] = []

    def put(self, begin: Callable[[Item], None], item: Item) -> None:
        """Have something begun, after what was put before."""
        if not self._waiting:
            self._loop.call_soon(self._begin)
        self._waiting.append((begin, item))

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, []
        for begin, item in waiting:
            try:
                begin(item)
            except Exception as error:  # noqa: BLE001 - a bug that costs one request, not those behind it
                self._loop.call_exception_handler({"message": "a request could not be begun", "exception": error})
