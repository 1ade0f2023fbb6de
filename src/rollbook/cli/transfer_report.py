"""``rollbook transfer report``: what a run has done."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from rollbook.cli.options import Json
from rollbook.cli.output import WRONG_USAGE, fail, say
from rollbook.cli.transfer_options import ConfigFile, TargetName, chosen
from rollbook.cli.transfer_running import or_fail


class Format(StrEnum):
    """The forms of a report."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


def report(
    config: ConfigFile = "transfer.toml",
    target: TargetName = None,
    run: Annotated[
        int | None, typer.Option("--run", metavar="NUMBER", help="Else the last one.", show_default=False)
    ] = None,
    format: Annotated[Format | None, typer.Option(help="Else told by the name of FILE, else text.")] = None,
    output: Annotated[str | None, typer.Option("-o", "--output", metavar="FILE", help="Else it is printed.")] = None,
    redact: Annotated[bool, typer.Option("--redact", help="Leave out names and values.")] = False,
    json: Json = False,
) -> None:
    """Say what a run has done: when (UTC), to whom, with what result, and the totals.

    \b
    rollbook transfer report
    rollbook transfer report -o run.html                one page, to print or to send
    rollbook transfer report --format csv --redact
    """
    from rollbook.transfer.report import Report

    form = _format(format, output, json=json)
    if form is Format.TEXT and output is not None:
        fail("text is for the terminal", "give FILE a name that ends in .html, .csv or .json", WRONG_USAGE)
    config_read, targets = chosen(config, target)
    if len(targets) > 1:
        fail(
            "a report is one target's", f"name it with --target: {', '.join(one.name for one in targets)}", WRONG_USAGE
        )
    settings = targets[0]
    journal = _journal(config_read.state_folder, settings.name)
    try:
        found = journal.run(run)
        if found is None:
            fail("there was no run yet" if run is None else f"there was no run {run}")
        _write_report(Report(journal, found, redact or settings.report.redact), form, output)
    finally:
        journal.close()


def _journal(folder: Path, name: str) -> Any:
    from rollbook.transfer.state.journal import Journal

    path = folder / f"{name}.db"
    if not path.is_file():
        fail("there was no run yet")
    return or_fail(lambda: Journal(path))


def _format(format: Format | None, output: str | None, *, json: bool) -> Format:
    if json:
        return Format.JSON
    if format is not None:
        return format
    ending = Path(output).suffix.lower() if output else ""
    return {".json": Format.JSON, ".csv": Format.CSV, ".html": Format.HTML, ".htm": Format.HTML}.get(
        ending, Format.TEXT
    )


def _write_report(report: Any, form: Format, output: str | None) -> None:
    from rollbook.cli.transfer_shown import show_report
    from rollbook.transfer.report_page import write_page

    if form is Format.TEXT:
        show_report(report)
        return
    writers = {
        Format.JSON: report.write_json,
        Format.CSV: report.write_csv,
        Format.HTML: lambda f: write_page(report, f),
    }
    if output is None:
        writers[form](sys.stdout)
        sys.stdout.flush()
        return
    with Path(output).open("w", encoding="utf-8", newline="") as file:
        writers[form](file)
    say(f"The report of run {report.run.number} is in {output}.")
