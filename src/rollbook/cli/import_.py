"""``rollbook import``: a file of resources into a tenant."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from rollbook.cli.export import Format
from rollbook.cli.options import Config, Database, Json, TenantName
from rollbook.cli.output import FAILED, WRONG_USAGE, fail, print_json, say
from rollbook.cli.progress import progress
from rollbook.cli.session import load, with_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.tenancy import connections, lifecycle

if TYPE_CHECKING:
    from rollbook.dialects.model import Dialect
    from rollbook.provisioning.import_lines import BadLine, Line
    from rollbook.provisioning.importing import Lines, Report
    from rollbook.storage.contract import Store

_ERRORS_SHOWN = 1000
"""Refused lines in the JSON of a run; all of them are told on standard error."""


class WhatIsThere(StrEnum):
    """What becomes of resources that are there already."""

    UPDATE = "update"
    SKIP = "skip"
    REFUSE = "refuse"


def import_(
    ctx: typer.Context,
    tenant: TenantName,
    file: Annotated[str, typer.Argument(metavar="FILE", help="NDJSON or CSV; - is standard input.")],
    format: Annotated[Format | None, typer.Option(help="Else told by the file's name (.csv), else ndjson.")] = None,
    type: Annotated[
        str | None, typer.Option(metavar="TYPE", help="What the rows of a table are, where no column says it.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge every line, write nothing.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="All lines or none: judge the whole file, then write in one transaction.")
    ] = False,
    connection: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Whose the externalIds become, by name or id. Else those of the connection default."
        ),
    ] = None,
    existing: Annotated[
        WhatIsThere, typer.Option(help="What to do with resources that are there already.")
    ] = WhatIsThere.UPDATE,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Create and change resources from a file: what `rollbook export` wrote, or a table of your own.

    A line whose id, or else whose userName, is there already changes that resource; any other makes a new one, with
    its id if it has one. A JSON line is the whole resource; a table changes only the attributes that it has columns
    for. Nothing is ever deleted. A bad line is named by its number and stops nothing but itself, unless --strict.

    \b
    rollbook import acorn acorn.ndjson --dry-run
    rollbook import acorn people.csv              userName,name.givenName,name.familyName,emails
    rollbook import acorn people.csv --strict --existing refuse
    rollbook import acorn people.csv --connection okta
    """
    settings = load(ctx, database=database, config=config).settings
    errors: list[dict[str, Any]] = []

    with ExitStack() as stack:
        source = _source(file, stack)
        table = (format or (Format.CSV if file.lower().endswith(".csv") else Format.NDJSON)) is Format.CSV

        async def work(store: "Store") -> "Report":
            from rollbook.app import tenant_dialect
            from rollbook.provisioning.importing import Import
            from rollbook.provisioning.lines import Lines as Queues
            from rollbook.provisioning.work import Work

            found = await lifecycle.find(store, tenant)
            dialect = await tenant_dialect(settings, store, found)
            owner = found.connection
            if connection is not None:
                owner = (await connections.find(store, found, connection)).id
            lines = _lines(source, dialect, table=table, type=type)
            surroundings = Work(
                store=store.tenant(found.id),
                connection=owner,
                actor="operator",
                peer="",
                request="",
                clock=SYSTEM_CLOCK,
                terms=dialect.terms,
                limits=dialect.limits,
                location_base=f"{settings.origin}{dialect.base}",
                lines=Queues(),
                types=dialect.types,
                member_types=dialect.member_types,
                schema=dialect.revision,
                strangers=dialect.strangers,
            )
            total = _count(source)
            with progress("judging" if dry_run or strict else "importing", total) as advance:

                def refused(number: int, detail: str) -> None:
                    if len(errors) < _ERRORS_SHOWN:
                        errors.append({"line": number, "detail": detail})
                    say(f"line {number}: {detail}")

                run = Import(surroundings, lines, existing.value, lambda: advance(1), refused)
                report = await (run.rehearse() if dry_run or strict else run.run())
            if strict and not dry_run and not report.refused:
                with progress("importing", total) as advance:
                    report = await Import(surroundings, lines, existing.value, lambda: advance(1), refused).whole()
            return report

        report = with_store(settings, work)
    written = not dry_run and not (strict and report.refused)
    if json:
        print_json({"written": written, **asdict(report), "errors": errors})
    else:
        said = ", ".join(f"{number:,} {what}" for what, number in asdict(report).items())
        say(f"{said}{'' if written else '; nothing was written'}.")
    if report.refused:
        raise typer.Exit(FAILED)


def _source(file: str, stack: ExitStack) -> BinaryIO:
    """The file, in a form that can be read more than once."""
    if file != "-":
        if not Path(file).is_file():
            fail(f"there is no file {file}", code=WRONG_USAGE)
        return stack.enter_context(Path(file).open("rb"))
    spool: BinaryIO = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    shutil.copyfileobj(sys.stdin.buffer, spool)
    return spool


def _lines(source: BinaryIO, dialect: "Dialect", *, table: bool, type: str | None) -> "Lines":
    from rollbook.provisioning.import_lines import csv_lines, ndjson_lines
    from rollbook.scim.csv_form import Sheet

    default = None
    if type is not None:
        if not table:
            fail("--type is for tables; a JSON line says its type itself", code=WRONG_USAGE)
        default = next((one for one in dialect.types if one.name.lower() == type.lower()), None)
        if default is None:
            there = ", ".join(one.name for one in dialect.types)
            fail(f"--type: the tenant has no resource type {type!r}", f"it has {there}", WRONG_USAGE)
    sheet = Sheet(dialect.types)

    def lines() -> "Iterator[Line | BadLine]":
        source.seek(0)
        if not table:
            yield from ndjson_lines(source, dialect.types, dialect.limits)
            return
        text = (raw.decode("utf-8-sig" if first else "utf-8", "surrogateescape") for first, raw in _marked(source))
        yield from csv_lines(text, sheet, default)

    return lines


def _marked(lines: BinaryIO) -> Iterator[tuple[bool, bytes]]:
    for number, line in enumerate(lines):
        yield number == 0, line


def _count(source: BinaryIO) -> int:
    """How many lines there are, for the bar: in a table a row may have more than one."""
    source.seek(0)
    return sum(block.count(b"\n") for block in iter(lambda: source.read(1 << 20), b""))
