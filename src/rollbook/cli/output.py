"""How commands speak: data on standard output, everything else on standard error.

Tables are drawn on a terminal; into a pipe goes one line for each row, its cells between tabs, without a heading.
"""

import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

import typer

from rollbook.errors import RollbookError

S = TypeVar("S")
T = TypeVar("T")

FAILED = 1
WRONG_USAGE = 2


def say(text: str) -> None:
    """A sentence for a person, on standard error."""
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)


def fail(detail: str, hint: str = "", code: int = FAILED) -> NoReturn:
    """Tell what went wrong and what to do about it, and end."""
    say(f"rollbook: {detail}")
    if hint:
        say(f"  {hint}")
    raise typer.Exit(code)


def understood(where: str, read: Callable[[S], T], text: S) -> T:
    """What a text of the command line means; one that means nothing is wrong usage."""
    try:
        return read(text)
    except RollbookError as refused:
        fail(f"{where}: {refused.detail}", refused.hint, WRONG_USAGE)


def print_json(value: Any) -> None:
    """One JSON value on one line."""
    print(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")), flush=True)


async def print_json_array(values: AsyncIterator[Any]) -> None:
    """One JSON array, an element on each line, printed as the elements come."""
    opening = "["
    async for value in values:
        print(opening, json.dumps(value, ensure_ascii=False), sep="\n", end="")
        opening = ","
    print("[]" if opening == "[" else "\n]", flush=True)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under their headings. Control characters are shown as escapes: a name must not move the cursor."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(printable(value) for value in row))
        sys.stdout.flush()
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(value)) for value in row))
    Console().print(table)


def print_record(fields: Mapping[str, object]) -> None:
    """One thing, a line for each of its fields."""
    width = max(len(name) for name in fields) + 2
    for name, value in fields.items():
        print(f"{name:{width}}{printable(value)}")
    sys.stdout.flush()


def printable(value: object) -> str:
    """A value as text in which nothing moves a cursor or breaks a line."""
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone. Where nobody can be asked, ``--yes`` is needed."""
    if yes:
        return
    if not sys.stdin.isatty():
        fail(f"nobody is here to be asked: {question}", "say --yes where the answer is yes")
    if not typer.confirm(question, err=True):
        fail("nothing was changed")
