"""``rollbook doctor``: looks at everything that a server stands on, and says of each what to do."""

import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from rollbook.cli.options import Config, Database, Json
from rollbook.cli.output import print_json
from rollbook.cli.session import explain, load, with_store
from rollbook.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from rollbook.config import Loaded, Settings
    from rollbook.storage.contract import Store
    from rollbook.storage.entrance_records import Letter
    from rollbook.storage.identity_records import SigningKey

WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
"""This release is no older than that, so no right clock shows an earlier time."""
LOW_SPACE = 512 * 1024**2
"""Bytes. Precedent: an SQLite journal grows to a few hundred MB under a long read; below this a backup may not fit."""


class Finding(NamedTuple):
    """**Shape**: ``check`` is the name of a check; ``todo`` is empty where ``ok``."""

    check: str
    ok: bool
    detail: str
    todo: str = ""


def doctor(ctx: typer.Context, database: Database = None, config: Config = None, json: Json = False) -> None:
    """Look at the settings, dialects, clock, database, its role and the disk: each is ok, or what to do is said.

    Nothing is changed. Exit code 1 where something has to be done.

    \b
    rollbook doctor
    rollbook doctor --database postgresql://rollbook:secret@db/rollbook
    """
    findings = list(_findings(ctx, database, config))
    if json:
        print_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            _print(finding)
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


def _findings(ctx: typer.Context, database: str | None, config: str | None) -> Iterator[Finding]:
    from rollbook.config import ConfigError

    try:
        loaded = load(ctx, database=database, config=config)
    except ConfigError as refused:
        for problem in refused.problems:
            yield Finding("settings", False, f"{problem.setting} ({problem.source}): {problem.detail}", problem.right)
        yield clock(SYSTEM_CLOCK.now())
        return
    yield _settings(loaded)
    yield from _dialects(loaded.settings)
    yield clock(SYSTEM_CLOCK.now())
    yield from _database(loaded.settings)
    yield disk(loaded.settings)


def _settings(loaded: "Loaded") -> Finding:
    settings = loaded.settings
    if settings.workers > 1 and settings.database.engine == "sqlite":
        todo = "set workers to 1, or move to PostgreSQL"
        return Finding("settings", False, f"{settings.workers} workers cannot share an SQLite file", todo)
    set_ = [f"{name}={text}" for name, text in settings.differing().items()]
    return Finding("settings", True, f"{', '.join(set_)}; file: {loaded.file or 'none'}")


def _dialects(settings: "Settings") -> Iterator[Finding]:
    """The dialects, where there are some beside those of this package."""
    from rollbook.app import house_dialects
    from rollbook.dialects.loading import catalog
    from rollbook.errors import RollbookError

    try:
        known = house_dialects(settings)
    except RollbookError as refused:
        yield Finding("dialects", False, refused.detail, refused.hint or "mend it: no server starts with it")
        return
    own = {dialect.name for dialect in catalog()}
    if more := [dialect.name for dialect in known if dialect.name not in own]:
        yield Finding("dialects", True, f"{', '.join(more)}, beside those of rollbook")


