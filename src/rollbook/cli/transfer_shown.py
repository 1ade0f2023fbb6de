"""How plans, results and runs of a transfer are told on a terminal."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from rollbook.cli.output import print_record, print_table, printable, say
from rollbook.transfer.operations import Operation
from rollbook.transfer.report import KINDS, OUTCOMES, STATES, changes, counted, done_to, note_text, written_change

if TYPE_CHECKING:
    from rollbook.transfer.report import Report
    from rollbook.transfer.runs import Result
    from rollbook.transfer.state.journal import Done

Json = Any
SHOWN = 20
"""Operations and notes that are shown where not all are asked for."""
_LONGEST = 300
_NAME = 80


def show_lines(
    header: Mapping[str, Json], totals: Mapping[str, Json], lines: Iterable[bytes], *, all: bool, redact: bool = False
) -> None:
    """A plan: what it would do, what should be known, how much it is."""
    print(f"target {header['target']} ({header['dialect']}, {header['base_url']})")
    said = (orjson.loads(line) for line in lines)
    rows: list[list[str]] = []
    notes: list[Mapping[str, Json]] = []
    more = 0
    for one in said:
        if "note" in one:
            notes.append(one)
        elif "kind" in one:
            if all or len(rows) < SHOWN:
                rows.append(_row(Operation.from_json(one), redact=redact))
            else:
                more += 1
    if rows:
        print_table(["what", "who", "before → after", "why"], rows)
    if more:
        print(f"… and {more:,} more: `rollbook transfer plan -o FILE`, then `rollbook transfer show FILE`")
    say_notes(notes, all=all)
    print(sentence(totals))
    for held in totals.get("held", ()):
        print(f"held by a brake: {held}")
    print(f"plan {header['plan']}, made {header['made']}")


def say_notes(notes: Iterable[Mapping[str, Json]], *, all: bool = False) -> None:
    """What should be known, on standard error."""
    coming = iter(notes)
    for note in coming if all else islice(coming, SHOWN):
        say(_told(note))
    if more := sum(1 for _ in coming):
        say(f"… and {more:,} more notes: `rollbook transfer report` has them all")


def say_failed(operations: Iterable["Done"]) -> None:
    """What was not done, or not quite, on standard error."""
    coming = (done for done in operations if done.state != "done" or done.detail)
    for done in islice(coming, SHOWN):
        who = line(done.operation.user_name or done.operation.key, _NAME)
        say(f"{done.operation.kind} {done.state}: {who}: {line(done.detail)}")
    if more := sum(1 for _ in coming):
        say(f"… and {more:,} more operations: `rollbook transfer report` has them all")


def line(text: str, longest: int = _LONGEST) -> str:
    """A text that came from elsewhere, on one line that is not too long."""
    text = printable(text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _told(note: Mapping[str, Json]) -> str:
    return line(note_text({**note, "userName": line(note.get("userName", ""), _NAME)}))


def _row(operation: Operation, *, redact: bool) -> list[str]:
    told = changes(operation, redact=redact)
    if operation.kind == "create":
        told = [
            {"path": change["path"], **({} if redact else {"before": None, "after": change["after"]})}
            for change in told
        ]
    text = "; ".join(written_change(change) for change in told)
    who = operation.key if redact else operation.user_name or operation.key
    why = f"{operation.reason} [{operation.origin}]" if operation.origin else operation.reason
    return [operation.kind, who, text, why]


def sentence(totals: Mapping[str, Json]) -> str:
    """How much a plan would do.

    **Shape**: ``3 to create, 1 to update, 0 to reactivate, 2 to deactivate, 0 to delete; 94 unchanged``
    """
    parts = ", ".join(f"{totals.get(kind, 0):,} to {kind}" for kind in KINDS)
    return f"{parts}; {totals.get('unchanged', 0):,} unchanged"


def show_result(name: str, result: "Result") -> None:
    """What a run came to, in one line."""
    done = {kind: result.counts.get(f"{kind} done", 0) for kind in KINDS}
    said = ", ".join(f"{number:,} {done_to(kind)}" for kind, number in done.items())
    if not any(done.values()) and not result.failed:
        said = "nothing to do"
    failed = f"; {result.failed:,} failed" if result.failed else ""
    unclear = f"; {result.unclear:,} unclear or unreadable" if result.unclear else ""
    cut, parts = "", ""
    if result.parts:
        first, *others = (counted(part["counts"]) for part in result.parts)
        cut, parts = ", which was cut off", f"; {first} before it was cut off, {', then '.join(others)} after"
    print(f"{name}: run {result.run}{cut}: {said}{failed}{unclear}{parts}.", flush=True)


def show_report(report: "Report") -> None:
    """A run, for a terminal."""
    head = report.head()
    print_record(
        {
            "run": f"{head['run']} ({head['verb']}, plan {head['plan']})",
            "target": f"{head['target']} ({head['dialect']}, {head['base_url']})",
            "outcome": OUTCOMES[head["outcome"]],
            "source": f"{head['source_entries']:,} entries, {head['bad_rows']:,} bad rows, read {head['source_taken']}",
            "begun": head["begun"],
            "ended": head["ended"] or "not yet",
        }
    )
    for number, part in enumerate(head["parts"], 1):
        print(f"part {number:<9}from {part['begun']}: {counted(part['counts'])}")
    for held in head["held"]:
        print(f"held by a brake: {held}")
    counts = head["counts"]
    others = [s for s in STATES if s != "done" and any(counts.get(kind, {}).get(s) for kind in KINDS)]
    print_table(  # outside a terminal there is no heading, so a number that is not done says what it is
        ["operation", "done", *others],
        [[k, counts.get(k, {}).get("done", 0), *(f"{counts.get(k, {}).get(s, 0)} {s}" for s in others)] for k in KINDS],
    )
    rows = [
        [
            row["kind"],
            row["state"],
            line(row.get("userName") or row.get("key", ""), _NAME),
            line(row.get("detail") or row["reason"]),
        ]
        for row in report.operations()
        if row["state"] != "done" or row.get("detail")
    ]
    if rows:
        print_table(["what", "state", "who", "why"], rows)
    for note in report.notes():
        print(_told(note))
