"""LDAP servers and Active Directory: a search, read in pages. Who speaks LDAP is handed in (``ldap_client``)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from rollbook.transfer.mapping.values import texts
from rollbook.transfer.source_settings import LdapSource
from rollbook.transfer.sources.ldap_values import row_of
from rollbook.transfer.sources.rows import Row

_PEOPLE = "(objectClass=inetOrgPerson)"
_PEOPLE_OF_AD = "(&(objectCategory=person)(objectClass=user))"
_GROUPS_IN_GROUPS = "(&(|(objectClass=groupOfNames)(objectClass=group))(memberOf=*))"
_MEMBER_OF = "memberof"
_NEEDED_FOR = {"enabled": "userAccountControl"}


class Found(NamedTuple):
    """An entry as the server gave it."""

    dn: str
    attributes: Sequence[tuple[str, list[bytes]]]


Search = Callable[[LdapSource, str, str, Sequence[str]], Iterator[Found]]
"""Settings, base, filter and attributes to what is found. **Raises** ``SourceFailed``."""


class LdapDirectory:
    """One directory."""

    def __init__(self, settings: LdapSource, folder: Path, search: Search) -> None:
        ca_file = str(folder / settings.ca_file) if settings.ca_file else ""
        self.settings = replace(settings, ca_file=ca_file)
        self._search = search

    def columns(self) -> None:
        """What a server has is known to its schema, and what an entry has only to the entry."""

    def column(self, name: str) -> str | None:
        return name.lower()

    def rows(self, wanted: frozenset[str]) -> Iterator[Row]:
        ad = self.settings.type == "ad"
        filter = self.settings.filter or (_PEOPLE_OF_AD if ad else _PEOPLE)
        attributes = sorted({_NEEDED_FOR.get(name, name) for name in wanted} - {"dn"})
        nested = self._nested() if self.settings.groups_base and _MEMBER_OF in wanted else {}
        for number, found in enumerate(self._search(self.settings, self.settings.base, filter, attributes), 1):
            values = row_of(found.dn, found.attributes)
            if nested and values.get(_MEMBER_OF):
                values[_MEMBER_OF] = _closed(texts(values[_MEMBER_OF]), nested)
            yield Row(number, values)

    def _nested(self) -> dict[str, list[str]]:
        """The groups that groups are in, by their names in small letters."""
        found = self._search(self.settings, self.settings.groups_base, _GROUPS_IN_GROUPS, ["memberOf"])
        rows = (row_of(one.dn, one.attributes) for one in found)
        return {row["dn"].lower(): list(texts(row.get(_MEMBER_OF, ""))) for row in rows}


def _closed(groups: Sequence[str], nested: Mapping[str, Sequence[str]]) -> list[str]:
    """These groups and all that they are in, each once; groups may be in each other in a circle."""
    found = {group.lower(): group for group in groups}
    left = list(groups)
    while left:
        for group in nested.get(left.pop().lower(), ()):
            if group.lower() not in found:
                found[group.lower()] = group
                left.append(group)
    return list(found.values())
