"""LDAP servers and Active Directory: a search, read in pages. Who speaks LDAP is handed in (``ldap_client``)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from rollbook.transfer.source_settings import LdapSource
from rollbook.transfer.sources.ldap_values import row_of
from rollbook.transfer.sources.rows import Row

_PEOPLE = "(objectClass=inetOrgPerson)"
_PEOPLE_OF_AD = "(&(objectCategory=person)(objectClass=user))"
_NEEDED_FOR = {"enabled": "userAccountControl"}


class Found(NamedTuple):
    """An entry as the server gave it."""

    dn: str
    attributes: Sequence[tuple[str, list[bytes]]]


Search = Callable[[LdapSource, str, Sequence[str]], Iterator[Found]]
"""Settings, filter and attributes to what is found. **Raises** ``SourceFailed``."""


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
        for number, found in enumerate(self._search(self.settings, filter, attributes), 1):
            yield Row(number, row_of(found.dn, found.attributes))
