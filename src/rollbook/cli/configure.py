"""``rollbook tenant configure``: what a tenant sets for the dialects that it speaks."""

import json as json_text
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.options import Config, Database, Dialects, Json, TenantName
from rollbook.cli.output import WRONG_USAGE, fail, print_json, say
from rollbook.cli.session import load, with_store
from rollbook.clock import SYSTEM_CLOCK
from rollbook.tenancy import lifecycle

if TYPE_CHECKING:
    from rollbook.dialects.model import Dialect
    from rollbook.storage.contract import Store


def configure(
    ctx: typer.Context,
    tenant: TenantName,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="TOML: a table for each dialect.", show_default=False)
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print what is set now, fit to be a FILE.")] = False,
    dialects: Dialects = None,
    database: Database = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Set what the dialects of a tenant let it set: Retail Ops' lists, Identify's claim types, and the like.

    The whole file is judged before anything changes. Each table says everything that is set for its dialect: what is
    not in it is as the dialect has it, and an empty table takes everything back. Other dialects stay as they are. A
    running server follows within 5 seconds. `rollbook dialect doc DIALECT --folder -` tells what can be set.

    \b
    rollbook tenant configure acorn acorn.toml
    rollbook tenant configure acorn --show > acorn.toml
    \b
    [retailops]
    roles = ["Seller", "Director"]
    stores = ["LDN1", "LDS2"]
    """
    if file is None and not show:
        fail("give a FILE, or --show", code=WRONG_USAGE)
    settings = load(ctx, database=database, config=config, dialects=dialects).settings
    text = _read(file) if file is not None else ""

    async def work(store: "Store") -> tuple[tuple[str, ...], dict[str, Any]]:
        from rollbook.app import house_dialects
        from rollbook.tenancy import configuring

        found = await lifecycle.find(store, tenant)
        spoken = await configuring.spoken(store, found)
        known = house_dialects(settings)
        changed: tuple[str, ...] = ()
        if file is not None:
            wanted = _judged(str(file), text, known, spoken)
            changed = await configuring.configure(store, SYSTEM_CLOCK, found, wanted)
            found = await lifecycle.find(store, found.id)
        return changed, _whole([one for one in known if one.name in spoken], configuring.configured(found))

    changed, whole = with_store(settings, work)
    if json:
        print_json({"changed": list(changed), "settings": whole} if file is not None else whole)
    elif show:
        from rollbook.app import house_dialects

        for line in _toml(house_dialects(settings), whole):
            print(line)
    if file is not None and not json:
        say(f"{', '.join(changed)} {'is' if len(changed) == 1 else 'are'} set." if changed else "Nothing is different.")


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as refused:
        fail(f"{file}: {getattr(refused, 'strerror', None) or 'this is no text in UTF-8'}", code=WRONG_USAGE)


def _judged(name: str, text: str, known: "tuple[Dialect, ...]", spoken: set[str]) -> Mapping[str, Mapping[str, Any]]:
    from rollbook.dialects.configuration import read_configuration
    from rollbook.dialects.reader import Source

    wanted, wrong = read_configuration(Source(name, text), known, spoken)
    if wrong:
        say(f"rollbook: {name} cannot be used, and nothing was changed")
        for problem in wrong:
            say(f"  {problem}")
        raise typer.Exit(1)
    return wanted


def _whole(dialects: "list[Dialect]", configured: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Every setting of the tenant's dialects, with the value that holds."""
    return {one.name: dict(one.set_by(configured.get(one.name, {}))) for one in dialects if one.settings}


def _toml(dialects: "tuple[Dialect, ...]", whole: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The settings as a file that sets them."""
    about = {(one.name, setting.name): setting.about for one in dialects for setting in one.settings}
    for name, settings in whole.items():
        yield f"[{name}]"
        for key, value in settings.items():
            yield f"{key} = {_value(value)}  # {about[name, key]}"
        yield ""


def _value(value: Any) -> str:
    match value:
        case Mapping():
            inner = ", ".join(f"{_value(name)} = {_value(below)}" for name, below in value.items())
            return f"{{ {inner} }}" if inner else "{}"
        case list() | tuple():
            return f"[{', '.join(_value(one) for one in value)}]"
        case _:  # what JSON writes of a text, a number and a flag is TOML too, but for one character
            return json_text.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
