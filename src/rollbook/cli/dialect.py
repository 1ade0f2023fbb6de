"""``rollbook dialect``: list, check, diff, doc, new."""

import json as json_text
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.options import Config, Dialects, Json
from rollbook.cli.output import FAILED, WRONG_USAGE, fail, print_json, print_table, say
from rollbook.cli.session import load

if TYPE_CHECKING:
    from rollbook.dialects.model import Dialect
    from rollbook.dialects.reader import DialectError

app = typer.Typer(
    name="dialect",
    help="How the SCIM of one product differs from the RFCs: a dialect, one TOML file each. rollbook has some, and"
    " serves those of a folder beside them (--dialects DIR).",
    short_help="List, check, compare, document, begin dialects.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="DIALECT", help="A dialect's name.")]
FOLDER = "docs/reference/dialects"


@app.command("list")
def list_(ctx: typer.Context, dialects: Dialects = None, config: Config = None, json: Json = False) -> None:
    """List the dialects, with where each is served.

    \b
    rollbook dialect list
    rollbook dialect list --dialects ./dialects
    """
    found = _load(ctx, dialects, config)
    rows = [
        {
            "name": one.name,
            "title": one.title,
            "extends": one.parent,
            "wire": "1.1" if one.form else "2.0",
            "addresses": list(one.bases),
            "departures": len(one.departures),
        }
        for one in found
    ]
    if json:
        print_json(rows)
    else:
        shown = [[*list(row.values())[:4], ", ".join(row["addresses"]), row["departures"]] for row in rows]  # type: ignore[arg-type]
        print_table(list(rows[0]), shown)


@app.command()
def check(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Dialect files.")],
    dialects: Dialects = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Say everything that is wrong with dialect files: file, line, key, and the nearest one that is right.

    \b
    rollbook dialect check shop.toml
    shop.toml, line 8: pages.mst: there is no such key (did you mean most?)
    """
    wrong, right = _judge(ctx, files, dialects, config)
    if json:
        print_json([{"file": e.file, "line": e.line, "key": e.key, "detail": e.problem} for e in wrong])
    else:
        for error in wrong:
            say(str(error))
        for name in right if not wrong else ():
            say(f"Dialect {name} is right.")
    if wrong:
        raise typer.Exit(FAILED)


@app.command()
def diff(
    ctx: typer.Context,
    dialect: Name,
    other: Annotated[
        str | None, typer.Argument(metavar="[OTHER]", help="What to compare with. Else the dialect that it extends.")
    ] = None,
    dialects: Dialects = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Print how a dialect departs from the specifications, each departure with its clause and why; then what is
    different in its data from another dialect.

    \b
    rollbook dialect diff releezme
    rollbook dialect diff identify scim11 --json
    """
    from rollbook.dialects.differences import departures, differences

    found = _load(ctx, dialects, config)
    one = _find(found, dialect)
    against = _find(found, other or one.parent or "standard")
    data = differences(one, against)
    if json:
        print_json(
            {
                "dialect": one.name,
                "other": against.name,
                "departures": [{**asdict(departure), "dialect": of} for of, departure in departures(one, found)],
                "differences": [difference._asdict() for difference in data],
            }
        )
        return
    for of, departure in departures(one, found):
        marks = f"{'  (our choice)' if departure.choice else ''}{f'  (from {of})' if of != one.name else ''}"
        print(f"{departure.id}  {departure.clause}{marks}")
        print(f"    {departure.what}\n    Why: {departure.why}")
    if not data:
        say(f"{one.name} has everything as {against.name} has it.")
    if data:
        print(f"\n{one.name} and {against.name}:\n")
        print_table(["what", one.name, against.name], data)


@app.command()
def doc(
    ctx: typer.Context,
    dialect: Annotated[str | None, typer.Argument(metavar="[DIALECT]", help="A dialect's name.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every dialect, and a page that lists them.")] = False,
    folder: Annotated[
        str, typer.Option("--folder", metavar="DIR", help="Where to write; - prints the page instead.")
    ] = FOLDER,
    dialects: Dialects = None,
    config: Config = None,
) -> None:
    """Write the page about a dialect: addresses, operations, attributes, settings, departures.

    \b
    rollbook dialect doc releezme            docs/reference/dialects/releezme.md
    rollbook dialect doc releezme --folder -
    rollbook dialect doc --all
    """
    from rollbook.dialects.pages import index, page

    if every == (dialect is not None):
        fail("name one dialect, or say --all", code=WRONG_USAGE)
    found = _load(ctx, dialects, config)
    chosen = found if dialect is None else (_find(found, dialect),)
    if folder == "-":
        for one in chosen:
            print(page(one), end="")
        return
    where = Path(folder)
    where.mkdir(parents=True, exist_ok=True)
    pages = {f"{one.name}.md": page(one) for one in chosen}
    if every:
        pages["README.md"] = index(found)
    for name, text in pages.items():
        (where / name).write_text(text, "utf-8")
        say(f"{where / name} is written.")


@app.command()
def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="1 to 63 small letters, digits, - or _, a letter first.")],
    folder: Annotated[str, typer.Option("--folder", metavar="DIR", help="Where to write it.")] = ".",
    dialects: Dialects = None,
    config: Config = None,
) -> None:
    """Write NAME.toml, a dialect to begin with: every table with a comment, and nothing wrong with it. Beside it goes
    dialect.schema.json, by which editors know the keys.

    \b
    rollbook dialect new shop
    rollbook dialect check shop.toml
    """
    from rollbook.dialects.keys import editor_schema
    from rollbook.dialects.reader import NAME
    from rollbook.dialects.starter import SCHEMA_FILE, starter

    if not NAME.fullmatch(name):
        fail(f"NAME: {name!r} has to be 1 to 63 small letters, digits, - or _, a letter first", code=WRONG_USAGE)
    if any(one.name == name for one in _load(ctx, dialects, config)):
        fail(f"there is a dialect {name} already", "`rollbook dialect list` shows all")
    file = Path(folder) / f"{name}.toml"
    if file.exists():
        fail(f"{file} is there already", "nothing was written")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(starter(name), "utf-8")
    file.with_name(SCHEMA_FILE).write_text(json_text.dumps(editor_schema(), indent=2) + "\n", "utf-8")
    say(f"{file} is written. Next: `rollbook dialect check {file}`.")


