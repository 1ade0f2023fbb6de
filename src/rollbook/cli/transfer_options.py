"""The options that the verbs of ``rollbook transfer`` share."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rollbook.cli.output import WRONG_USAGE, fail

if TYPE_CHECKING:
    from rollbook.transfer.config import Config
    from rollbook.transfer.target_settings import TargetSettings

ConfigFile = Annotated[str, typer.Option("-c", "--config", metavar="FILE", help="The config.")]
TargetName = Annotated[
    str | None,
    typer.Option("-t", "--target", metavar="NAME", help="One target of the config; else all.", show_default=False),
]


def read(path: str) -> "Config":
    """The config. Ends with 2 where it is wrong."""
    from rollbook.transfer.config import read_config
    from rollbook.transfer.errors import TransferError

    try:
        return read_config(path, os.environ)
    except TransferError as wrong:
        fail(wrong.detail.replace("\n", "\n  "), wrong.hint, wrong.exit_code)


def chosen(path: str, target: str | None) -> "tuple[Config, list[TargetSettings]]":
    """The config, and those of its targets that are meant."""
    config = read(path)
    found = [one for one in config.targets if target in (None, one.name)]
    if not found:
        names = ", ".join(one.name for one in config.targets)
        fail(f"--target: the config has no target {target!r}", f"it has {names}", 2)
    return config, found


def there(file: str) -> Path:
    """A file that somebody has named. Ends with 2 where it is not there."""
    if not Path(file).is_file():
        fail(f"there is no file {file}", code=WRONG_USAGE)
    return Path(file)
