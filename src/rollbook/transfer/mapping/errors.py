"""What can be wrong with an expression, and with a row that it is used on."""

from rollbook.errors import RollbookError


class BadExpression(RollbookError):
    """An expression that cannot be used. ``position`` is where in its text, from 1; ``right`` what would be right."""

    def __init__(self, detail: str, position: int, right: str) -> None:
        super().__init__(f"{detail} (at character {position})", hint=right)
        self.position = position
        self.right = right


class BadValue(RollbookError):
    """A row whose value cannot be used. The detail repeats nothing of the row."""
