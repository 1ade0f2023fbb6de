"""Discovery documents (RFC 7644 §4): made once for each address, because they never change while the house stands."""

from functools import lru_cache
from typing import Any

from rollbook.dialects.model import Dialect
from rollbook.scim.errors import NotFound
from rollbook.scim.operations import Discover


def discover(operation: Discover, dialect: Dialect, base: str) -> dict[str, Any]:
    """The document that was asked for. **Raises** ``NotFound`` for a schema or type that is not served."""
    raise NotImplementedError


_ = lru_cache, NotFound
