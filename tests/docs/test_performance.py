"""The page about performance says what the kept run has measured, and nothing else."""

import json

from bench import report


def test_the_tables_of_the_page_are_those_of_the_kept_run() -> None:
    kept = json.loads(report.LATEST.read_text("utf-8"))
    page = report.PAGE.read_text("utf-8")
    assert report.with_block(page, report.tables(kept)) == page


def test_the_kept_run_refused_nothing_and_leaves_no_operation_out() -> None:
    kept = json.loads(report.LATEST.read_text("utf-8"))
    assert {cell["errors"] for cell in kept["cells"]} == {0}
    assert {cell["subject"] for cell in kept["cells"]} == set(report.LABELS)
    assert all(row["met"] is not None or row["note"] for row in kept["targets"])
