"""Taking a deactivated account up again, for clients that deactivate leavers and POST those who come back (Okta).

**Rules**: only an account that was made (and is owned) by the same connection, that is not active, and whose userName
and externalId are both those of the request. No other account is ever adopted: whoever may choose a userName could
otherwise take over an account that is not theirs.
"""

import orjson

from rollbook.events import Kind
from rollbook.provisioning.filing import changed_attributes, filing
from rollbook.provisioning.groups import all_groups
from rollbook.provisioning.judging import replacement
from rollbook.provisioning.passwords import password_to_go
from rollbook.provisioning.save import Saved, again_while_it_changes, save
from rollbook.provisioning.viewing import view
from rollbook.provisioning.work import Work
from rollbook.scim.attributes import Held
from rollbook.scim.binding import bind
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.operations import Create
from rollbook.scim.outcomes import Found
from rollbook.scim.resource import Stored
from rollbook.scim.tolerances import note
from rollbook.storage.records import Content, Query, Target, Update

_OWNERS = 100
"""Resources of one externalId that are looked at: there is one for each connection of the tenant."""


async def reactivate(operation: Create, work: Work, wanted: Content) -> Found | None:
    """The account that a refused POST means, replaced; None where there is none that it may mean."""
    type = operation.type
    if wanted.external_id is None or wanted.key is None or type.top("active") is None or type.held(Held.MEMBERS):
        return None
    old = await _deactivated(operation, work, wanted)
    if old is None:
        return None
    saved = await again_while_it_changes(lambda: _once(operation, work, wanted, old.id), work, type, old.id)
    if saved is None:
        return None
    return Found(await view(work, type, saved.stored, operation.projection), operation.projection, created=True)


async def _deactivated(operation: Create, work: Work, wanted: Content) -> Stored | None:
    """The account as it is meant, if there is one; the unique key leaves at most one."""
    quoted = orjson.dumps(wanted.external_id).decode()
    same = bind(parse_filter(f"externalId eq {quoted}", limits=work.limits), operation.type)
    page = await work.store.query(Query((Target(operation.type, same),), limit=_OWNERS))
    for row in page.rows:
        if await _is_meant(operation, work, wanted, row):
            return row
    return None


async def _is_meant(operation: Create, work: Work, wanted: Content, stored: Stored) -> bool:
    document = orjson.loads(stored.document)
    if document.get("active") is not False or document.get("externalId") != wanted.external_id:
        return False
    content, _ = filing(operation.type.whole).file(document, work.limits)
    return content.key == wanted.key and await work.store.connection_of(stored.type, stored.id) == work.connection


async def _once(operation: Create, work: Work, wanted: Content, id: str) -> Saved | None:
    type = operation.type
    stored = await work.store.get(type.number, id)
    if stored is None or not await _is_meant(operation, work, wanted, stored):
        return None
    work.again()
    note(work.notes, "reactivated", type.name)
    before = orjson.loads(stored.document)
    drafted = replacement(work, type, before, operation.body, id, keep_active=False)
    document, new = drafted.kept(), drafted.draft.password
    changed = changed_attributes(before, document)
    # The password of who left does not come back with the account.
    password = await (password_to_go(work, type, id) if new is None else work.hash(new))
    if password is not None:
        changed = (*changed, "password")
    groups = await all_groups(work, type, stored, drafted.draft)
    if groups:
        changed = (*changed, "groups")
    at = work.clock.written()
    event = work.event(Kind.RESOURCE_REPLACED, at, type, id, 201, changed)
    update = Update(type.number, id, stored.version, at, event, password=password, groups=groups)
    if before != document:
        update.content, update.index = filing(type.whole).file(document, work.limits)
    return await save(work, stored, update)
