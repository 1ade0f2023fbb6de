"""What can befall the files of a transfer on a machine, told as what a person can do about it."""

from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from rollbook.transfer.errors import TransferError

_RESUME = "`rollbook transfer resume` goes on where a run stopped"
_TOLD: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    (
        (apsw.BusyError, apsw.LockedError),
        "the state of the transfer is locked by another program",
        f"close what has it open; {_RESUME}",
    ),
    (
        (apsw.FullError, apsw.IOError, apsw.TooBigError),
        "the state of the transfer cannot be written: the disk is full, or a file may not grow",
        f"make room; {_RESUME}",
    ),
    (
        (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError),
        "the state of the transfer cannot be opened, or not be written",
        "whoever runs this needs to own the folder of the state; `state` in the config says where it is",
    ),
    (
        (apsw.CorruptError, apsw.NotADBError),
        "the state of the transfer is damaged",
        "bring it back from a backup, or move it away: `rollbook transfer links rebuild` finds out who is who",
    ),
)


class StateFault(TransferError):
    """The files of a transfer cannot be used as they are."""


@contextmanager
def state_faults() -> Iterator[None]:
    """Faults of the machine become ``StateFault``; mistakes of ours stay what they are."""
    try:
        yield
    except apsw.Error as error:
        for kinds, detail, hint in _TOLD:
            if isinstance(error, kinds):
                raise StateFault(detail, hint=hint) from error
        raise
