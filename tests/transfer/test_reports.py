"""What is told of a run: on the terminal, as JSON, CSV and one page, and what is left out where that is asked."""

import csv
import io
import json
import re
from html.parser import HTMLParser

import pytest
from tests.support.fault_proxy import fault_proxy
from tests.support.house import Seat
from tests.support.transfer_stage import Stage, sync_killed_at

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


def cut_off(stage: Stage, acorn: Seat) -> None:
    """A run that is killed at its fifth POST, one at a time."""
    stage.tables = "[run]\nconcurrency = 1\n"
    address = stage.base_url
    with fault_proxy(acorn.base) as proxy:
        stage.base_url = proxy.url
        sync_killed_at(stage, proxy, 5)
    stage.base_url = address


def test_what_a_run_came_to_stands_on_standard_output(stage: Stage) -> None:
    told = stage.run("sync")
    assert told.out == "default: run 1: 10 created, 0 updated, 0 reactivated, 0 deactivated, 0 deleted.\n"
    assert stage.run("sync").out == "default: run 2: nothing to do.\n"
    stage.rows.pop()
    assert stage.run("plan", "-o", "plan.jsonl").code == 0
    assert "1 deactivated" in stage.run("apply", "plan.jsonl").out
    told = stage.run("sync", "--json")
    assert json.loads(told.out)["targets"][0]["run"] == 4
    assert "run 4" not in told.err


def test_a_run_that_was_cut_off_is_told_in_both_its_parts(stage: Stage, acorn: Seat) -> None:
    cut_off(stage, acorn)
    stage.rows[0]["first"] = "Cleo"
    told = stage.run("sync")
    assert told.code == 0, told.err
    first, second = told.out.splitlines()
    assert first.startswith("default: run 1, which was cut off: 10 created")
    assert "4 created before it was cut off" in first
    assert "6 created after" in first
    assert second.startswith("default: run 2: 0 created, 1 updated")
    report = stage.run("report", "--run", "1", "--json").json()
    assert [part["counts"] for part in report["parts"]] == [{"create": {"done": 4}}, {"create": {"done": 6}}]
    assert all(UTC.fullmatch(part["begun"]) for part in report["parts"])
    assert (report["parts"][0]["begun"], report["counts"]["create"]) == (report["begun"], {"done": 10})
    shown = stage.run("report", "--run", "1").out
    assert re.search(r"part 1 +from \S+Z: 4 created\n", shown)
    assert re.search(r"part 2 +from \S+Z: 6 created\n", shown)
    page = stage.run("report", "--run", "1", "--format", "html").out
    assert "4 created" in page
    assert stage.run("report", "--run", "2", "--json").json()["parts"] == []


def test_json_tells_of_the_run_that_was_finished_first_also_where_a_brake_stops_the_next(
    stage: Stage, acorn: Seat
) -> None:
    cut_off(stage, acorn)
    stage.rows = []
    told = stage.run("sync", "--json")
    assert told.code == 3
    (said,) = json.loads(told.out)["targets"]
    assert said["held"] == ["the source is empty"]
    assert (said["finished"]["run"], said["finished"]["counts"]) == (1, {"create done": 10})
    counts = [part["counts"] for part in said["finished"]["parts"]]
    assert counts == [{"create": {"done": 4}}, {"create": {"done": 6}}]


def test_resume_tells_both_parts(stage: Stage, acorn: Seat) -> None:
    cut_off(stage, acorn)
    told = stage.run("resume")
    assert "4 created before it was cut off, 6 created after" in told.out


def test_names_from_a_source_move_no_cursor_and_fill_no_screen(stage: Stage, acorn: Seat) -> None:
    acorn.user("seen")
    stage.rows = [{**row, "login": f"red\x1b[31m{row['id']}"} for row in stage.rows]
    stage.rows[0]["login"] = "x" * 5000
    stage.rows += [{**stage.rows[1], "id": str(number), "login": f"a\x07{number}"} for number in range(30)]
    stage.rows += [{**stage.rows[1], "id": f"9{number}", "login": "b\x1bell"} for number in range(2)]
    told = stage.run("sync")
    assert told.code == 4
    again = stage.run("report")
    for text in (told.out, told.err, again.out):
        assert not re.search(r"[^\n\t -~À-ÿ–→…]", text), re.findall(r".*[^\n\t -~À-ÿ–→…].*", text)
        assert max(map(len, text.splitlines())) < 500
    assert "create failed: red\\x1b[31m00002: 400" in told.err
    assert "… and 20 more operations: `rollbook transfer report` has them all" in told.err
    assert "10 unclear" not in told.out
