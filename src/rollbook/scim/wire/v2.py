"""The messages of SCIM 2.0 as bytes: errors and lists (RFC 7644 §3.4.2, §3.12)."""

from collections.abc import Iterable
from typing import Any

import orjson

from rollbook.scim import urns
from rollbook.scim.etag import etag
from rollbook.scim.outcomes import PartOutcome

_ERROR = [urns.ERROR]


def error(status: int, scim_type: str | None, detail: str) -> bytes:
    """An error's body; the status is a string (RFC 7644 §3.12).

    >>> error(404, None, "No such User.")
    b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404","detail":"No such User."}'
    """
    body = {"schemas": _ERROR, "status": str(status)}
    if scim_type is not None:
        body["scimType"] = scim_type
    body["detail"] = detail
    return orjson.dumps(body)


def bulk_response(parts: Iterable[PartOutcome]) -> bytes:
    """What the operations of a bulk came to (RFC 7644 §3.7.3): an error with its body, a success without one."""
    head = b'{"schemas":["%s"],"Operations":[' % urns.BULK_RESPONSE.encode()
    return b"".join((head, b",".join(map(_part, parts)), b"]}"))


def _part(part: PartOutcome) -> bytes:
    shown: dict[str, Any] = {"method": part.method}
    if part.bulk_id is not None:
        shown["bulkId"] = part.bulk_id
    if part.version is not None:
        shown["version"] = etag(part.version)
    if part.location is not None:
        shown["location"] = part.location
    shown["status"] = str(part.status)
    if part.status >= 400:
        shown["response"] = orjson.Fragment(error(part.status, part.scim_type, part.detail))
    return orjson.dumps(shown)


def list_response(
    total: int,
    start_index: int | None,
    resources: Iterable[bytes],
    following: str | None = None,
    previous: str | None = None,
) -> bytes:
    """A page around resources that are JSON already; ``itemsPerPage`` is how many are in it. ``start_index`` is that of
    a page by index; ``following`` and ``previous`` are the cursors of one by cursor (RFC 9865 §2).

    **Rules**: an empty page has an empty ``Resources``: the RFC asks for it only where something was found, and clients
    that iterate over it are many.
    """
    shown = tuple(resources)
    head = b'{"schemas":["%s"],"totalResults":%d' % (urns.LIST_RESPONSE.encode(), total)
    where = b"" if start_index is None else b',"startIndex":%d' % start_index
    if following is not None:
        where += b',"nextCursor":"%s"' % following.encode()
    if previous is not None:
        where += b',"previousCursor":"%s"' % previous.encode()
    count = b',"itemsPerPage":%d,"Resources":[' % len(shown)
    return b"".join((head, where, count, b",".join(shown), b"]}"))
