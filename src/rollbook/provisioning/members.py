"""What is asked of members before they come into a group (RFC 7643 §4.2; ``protocol.md`` 11)."""

from collections.abc import Iterable, Mapping

from rollbook.provisioning.work import Work
from rollbook.scim.errors import InvalidValue


async def check_member_types(work: Work, given: Mapping[str, str]) -> None:
    """**Raises** ``InvalidValue`` where a client calls a member by a type that it is not of.

    ``given`` is what the client said, by id; members that do not exist are the store's to refuse.
    """
    if not given:
        return
    numbers = {type.name.lower(): type.number for type in work.member_types}
    names = {type.number: type.name for type in work.member_types}
    for id, number in (await work.store.types_of(list(given))).items():
        if numbers.get(given[id].lower()) != number:
            raise InvalidValue(f"members: the resource {id} is a {names.get(number)}, not what its type says.")


def check_no_self(group: str, members: Iterable[str]) -> None:
    """**Raises** ``InvalidValue`` for a group that would contain itself directly; longer cycles are allowed."""
    if group in members:
        raise InvalidValue("members: a group cannot be its own member. Leave its id out of the list.")
