"""The address of the database.

::

    sqlite:///directory.db              a file, relative to where the command runs
    sqlite:////var/lib/directory.db     a file by its absolute path (four slashes, as SQLAlchemy writes it)
    postgresql://user:password@host:port/name?sslmode=require

User and password of a PostgreSQL address are percent-encoded (RFC 3986 §3.2.1). A path of a file is taken as it stands.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

import platformdirs

RIGHT = "give sqlite:///relative/path, sqlite:////absolute/path or postgresql://user:password@host:port/name"

_SECRET_IN_QUERY = re.compile(r"(?<=[?&])((?:ssl)?password)=[^&]*")


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """An address that was understood. ``str`` and ``repr`` of it never show the password; ``url`` does."""

    engine: Literal["sqlite", "postgres"]
    url: str = field(repr=False)
    path: str = ""
    """The file of an SQLite database, absolute."""

    @classmethod
    def read(cls, text: str) -> Self:
        """Read an address. **Raises** ``ValueError`` with a sentence that repeats nothing of the address."""
        scheme, separator, rest = text.partition("://")
        if not separator:
            raise ValueError("is no address of a database")
        match scheme.lower():
            case "sqlite":
                return cls._file(rest)
            case "postgresql" | "postgres":
                return cls._server(rest)
        raise ValueError("names a kind of database that is not served")

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """The address of an SQLite file."""
        absolute = str(path.absolute())
        return cls("sqlite", f"sqlite:///{absolute}", absolute)

    @classmethod
    def default(cls, name: str = "rollbook.db") -> Self:
        """A file in the platform's data folder."""
        return cls.of_file(platformdirs.user_data_path("rollbook") / name)

    @classmethod
    def _file(cls, rest: str) -> Self:
        if not rest.startswith("/"):
            raise ValueError("names a host, and SQLite has none: three slashes before a relative path, four in all")
        path = rest[1:]
        if not path:
            raise ValueError("names no file")
        if path == ":memory:" or path.startswith("file:"):
            raise ValueError("names no file of its own, and a directory has to outlive its server")
        if "\0" in path:
            raise ValueError("has a NUL in its path")
        return cls.of_file(Path(path))

    @classmethod
    def _server(cls, rest: str) -> Self:
        url = f"postgresql://{rest}"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            # The library's own words may repeat the address, and with it the password.
            raise ValueError("has a host or port that cannot be read (percent-encode user and password)") from None
        if port == 0:
            raise ValueError("has port 0")
        if parts.fragment:
            raise ValueError("has a # in it: percent-encode user and password")
        if not parts.path.strip("/") or "/" in parts.path.strip("/"):
            raise ValueError("does not end in the name of a database")
        if not parts.hostname and "host=" not in parts.query:
            raise ValueError("names no host")
        return cls("postgres", url)

    def __str__(self) -> str:
        if self.engine == "sqlite":
            return self.url
        before, at, after = self.url.removeprefix("postgresql://").rpartition("@")
        user, colon, _ = before.partition(":")
        shown = f"postgresql://{user}{':***' if colon else ''}{at}{after}"
        return _SECRET_IN_QUERY.sub(r"\1=***", shown)

    @property
    def host(self) -> str:
        """The server's host, for messages; empty for a file."""
        return "" if self.engine == "sqlite" else urlsplit(self.url).hostname or ""

    @property
    def database(self) -> str:
        """The name of the database on its server, for messages; empty for a file."""
        return "" if self.engine == "sqlite" else unquote(urlsplit(self.url).path.strip("/"))
