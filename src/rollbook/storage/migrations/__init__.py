"""The schema of each engine, as numbered SQL files: ``{engine}/0001_start.sql``. They are run by the engines.

A file, once released, is never changed; a release adds files. Versions have no gaps, and the engines have the same
versions, so that "schema 3" means the same tables on each.
"""

from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Migration(NamedTuple):
    """One step from a schema version to the next. ``name`` is the file's name without ``.sql``."""

    version: int
    name: str
    sql: str


@cache
def migrations(engine: str) -> tuple[Migration, ...]:
    """The steps of an engine (``"sqlite"``, ``"postgres"``), oldest first."""
    folder = files("rollbook.storage.migrations") / engine
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(
        Migration(int(name.partition("_")[0]), name.removesuffix(".sql"), (folder / name).read_text("utf-8"))
        for name in names
    )


def latest(engine: str) -> int:
    """The schema version that this release works with."""
    return migrations(engine)[-1].version
