"""Many writes in one request: each for itself, each with its own answer in its place."""

import json
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi import Response as Answer
from pydantic import Field

from rollbook.lockers import assigning, structure
from rollbook.lockers.forms import Form
from rollbook.lockers.structure import ANY, Match
from rollbook.lockers.work import Malformed
from rollbook.scim.errors import ScimError
from rollbook.storage.errors import StoreError
from rollbook.storage.locker_records import Answered, Manner
from rollbook.system_api import models, problems
from rollbook.system_api.answers import REFUSED, DryRun, Key, answered, done, match
from rollbook.system_api.assignment_routes import assignment_answer
from rollbook.system_api.calling import Caller, Manages, Writes
from rollbook.system_api.problems import Refusal
from rollbook.system_api.structure_routes import ROOMS, Room, answer_of

MOST = 500


class ThingItem(Form):
    """`create` takes a body, `change` an id with a body (a merge patch), `delete` an id. Without `ifMatch`: whatever
    its version."""

    op: Literal["create", "change", "delete"]
    id: Annotated[str, Field(max_length=64)] | None = None
    if_match: Annotated[str, Field(max_length=200)] | None = None
    body: dict[str, Any] | None = None


class ThingBatch(Form):
    items: Annotated[list[ThingItem], Field(min_length=1, max_length=MOST)]


class AssignmentItem(Form):
    """`allocate` takes a body as `POST /assignments` does, `release` an id."""

    op: Literal["allocate", "release"]
    id: Annotated[str, Field(max_length=64)] | None = None
    body: dict[str, Any] | None = None


class AssignmentBatch(Form):
    items: Annotated[list[AssignmentItem], Field(min_length=1, max_length=MOST)]


def routes(room: Room) -> APIRouter:
    """The batch of one kind."""
    tags: list[str | Enum] = [room.many.partition(" between")[0].capitalize()]
    router = APIRouter(tags=tags, responses=REFUSED)

    @router.post(
        f"/{room.path}:batch",
        summary=f"Create, change and delete many {room.many.partition(' between')[0]}",
        description="In their order. Each is done or refused for itself: the answer is 200 with a result for each.",
        operation_id=f"batch{structure.NAMES[room.kind]}s",
        response_model=models.Results,
    )
    async def batch(caller: Writes, body: ThingBatch, key: Key = None, dry_run: DryRun = False) -> Answer:
        async def one(part: int) -> Answer:
            return await _thing(caller, room, body.items[part], part, key, dry_run=dry_run)

        return await _each(caller, len(body.items), one, key, dry_run=dry_run)

    return router


async def _each(
    caller: Caller, count: int, one: Callable[[int], Awaitable[Answer]], key: str | None, *, dry_run: bool
) -> Answer:
    """Each for itself. The answer to the whole is kept, where nothing of it was the server's fault; and each part has
    been kept with what it did, should nobody come that far."""

    async def whole(manner: Manner) -> list[dict[str, Any]]:
        once, lockers = manner.once, caller.store.lockers
        if once is not None:
            await lockers.look(once)
        results = []
        for part in range(count):
            try:
                results.append(_result(await one(part)))
            except (Refusal, Malformed, ScimError, StoreError) as error:
                results.append(_refused(caller, error))
        if once is not None and all(result["status"] < 500 for result in results):
            await lockers.keep(once, results)
        return results

    return await done(caller, whole, lambda results: answered(200, {"results": results}), key=key, dry_run=dry_run)


async def _thing(caller: Caller, room: Room, item: ThingItem, part: int, key: str | None, *, dry_run: bool) -> Answer:
    wanted = ANY if item.if_match is None else match(item.if_match)
    return await done(
        caller,
        lambda manner: _write(caller, room, item, wanted, manner),
        lambda made: Answered(204, "") if made is None else answer_of(caller, room, _STATUS[item.op], made),
        key=key,
        dry_run=dry_run,
        part=part + 1,
    )


_STATUS = {"create": 201, "change": 200, "delete": 204}


async def _write(caller: Caller, room: Room, item: ThingItem, wanted: Match, manner: Any) -> Any:
    if item.op == "create":
        return await structure.create(caller.work, room.kind, item.body or {}, manner)
    id = _id_of(item.id)
    if item.op == "change":
        return await structure.change(caller.work, room.kind, id, item.body or {}, wanted, manner)
    return await structure.delete(caller.work, room.kind, id, wanted, manner)


assignments = APIRouter(tags=["Assignments"], responses=REFUSED)


@assignments.post(
    "/assignments:batch",
    summary="Give and take back many lockers",
    description="In their order. Each is done or refused for itself: the answer is 200 with a result for each.",
    operation_id="batchAssignments",
    response_model=models.Results,
)
async def batch_assignments(caller: Manages, body: AssignmentBatch, key: Key = None, dry_run: DryRun = False) -> Answer:
    async def one(part: int) -> Answer:
        return await _assignment(caller, body.items[part], part, key, dry_run=dry_run)

    return await _each(caller, len(body.items), one, key, dry_run=dry_run)


async def _assignment(caller: Caller, item: AssignmentItem, part: int, key: str | None, *, dry_run: bool) -> Answer:
    async def write(manner: Any) -> Any:
        if item.op == "allocate":
            return await assigning.allocate(caller.work, item.body or {}, manner)
        return await assigning.release(caller.work, _id_of(item.id), manner)

    status = 201 if item.op == "allocate" else 200
    show = lambda held: assignment_answer(caller, status, held)  # noqa: E731
    return await done(caller, write, show, key=key, dry_run=dry_run, part=part + 1)


def _id_of(id: str | None) -> str:
    if id is None:
        raise Malformed("The id is missing.", (("/id", "This is needed."),))
    return id


def _result(answer: Answer) -> dict[str, Any]:
    result: dict[str, Any] = {"status": answer.status_code}
    for name in ("etag", "location"):
        if name in answer.headers:
            result[name] = answer.headers[name]
    if answer.body:
        result["body"] = json.loads(bytes(answer.body))
    return result


def _refused(caller: Caller, error: Exception) -> dict[str, Any]:
    made = problems.response(error, caller.raw.id)
    return {"status": made.status, "problem": json.loads(made.body)}


ALL = (*(routes(room) for room in ROOMS), assignments)
