"""Answers, and the headers and parameters that say how a request is meant: keys, rehearsals, ETags, cursors."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Any, TypeVar, cast

import orjson
from fastapi import Body, Header, Query
from fastapi import Response as Answer
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from rollbook.clock import written
from rollbook.lockers.forms import PLAIN, Moment
from rollbook.lockers.structure import ANY, Match
from rollbook.scim.etag import read_condition
from rollbook.storage.errors import AnsweredBefore, Rehearsed
from rollbook.storage.locker_records import Answered, Manner, Once
from rollbook.system_api.calling import Caller
from rollbook.system_api.problems import Refusal

R = TypeVar("R")

KEPT = timedelta(hours=24)
"""How long the answer to a request with an Idempotency-Key is kept."""
_LONGEST_KEY = 255

MERGE_PATCH = "application/merge-patch+json"


class Parameters(BaseModel):
    """Parameters in the query: camelCase, and none that is not known."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


Said = Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)]
"""A text in the query."""


class Paging(Parameters):
    limit: Annotated[int, Field(ge=1, le=500, description="How many at most.")] = 100
    cursor: Annotated[Said | None, Field(description="`nextCursor` of the page before.")] = None


Since = Annotated[Moment | None, Field(description="What has changed since then, in that order.")]


class Listed(Paging):
    updated_since: Since = None
    external_id: Said | None = None


DryRun = Annotated[
    bool, Query(alias="dryRun", description="True: all is tried, the answer says what would be, nothing is changed.")
]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=_LONGEST_KEY,
        description="Sent again with the same key within a day, a request is not done again: its answer is repeated.",
    ),
]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="The ETag that was read. Without it: 428.")]


def perhaps(form: type[BaseModel]) -> Any:
    """A body of which nothing is needed: without one it is an empty form."""
    return Body(default_factory=form)


REFUSED: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "What is wrong is said as problem details (RFC 9457).",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    },
    "5XX": {
        "description": "The server cannot answer just now.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    },
}
"""Beside what a route says itself."""

WOULD: dict[int | str, dict[str, Any]] = {200: {"description": "What would be (dryRun)."}}
"""Where a thing that is made is answered 201."""


def answered(status: int, body: Any, *, version: int | None = None, location: str = "") -> Answered:
    """An answer in JSON."""
    return Answered(status, orjson.dumps(body).decode(), etag(version) if version is not None else "", location)


def etag(version: int) -> str:
    """The ETag of a version.

    >>> etag(3)
    '"3"'
    """
    return f'"{version}"'


def said(answer: Answered, **headers: str) -> Answer:
    """The answer, on its way out."""
    out = {name.replace("_", "-"): value for name, value in headers.items()}
    if answer.etag:
        out["etag"] = answer.etag
    if answer.location:
        out["location"] = answer.location
    if answer.status == 204:
        return Answer(status_code=204, headers=out)
    return Answer(answer.body, answer.status, out, "application/json")


async def done(
    caller: Caller,
    work: Callable[[Manner], Awaitable[R]],
    show: Callable[[R], Answered],
    *,
    key: str | None = None,
    dry_run: bool = False,
    part: int = 0,
) -> Answer:
    """Do something once or only rehearse it, and answer. ``part`` is its place among many."""
    try:
        result = await work(manner(caller, key, show, dry_run=dry_run, part=part))
    except AnsweredBefore as before:
        return said(cast(Answered, before.answered), idempotent_replayed="true")
    except Rehearsed as rehearsed:
        shown = show(rehearsed.result)  # type: ignore[arg-type]
        return said(shown._replace(status=200 if shown.status == 201 else shown.status, location=""), dry_run="true")
    return said(show(result), **({"dry_run": "true"} if dry_run else {}))


def manner(
    caller: Caller, key: str | None, show: Callable[[Any], Answered], *, dry_run: bool = False, part: int = 0
) -> Manner:
    """How a change is to be made. ``part`` tells the parts of one request apart."""
    if dry_run or key is None:
        return Manner(rehearse=dry_run)
    now = caller.clock.now()
    raw = caller.raw
    # Whose key it is: two clients of a tenant may choose the same.
    owner = "\0".join((caller.principal.connection.id, caller.principal.actor.partition(":")[0], key, str(part)))
    digest = sha256(b"\0".join((raw.method.encode(), raw.path.encode(), raw.query.encode(), raw.body)))
    once = Once(sha256(owner.encode()).hexdigest(), digest.hexdigest(), written(now), written(now + KEPT), show)
    return Manner(once)


def match(header: str | None) -> Match:
    """What ``If-Match`` asks for. **Raises** ``Refusal`` (428) where it is missing."""
    condition = read_condition(header)
    if condition is None:
        raise Refusal(
            428, "preconditionRequired", "Send the header If-Match with the ETag that you have read, or If-Match: *."
        )
    if condition.any:
        return ANY
    return Match(frozenset(int(version) for version in condition.versions if version.isascii() and version.isdecimal()))


def cursor(edge: Sequence[str]) -> str:
    """Where a page ended, as a text without meaning."""
    return base64.urlsafe_b64encode(orjson.dumps(list(edge))).rstrip(b"=").decode()


_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Every edge ends with the id of the last row."""


def edge_of(text: str | None, parts: int) -> tuple[str, ...] | None:
    """**Raises** ``Refusal`` for what ``cursor`` has not made."""
    if text is None:
        return None
    try:
        found = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        found = None
    texts = found if isinstance(found, list) and all(isinstance(one, str) for one in found) else []
    if len(texts) != parts or _ID.fullmatch(texts[-1]) is None or not "".join(texts).isprintable():
        raise Refusal(
            400,
            "invalidCursor",
            "This cursor is not one of this list: begin anew, without it.",
            [("cursor", "Unknown.")],
        )
    return tuple(texts)


def page(items: Sequence[Any], limit: int, edge: Callable[[], Sequence[str]]) -> Answer:
    """A list that goes on where there is more: ``items`` are one more than asked for, then."""
    body = {"items": items[:limit], "nextCursor": cursor(edge()) if len(items) > limit else None}
    return said(answered(200, body))
