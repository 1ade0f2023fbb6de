"""Modifying a resource with PATCH (RFC 7644 §3.5.2).

The members of a group are rows. A PATCH of members neither loads nor rewrites the group: it becomes a ``MemberChange``.
Only a path whose filter asks for more than ids (``members[type eq "Group"]``) has the members read first.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from rollbook.events import Kind
from rollbook.provisioning.filing import changed_attributes, filing, leaves
from rollbook.provisioning.groups import changed_groups, own_groups
from rollbook.provisioning.judging import judged, opened
from rollbook.provisioning.members import check_may_be_emptied, check_member_types, check_no_self
from rollbook.provisioning.ownership import new_owner
from rollbook.provisioning.passwords import password_to_go
from rollbook.provisioning.refusals import not_found
from rollbook.provisioning.retrieve import check_writable
from rollbook.provisioning.save import Saved, again_while_it_changes, save
from rollbook.provisioning.viewing import view
from rollbook.provisioning.work import Work
from rollbook.scim.answer import Locations
from rollbook.scim.attributes import Held
from rollbook.scim.member_steps import MemberSteps
from rollbook.scim.operations import Modify
from rollbook.scim.outcomes import Done, Found
from rollbook.scim.patch_apply import NeedsGroups, NeedsMembers, Patched, apply_patch
from rollbook.scim.resource import Stored
from rollbook.storage.records import MemberChange, Update


async def modify(operation: Modify, work: Work) -> Found | Done:
    """The resource after all of the operations, or after none of them.

    A PATCH by which members come or go is answered with 204, so that one member costs the same in any group;
    ``attributes`` or ``Prefer: return=representation`` asks for the resource all the same. RFC 7644 §3.5.2 allows both.
    One that replaces or clears all of them says what is left, and is answered with it.

    **Raises** ``NotFound``, ``PreconditionFailed``, ``AlreadyExists``, ``NoTarget``, ``InvalidPath``, ``InvalidValue``,
    ``MutabilityError``.
    """
    saved, brief = await again_while_it_changes(lambda: _once(operation, work), work, operation.type, operation.id)
    if brief:
        return Done(saved.stored.version, operation.type, operation.id)
    return Found(await view(work, operation.type, saved.stored, operation.projection), operation.projection)


async def _once(operation: Modify, work: Work) -> tuple[Saved, bool]:
    type, id = operation.type, operation.id
    stored = await work.store.get(type.number, id)
    if stored is None:
        raise not_found(type)
    check_writable(operation.conditions, stored)
    before = orjson.loads(stored.document)
    asked = work.asked(type, {}, id)
    patched = await _patched(operation, work, stored, opened(type, before, asked))
    document = judged(type, before, patched.document, asked)
    steps = patched.members
    changed = changed_attributes(before, document)
    if steps.touched:
        changed = (*changed, "members")
    groups = changed_groups(patched.groups)
    if groups:
        changed = (*changed, "groups")
    password = None
    if patched.password is not None:
        password = await (work.hash(patched.password) if patched.password else password_to_go(work, type, id))
        changed = changed if password is None else (*changed, "password")
    at = work.clock.written()
    brief = _is_brief(operation, work, steps)
    event = work.event(Kind.RESOURCE_MODIFIED, at, type, id, 204 if brief else 200, changed)
    update = Update(type.number, id, stored.version, at, event, owner=new_owner(work, before, document))
    update.password, update.groups = password, groups
    if steps.touched:
        check_no_self(id, steps.add)
        if (steps.clear or steps.swept) and not steps.add:
            await check_may_be_emptied(work, id, None if steps.clear else steps.remove)
        await check_member_types(work, patched.member_types)
        update.members = MemberChange(steps.clear, tuple(steps.remove), tuple(steps.add))
    if before != document:
        update.content, update.index = filing(type.whole).refile(before, document, work.limits)
        update.leaves = leaves(before, document)
    elif operation.conditions.match is None and password is None:
        update.version = None  # memberships alone: writers of different ones do not get in each other's way
    return await save(work, stored, update), brief


def _is_brief(operation: Modify, work: Work, steps: MemberSteps) -> bool:
    """Whether the answer is 204: as the client prefers, else as its connection has it."""
    if operation.minimal or operation.whole:
        return operation.minimal
    if work.terms.patch_answer == "auto":
        return steps.touched and not steps.clear
    return work.terms.patch_answer == "empty"


async def _patched(operation: Modify, work: Work, stored: Stored, before: dict[str, Any]) -> Patched:
    """The document after the operations; with the members loaded only where a path's filter needs to see them."""
    members: list[dict[str, Any]] | None = None
    groups: list[Mapping[str, Any]] | None = None
    for _ in range(3):
        work.again()
        try:
            return apply_patch(
                operation.type,
                before,
                operation.operations,
                work.tolerances,
                work.notes,
                own=stored.id,
                members=members,
                groups=groups,
                limits=work.limits,
                keeps_password=work.keeps_password,
            )
        except NeedsGroups:
            groups = await own_groups(work, stored)
        except NeedsMembers:
            locations = Locations(work.location_base, work.member_types)
            attribute = operation.type.held(Held.MEMBERS)
            assert attribute is not None
            rows = (await work.store.members([stored.id])).get(stored.id, [])
            members = [locations.member(member) for member in rows]
    raise AssertionError("members were given and asked for again")
