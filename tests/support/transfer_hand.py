"""``rollbook transfer`` as a process, quickly: one process loads the command, and each command is a child of it.

``python -m tests.support.transfer_hand`` is that process: it reads a JSON line for each command and answers with the
child's id, then with its exit code. A child is a process of its own like any other: it can be killed.
"""

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.command import Told, environment
from tests.support.server import ROOT

_PATIENCE = 120
_LOADED = (
    "anyio._backends._asyncio",
    "encodings.utf_8_sig",
    "h11",
    "httpcore2",
    "httpx2",
    "pydantic.type_adapter",
    "rollbook.cli.transfer_bars",
    "rollbook.cli.transfer_shown",
    "rollbook.transfer.report_page",
    "rollbook.transfer.runs",
    "rollbook.transfer.sources.csv_file",
    "rollbook.transfer.sources.scim",
    "truststore",
)
"""What commands load when they need it, loaded once."""


class Child:
    """A command at work."""

    def __init__(self, hand: "Hand", pid: int, folder: Path) -> None:
        self.pid = pid
        self._hand = hand
        self._folder = folder
        self._told: Told | None = None

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End it: not at all politely, unless told otherwise."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self) -> Told:
        """What it said, once it has ended."""
        if self._told is None:
            code = self._hand.read()["code"]
            texts = [
                (self._folder / name).read_text("utf-8", "replace") for name in (f"{self.pid}.out", f"{self.pid}.err")
            ]
            self._told = Told(subprocess.CompletedProcess([], code, *texts))
        return self._told


class Hand:
    """Runs commands, one at a time."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process = process
        self._folder = folder

    def start(self, *arguments: str, cwd: Path, **variables: str) -> Child:
        """Begin ``rollbook transfer ARGUMENTS``."""
        asked = {
            "argv": ["rollbook", "transfer", *arguments],
            "cwd": str(cwd),
            "env": variables,
            "to": str(self._folder),
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Child(self, self.read()["pid"], self._folder)

    def __call__(self, *arguments: str, cwd: Path, **variables: str) -> Told:
        """Run ``rollbook transfer ARGUMENTS``."""
        return self.start(*arguments, cwd=cwd, **variables).wait()

    def read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process that begins commands has ended"
        return json.loads(line)


@contextlib.contextmanager
def running_hand(folder: Path) -> Iterator[Hand]:
    """A hand, as long as it is needed."""
    command = [sys.executable, "-m", "tests.support.transfer_hand"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Hand(process, folder)
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(_PATIENCE)
        finally:
            process.kill()
            process.stdout.close()


def _main() -> None:
    for name in _LOADED:
        importlib.import_module(name)
    import typer.main

    from rollbook.cli.main import app
    from rollbook.cli.session import guarded

    command = typer.main.get_command(app)
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(asked)
            code = guarded(command)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _say({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _say({"code": os.waitstatus_to_exitcode(status)})


def _become(asked: Any) -> None:
    os.chdir(asked["cwd"])
    os.environ.update(asked["env"])
    sys.argv = asked["argv"]
    for number, end in ((1, "out"), (2, "err")):
        descriptor = os.open(f"{asked['to']}/{os.getpid()}.{end}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)


def _say(what: Any) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    _main()
