"""The root of every error that rollbook raises on purpose.

Each floor draws its own branch: ``scim.errors``, ``storage.errors``, ``oauth.errors``, ``config`` (and, later,
``dialects``, ``transfer``). Anything that is not a ``RollbookError`` is a bug: it is answered with 500 and raised
again.

An error has three readers: ``detail`` is for the client, ``hint`` for the operator, and the cause (``raise … from``)
for us. Only ``detail`` ever leaves the house.
"""


class RollbookError(Exception):
    """Base of all errors that rollbook raises on purpose."""

    def __init__(self, detail: str, *, hint: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
