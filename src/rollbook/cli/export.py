"""``rollbook export``: a tenant's resources as a file."""

import csv
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from rollbook.cli.options import Config, Database, TenantName
from rollbook.cli.output import WRONG_USAGE, fail, say
from rollbook.cli.progress import progress
from rollbook.cli.session import load, with_store
from rollbook.tenancy import lifecycle

if TYPE_CHECKING:
    from rollbook.scim.schema import ResourceType
    from rollbook.storage.contract import Store

    Write = Callable[[ResourceType, bytes], None]


class Format(StrEnum):
    """The form of a file."""

    NDJSON = "ndjson"
    CSV = "csv"


def export(
    ctx: typer.Context,
    tenant: TenantName,
    format: Annotated[
        Format | None, typer.Option(help="ndjson: all of it, one JSON object on each line. csv: a table.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Else standard output.", show_default=False)
    ] = None,
    type: Annotated[
        list[str] | None, typer.Option(metavar="TYPE", help="Only these resource types.", show_default=False)
    ] = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Write a tenant's resources to a file that `rollbook import` reads: all types, or those of --type.

    Passwords are never exported. A resource that changes meanwhile is written as it is when it is read.
    In a table, a multi-valued attribute is one cell with a JSON list, and members are ids between spaces.

    \b
    rollbook export acorn -o acorn.ndjson
    rollbook export acorn --type User --format csv -o people.csv
    rollbook export acorn | gzip > acorn.ndjson.gz
    """
    chosen = format or (Format.CSV if output is not None and output.suffix.lower() == ".csv" else Format.NDJSON)
    settings = load(ctx, database=database, config=config).settings

    async def work(store: "Store") -> dict[str, int]:
        from rollbook.app import tenant_dialect
        from rollbook.provisioning import exporting
        from rollbook.scim.answer import Locations

        found = await lifecycle.find(store, tenant)
        handle = store.tenant(found.id)
        dialect = await tenant_dialect(settings, store, found)
        types = _chosen(dialect.types, type)
        locations = Locations(f"{settings.origin}{dialect.base}", dialect.types)
        total = sum([await handle.count(one.number) for one in types])
        written = {}
        with progress("exporting", total) as advance, _opened(output) as file:
            write = _WRITERS[chosen](file, types)
            for one in types:
                written[one.name] = 0
                async with aclosing(exporting.documents(handle, one, locations)) as documents:
                    async for document in documents:
                        write(one, document)
                        written[one.name] += 1
                        advance(1)
            file.flush()
        return written

    written = with_store(settings, work)
    where = f" to {output}" if output is not None else ""
    say(f"Exported {', '.join(f'{count:,} {name}' for name, count in written.items())}{where}.")


def _lines(file: BinaryIO, types: "Sequence[ResourceType]") -> "Write":
    def write(type: "ResourceType", document: bytes) -> None:
        file.write(document + b"\n")

    return write


def _table(file: BinaryIO, types: "Sequence[ResourceType]") -> "Write":
    import orjson

    from rollbook.scim.csv_form import Sheet

    sheet = Sheet(types)
    text = StringIO(newline="")
    writer = csv.writer(text)

    def put(cells: list[str]) -> None:
        writer.writerow(cells)
        file.write(text.getvalue().encode())
        text.seek(0)
        text.truncate()

    put(sheet.header)
    return lambda kind, document: put(sheet.row(kind, orjson.loads(document)))


_WRITERS: "dict[Format, Callable[[BinaryIO, Sequence[ResourceType]], Write]]" = {
    Format.NDJSON: _lines,
    Format.CSV: _table,
}


@contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that is there only once it is whole."""
    if path is None:
        yield sys.stdout.buffer
        return
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _chosen(types: "Sequence[ResourceType]", names: list[str] | None) -> "list[ResourceType]":
    if not names:
        return list(types)
    known = {one.name.lower(): one for one in types}
    for name in names:
        if name.lower() not in known:
            there = ", ".join(one.name for one in types)
            fail(f"--type: the tenant has no resource type {name!r}", f"it has {there}", WRONG_USAGE)
    return [known[name.lower()] for name in dict.fromkeys(names)]
