"""The jobs in ``examples/`` run: what their READMEs say, pasted into a shell; and their units are whole."""

import shutil
from configparser import ConfigParser
from pathlib import Path

import pytest
from tests.support.page import run_page
from tests.support.server import ROOT

EXAMPLES = ROOT / "examples"
JOBS = {
    "csv-to-releezme": (
        "people.csv: 5 rows, 0 bad, 1 left out",
        '"groups": [{"display": "First floor"}, {"display": "Second floor"}, {"display": "Board"}]',
        '{"value": "00012345", "display": "Card"}, {"value": "00077777", "display": "Card"}',
        "4 created",
        "decision: nothing: as it is wanted",
    ),
    "ldap-to-standard": (
        "people: 2",
        '"groups": [{"display": "Staff"}]',
        "2 created",
        "decision: nothing: as it is wanted",
    ),
    "sql-to-identify": ("people: 3", "SCIM 1.1", "3 created", "decision: nothing: as it is wanted"),
}
"""What is seen when a job is run by hand."""


@pytest.mark.parametrize("job", JOBS)
def test_a_job_runs_as_its_readme_says(job: str, tmp_path: Path) -> None:
    if job.startswith("ldap") and not (Path("/usr/sbin/slapd").is_file() and shutil.which("ldapadd")):
        pytest.skip("slapd is not installed (apt-get install slapd ldap-utils)")
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    printed = run_page(EXAMPLES / job / "README.md", tmp_path, files=[tmp_path / "examples" / job / "transfer.toml"])
    for fragment in JOBS[job]:
        assert fragment in printed, printed


@pytest.mark.parametrize("job", JOBS)
def test_its_units_are_whole(job: str) -> None:
    units = {}
    for kind in ("service", "timer"):
        unit = units[kind] = ConfigParser(interpolation=None, strict=False)
        unit.optionxform = str  # type: ignore[assignment, method-assign]
        unit.read(EXAMPLES / job / f"rollbook-transfer.{kind}", "utf-8")
        assert unit["Unit"]["Description"]
    service = units["service"]["Service"]
    assert service["Type"] == "oneshot"
    assert service["ExecStart"].endswith("rollbook transfer sync -c /etc/rollbook-transfer/transfer.toml")
    assert units["timer"]["Timer"]["OnCalendar"]
    assert units["timer"]["Install"]["WantedBy"] == "timers.target"


def test_every_example_is_one_of_these() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir()} == set(JOBS)
