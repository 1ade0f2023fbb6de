"""The structure as a file: import with ranges and a rehearsal, export."""

import json
from enum import Enum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi import Response as Answer
from pydantic import BaseModel

from rollbook.lockers.entries import of_csv, of_json
from rollbook.lockers.exporting import as_csv, as_json
from rollbook.lockers.importing import import_entries
from rollbook.system_api.answers import REFUSED, DryRun, Key, answered, done
from rollbook.system_api.calling import Caller, Reads, Writes
from rollbook.system_api.people import GROUP_NUMBER, People, shown_group
from rollbook.system_api.problems import Refusal

TAGS: list[str | Enum] = ["Structure as a file"]

_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/StructureFile"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


class StructureFile(BaseModel):
    """Nested as the structure is, by names. `lockers` of a bank may say `numbers` (`001-120`)."""

    locations: list[dict[str, Any]] = []
    lockerGroups: list[dict[str, Any]] = []  # noqa: N815
    links: list[dict[str, Any]] = []


class ImportReport(BaseModel):
    """How many of each kind were made, changed, or were so already."""

    created: dict[str, int]
    changed: dict[str, int]
    unchanged: dict[str, int]
    grouped: int
    dryRun: bool  # noqa: N815


def routes(people: People) -> APIRouter:
    router = APIRouter(tags=TAGS, responses=REFUSED)

    @router.post(
        "/structure/import",
        summary="Import a structure",
        description="What is not there is made, what is there by its name gets what the file says, the rest stays. All "
        "or nothing. JSON as the export has it, or CSV with a row for a door or a range of doors.",
        operation_id="importStructure",
        response_model=ImportReport,
        openapi_extra=_FILE,
    )
    async def import_structure(caller: Writes, key: Key = None, dry_run: DryRun = False) -> Answer:
        if not caller.raw.body:
            raise Refusal(400, "invalidBody", "The file is missing: send it as the body.")
        media = (caller.header("content-type") or "").partition(";")[0].strip().lower()
        if media == "text/csv":
            try:
                entries = of_csv(caller.raw.body.decode())
            except UnicodeDecodeError:
                raise Refusal(400, "invalidBody", "The table has to be in UTF-8.") from None
        else:
            entries = of_json(caller.body)

        async def group_of(name: str) -> str | None:
            return await group_id(people, caller, name)

        return await done(
            caller,
            lambda manner: import_entries(caller.work, entries, group_of, manner),
            lambda report: answered(200, report.shown()),
            key=key,
            dry_run=dry_run,
        )

    @router.get(
        "/structure/export",
        summary="Export the structure",
        description="By names, so that another tenant can import it. CSV has the doors and their groups, and no links.",
        operation_id="exportStructure",
        response_model=StructureFile,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    async def export_structure(caller: Reads, format: Annotated[Literal["json", "csv"], Query()] = "json") -> Answer:
        if format == "csv":
            return Answer(await as_csv(caller.work), 200, None, "text/csv; charset=utf-8")

        async def name_of(id: str) -> str | None:
            stored = await caller.store.get(GROUP_NUMBER, id)
            return shown_group(stored)["displayName"] if stored is not None else None

        return Answer(json.dumps(await as_json(caller.work, name_of)), 200, None, "application/json")

    return router


async def group_id(people: People, caller: Caller, name: str) -> str | None:
    """The id of the only user group of a name."""
    found = await people.listed(caller, GROUP_NUMBER, {"displayName": name}, 2)
    return found[0].id if len(found) == 1 else None
