"""A document's examples, pasted block after block into one shell."""

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.support.server import ROOT, free_port

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> list[str]:
    """The blocks marked ``sh``: those that a reader is meant to paste."""
    return _BLOCK.findall(page.read_text("utf-8"))


def run_page(page: Path, folder: Path, *, files: Sequence[Path] = ()) -> str:
    """What all blocks of a page print, each after a line ``=== number``; every command has to succeed.

    ``folder`` stands for the checkout: ``.venv`` is there. Port 8080 becomes a free one, in ``files`` too.
    """
    port = str(free_port())
    for file in files:
        file.write_text(file.read_text("utf-8").replace("8080", port), "utf-8")
    script = "\n".join(f"echo '=== {n}'\n{block.replace('8080', port)}" for n, block in enumerate(blocks(page)))
    (folder / "script.sh").write_text(f"set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{script}\n", "utf-8")
    if (ROOT / ".venv").exists():
        (folder / ".venv").symlink_to(ROOT / ".venv")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROLLBOOK_")}
    shell = subprocess.Popen(
        ["bash", "script.sh"],
        cwd=folder,
        env={**kept, "ROLLBOOK_PORT": port, "ROLLBOOK_DRAIN_SECONDS": "0"},
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
        pytest.fail(f"{page.name} hangs:\n{out}")
    assert shell.returncode == 0, out
    return out
