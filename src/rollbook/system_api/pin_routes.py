"""PIN codes: set, taken away, checked at a door. Nothing gives one back."""

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TypeVar

from fastapi import APIRouter
from fastapi import Response as Answer
from pydantic import BaseModel

from rollbook.identity.master_key import MasterKeyError
from rollbook.lockers.pins import CheckForm, PinForm, Pins, Subject
from rollbook.system_api.answers import REFUSED, answered, said
from rollbook.system_api.calling import Manages
from rollbook.system_api.problems import Refusal
from rollbook.system_api.structure_routes import ThingId

R = TypeVar("R")

TAGS: list[str | Enum] = ["PIN codes"]

_SUBJECTS: tuple[tuple[Subject, str, str], ...] = (
    ("user", "/users/{id}/pin", "a user's PIN"),
    ("locker", "/lockers/{id}/pin", "a locker's PIN"),
    ("bank", "/locker-banks/{id}/master-pin", "the master PIN of a bank"),
)


class Checked(BaseModel):
    """`by` says whose PIN it was: of the `locker`, of the `user`, of the `bank`."""

    right: bool
    by: str | None


def routes(pins: Pins) -> APIRouter:
    router = APIRouter(tags=TAGS, responses=REFUSED)
    for subject, path, what in _SUBJECTS:
        _set_and_drop(router, pins, subject, path, what)

    @router.post(
        "/lockers/{id}/pin/check",
        summary="Check a PIN at a door",
        description="After five wrong ones nobody may try for some minutes (409 `pinLocked`).",
        operation_id="checkPin",
        response_model=Checked,
    )
    async def check(caller: Manages, id: ThingId, body: CheckForm) -> Answer:
        by = await _with_key(lambda: pins.check(caller.work, caller.tenant.id, id, body))
        return said(answered(200, {"right": by is not None, "by": by}))

    return router


def _set_and_drop(router: APIRouter, pins: Pins, subject: Subject, path: str, what: str) -> None:
    name = subject.capitalize()

    @router.put(path, summary=f"Set {what}", operation_id=f"set{name}Pin", status_code=204, response_class=Answer)
    async def set_pin(caller: Manages, id: ThingId, body: PinForm) -> Answer:
        await _with_key(lambda: pins.set(caller.work, caller.tenant.id, subject, id, body.pin))
        return Answer(status_code=204)

    @router.delete(
        path, summary=f"Take {what} away", operation_id=f"drop{name}Pin", status_code=204, response_class=Answer
    )
    async def drop_pin(caller: Manages, id: ThingId) -> Answer:
        await pins.drop(caller.work, subject, id)
        return Answer(status_code=204)


async def _with_key(work: Callable[[], Awaitable[R]]) -> R:
    try:
        return await work()
    except MasterKeyError:
        raise Refusal(503, "noMasterKey", "PINs need a master key, and this server has none.") from None
