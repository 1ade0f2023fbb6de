"""The quickstart works when it is pasted, block after block, into one shell."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from tests.support.server import ROOT, free_port

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def transcript(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the whole page prints."""
    folder = tmp_path_factory.mktemp("quickstart")
    text = (ROOT / "docs" / "quickstart.md").read_text("utf-8")
    port = str(free_port())
    blocks = [block.replace("8080", port) for block in _BLOCK.findall(text)]
    assert len(blocks) >= 8
    script = "\n".join(f"echo '=== {number}'\n{block}" for number, block in enumerate(blocks))
    (folder / "script.sh").write_text(f"set -eu\ntrap 'kill $(jobs -p)' EXIT\n{script}\n", "utf-8")
    (folder / ".venv").symlink_to(ROOT / ".venv") if (ROOT / ".venv").exists() else None
    env = {**os.environ, "ROLLBOOK_PORT": port, "ROLLBOOK_DRAIN_SECONDS": "0"}
    shell = subprocess.Popen(
        ["bash", "script.sh"],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        out, _ = shell.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGTERM)
        out, _ = shell.communicate()
        pytest.fail(f"the quickstart hangs:\n{out}")
    assert shell.returncode == 0, out
    return out


@pytest.mark.parametrize(
    "fragment",
    [
        '"userName":"ann@acorn.example"',
        '"totalResults":1',
        '"title":"Head of archery"',
        '"display":"Archers","type":"direct"',
        "resource:modify",
        '"scimType":"invalidFilter"',
    ],
)
def test_the_quickstart_does_what_it_says(transcript: str, fragment: str) -> None:
    assert fragment in transcript


def test_the_page_names_only_documents_that_exist() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")]:
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} points at {target}"


def test_the_readme_is_at_most_two_screens() -> None:
    lines = Path(ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) <= 100
