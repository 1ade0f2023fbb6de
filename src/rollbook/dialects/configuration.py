"""What a tenant sets for the dialects that it speaks: a TOML file, a table for each dialect, judged by their settings.

::

    [retailops]
    roles = ["Seller", "Director"]

What is read is what is kept: ``{dialect: {setting: value}}``. A table says everything that the tenant sets for a
dialect; what is not in it is as the dialect has it.
"""

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from rollbook.dialects.checks import nearest
from rollbook.dialects.model import Dialect
from rollbook.dialects.plan import Setting
from rollbook.dialects.reader import DialectError, Source, no_toml, wrong

TEXT_LENGTH = 4096
"""Characters of one text. Precedent: entity ids and claim types are addresses, and those have 2,000 at most."""
MOST_TEXTS = 10_000
DEPTH = 32
Settings = Mapping[str, Mapping[str, Any]]
Problems = Iterator[tuple[tuple[str | int, ...], str]]


def read_configuration(
    source: Source, dialects: Sequence[Dialect], spoken: Collection[str]
) -> tuple[Settings, list[DialectError]]:
    """What a file sets, by dialect, and everything that is wrong with it. ``spoken`` are the tenant's dialects."""
    try:
        table = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        return {}, [no_toml(source, error)]
    return table, [wrong(source, path, detail) for path, detail in _problems(table, dialects, spoken)]


def _problems(table: Mapping[str, Any], dialects: Sequence[Dialect], spoken: Collection[str]) -> Problems:
    by_name = {dialect.name: dialect for dialect in dialects}
    for name, values in table.items():
        dialect = by_name.get(name)
        if dialect is None:
            yield (name,), f"there is no such dialect{nearest(name, by_name)}"
        elif name not in spoken:
            yield (name,), f"the tenant does not speak {name}: it speaks {', '.join(sorted(spoken))}"
        elif not isinstance(values, dict):
            yield (name,), "this has to be a table"
        else:
            settings = {setting.name: setting for setting in dialect.settings}
            for key, value in values.items():
                if key not in settings:
                    there = nearest(key, settings) or ("" if settings else ": nothing can be set")
                    yield (name, key), f"there is no such setting{there}"
                else:
                    for path, detail in _value(settings[key], value):
                        yield (name, key, *path), detail
            for key, detail in _alike(dialect, values):
                yield (name, key), detail


def _alike(dialect: Dialect, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Settings that are the same and have to differ, one of them at least set here."""
    whole = dialect.set_by(values)
    for setting in dialect.settings:
        for other in setting.unlike:
            pair = (setting.name, other)
            here = next((name for name in pair if name in values), None)
            if here is not None and whole[setting.name] == whole[other]:
                there = pair[1] if here == pair[0] else pair[0]
                yield here, f"this is also {dialect.name}.{there}; the two have to differ"


def _value(setting: Setting, value: Any) -> Problems:
    match setting.type:
        case "text":
            if not isinstance(value, str):
                yield (), "this has to be a text"
            elif len(value) > TEXT_LENGTH:
                yield (), f"this has more than {TEXT_LENGTH} characters"
            elif len(value.strip()) < (setting.least or 0):
                yield (), "this cannot be empty"
        case "flag":
            if not isinstance(value, bool):
                yield (), "this has to be true or false"
        case "number":
            yield from _number(setting, value)
        case "texts":
            yield from _texts(setting, value)
        case "tree":
            yield from _tree(value, DEPTH)
            if isinstance(value, dict) and setting.least is not None and len(value) < setting.least:
                yield (), f"this has to have {setting.least} at the top at least, and has {len(value)}"
            if isinstance(value, dict) and setting.most is not None and len(value) > setting.most:
                yield (), f"this may have {setting.most} at the top, and has {len(value)}"


def _number(setting: Setting, value: Any) -> Problems:
    least, most = setting.least, setting.most
    if not isinstance(value, int) or isinstance(value, bool):
        yield (), "this has to be a whole number"
    elif (least is not None and value < least) or (most is not None and value > most):
        if least is None or most is None:
            yield (), f"this has to be {least} at least" if most is None else f"this has to be {most} at most"
        else:
            yield (), f"this has to be from {least} to {most}"


def _texts(setting: Setting, value: Any) -> Problems:
    if not isinstance(value, list):
        yield (), "this has to be a list of texts"
        return
    most = setting.most or MOST_TEXTS
    if len(value) > most:
        yield (), f"there may be {most} at most, and these are {len(value)}"
    there: set[str] = set()
    for position, one in enumerate(value):
        if not isinstance(one, str) or not 0 < len(one) <= TEXT_LENGTH:
            yield (position,), f"this has to be a text of 1 to {TEXT_LENGTH} characters"
        elif one in there:
            yield (position,), f"{one!r} stands here twice"
        else:
            there.add(one)


def _tree(value: Any, depth: int) -> Problems:
    if not isinstance(value, dict):
        yield (), "this has to be a table of names, each with a table of those below it ({} for none)"
    elif depth == 0:
        yield (), f"this is deeper than {DEPTH}"
    else:
        for name, below in value.items():
            for path, detail in _tree(below, depth - 1):
                yield (name, *path), detail
