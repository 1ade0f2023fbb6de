"""What the document of the System API cannot say, told to schemathesis: what has a meaning of its own.

A case that should be accepted names things that are there by chance only; refusals for what is not there (404, 409,
412, 422) are accepted by the judge's settings. What is left are texts with a meaning: a time zone, times in an order.
"""

from typing import Any

import schemathesis
from schemathesis import GenerationMode

_NEVER = ("cursor", "after")


def _mend(value: Any) -> Any:
    if isinstance(value, list):
        return [_mend(item) for item in value]
    if not isinstance(value, dict):
        return value
    mended = {name: _mend(item) for name, item in value.items()}
    if isinstance(mended.get("timeZone"), str):
        mended["timeZone"] = "Europe/Berlin"
    for start, end in (("validFrom", "validUntil"), ("starts", "ends")):
        if mended.get(start) and mended.get(end):
            mended[start], mended[end] = "2099-01-01T08:00:00Z", "2099-01-01T09:00:00Z"
    if mended.get("expires") is not None:
        mended["expires"] = "2099-01-01T08:00:00Z"
    return mended


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Give what should be accepted a meaning."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if case.query:
        for name in _NEVER:
            case.query.pop(name, None)
        if case.query.get("ends"):  # of what is free
            case.query |= {"starts": "2099-01-01T08:00:00Z", "ends": "2099-01-01T09:00:00Z"}
    if isinstance(case.body, dict):
        case.body = _mend(case.body)
    if case.path == "/structure/import":
        table = case.media_type == "text/csv"
        case.body = "location,section,lockerBank,number\n" if table else {"locations": []}
    elif case.path == "/access/diff":
        case.body = {"userGroup": {"id": "0199c1f2-7a5e-7000-8000-000000000009", "add": [], "remove": []}}
    elif case.path.endswith(":batch"):
        case.body = {"items": [{"op": "release" if "assignments" in case.path else "delete", "id": "nobody"}]}
