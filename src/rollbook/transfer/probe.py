"""What a target really can: it is asked (discovery), then tried, and the preset fills the gaps.

**Rules**: a filter counts only where a name that nobody has finds nobody and the name of somebody finds just that one:
some servers answer every filter with everybody, others with nobody.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import orjson

from rollbook.transfer.capabilities import Capabilities
from rollbook.transfer.errors import Unreachable
from rollbook.transfer.target import Target
from rollbook.transfer.users import TargetUser, name_key

NOBODY = "nobody-4f0d2c1b-93a1-4b8e-9a57-rollbook-probe"


async def probe(target: Target) -> Capabilities:
    """Find out what the target can, and let it go on with that. **Raises** ``Unreachable``, ``LoginRefused``."""
    can = await _announced(target)
    target.learned(can)
    if can.filter:
        page = await target.some()
        known = next((user for user in page if user.user_name), None)
        can = await _tried(target, can, known, with_external=next((u for u in page if u.external_id), None))
        target.learned(can)
    return can


async def _announced(target: Target) -> Capabilities:
    """What the target says of itself."""
    can = target.can
    if not can.discovery[0]:
        return can
    answer = await target.engine.call("GET", can.discovery[0])
    said = answer.body
    if answer.status >= 500:
        raise Unreachable(f"the target answers {answer.status} to the first question")
    if not answer.ok or not isinstance(said, dict):
        return can
    if isinstance(listed := said.get("Resources", said.get("resources")), list) and listed:
        said = listed[0]
    filters = _supported(said, "filter", can.filter)
    most = said.get("filter", {}).get("maxResults") if isinstance(said.get("filter"), dict) else None
    page = min(can.page, most) if isinstance(most, int) and most > 0 else can.page
    paging, page = _paging(said.get("pagination"), can, page)
    told = {name: said[name] for name in sorted(said) if name not in ("meta", "schemas", "id")}
    return replace(
        can,
        patch=_supported(said, "patch", can.patch) and can.patch,
        etag=_supported(said, "etag", can.etag) and can.etag,
        filter=filters and can.filter,
        filter_external=filters and can.filter_external,
        filter_or=filters and can.filter_or,
        paging=paging,
        page=page,
        announced=(orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode(),),
    )


def _paging(said: Any, can: Capabilities, page: int) -> tuple[Literal["index", "cursor", "none"], int]:
    """Cursors where they are offered (RFC 9865 §4): pages by number lose rows while others delete."""
    if not isinstance(said, Mapping) or can.paging == "none" or can.search:
        most = said.get("maxPageSize") if isinstance(said, Mapping) else None
        return can.paging, min(page, most) if isinstance(most, int) and most > 0 else page
    most = said.get("maxPageSize")
    page = min(page, most) if isinstance(most, int) and most > 0 else page
    return ("cursor" if said.get("cursor") is True else "index"), page


def _supported(said: Mapping[str, Any], name: str, otherwise: bool) -> bool:
    part = said.get(name)
    found = part.get("supported") if isinstance(part, Mapping) else None
    return found if isinstance(found, bool) else otherwise


async def _tried(
    target: Target, can: Capabilities, known: TargetUser | None, with_external: TargetUser | None
) -> Capabilities:
    """The filters that do what they say."""
    if await _found(target, f'userName eq "{NOBODY}"') != []:
        return replace(can, filter=False, filter_external=False, filter_or=False)
    if known is None:
        return can
    name = orjson.dumps(known.user_name).decode()
    found = await _found(target, f"userName eq {name}")
    if found is None or [name_key(u.user_name) for u in found] != [name_key(known.user_name)]:
        return replace(can, filter=False, filter_external=False, filter_or=False)
    both = await _found(target, f'userName eq "{NOBODY}" or userName eq {name}') if can.filter_or else None
    external = False
    if can.filter_external and with_external is not None:
        there = orjson.dumps(with_external.external_id).decode()
        nobody = await _found(target, f'externalId eq "{NOBODY}"')
        found = await _found(target, f"externalId eq {there}")
        external = nobody == [] and found is not None and with_external.id in [u.id for u in found]
    return replace(
        can,
        proven=True,
        filter_or=both is not None and [u.id for u in both] == [known.id],
        filter_external=external,
    )


async def _found(target: Target, filter: str) -> list[TargetUser] | None:
    """Whom a filter finds; None: it is refused."""
    query: dict[str, str | int] = {"filter": filter}
    answer = await target.engine.call("GET", target.can.users, query=query)
    if answer.status == 404:
        return []
    if not answer.ok:
        return None
    try:
        return target.wire.page(answer.body).users
    except ValueError:
        return None