def _load(ctx: typer.Context, dialects: str | None, config: str | None) -> "tuple[Dialect, ...]":
    from rollbook.app import house_dialects

    return house_dialects(load(ctx, config=config, dialects=dialects).settings)


def _find(dialects: "tuple[Dialect, ...]", name: str) -> "Dialect":
    from rollbook.dialects.checks import nearest

    names = [one.name for one in dialects]
    if name not in names:
        fail(f"there is no dialect {name!r}{nearest(name, names)}", f"there are {', '.join(names)}", WRONG_USAGE)
    return next(one for one in dialects if one.name == name)


def _judge(
    ctx: typer.Context, files: list[Path], dialects: str | None, config: str | None
) -> "tuple[list[DialectError], list[str]]":
    """What is wrong with the files, and the names of the dialects in those that are right."""
    from rollbook.config.dialect_files import outside
    from rollbook.dialects.loading import catalog_sources
    from rollbook.dialects.loading import load as load_dialects
    from rollbook.dialects.reader import Source

    settings: Any = load(ctx, config=config, dialects=dialects).settings
    given = []
    for file in files:
        try:
            given.append(Source(str(file), file.read_text("utf-8-sig")))
        except (OSError, UnicodeDecodeError) as refused:
            fail(f"{file}: {getattr(refused, 'strerror', None) or 'this is no text in UTF-8'}")
    paths = {file.resolve() for file in files}
    packaged = [
        one for one in catalog_sources() if not any(file.name == one.name and _same(file, one) for file in files)
    ]
    others = [Source(*text) for text in outside(settings.dialects) if Path(text[0]).resolve() not in paths]
    wrong: list[DialectError] = []
    names = {str(file) for file in files}
    loaded = load_dialects([*packaged, *others, *given], tell=wrong.append)
    known = {one.name for one in load_dialects([*packaged, *others], tell=lambda _: None)} if not wrong else set()
    right = [one.name for one in loaded if one.name not in known]
    return sorted((e for e in wrong if e.file in names), key=lambda e: (e.file, e.line)), right


def _same(file: Path, source: Any) -> bool:
    """Whether a file is one of the package's own."""
    return file.read_text("utf-8") == source.text or "dialects/catalog" in file.resolve().as_posix()
