"""The command ``rollbook`` as a process: what an operator types, and what comes back."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROLLBOOK = str(Path(sys.executable).parent / "rollbook")


class Told:
    """What a command said, and its exit code."""

    def __init__(self, done: "subprocess.CompletedProcess[str]") -> None:
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr
        assert "Traceback" not in self.out + self.err, self.err

    def json(self) -> Any:
        """The one JSON value on standard output."""
        assert self.code == 0, self.out + self.err
        return json.loads(self.out)

    def rows(self) -> list[list[str]]:
        """The rows of a table."""
        assert self.code == 0, self.out + self.err
        return [line.split("\t") for line in self.out.splitlines()]


def environment(**variables: str) -> dict[str, str]:
    """The environment without settings of whoever runs the tests, and without a settings file."""
    # Without the second, each command would compile all of Python's modules that it loads, again and again.
    dropped = ("ROLLBOOK_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, "ROLLBOOK_CONFIG": "", **variables}


def rollbook(*arguments: str, cwd: Path | None = None, stdin: str = "", **variables: str) -> Told:
    """Run ``rollbook ARGUMENTS`` with these environment variables, its input no terminal."""
    done = subprocess.run(
        [ROLLBOOK, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env=environment(**variables),
    )
    return Told(done)
