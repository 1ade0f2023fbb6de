"""What a document cannot say about SCIM, told to schemathesis: which of its requests are not what they are taken for.

A case that should be accepted must not ask for what has a grammar or a meaning of its own (a filter, a path, an id of a
member); a case that should be refused must not be wrong only in what SCIM has servers ignore (a parameter or a part of
a message that they do not know).
"""

from typing import Any

import schemathesis
from schemathesis import GenerationMode

_MESSAGE = {"schemas", "Operations", "op", "path", "value", "filter", "sortBy", "sortOrder", "startIndex", "count"}
_MESSAGE |= {"attributes", "excludedAttributes"}
_MESSAGE |= {"failOnErrors", "cursor"}
_QUERY = {"filter", "sortBy", "sortOrder", "startIndex", "count", "attributes", "excludedAttributes", "cursor", "since"}
_GOOD_PATCH = [{"op": "replace", "path": "externalId", "value": "hr-1"}]


def _query(asked: dict[str, Any], path: str) -> None:
    if asked.get("filter") is not None:
        asked["filter"] = "value pr" if path.endswith("/members") else "id pr"
    if asked.get("sortBy") is not None:
        asked["sortBy"] = "id"
    if asked.get("attributes") is not None:
        asked.pop("excludedAttributes", None)
    for name in ("cursor", "since"):
        asked.pop(name, None)
    for name in ("startIndex", "count"):
        if isinstance(asked.get(name), int):
            asked[name] %= 2**31


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Give what should be accepted a meaning."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if case.query:
        _query(case.query, case.path)
    body = case.body
    if isinstance(body, dict):
        body.pop("members", None)
        if case.path == "/Bulk":
            body["Operations"] = [{"method": "DELETE", "path": "/Users/0199c1f2-7a5e-7000-8000-000000000009"}]
        elif "Operations" in body:
            body["Operations"] = _GOOD_PATCH
        if case.path.endswith(".search") or "Operations" in body:
            for name in body.keys() - _MESSAGE:
                del body[name]
            _query(body, case.path)


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Leave out what should be refused and is not: names that SCIM has servers ignore."""
    if case.path == "/Bulk" and isinstance(case.body, dict) and case.body.get("Operations"):
        # What is wrong with one operation is answered in its own place, with 200 around it (RFC 7644 §3.7.3).
        return case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
    return not (case.query and set(case.query) - _QUERY)
