"""What is wrong with the settings: which one, where it was set, and what would be right. Never a secret's value."""

from collections.abc import Sequence
from dataclasses import dataclass

from rollbook.errors import RollbookError


@dataclass(frozen=True, slots=True)
class Problem:
    """**Shape**: ``source`` is ``--port``, ``ROLLBOOK_PORT`` or ``/etc/rollbook.toml``; ``right`` says what would be
    right, as a clause that can end the sentence."""

    setting: str
    source: str
    detail: str
    right: str

    def __str__(self) -> str:
        return f"{self.setting} ({self.source}): {self.detail}; {self.right}"


class ConfigError(RollbookError):
    """The settings cannot be used. All that is wrong is told at once, in ``problems``."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)

    @property
    def setting(self) -> str:
        """The first wrong setting."""
        return self.problems[0].setting

    @property
    def source(self) -> str:
        """Where the first wrong setting was set."""
        return self.problems[0].source
