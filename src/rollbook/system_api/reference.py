"""The page about the System API: every address with its scope, every code of a refusal. See ``docs/reference.py``."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from fastapi import FastAPI
from fastapi.routing import APIRoute

from rollbook.lockers.judging import WHY
from rollbook.system_api.app import served
from rollbook.system_api.problems import LOCKER_STATUS

CODES: Mapping[str, str] = {
    "taken": "Another one has this name among its siblings, or this externalId.",
    "noParent": "What it should belong to (a location, a section, a bank, a group) is not there.",
    "inUse": "Something still hangs on it.",
    "noLocker": "One of these is no locker.",
    "noMember": "One of these is no user.",
    "noUser": "There is no such user.",
    "userInactive": "The user is not active, so he has no rights.",
    "lockerTaken": "Somebody else holds the locker.",
    "lockerBooked": "Somebody else has booked it in that time.",
    "lockerBlocked": "It is blocked or out of order.",
    "lockerClosed": "Its bank, section or location is closed, in service mode, or not published.",
    "noFreeLocker": "None that fits is free.",
    "alreadyHeld": "The user has this locker already.",
    "notHeld": "The user, or anybody, does not hold this locker.",
    "notShareable": "The locker cannot be shared.",
    "notBookable": "It is in no group whose lockers can be booked.",
    "ended": "The assignment or the booking is over.",
    "noPin": "No PIN is set for this locker.",
    "noController": "No controller is there to be told.",
    "pinLocked": "Too many wrong PINs: nobody may try for some minutes.",
    **WHY,
}
"""What the codes of lockers mean."""

_OTHERS: Mapping[str, tuple[int, str]] = {
    "invalidBody": (400, "What was sent is not understood: `errors` say where."),
    "invalidParameter": (400, "A parameter of the query, or an id, is not understood."),
    "invalidSyntax": (400, "The body is no JSON object, or holds what no JSON should."),
    "invalidCursor": (400, "The cursor is not one of this list."),
    "invalidValue": (400, "A value of a user, a user group or a position is not understood: `detail` says which."),
    "unauthorized": (401, "There is no good token."),
    "forbidden": (403, "The token lacks the scope, or the tenant is suspended."),
    "notFound": (404, "There is nothing of this kind with this id in this tenant."),
    "methodNotAllowed": (405, "`Allow` says what is served there."),
    "uniqueness": (409, "Another user has this badge, or another user group this externalId."),
    "preconditionFailed": (412, "It has changed since it was read."),
    "unsupportedMediaType": (415, "Send `application/json`."),
    "keyReused": (422, "The Idempotency-Key was another request's."),
    "preconditionRequired": (428, "Send `If-Match`."),
    "tooManyRequests": (429, "`Retry-After` says when to come again."),
    "unavailable": (503, "The database is away or busy; nothing was done. `Retry-After` says when to come again."),
}


_ABOUT = (
    "What is served below `/api/v1` and `/t/{tenant}/api/v1`, beside SCIM, on the same tokens. What it is about is in"
    " [lockers](../lockers.md). `/api/v1/docs` shows every member of every body, `/api/v1/openapi.json` is the document"
    " (OpenAPI 3.1). Both need no credential."
)
_PROBLEMS = (
    "Problem details (RFC 9457), `application/problem+json`: `code` for programs, `detail` for people, `errors` with"
    " JSON pointers, `traceId`, by which the request is found in the log."
)


def page(app: FastAPI, note: str) -> str:
    """The page, in Markdown."""
    return "\n".join(
        [
            "# System API",
            "",
            note,
            _ABOUT,
            "",
            *_routes(app),
            "## Refusals",
            "",
            _PROBLEMS,
            "",
            "| code | status | meaning |",
            "| --- | --- | --- |",
            *(f"| `{code}` | {status} | {meaning} |" for code, (status, meaning) in _OTHERS.items()),
            *(f"| `{code}` | {LOCKER_STATUS.get(code, 409)} | {meaning} |" for code, meaning in CODES.items()),
            "",
        ]
    )


def _routes(app: FastAPI) -> Iterator[str]:
    by_tag: dict[str, list[APIRoute]] = defaultdict(list)
    for route in served(app):
        if route.include_in_schema:
            by_tag[str(route.tags[0]) if route.tags else "Company"].append(route)
    for tag, routes in by_tag.items():
        yield f"## {tag}"
        yield ""
        yield "| | scope | |"
        yield "| --- | --- | --- |"
        for route in routes:
            for method in sorted(route.methods or ()):
                scope = _scope(route)
                yield f"| `{method} {route.path}` | {f'`{scope}`' if scope else ''} | {route.summary or ''} |"
        yield ""


def _scope(route: APIRoute) -> str:
    for dependency in route.dependant.dependencies:
        name = getattr(dependency.call, "__name__", "")
        if name.startswith("needs_"):
            return str(name.removeprefix("needs_").replace("_", "."))
    return ""
