"""schemathesis, an outside judge, reads the document of the System API and holds the server to it, on both engines."""

import os
import subprocess
import sys
from pathlib import Path

from tests.lockers.conftest import new_company
from tests.support.house import House

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 300
_CONFIG = """\
[generation]
allow-x00 = false

[phases.coverage]
generate-duplicate-query-parameters = false

[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx"]

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "412", "422", "428"]

[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428"]
"""


def test_the_system_api_is_what_its_document_says(house: House, tmp_path: Path) -> None:
    company = new_company(house)
    config = tmp_path / "schemathesis.toml"
    config.write_text(_CONFIG, "utf-8")
    phases = "examples,coverage" if house.engine == "sqlite" else "fuzzing"
    command = [
        *(str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config)),
        *("run", f"{house.url}/t/{company.seat.name}/api/v1/openapi.json"),
        *("--url", f"{house.url}/t/{company.seat.name}/api/v1"),
        *("-H", f"Authorization: Bearer {company.seat.token}"),
        *("--phases", phases, "--checks", "all", "--max-examples", "2", "--seed", "7"),
        *("--generation-database", "none", "--no-color", "--warnings", "off", "--output-truncate", "false"),
    ]
    environment = {"SCHEMATHESIS_HOOKS": "tests.conformance.schemathesis_system_hooks", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
