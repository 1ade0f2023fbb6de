"""LDIF, as LDAP servers export it (RFC 2849): records of ``attribute: value`` with an empty line between.

Lines that begin with a space go on; ``::`` holds base64; ``#`` is a comment. A record that is a change is no entry, and
a value that is somewhere else (``:<``) is not fetched: both make a bad row.
"""

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from rollbook.transfer.errors import SourceFailed
from rollbook.transfer.source_settings import LdifSource
from rollbook.transfer.sources.ldap_values import row_of
from rollbook.transfer.sources.rows import Row

_LONGEST = 1 << 20
"""Lines of one record."""


class LdifFile:
    """One file."""

    def __init__(self, settings: LdifSource, folder: Path) -> None:
        self.settings = settings
        self._path = folder / Path(settings.path).expanduser()

    def columns(self) -> None:
        """Every entry may have others."""
        if not self._path.is_file():
            raise SourceFailed(f"there is no file {self._path}")

    def column(self, name: str) -> str | None:
        return name.lower()

    def rows(self, wanted: frozenset[str]) -> Iterator[Row]:
        try:
            with self._path.open("rb") as file:
                for line, record in _records(file):
                    row = _row(line, record)
                    if row is not None:
                        yield row
        except OSError as refused:
            raise SourceFailed(f"the file {self._path} cannot be read", hint=refused.strerror or "") from None


def _records(file: BinaryIO) -> Iterator[tuple[int, list[bytes]]]:
    """Each record with its first line; lines that were folded are one again, comments are gone."""
    record: list[bytes] = []
    began, comment = 1, False
    for number, raw in enumerate(file, 1):
        line = raw.rstrip(b"\r\n")
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            if record:
                yield began, record
            record, comment = [], False
        elif line.startswith(b" "):
            if record and not comment:
                record[-1] += line[1:]
        elif line.startswith(b"#"):
            comment = True
        else:
            comment = False
            if not record:
                began = number
            if len(record) < _LONGEST:
                record.append(line)
    if record:
        yield began, record


def _row(line: int, record: list[bytes]) -> Row | None:
    """The row of a record; None for one that is no entry and says nothing of one (``version: 1``)."""
    dn, wrong = "", ""
    attributes: dict[str, list[bytes]] = {}
    for raw in record:
        name, colon, value = raw.partition(b":")
        key = name.decode("ascii", "replace").strip()
        if not colon or not key:
            wrong = "has a line that is no attribute with its value"
        elif value.startswith(b":"):
            try:
                value = base64.b64decode(value[1:].strip(), validate=True)
            except binascii.Error:
                wrong, value = f"has base64 that cannot be read, in {key[:60]}", b""
        elif value.startswith(b"<"):
            wrong, value = f"has a value of {key[:60]} that is somewhere else", b""
        else:
            value = value.removeprefix(b" ")
        if key.lower() == "dn":
            dn = value.decode("utf-8", "replace")
        elif key.lower() == "changetype":
            wrong = "is a change, and no entry"
        elif key.lower() == "version" and len(record) == 1:
            return None
        else:
            attributes.setdefault(key, []).append(value)
    if not dn and not wrong:
        attributes.pop("version", None)
        wrong = "has no dn"
    return Row(line, row_of(dn, attributes.items()), wrong)
