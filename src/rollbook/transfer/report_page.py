"""The report of a run as one page of HTML that prints well: nothing is loaded, everything is escaped."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, TextIO

from rollbook.transfer.report import KINDS, OUTCOMES, STATES, Report, counted, written_value

Json = Any

_STYLE = """
:root { color-scheme: light; }
body { font: 10.5pt/1.4 system-ui, sans-serif; color: #1b1b1b; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid #ccc; }
td { overflow-wrap: anywhere; } th { border-bottom: 2px solid #555; }
.n { text-align: right; font-variant-numeric: tabular-nums; } .quiet { color: #595959; }
.failed, .conflict, .skipped, .begun, .planned { font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; } dt { color: #595959; } dd { margin: 0; }
@page { margin: 15mm; } @media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; }
thead { display: table-header-group; } }
"""


def write_page(report: Report, file: TextIO) -> None:
    """Write the page."""
    file.writelines(_page(report))


def _page(report: Report) -> Iterator[str]:
    head = report.head()
    title = f"Transfer to {head['target']}, run {head['run']}"
    yield f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
    yield f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
    yield f"<p>{escape(OUTCOMES[head['outcome']])}</p>\n<dl>\n"
    for name, value in _facts(head):
        yield f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>\n"
    yield "</dl>\n"
    if head["held"]:
        yield "<h2>Brakes</h2>\n<ul>\n"
        yield from (f"<li>{escape(held)}</li>\n" for held in head["held"])
        yield "</ul>\n"
    yield from _totals(head)
    yield from _operations(report)
    yield from _notes(report)
    yield "</body>\n</html>\n"


def _facts(head: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for name, value in (
        ("Target", f"{head['base_url']} ({head['dialect']})"),
        ("Plan", head["plan"]),
        ("Source read (UTC)", head["source_taken"]),
        ("Begun (UTC)", head["begun"]),
        ("Ended (UTC)", head["ended"] or "not yet"),
        ("Entries in the source", head["source_entries"]),
        ("Rows that cannot be read", head["bad_rows"]),
        ("Allowed past the brakes", head["allowed"]),
    ):
        if value is not None:
            yield name, value
    for number, part in enumerate(head["parts"], 1):
        yield f"Part {number}", f"from {part['begun']}: {counted(part['counts'])}"


def _totals(head: Mapping[str, Json]) -> Iterator[str]:
    counts = head["counts"]
    states = [state for state in STATES if any(counts.get(kind, {}).get(state) for kind in KINDS)] or ["done"]
    yield '<h2>Totals</h2>\n<table id="totals">\n<thead><tr><th>Operation</th>'
    yield "".join(f'<th class="n">{escape(state)}</th>' for state in states) + "</tr></thead>\n<tbody>\n"
    for kind in KINDS:
        cells = "".join(f'<td class="n">{counts.get(kind, {}).get(state, 0):,}</td>' for state in states)
        yield f"<tr><td>{escape(kind)}</td>{cells}</tr>\n"
    sums = "".join(
        f'<td class="n">{sum(counts.get(kind, {}).get(state, 0) for kind in KINDS):,}</td>' for state in states
    )
    yield f"<tr><td>all</td>{sums}</tr>\n"
    if (unchanged := head["totals"].get("unchanged")) is not None:
        yield f'<tr><td>unchanged</td><td class="n">{unchanged:,}</td>{"<td></td>" * (len(states) - 1)}</tr>\n'
    yield "</tbody>\n</table>\n"


def _operations(report: Report) -> Iterator[str]:
    yield '<h2>Operations</h2>\n<table id="operations">\n<thead><tr><th class="n">#</th><th>Ended (UTC)</th>'
    yield "<th>What</th><th>Who</th><th>Before → after</th><th>Why</th></tr></thead>\n<tbody>\n"
    for row in report.operations():
        who = " ".join(str(row[name]) for name in ("userName", "key", "id") if row.get(name))
        detail = f"<br>{escape(row['detail'])}" if row.get("detail") else ""
        yield (
            f'<tr><td class="n">{row["n"]}</td><td>{escape(row.get("ended") or "")}</td>'
            f'<td class="{escape(row["state"])}">{escape(row["kind"])} {escape(row["state"])}</td>'
            f"<td>{escape(who)}</td>"
            f"<td>{'<br>'.join(_change(change) for change in row.get('changes', ()))}</td>"
            f"<td>{escape(row['reason'])}{detail}</td></tr>\n"
        )
    yield "</tbody>\n</table>\n"


def _change(change: Mapping[str, Json]) -> str:
    path = escape(change["path"])
    if "before" not in change:
        return path
    before, after = written_value(change["before"]), written_value(change["after"])
    return f'<span class="quiet">{path}:</span> {escape(before)} → {escape(after)}'


def _notes(report: Report) -> Iterator[str]:
    rows = report.notes()
    first = next(rows, None)
    if first is None:
        return
    yield '<h2>Notes</h2>\n<table id="notes">\n'
    yield "<thead><tr><th>Kind</th><th>Who</th><th>What</th></tr></thead>\n<tbody>\n"
    for note in (first, *rows):
        who = " ".join(str(note[name]) for name in ("userName", "key", "id") if note.get(name))
        kind = note["note"].replace("_", " ")
        yield f"<tr><td>{escape(kind)}</td><td>{escape(who)}</td><td>{escape(note.get('text', ''))}</td></tr>\n"
    yield "</tbody>\n</table>\n"
