"""Settings into sources. What a source needs beyond the base is imported here only when it is opened."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rollbook.transfer.errors import SourceFailed
from rollbook.transfer.secret import INSTALL
from rollbook.transfer.source_settings import (
    CsvSource,
    JsonSource,
    LdapSource,
    LdifSource,
    ScimSource,
    SheetSource,
    SourceSettings,
    SqlSource,
)
from rollbook.transfer.sources.rows import Source


def open_source(settings: SourceSettings, folder: Path) -> Source:
    """The source that settings describe; nothing of it is read yet. **Raises** ``SourceFailed`` where a library is
    missing."""
    for kind, make in _MAKERS.items():
        if isinstance(settings, kind):
            try:
                return make(settings, folder)
            except ImportError as missing:
                package = (missing.name or "a package").partition(".")[0].replace("_", "-")
                raise SourceFailed(f"a source of type {settings.type} needs {package}", hint=INSTALL) from None
    raise AssertionError(settings.type)


def _csv(settings: Any, folder: Path) -> Source:
    from rollbook.transfer.sources.csv_file import CsvFile

    return CsvFile(settings, folder)


def _sheet(settings: Any, folder: Path) -> Source:
    from rollbook.transfer.sources.sheet import SheetFile

    return SheetFile(settings, folder)


def _json(settings: Any, folder: Path) -> Source:
    from rollbook.transfer.sources.json_file import JsonFile

    return JsonFile(settings, folder)


def _ldif(settings: Any, folder: Path) -> Source:
    from rollbook.transfer.sources.ldif import LdifFile

    return LdifFile(settings, folder)


def _ldap(settings: Any, folder: Path) -> Source:
    from rollbook.transfer.sources.ldap import LdapDirectory
    from rollbook.transfer.sources.ldap_client import search

    return LdapDirectory(settings, folder, search)


def _sql(settings: Any, folder: Path) -> Source:
    from rollbook.transfer.sources.sql import SqlQuery

    return SqlQuery(settings, folder)


def _scim(settings: Any, folder: Path) -> Source:
    from rollbook.transfer.sources.scim import ScimService

    return ScimService(settings, folder)


_MAKERS: dict[type[SourceSettings], Callable[[Any, Path], Source]] = {
    CsvSource: _csv,
    SheetSource: _sheet,
    JsonSource: _json,
    LdifSource: _ldif,
    LdapSource: _ldap,
    SqlSource: _sql,
    ScimSource: _scim,
}
