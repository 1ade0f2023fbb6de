"""schemathesis, an outside judge, reads the document that the server gives and holds the server to it.

All of its checks run, on data that fits the document and on data that does not. What a document cannot say stands in
``schemathesis_hooks``. ``/Me`` is bound to a user, so that it is judged too.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.devices import with_devices
from tests.support.house import House, running_house
from tests.support.postgres import fresh_database

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 240
_CONFIG = """\
[generation]
allow-x00 = false

[phases.coverage]
generate-duplicate-query-parameters = false

[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "501"]

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "412"]

[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415"]
"""


_PHASES = {
    "sqlite": "examples,coverage,fuzzing,stateful",
    "postgres": "examples,fuzzing,stateful",  # every boundary of one document is not tried twice
}
_SMALL = {
    # Boundaries are tried, at the limit and one above: small ones cost less than those of production.
    "ROLLBOOK_ATTRIBUTE_VALUES": "3",
    "ROLLBOOK_PATCH_OPERATIONS": "3",
    "ROLLBOOK_BULK_OPERATIONS": "3",
    "ROLLBOOK_NAME_LENGTH": "64",
}


@pytest.fixture(params=["sqlite", "postgres"])
def small_house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A server of this test's own, with small limits."""
    if request.param == "sqlite":
        with running_house("sqlite", f"sqlite:///{tmp_path / 'rollbook.db'}", **_SMALL) as house:
            yield house
        return
    with (
        fresh_database(request.getfixturevalue("postgres_admin_url")) as url,
        running_house("postgres", url, **_SMALL) as house,
    ):
        yield house


def test_the_server_is_what_its_document_says(small_house: House, tmp_path: Path) -> None:
    # Once with types of a tenant's own.
    seat = small_house.seat("acorn") if small_house.engine == "sqlite" else with_devices(small_house)
    seat.user("ann")
    seat = seat.by("judge", "strict", subject="ann")
    config = tmp_path / "schemathesis.toml"
    config.write_text(_CONFIG, "utf-8")
    command = [
        *(str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config)),
        *("run", f"{seat.house.url}/t/{seat.name}/openapi.json"),
        *("-H", f"Authorization: Bearer {seat.token}"),
        *(
            "--phases",
            _PHASES[small_house.engine],
            "--checks",
            "all",
            "--max-examples",
            "6",
            "--seed",
            "7",
            "--generation-database",
            "none",
        ),
        *("--no-color", "--warnings", "off", "--output-truncate", "false"),
    ]
    environment = {"SCHEMATHESIS_HOOKS": "tests.conformance.schemathesis_hooks", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
