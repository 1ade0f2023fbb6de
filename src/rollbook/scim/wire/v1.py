"""The messages of SCIM 1.1 as bytes: errors, lists, bulks (draft-scim-api-01 §3.2.2, §3.5, §3.9)."""

from collections.abc import Iterable
from typing import Any

import orjson

from rollbook.scim import urns
from rollbook.scim.errors import InvalidSyntax
from rollbook.scim.etag import etag
from rollbook.scim.outcomes import PartOutcome
from rollbook.scim.wire.v1_form import CORE, ENTERPRISE, Form

_RESPELLED = (
    (f"{urns.ENTERPRISE_USER}:manager.value", f"{ENTERPRISE}:manager.managerId"),
    (urns.ENTERPRISE_USER, ENTERPRISE),
    (urns.USER, CORE),
    (urns.GROUP, CORE),
    ("/ResourceTypes", "/Schemas"),
)
"""What sentences of rooms that know no wire say, and what a client of this one would look for."""


def error(status: int, description: str) -> bytes:
    """An error's body (§3.9): a list, with the code as a string and no scimType.

    >>> error(404, "No such User.")
    b'{"Errors":[{"description":"No such User.","code":"404"}]}'
    """
    for kept, wire in _RESPELLED:
        description = description.replace(kept, wire)
    return orjson.dumps({"Errors": [{"description": description, "code": str(status)}]})


def list_response(total: int, start_index: int, resources: Iterable[bytes]) -> bytes:
    """A page around resources that are JSON already (§3.2.2)."""
    shown = tuple(resources)
    head = b'{"totalResults":%d,"itemsPerPage":%d,"startIndex":%d,"schemas":["%s"],"Resources":['
    return b"".join((head % (total, len(shown), start_index, CORE.encode()), b",".join(shown), b"]}"))


LIST_HEAD = b'{"schemas":["%s"],"startIndex":1,"Resources":[' % CORE.encode()
"""What stands before the resources of a list whose length nobody knows yet."""


def list_tail(count: int) -> bytes:
    """What stands behind them.

    >>> list_tail(2)
    b'],"totalResults":2,"itemsPerPage":2}'
    """
    return b'],"totalResults":%d,"itemsPerPage":%d}' % (count, count)


def bulk_response(parts: Iterable[PartOutcome], form: Form) -> bytes:
    """What the operations of a bulk came to (§3.5): ``status`` is an object, with a description of what went wrong."""
    head = b'{"schemas":["%s"],"Operations":[' % CORE.encode()
    return b"".join((head, b",".join(_part(part, form) for part in parts), b"]}"))


def _part(part: PartOutcome, form: Form) -> bytes:
    shown: dict[str, Any] = {}
    if part.location is not None:
        shown["location"] = part.location
    shown["method"] = part.method
    if part.bulk_id is not None:
        shown["bulkId"] = part.bulk_id
    if part.version is not None and form.etags:
        shown["version"] = etag(part.version)
    if part.status >= 400:
        status: Any = orjson.loads(error(part.status, part.detail))["Errors"][0]
        shown["status"] = {"code": status["code"], "description": status["description"]}
    else:
        shown["status"] = {"code": str(_status(part, form))}
    return orjson.dumps(shown)


def _status(part: PartOutcome, form: Form) -> int:
    """The status that the operation has alone; one without a body of its own is done all the same."""
    if part.method == "DELETE":
        return form.deleted
    return form.created if part.status == 201 else 200


def check_schemas(schemas: Any) -> None:
    """Refuse a message that says to be another one; ``schemas`` may be left out (core §5.1). **Raises**
    ``InvalidSyntax``."""
    if schemas is None:
        return
    if not isinstance(schemas, list) or not any(isinstance(urn, str) and urn.lower() == CORE for urn in schemas):
        raise InvalidSyntax(f'"schemas" of a SCIM 1.1 message has to be a list that holds "{CORE}".')
