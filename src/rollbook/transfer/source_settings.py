"""What a config says of its sources: ``[source]``, or ``[[source]]`` for several. The names are those of the keys.

What stands below a field is its help (``docs/reference/transfer-config.md``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rollbook.transfer.secret import Secret


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    """What every source has."""

    type: str
    """What kind of source it is."""
    key: str
    """The column that tells people apart, and never changes; an expression such as `lower(mail)` is fine too."""
    name: str = ""
    """Names it where there are several: `hr.mail` is the column `mail` of the source `hr`."""
    where: str = ""
    """A condition: rows for which it does not hold are left out, as if they were not there. Empty: all rows count."""
    people: bool | None = None
    """Whether a key that only this source has is a person. Else it only adds columns to those of the other sources. The
    default is `true` for the first source and `false` for the others."""
    several: bool = False
    """Whether it may have several rows for a key (one for each badge): then each of its columns is a list. Not for a
    source of people."""
    duplicates: Literal["none", "first"] = "none"
    """Where a key stands twice: `none` takes none of its rows, names them all as bad, and leaves the person alone;
    `first` takes the first that can be read."""

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.name or self.type


@dataclass(frozen=True, kw_only=True)
class FileSource(SourceSettings):
    """What every source that is a file has."""

    path: str
    """The file; relative to the config."""

    @property
    def label(self) -> str:
        return self.path.replace("\\", "/").rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class CsvSource(FileSource):
    """`csv`, `tsv`: a table in a text file, with a heading."""

    type: Literal["csv", "tsv"] = "csv"
    encoding: str = ""
    """Empty: told by the file (a byte order mark, else UTF-8, else windows-1252)."""
    delimiter: str = ""
    """Empty: told by the heading (`,` `;` tab `|`); of a `tsv`, tab."""
    quote: str = '"'
    """What stands around cells that hold a delimiter."""
    header_line: int = 1
    """The line of the heading; those before it are skipped. 0: there is none, and `columns` names the columns."""
    columns: tuple[str, ...] = ()
    """Names for the columns, instead of those of the heading."""


@dataclass(frozen=True, kw_only=True)
class SheetSource(FileSource):
    """`xlsx`, `ods`: a sheet of a spreadsheet, with a heading. A number begins with zeros where its cell shows them;
    better, a badge is a text, or `pad(badge, 8)` in the map."""

    type: Literal["xlsx", "ods", "xls"] = "xlsx"
    sheet: str = ""
    """The name of the sheet. Empty: the first."""
    header_line: int = 1
    """The row of the heading; those before it are skipped."""


@dataclass(frozen=True, kw_only=True)
class JsonSource(FileSource):
    """`jsonl`: one JSON object on each line; `json`: an array of objects. What is nested is named with dots:
    `name.first`, and `emails.0.value` for an element of a list of objects."""

    type: Literal["jsonl", "json"] = "jsonl"
    items: str = ""
    """Of a `json` that is an object: the key whose value is the array."""


@dataclass(frozen=True, kw_only=True)
class LdifSource(FileSource):
    """`ldif`: what an LDAP server exports (RFC 2849). `dn` is a column; an attribute with several values is a list."""

    type: Literal["ldif"] = "ldif"
    key: str = "entryUUID"


@dataclass(frozen=True, kw_only=True)
class LdapSource(SourceSettings):
    """`ldap`: an LDAP server or Active Directory, read in pages. Columns are its attributes, `dn`, and `enabled`, which
    Active Directory's userAccountControl says."""

    type: Literal["ldap", "ad"] = "ldap"
    key: str = ""
    """Empty: `objectGUID` of an `ad`, else `entryUUID`."""
    url: str
    """`ldaps://host`, or `ldap://host` with `start_tls`."""
    base: str
    """Where the people are: `ou=people,dc=example,dc=org`."""
    filter: str = ""
    """Which entries are people. Empty: `(objectClass=inetOrgPerson)`; of an `ad` people who are no computers."""
    groups_base: str = ""
    """Where the groups are. Given, memberOf names also the groups that somebody's groups are in."""
    bind_dn: str = ""
    """Who asks. Empty: anonymous. Of an `ad` also `user@domain`."""
    password: Secret | None = None
    """Its password."""
    start_tls: bool = False
    """Whether to encrypt a connection that begins without."""
    ca_file: str = ""
    """PEM file of the authorities that are trusted. Empty: the system's."""
    page_size: int = 500
    """Entries on a page; Active Directory gives 1000 at most."""
    timeout: float = 30.0
    """Seconds that one answer may take."""


@dataclass(frozen=True, kw_only=True)
class SqlSource(SourceSettings):
    """`sql`: what one SELECT finds. SQLite and PostgreSQL are asked directly; any other database through SQLAlchemy,
    with the driver that its URL names."""

    type: Literal["sql"] = "sql"
    url: str | Secret
    """`sqlite:///people.db`, `postgresql://user@host/name`, or any URL of SQLAlchemy. One with a password in it is a
    secret."""
    query: str = ""
    """The SELECT. Its columns are the source's."""
    query_file: str = ""
    """Or a file that holds it."""
    password: Secret | None = None
    """The password, where the URL has none."""


@dataclass(frozen=True, kw_only=True)
class ScimSource(SourceSettings):
    """`scim`: the users of another SCIM service. Columns are attributes, nested ones named with dots: `name.givenName`,
    `emails.value` (a list, the primary one first), `urn:…:User:department` between backticks."""

    type: Literal["scim"] = "scim"
    key: str = "id"
    base_url: str
    """Where the service is: `https://host/scim/v2`."""
    version: Literal["2.0", "1.1"] = "2.0"
    """Which SCIM it speaks."""
    filter: str = ""
    """Which users; empty: all."""
    page_size: int = 100
    """Users on a page. 0: the service has no pages, and gives all at once."""
    token: Secret | None = None
    """A bearer token."""
    username: str = ""
    """Or a name for Basic authentication."""
    password: Secret | None = None
    """And its password."""
    headers: Mapping[str, str] | None = None
    """Sent with every request."""
    ca_file: str = ""
    """PEM file of the authorities that are trusted. Empty: the system's."""
    timeout: float = 30.0
    """Seconds that one answer may take."""


KINDS: Mapping[str, type[SourceSettings]] = {
    "csv": CsvSource,
    "tsv": CsvSource,
    "xlsx": SheetSource,
    "ods": SheetSource,
    "xls": SheetSource,
    "jsonl": JsonSource,
    "json": JsonSource,
    "ldif": LdifSource,
    "ldap": LdapSource,
    "ad": LdapSource,
    "sql": SqlSource,
    "scim": ScimSource,
}
