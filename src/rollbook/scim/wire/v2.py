"""The messages of SCIM 2.0 as bytes: errors and lists (RFC 7644 §3.4.2, §3.12)."""

from collections.abc import Iterable

import orjson

from rollbook.scim import urns

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


def list_response(total: int, start_index: int, resources: Iterable[bytes]) -> bytes:
    """A page around resources that are JSON already; ``itemsPerPage`` is how many are in it.

    **Rules**: an empty page has an empty ``Resources``: the RFC asks for it only where something was found, and clients
    that iterate over it are many.
    """
    shown = tuple(resources)
    head = b'{"schemas":["%s"],"totalResults":%d,"startIndex":%d,"itemsPerPage":%d' % (
        urns.LIST_RESPONSE.encode(),
        total,
        start_index,
        len(shown),
    )
    return b"".join((head, b',"Resources":[', b",".join(shown), b"]}"))
