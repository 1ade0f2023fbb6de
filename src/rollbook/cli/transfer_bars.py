"""How far a transfer is: bars on a terminal, a line now and then where there is none."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rollbook.clock import SYSTEM_CLOCK
from rollbook.transfer.walking import Progress

_EVERY = 5.0
"""Seconds between two lines."""


@contextmanager
def bars(name: str) -> Iterator[Progress]:
    """What it yields is told: what is being done, how many more are done, of how many. An empty text: nothing more is
    done, and others speak now.

    **Shape**: ``changing ━━━━━━━━━━ 51,200/100,000  812/s  0:00:06``
    """
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _drawn(name) as told:
            yield told
    else:
        yield _Lines(name).told


@contextmanager
def _drawn(name: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft
    from rich.text import Text

    class Rate(ProgressColumn):
        """Things a second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed else "")

    tasks: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeLeft())
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:

        def told(what: str, more: int, total: int | None) -> None:
            if not what:
                drawn.stop()
                while tasks:
                    drawn.remove_task(tasks.popitem()[1])
                return
            if not tasks:
                drawn.start()
            if what not in tasks:
                tasks[what] = drawn.add_task(f"{name}: {what}", total=total)
            drawn.update(tasks[what], advance=more)
            if total is not None:
                drawn.update(tasks[what], total=total)

        yield told


class _Lines:
    """A line every few seconds."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._what = ""
        self._done = 0
        self._begun = self._next = 0.0

    def told(self, what: str, more: int, total: int | None) -> None:
        if not what:
            return
        now = SYSTEM_CLOCK.elapsed()
        if what != self._what:
            self._what, self._done, self._begun, self._next = what, 0, now, now + _EVERY
        self._done += more
        if now < self._next:
            return
        self._next = now + _EVERY
        rate = self._done / max(now - self._begun, 0.001)
        said = f"{self._done:,}" if total is None else f"{self._done:,} of {total:,}"
        left = f", {(total - self._done) / rate:,.0f} s left" if total and rate else ""
        print(f"{self._name}: {what} {said}, {rate:,.0f}/s{left}", file=sys.stderr, flush=True)
