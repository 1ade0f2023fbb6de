"""``[map]`` and ``[[groups]]`` of a config, as the mapping wants them: one key for each attribute.

TOML makes tables of ``name.givenName = "first"`` without quotes, and of ``[map."urn:…:User"]``: they mean the same as
the key in quotes.
"""

from collections.abc import Mapping
from typing import Any

from rollbook.transfer.mapping.known import PREFIXES, known_user
from rollbook.transfer.mapping.mapper import GroupRule, MapTables, Raw
from rollbook.transfer.tables import Reading, read_table


def read_mapping(data: Mapping[str, Any], reading: Reading) -> MapTables:
    """Read both. What is wrong is noted."""
    table = data.get("map")
    if table is None:
        reading.wrong(("map",), "is missing", 'write a table [map], with lines such as userName = "login"')
    elif not isinstance(table, Mapping):
        reading.wrong(("map",), "is no table", "write [map] above its lines")
    lines: dict[str, Raw] = {}
    for key, raw in table.items() if isinstance(table, Mapping) else ():
        _add(key, raw, lines, reading)
    rules = data.get("groups", [])
    if not isinstance(rules, list):
        reading.wrong(("groups",), "is no list of rules", "write [[groups]] above each")
        rules = []
    read = [read_table(GroupRule, rule, ("groups", index), reading) for index, rule in enumerate(rules)]
    return MapTables(lines, tuple(rule for rule in read if rule is not None))


def _add(key: str, raw: Any, lines: dict[str, Raw], reading: Reading) -> None:
    between = _between(key) if isinstance(raw, Mapping) else None
    if between is not None:
        for name, inner in raw.items():
            _add(f"{key}{between}{name}", inner, lines, reading)
    elif isinstance(raw, str | bool | int | float | list | Mapping):
        lines[key] = raw
    else:
        reading.wrong(("map", key), "is neither an expression nor a constant", 'write a text such as "lower(login)"')


def _between(key: str) -> str | None:
    """What joins a key and those of the table behind it; None where the table is an element of a list."""
    user = known_user()
    lower = key.lower()
    if lower == user.schema.id.lower() or user.extension(key) is not None:
        return ":"
    if lower in PREFIXES:
        return "."
    name = key.rpartition(":")[2]
    attribute = user.top(name) or next((a for e in user.extensions if (a := e.schema.attribute(name))), None)
    if attribute is not None:
        return None if attribute.multi_valued or not attribute.complex else "."
    return ":" if lower.startswith("urn:") else None
