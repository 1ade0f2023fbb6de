"""What a query asks besides its resource types (RFC 7644 §3.4.2, §3.4.3; RFC 9865 §2, §3): read from a URL's
parameters or a body.

Both forms have one meaning and one set of limits. Parameters that SCIM does not know are ignored; those that it knows
may stand once. Names of parameters are accepted in any letter case.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rollbook.scim import urns
from rollbook.scim.errors import InvalidCount, InvalidCursor, InvalidFilter, InvalidSyntax, InvalidValue
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.tolerances import shortened

LARGEST_START = 2**62
"""Where startIndex ends. Precedent: an OFFSET is a signed 64-bit integer on both databases, and nobody gets there."""

MOST_NAMES = 5_000
"""Names in ``attributes`` or ``excludedAttributes``. Precedent: more than a URL of 8 KiB can hold."""

_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_NAMES = ("filter", "sortBy", "sortOrder", "startIndex", "count", "cursor", "attributes", "excludedAttributes")
_BY_LOWER = {name.lower(): name for name in _NAMES}


@dataclass(frozen=True, slots=True)
class QueryParameters:
    """One query's parameters, clamped. ``start_index`` is 1-based.

    ``filter`` and ``sort_by`` are not judged yet, nor is ``cursor``: None for pages by index, empty for a walk's first
    page (RFC 9865 §2).
    """

    start_index: int = 1
    count: int = STANDARD_LIMITS.default_page
    filter: str | None = None
    sort_by: str | None = None
    descending: bool = False
    attributes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    cursor: str | None = None


def read_query(pairs: Iterable[tuple[str, str]], limits: Limits = STANDARD_LIMITS) -> QueryParameters:
    """Read a URL's parameters, decoded, in their order.

    **Raises**: ``InvalidValue`` for a value that does not fit or a parameter given twice, ``InvalidFilter`` where that
    is the filter.
    """
    found: dict[str, Any] = {}
    for name, value in pairs:
        known = _BY_LOWER.get(name.lower())
        if known is None:
            continue
        if known in found:
            raise _twice(known)
        found[known] = value
    return _read(found, limits)


def read_feed(pairs: Iterable[tuple[str, str]], limits: Limits = STANDARD_LIMITS) -> tuple[str | None, int]:
    """The parameters of the change feed: ``since`` (None where it is not there, or empty) and ``count``, clamped.

    **Raises**: ``InvalidValue``.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        known = {"since": "since", "count": "count"}.get(name.lower())
        if known is None:
            continue
        if known in found:
            raise _twice(known)
        found[known] = value
    count = _integer(found, "count", limits.default_page)
    return found.get("since") or None, min(max(count, 0), limits.max_page)


def read_search(body: Mapping[str, Any], limits: Limits = STANDARD_LIMITS) -> QueryParameters:
    """Read the body of ``POST …/.search`` (RFC 7644 §3.4.3).

    **Raises**: as ``read_query``, and ``InvalidSyntax`` where the body is no SearchRequest.
    """
    found: dict[str, Any] = {}
    schemas: Any = None
    for name, value in body.items():
        lower = name.lower()
        known = _BY_LOWER.get(lower)
        if lower == "schemas":
            schemas = value
        if known is None or value is None:
            continue
        if known in found:
            raise _twice(known)
        found[known] = value
    require_message(schemas, urns.SEARCH_REQUEST, "SearchRequest")
    return _read(found, limits)


def require_message(schemas: Any, urn: str, name: str) -> None:
    """Refuse a message whose ``schemas`` does not name its own schema (RFC 7644 §3.1)."""
    if not isinstance(schemas, list) or not any(isinstance(s, str) and s.lower() == urn.lower() for s in schemas):
        raise InvalidSyntax(f'The body is no {name}: its "schemas" must be a list that holds "{urn}".')


def _twice(name: str) -> InvalidValue | InvalidFilter:
    kind = InvalidFilter if name == "filter" else InvalidValue
    return kind(f'The parameter "{name}" is given more than once; give it once.')


def _read(found: Mapping[str, Any], limits: Limits) -> QueryParameters:
    cursor = _cursor(found)
    count = _integer(found, "count", limits.default_page) if cursor is None else _walk_count(found, limits)
    return QueryParameters(
        start_index=min(max(_integer(found, "startIndex", 1), 1), LARGEST_START),
        count=min(max(count, 0), limits.max_page),
        filter=_text(found, "filter"),
        sort_by=_text(found, "sortBy"),
        descending=_descending(found),
        attributes=_names(found, "attributes"),
        excluded=_names(found, "excludedAttributes"),
        cursor=cursor,
    )


def _cursor(found: Mapping[str, Any]) -> str | None:
    value = found.get("cursor")
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidCursor('The parameter "cursor" must be a string: empty for the first page.')
    if _integer(found, "startIndex", 1) > 1:
        raise InvalidValue("startIndex and cursor are two ways through pages (RFC 9865 §2.4); send one of them.")
    return value


def _walk_count(found: Mapping[str, Any], limits: Limits) -> int:
    """RFC 9865 Table 3: beside a cursor, a count beyond the limit is refused and not cut."""
    try:
        count = _integer(found, "count", limits.default_page)
    except InvalidValue as error:
        raise InvalidCount(error.detail) from None
    if count > limits.max_page:
        raise InvalidCount(f"With a cursor, count may be {limits.max_page} at most (maxPageSize).")
    return count


def _integer(found: Mapping[str, Any], name: str, default: int) -> int:
    value = found.get(name)
    if value is None:
        return default
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.match(value.strip()):
        text = value.strip()
        if len(text) > 20:  # int() of a long text costs its square
            return -LARGEST_START if text.startswith("-") else LARGEST_START
        return int(text)
    raise InvalidValue(f'The parameter "{name}" must be an integer.')


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        kind = InvalidFilter if name == "filter" else InvalidValue
        raise kind(f'The parameter "{name}" must be a string.')
    if name == "filter":
        return value  # an empty filter is a syntax error, and the filter parser says so
    return value.strip() or None


def _descending(found: Mapping[str, Any]) -> bool:
    value = found.get("sortOrder")
    if value is None or value == "":
        return False
    if isinstance(value, str) and value.lower() in ("ascending", "descending"):
        return value.lower() == "descending"
    raise InvalidValue('The parameter "sortOrder" must be "ascending" or "descending".')


def _names(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = found.get(name)
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidValue(f'The parameter "{shortened(name)}" must be a list of attribute names.')
    if len(value) > MOST_NAMES:
        raise InvalidValue(f'The parameter "{name}" may hold {MOST_NAMES} names; leave out those that do not matter.')
    return tuple(item.strip() for item in value if item.strip())
