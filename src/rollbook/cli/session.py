"""From a command to an open store: the settings are gathered, the database is opened, and its schema is looked at.

The rooms below are imported when a command needs them, so that ``rollbook --help`` answers at once.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import typer

from rollbook.cli.output import FAILED, fail, say

if TYPE_CHECKING:
    from rollbook.config import Loaded, Settings
    from rollbook.storage.contract import Store

T = TypeVar("T")

Empty = Literal["migrate", "upgrade", "refuse", "leave"]
"""What to do with a database without a schema. ``leave`` does not look at the schema at all; ``upgrade`` brings one of
an older release to this one, too."""


@dataclass(slots=True)
class Global:
    """The options that stand before the command."""

    config: str | None = None
    flags: dict[str, object] = field(default_factory=dict)


def load(ctx: typer.Context, *, config: str | None = None, **flags: object) -> "Loaded":
    """The settings. An option after the command beats the same one before it. **Raises** ``ConfigError``."""
    from rollbook.config import load

    before = ctx.obj if isinstance(ctx.obj, Global) else Global()
    given = {name: value for name, value in flags.items() if value is not None}
    return load({**before.flags, **given}, os.environ, config=config if config is not None else before.config)


def with_store(settings: "Settings", work: Callable[["Store"], Awaitable[T]], *, empty: Empty = "refuse") -> T:
    """Open the store, see to its schema, do the work, close it."""

    async def session() -> T:
        from rollbook.app import open_store

        if empty == "refuse":
            refuse_missing_file(settings)
        store = await open_store(settings)
        try:
            if empty != "leave":
                await see_to_schema(store, migrate=empty != "refuse", upgrade=empty == "upgrade")
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(session())


def refuse_missing_file(settings: "Settings") -> None:
    """A look must not leave an empty file behind where a path was mistyped."""
    database = settings.database
    if database.engine == "sqlite" and not Path(database.path).exists():
        fail(f"there is no database at {database}", explain(0, 1)[1])


async def see_to_schema(store: "Store", *, migrate: bool, upgrade: bool = False) -> None:
    """Leave only with a database of this release. An empty one is set up, and an older one upgraded, where that was
    asked for."""
    from rollbook.storage.errors import SchemaMismatch

    try:
        await store.ping()
    except SchemaMismatch as mismatch:
        if mismatch.found == 0 and migrate:
            await refuse_unfit(store)  # before anything is made with a role that must not serve
            await store.migrate()
            return
        if upgrade and mismatch.found < mismatch.wanted:
            await store.migrate()
            schemas = f"from schema {mismatch.found} to {mismatch.wanted}"
            say(f"The database was of an older release: it is brought {schemas}.")
            return
        fail(*explain(mismatch.found, mismatch.wanted))


async def refuse_unfit(store: "Store") -> None:
    """Refuse a database that cannot keep what is promised: a superuser role, a damaged file."""
    problems = await store.problems()
    if problems:
        fail(f"this database is not fit to serve: {'; '.join(problems)}", "`rollbook doctor` looks at everything")


def explain(found: int, wanted: int) -> tuple[str, str]:
    """What a schema of another release means, and what to do."""
    if found == 0:
        return (
            "the database is empty",
            "`rollbook db migrate` sets it up; so do `rollbook serve` and `rollbook tenant create NAME`",
        )
    if found < wanted:
        return (
            f"the database is of an older release (schema {found}, this one needs {wanted})",
            "make a backup (`rollbook db backup FILE`), then run `rollbook db migrate`",
        )
    return (
        f"the database is of a newer release (schema {found}, this one knows {wanted})",
        "install the release that wrote it, or restore a backup that this one made (`rollbook db restore FILE`)",
    )


def guarded(command: Callable[[], None]) -> int:
    """Run the command line; every error becomes a sentence and an exit code, never a traceback."""
    from rollbook.errors import RollbookError

    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FAILED
    except RollbookError as refused:
        return _told(refused)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader is gone: nothing more can be said to it
        return FAILED
    except OSError as refused:
        say(
            f"rollbook: {refused.strerror or 'the system refused'}{f': {refused.filename}' if refused.filename else ''}"
        )
        return FAILED
    except Exception as bug:  # the last guard: a person gets a sentence, a developer the traceback
        if os.environ.get("ROLLBOOK_LOG_LEVEL") == "debug":
            raise
        say(f"rollbook: a bug of ours ({type(bug).__name__}); with ROLLBOOK_LOG_LEVEL=debug it shows where")
        return FAILED
    return 0


def _told(refused: Exception) -> int:
    from rollbook.errors import RollbookError

    assert isinstance(refused, RollbookError)
    problems = getattr(refused, "problems", None)
    if problems is not None:  # a ConfigError; its class is not imported for the sake of a fast start
        count = "a setting is" if len(problems) == 1 else f"{len(problems)} settings are"
        say(f"rollbook: {count} wrong")
        for problem in problems:
            say(f"  {problem}")
        return 2
    say(f"rollbook: {refused.detail}")
    if refused.hint:
        say(f"  {refused.hint}")
    return FAILED
