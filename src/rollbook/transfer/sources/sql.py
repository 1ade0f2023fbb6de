"""What a SELECT of the config finds. The statement is the administrator's own; a connection that is read only runs it.

SQLite is read through apsw and PostgreSQL through asyncpg, which are here anyway; any other database through
SQLAlchemy, with the driver that its URL names.
"""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from rollbook.transfer.errors import SourceFailed
from rollbook.transfer.secret import INSTALL
from rollbook.transfer.source_settings import SqlSource
from rollbook.transfer.sources.rows import Row, as_text, chosen

_AT_ONCE = 1000
Found = Iterator[Sequence[Any]]
"""First the names of the columns, then the rows."""


class SqlQuery:
    """One query of one database."""

    def __init__(self, settings: SqlSource, folder: Path) -> None:
        self.settings = settings
        self._folder = folder
        self._columns: tuple[str, ...] | None = None

    def columns(self) -> tuple[str, ...]:
        """What the query finds. **Raises** ``SourceFailed``."""
        if self._columns is None:
            found = self._found()
            try:
                self._columns = tuple(next(found))
            finally:
                found.close()  # type: ignore[attr-defined]
        return self._columns

    def column(self, name: str) -> str | None:
        return chosen(name, self.columns())

    def rows(self, wanted: frozenset[str]) -> Iterator[Row]:
        found = self._found()
        self._columns = columns = tuple(next(found))
        twice = sorted(name for name in wanted if columns.count(name) > 1)
        if twice:
            raise SourceFailed(
                f"the query of {self.settings.label} finds {twice[0]} twice", hint="name one of them AS …"
            )
        places = [(name, index) for index, name in enumerate(columns) if name in wanted]
        for number, cells in enumerate(found, 1):
            yield Row(number, {name: as_text(cells[index]) for name, index in places})

    def _found(self) -> Found:
        url, query = self._url(), self._query()
        scheme = url.partition(":")[0].lower()
        if scheme == "sqlite":
            return _of_sqlite(url, query, self._folder, self.settings.label)
        if scheme in ("postgresql", "postgres"):
            return _of_postgres(url, query, self.settings.label)
        return _of_sqlalchemy(url, query, self.settings.label)

    def _url(self) -> str:
        settings = self.settings
        if isinstance(settings.url, str):
            parts = urlsplit(settings.url)
            if parts.password:
                raise SourceFailed(
                    f"the url of {settings.label} has a password in it",
                    hint='give password = { env = "NAME" }, or the whole url = { env = "NAME" }',
                )
            if settings.password is None:
                return settings.url
            host = parts.netloc.rpartition("@")[2]
            secret = quote(settings.password(), safe="")
            return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:{secret}@{host}"))
        return settings.url()

    def _query(self) -> str:
        settings = self.settings
        if settings.query_file:
            try:
                return (self._folder / Path(settings.query_file).expanduser()).read_text("utf-8-sig")
            except (OSError, UnicodeDecodeError):
                raise SourceFailed(f"the file {settings.query_file} cannot be read") from None
        if not settings.query.strip():
            raise SourceFailed(f"{settings.label} has no query", hint="write query, or query_file")
        return settings.query


def _of_sqlite(url: str, query: str, folder: Path, label: str) -> Found:
    import apsw

    path = folder / Path(unquote(url.partition("://")[2].removeprefix("/"))).expanduser()
    if not path.is_file():
        raise SourceFailed(f"there is no database {path}")
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(10_000)
    try:
        if _has_more(connection, query):
            raise SourceFailed(f"{label}: the query has several statements", hint="give one SELECT")
        cursor = connection.cursor()
        cursor.execute(query)
        yield [name for name, *_ in cursor.get_description()]
        yield from cursor
    except apsw.ExecutionCompleteError:
        # A SELECT that finds nothing has columns all the same.
        yield _names_of_nothing(connection, query)
    except apsw.Error as refused:
        raise SourceFailed(f"{label}: the database refuses the query", hint=str(refused)[:200]) from None
    finally:
        connection.close(True)  # whoever asks for the columns alone leaves the query where it is


def _has_more(connection: Any, query: str) -> bool:
    import apsw.ext

    rest = (apsw.ext.query_info(connection, query).query_remaining or "").strip()
    return bool(rest) and not rest.startswith(("--", "/*"))


def _names_of_nothing(connection: Any, query: str) -> list[str]:
    import apsw.ext

    described = apsw.ext.query_info(connection, query).description
    return [name for name, *_ in described]


def _of_postgres(url: str, query: str, label: str) -> Found:
    import asyncpg

    with asyncio.Runner() as runner:
        try:
            connection = runner.run(_connect(url))
        except (asyncpg.PostgresError, OSError, TimeoutError, ValueError) as refused:
            raise SourceFailed(f"{label}: the database cannot be reached", hint=type(refused).__name__) from None
        try:
            runner.run(_begin(connection))
            statement = runner.run(connection.prepare(query))
            yield [attribute.name for attribute in statement.get_attributes()]
            cursor = runner.run(_cursor(statement))
            while rows := runner.run(cursor.fetch(_AT_ONCE)):
                yield from rows
        except asyncpg.PostgresError as refused:
            raise SourceFailed(f"{label}: the database refuses the query", hint=str(refused)[:200]) from None
        finally:
            runner.run(connection.close())


async def _connect(url: str) -> Any:
    import asyncpg

    return await asyncpg.connect(url, timeout=30)


async def _begin(connection: Any) -> None:
    await connection.transaction(readonly=True, isolation="repeatable_read").start()


async def _cursor(statement: Any) -> Any:
    return await statement.cursor()


def _of_sqlalchemy(url: str, query: str, label: str) -> Found:
    try:
        import sqlalchemy
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
    except ImportError:
        raise SourceFailed(f"{label}: this database needs SQLAlchemy", hint=INSTALL) from None
    try:
        engine = sqlalchemy.create_engine(url)
    except (ArgumentError, NoSuchModuleError):
        raise SourceFailed(
            f"the url of {label} names no database that is known", hint="see the URLs of SQLAlchemy"
        ) from None
    except ImportError as missing:
        raise SourceFailed(
            f"{label}: the database needs the driver {missing.name}", hint=f"pip install {missing.name}"
        ) from None
    try:
        with engine.connect().execution_options(stream_results=True, yield_per=_AT_ONCE) as connection:
            found = connection.exec_driver_sql(query)
            yield list(found.keys())
            yield from found
            connection.rollback()
    except SQLAlchemyError as refused:
        hint = str(getattr(refused, "orig", None) or type(refused).__name__)[:200]
        raise SourceFailed(f"{label}: the database refuses the query", hint=hint) from None
    finally:
        engine.dispose()
