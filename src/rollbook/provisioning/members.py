"""What is asked of members before they come into a group (RFC 7643 §4.2; ``protocol.md`` 11)."""

from collections.abc import Container, Iterable, Mapping

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
    types = {**await work.store.types_of(list(given)), **{id: work.coming[id] for id in given if id in work.coming}}
    for id, number in types.items():
        if numbers.get(given[id].lower()) != number:
            raise InvalidValue(f"members: the resource {id} is a {names.get(number)}, not what its type says.")


async def check_may_be_emptied(work: Work, group: str, gone: Container[str] | None = None) -> None:
    """**Raises** ``InvalidValue`` where the connection may not take all members out of a group at once, there are some,
    and all of them are ``gone`` (None: whoever they are)."""
    if work.terms.remove_all_members:
        return
    there = (await work.store.members([group])).get(group)
    if there and (gone is None or all(member.id in gone for member in there)):
        raise InvalidValue(
            "members: this connection does not take all members out of a group at once. Name those that are to go."
        )


def check_no_self(group: str, members: Iterable[str]) -> None:
    """**Raises** ``InvalidValue`` for a group that would contain itself directly; longer cycles are allowed."""
    if group in members:
        raise InvalidValue("members: a group cannot be its own member. Leave its id out of the list.")
