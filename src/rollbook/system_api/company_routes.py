"""The company: the tenant as its people know it, read and changed."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi import Response as Answer
from pydantic import BaseModel, ConfigDict

from rollbook.lockers import companies, forms
from rollbook.storage.locker_records import Answered, Company
from rollbook.system_api import models
from rollbook.system_api.answers import MERGE_PATCH, REFUSED, DryRun, IfMatch, answered, done, etag, match, said
from rollbook.system_api.calling import Caller, Reads, Writes

router = APIRouter(responses=REFUSED)


class CompanyPatch(BaseModel):
    """A merge patch: null is as if it had never been said."""

    model_config = ConfigDict(extra="forbid")

    externalId: forms.ExternalId | None = None  # noqa: N815
    timeZone: forms.TimeZone | None = None  # noqa: N815
    language: forms.Language | None = None
    attributes: forms.AttributesPatch | None = None


def _shown(caller: Caller, company: Company) -> Answered:
    tenant = caller.tenant
    body: dict[str, Any] = {
        **forms.shown(company),
        "name": tenant.name,
        "status": tenant.status,
        "created": tenant.created,
        "lastModified": company.last_modified or tenant.created,
    }
    return answered(200, body, version=company.version)


@router.get("/company", summary="Read the company", operation_id="readCompany", response_model=models.Company)
async def read_company(caller: Reads) -> Answer:
    company = await companies.company(caller.work, caller.tenant.id)
    if caller.header("if-none-match") in (etag(company.version), "*"):
        return Answer(status_code=304, headers={"etag": etag(company.version)})
    return said(_shown(caller, company))


@router.patch(
    "/company",
    summary="Change the company",
    description="A merge patch (RFC 7396). The time zone is that of locations that are made without one; the language "
    "is for whoever shows something to its people. Name and status are the operator's.",
    operation_id="changeCompany",
    response_model=models.Company,
)
async def change_company(
    caller: Writes,
    body: Annotated[CompanyPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
    dry_run: DryRun = False,
) -> Answer:
    wanted = match(if_match)
    return await done(
        caller,
        lambda manner: companies.change(caller.work, caller.tenant.id, caller.body, wanted, manner),
        lambda company: _shown(caller, company),
        dry_run=dry_run,
    )
