"""The company: what a tenant says of itself. There is one, from the beginning, whether or not anything was said."""

from typing import Any

from rollbook.events import Kind
from rollbook.lockers import forms
from rollbook.lockers.structure import ANY, NAMES, Match
from rollbook.lockers.work import LockerWork
from rollbook.storage.errors import LockerRefused, VersionConflict
from rollbook.storage.locker_records import PLAIN, Company, Manner


async def company(work: LockerWork, tenant_id: str) -> Company:
    """Version 0 is that of a company that has said nothing yet."""
    return await work.store.find(Company, tenant_id) or Company(id=tenant_id, version=0)


async def change(work: LockerWork, tenant_id: str, patch: Any, match: Match = ANY, manner: Manner = PLAIN) -> Company:
    """A merge patch. **Raises** ``VersionConflict``, ``Malformed``."""
    before = await company(work, tenant_id)
    match.check(before.version)
    form = forms.read(forms.CompanyForm, forms.merged(forms.form_of(before), patch))
    act = work.act(Kind.STRUCTURE_CHANGED, NAMES[Company], tenant_id, 200, tuple(sorted(patch)))
    after = forms.record(Company, form, tenant_id, before)
    if before.version:
        return await work.store.change(after, act, manner)
    try:
        return await work.store.create(after, act, manner)
    except LockerRefused:
        raise VersionConflict from None  # somebody else has just said the first thing
