"""What is told of a run: on the terminal, as JSON, CSV and one page, and what is left out where that is asked."""

import csv
import io
import re
from html.parser import HTMLParser

import pytest
from tests.support.house import Seat
from tests.support.transfer_stage import Stage

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def told(stage: Stage, acorn: Seat) -> Stage:
    """A run that created, changed and deactivated, with a stranger and a row that is broken."""
    acorn.user("stranger")
    stage.sync()
    stage.rows[0]["first"] = "<b>=Cleo</b>"
    stage.rows[1]["login"] = "=cmd@acorn.example"
    stage.rows[2]["active"] = "perhaps"
    stage.rows.pop()
    stage.sync(code=4)
    return stage


def test_the_terminal_has_times_totals_and_notes(told: Stage) -> None:
    shown = told.run("report")
    assert shown.code == 0
    assert UTC.search(shown.out)
    assert re.search(r"update\t2\n", shown.out)
    assert "unknown: stranger" in shown.out
    assert "people.csv line 4" in shown.out


def test_json_has_every_operation_with_before_and_after(told: Stage) -> None:
    report = told.run("report", "--json").json()
    assert report["counts"]["update"] == {"done": 2}
    assert all(UTC.fullmatch(report[name]) for name in ("begun", "ended", "source_taken"))
    (change,) = report["operations"][0]["changes"]
    assert change == {"path": "name.givenName", "before": "Ann1", "after": "<b>=Cleo</b>"}
    assert told.run("report", "--run", "1", "--json").json()["counts"]["create"] == {"done": 10}
    assert told.run("report", "--run", "99").code == 1


def test_csv_is_safe_to_open_in_a_spreadsheet(told: Stage) -> None:
    rows = list(csv.DictReader(io.StringIO(told.run("report", "--format", "csv").out)))
    assert [row["kind"] for row in rows if row["state"] == "done"] == ["update", "update", "deactivate"]
    assert not any(cell[:1] in ("=", "+", "-", "@") for row in rows for cell in row.values() if cell)


def test_the_page_stands_alone_escapes_and_has_totals(told: Stage) -> None:
    assert told.run("report", "-o", "run.html").code == 0
    page = (told.folder / "run.html").read_text("utf-8")

    class Reader(HTMLParser):
        tags: list[str] = []  # noqa: RUF012 - one page

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.tags.append(tag)
            assert "src" not in dict(attrs)  # type: ignore[call-overload]

    Reader().feed(page)
    assert not {"script", "link", "img", "b"} & set(Reader.tags)
    assert page.count("<table") == 3
    assert "&lt;b&gt;=Cleo&lt;/b&gt;" in page
    assert "@media print" in page
    assert len(UTC.findall(page)) > 3


@pytest.mark.parametrize("form", ["json", "csv", "html"])
def test_redacted_reports_have_no_names_and_no_values(told: Stage, form: str) -> None:
    text = told.run("report", "--format", form, "--redact").out
    assert "00001" in text
    assert not re.search("Cleo|Ann1|cmd@|stranger", text)


def test_a_config_can_ask_for_redaction(told: Stage) -> None:
    told.tables = "[report]\nredact = true\n"
    assert "Cleo" not in told.run("report", "--json").out


def test_before_the_first_run_there_is_nothing_to_report(stage: Stage) -> None:
    shown = stage.run("report")
    assert (shown.code, "there was no run yet" in shown.err) == (1, True)
