"""What stops a transfer, each with the exit code of the command that meets it."""

from collections.abc import Sequence

from rollbook.config.problems import Problem
from rollbook.errors import RollbookError

DONE = 0
FAILED = 1
WRONG_CONFIG = 2
BRAKED = 3
SOME_FAILED = 4
UNREACHABLE = 5
SOMETHING_TO_DO = 10
"""``plan --detailed-exitcode``: there is something to do."""


class TransferError(RollbookError):
    """Base of all that stops a transfer. ``exit_code`` is the command's."""

    exit_code = FAILED


class WrongConfig(TransferError):
    """The config cannot be used. All that is wrong is told at once."""

    exit_code = WRONG_CONFIG

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class SourceFailed(TransferError):
    """A source cannot be read as a whole: no file, no login, a required column missing."""


class EmptySource(SourceFailed):
    """A source without anything, not even a heading. It stops as one without rows does."""

    exit_code = BRAKED

    def __init__(self, label: str) -> None:
        super().__init__(
            f"stopped by a brake: the source is empty: {label} has not even a heading",
            hint="nothing lets an empty source pass",
        )


class Unreachable(TransferError):
    """The target does not answer, or has been failing for too long."""

    exit_code = UNREACHABLE


class LoginRefused(TransferError):
    """The target takes neither the token, nor its renewal, nor a new login."""

    exit_code = UNREACHABLE


class Braked(TransferError):
    """A brake holds the run. Nothing was written."""

    exit_code = BRAKED

    def __init__(
        self, detail: str, *, hint: str = "", plan: str = "", held: Sequence[str] = (), removals: int = 0
    ) -> None:
        super().__init__(detail, hint=hint)
        self.plan = plan
        self.held = tuple(held)
        self.removals = removals


class AtWork(TransferError):
    """Another run holds the lock."""


class Stale(TransferError):
    """A plan is too old, or was made for something else than what is there now."""


class Tampered(TransferError):
    """A plan file is not as it was written."""


class Interrupted(TransferError):
    """A signal ended the run. What was begun is finished or will be looked at by ``resume``."""