def clock(now: datetime) -> Finding:
    """Tokens expire by this clock, so it has to be right."""
    if now < WRITTEN:
        todo = "set the machine's clock (with NTP): tokens expire by it and events are dated by it"
        return Finding("clock", False, f"it shows {now:%Y-%m-%d %H:%M} UTC, before this release was written", todo)
    return Finding("clock", True, f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _database(settings: "Settings") -> Iterator[Finding]:
    """The database and the role by which we use it."""
    from rollbook.storage.errors import SchemaMismatch, StoreError

    shown = str(settings.database)
    if settings.database.engine == "sqlite" and not Path(settings.database.path).exists():
        # Opening it would make it, and a look changes nothing.
        yield Finding("database", False, f"{shown} is not there yet", "`rollbook db migrate` makes it")
        return

    async def look(
        store: "Store",
    ) -> tuple[int, list[str], list[str], list["SigningKey"], bool, list["Letter"]]:
        await store.ping()
        keys, clients = await store.identity.keys(), await store.identity.clients()
        version, problems, risks = await store.schema_version(), await store.problems(), await store.risks()
        return version, problems, risks, keys, bool(clients), await store.entrance.letters()

    try:
        version, problems, risks, keys, has_clients, letters = with_store(settings, look, empty="leave")
    except SchemaMismatch as mismatch:
        yield Finding("database", False, *explain(mismatch.found, mismatch.wanted))
        return
    except StoreError as refused:
        todo = refused.hint or "start the database, and check its address, user and password"
        yield Finding("database", False, f"{shown}: {refused.detail}", todo)
        return
    # An SQLite file has no roles: what is wrong with one is wrong with the file.
    check = "role" if settings.database.engine == "postgres" else "database"
    if check == "role" or not problems:
        yield Finding("database", True, f"{shown}, schema {version}")
    for problem in problems:
        yield Finding(check, False, problem, "mend this before you serve: `rollbook serve` refuses to start")
    for risk in risks:
        yield Finding("database", False, risk, "mend this; `rollbook serve` starts all the same")
    if check == "database":
        yield Finding("role", True, "an SQLite file has none; who may read the file may read everything")
    elif not problems:
        yield Finding("role", True, "neither superuser nor exempt from row-level security")
    yield _keys(settings, keys, has_clients)
    yield _mail(settings, letters)


def _mail(settings: "Settings", letters: list["Letter"]) -> Finding:
    """What is to be sent to people."""
    ways = {"mail": settings.smtp_host, "text": settings.text_command}
    failed = [letter for letter in letters if letter.state == "failed" and letter.content is not None]
    stuck = [letter for letter in letters if letter.state == "waiting" and not ways.get(letter.channel)]
    if failed or stuck:
        what = (
            f"{len(failed)} of {len(letters)} letters could not be sent" if failed else "letters wait for a way to go"
        )
        todo = "`rollbook mail list` shows why, `rollbook mail retry` tries again; look at smtp_host and text_command"
        return Finding("mail", False, what, todo)
    by = ", ".join(f"{channel} by {name.split()[0]}" for channel, name in ways.items() if name)
    return Finding("mail", True, by or "none is set up: links for passwords are shown to the operator")


def _keys(settings: "Settings", keys: list["SigningKey"], has_clients: bool) -> Finding:
    """The keys that sign tokens, and the master key by which they are encrypted."""
    from rollbook.app import make_master_key
    from rollbook.identity.master_key import HOW, MasterKeyError

    if settings.master_key:
        where = "in master_key"
    elif settings.master_key_file or settings.database.engine == "sqlite":
        where = f"in {settings.master_key_file or settings.database.path + '.key'}"
    else:
        where = ""
    active = next((key for key in keys if key.state == "active"), None)
    if active is None or active.private is None:
        if where or not has_clients:
            needed = f"the master key stands {where}" if where else "a master key is needed before clients get tokens"
            return Finding("keys", True, f"no token was signed yet; {needed}")
        return Finding("keys", False, "there are clients, and no master key to sign their tokens with", HOW)
    try:
        make_master_key(settings, make=False).open(active.private, active.kid)
    except MasterKeyError as refused:
        return Finding("keys", False, refused.detail, refused.hint)
    file = Path(where.removeprefix("in "))
    if file.is_file() and file.stat().st_mode & 0o077:
        return Finding("keys", False, f"the master key may be read by others: {file}", "make its mode 0600")
    return Finding("keys", True, f"{active.algorithm} signs since {active.created[:10]}; the master key stands {where}")


def disk(settings: "Settings") -> Finding:
    """Room for the data: of the file's folder, or of the folder for temporary files."""
    if settings.database.engine == "postgres":
        return Finding("disk", True, "the data is on the database's machine: watch the room there")
    folder = Path(settings.database.path).parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    shown = f"{free / 1024**3:,.1f} GiB free at {folder}"
    if free < LOW_SPACE:
        return Finding("disk", False, shown, f"make room: at least {LOW_SPACE // 1024**2} MiB")
    return Finding("disk", True, shown)


def _print(finding: Finding) -> None:
    mark = "ok" if finding.ok else "TO DO"
    if sys.stdout.isatty():
        mark = typer.style(mark, fg="green" if finding.ok else "red", bold=True)
    print(f"{finding.check:10}{mark}  {finding.detail}", flush=True)
    if finding.todo:
        print(f"{'':10}→ {finding.todo}", flush=True)
