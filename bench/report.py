"""The result as JSON, as text for the terminal, and as the generated block of ``docs/performance.md``."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bench.machine import ROOT
from bench.targets import Results, Row

LATEST = ROOT / "bench" / "results" / "latest.json"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"

LABELS = {
    "echo": "ceiling: plain ASGI echo on uvicorn",
    "pgbench": "ceiling: pgbench, the same rows",
    "apsw": "ceiling: loop over apsw, the same rows",
    "PostgreSQL": "rollbook on PostgreSQL",
    "SQLite": "rollbook on SQLite",
    "scim2-server": "scim2-server, in memory",
}


def document(described: dict[str, Any], results: Results, rows: Sequence[Row]) -> dict[str, Any]:
    """Everything that is kept of a run."""
    return {
        **described,
        "cells": [cell.summary() for cell in results.cells],
        "paced": results.paced,
        "floods": results.floods,
        "singles": [asdict(single) for single in results.singles],
        "memory": {"peak_mb": results.rss, "listings": results.listings},
        "two_workers": results.two_workers,
        "bulks": results.bulks,
        "tokens": results.tokens,
        "transfers": results.transfers,
        "dialects": results.dialects,
        "targets": [{**asdict(row), "met": row.met} for row in rows],
    }


def tables(kept: dict[str, Any]) -> str:
    """The result for people, as Markdown."""
    parts = [_made(kept), _load(kept["cells"]), _targets(kept["targets"])]
    if kept["paced"]:
        parts.append(_paced(kept["paced"]))
    if kept.get("floods"):
        parts.append(_floods(kept["floods"]))
    if kept["singles"]:
        parts.append(_singles(kept["singles"]))
    parts += [_listing(engine, found) for engine, found in kept["memory"]["listings"].items()]
    return "\n\n".join(part for part in parts if part)


def save(kept: dict[str, Any]) -> None:
    """Write ``latest.json`` and the block in the page. **Raises** ``ValueError`` where the page has no markers."""
    LATEST.parent.mkdir(exist_ok=True)
    LATEST.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    PAGE.write_text(with_block(PAGE.read_text("utf-8"), tables(kept)), "utf-8")


def with_block(page: str, block: str) -> str:
    """The page with another block between the markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the markers {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


def table(heads: Sequence[str], lines: Sequence[Sequence[str]], texts: int = 1) -> str:
    """A Markdown table with its columns aligned, the first ``texts`` of them to the left."""
    widths = [max(len(line[i]) for line in (heads, *lines)) for i in range(len(heads))]

    def row(line: Sequence[str]) -> str:
        cells = [
            text.ljust(w) if i < texts else text.rjust(w) for i, (text, w) in enumerate(zip(line, widths, strict=True))
        ]
        return f"| {' | '.join(cells)} |"

    rule = ["-" * w if i < texts else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    return "\n".join([row(heads), row(rule), *map(row, lines)])


def _made(kept: dict[str, Any]) -> str:
    machine, versions, run = kept["machine"], kept["versions"], kept["run"]
    return (
        f"Commit {kept['commit']}, {run['date']}, {run['minutes']} minutes. {machine['cpu']}, {machine['cores']} cores,"
        f" {machine['memory_gib']} GiB, Linux {machine['kernel']}, load {machine['load_before']} before the run."
        f" {', '.join(f'{name} {found}' for name, found in versions.items())}."
        f" Medians of {run['passes']} interleaved passes of {run['seconds']} s each, {run['connections']} connections,"
        " one worker."
    )


def _load(cells: Sequence[dict[str, Any]]) -> str:
    lines = [
        (
            LABELS[cell["subject"]],
            cell["operation"],
            f"{cell['rate']:,}",
            f"{cell['p50_ms']:.2f}",
            f"{cell['p99_ms']:.2f}",
            "–" if cell["cpu_us"] is None else f"{cell['cpu_us']:,.0f}",
            str(cell["errors"]),
        )
        for cell in cells
    ]
    heads = ("subject", "operation", "requests/s", "p50 ms", "p99 ms", "CPU µs each", "errors")
    return table(heads, lines, texts=2) if lines else ""


def _targets(targets: Sequence[dict[str, Any]]) -> str:
    lines = []
    for row in targets:
        measured = row["note"] if row["value"] is None else _amount(row["value"], row["unit"])
        limit = f"{'at least' if row['at_least'] else 'at most'} {_amount(row['target'], row['unit'])}"
        met = {True: "met", False: "not met", None: "–"}[row["met"]]
        lines.append((row["name"], measured, limit, met))
    return table(("ratio", "measured", "target", ""), lines) if lines else ""


def _amount(value: float, unit: str) -> str:
    shown = value + 0.0 if abs(value) >= 0.005 else 0.0  # no "-0.00"
    return f"{shown:.2f} {unit}" if shown < 10 and shown != round(shown) else f"{shown:.0f} {unit}"


def _paced(paced: dict[str, dict[str, float]]) -> str:
    lines = [
        (name, f"{p['asked']:,.0f}", f"{p['rate']:,.0f}", f"{p['p50_ms']:.2f}", f"{p['p99_ms']:.2f}")
        for name, p in paced.items()
    ]
    heads = ("at half of the highest rate", "asked/s", "answered/s", "p50 ms", "p99 ms")
    return table(heads, lines)


def _floods(floods: dict[str, dict[str, float]]) -> str:
    lines = [
        (engine, f"{f['asked']:,.0f}", when, *(f"{f[name]:.2f}" for name in names), *logins)
        for engine, f in floods.items()
        for when, names, logins in (
            ("no logins", ("quiet_p50_ms", "quiet_p99_ms"), ("–", "–")),
            ("200 at once", ("p50_ms", "p99_ms"), (f"{f['logins']:.0f}", f"{f['told_to_wait']:.0f}")),
        )
    ]
    heads = ("engine", "GETs/s", "beside", "p50 ms", "p99 ms", "logins/s", "told to wait/s")
    return table(heads, lines)


def _singles(singles: Sequence[dict[str, Any]]) -> str:
    lines = [(s["engine"], s["question"], f"{s['users']:,}", f"{s['p50']:.2f}", f"{s['p99']:.2f}") for s in singles]
    return table(("engine", "one at a time", "users", "p50 ms", "p99 ms"), lines, texts=2)


def _listing(engine: str, found: dict[str, float]) -> str:
    return (
        f"{engine}: {found['users']:,.0f} users listed twice, 1,000 a page, in {found['seconds']:.0f} s; the worker had"
        f" {found['rss_early_mb']:.0f} MB after the first tenth and {found['rss_end_mb']:.0f} MB at the end."
    )
