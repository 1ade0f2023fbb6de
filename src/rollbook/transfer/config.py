"""The config of a transfer: one TOML file, read, judged as a whole, and made into values.

::

    [source]     or [[source]]      where the people are            source_settings
    [target]     or [[target]]      where they are to be            target_settings
    [map]        [[groups]]         what becomes of a row           mapping
    [lookup.x]                      tables for the map
    [policy] [brakes] [run] [report]                                policy; [target.policy] … for one target

Reading it reads no secret (but a name that is itself kept elsewhere), opens no source and asks no target.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rollbook.config.problems import Problem
from rollbook.transfer.capabilities import PRESETS
from rollbook.transfer.errors import WrongConfig
from rollbook.transfer.lookups import Lookup, read_lookups
from rollbook.transfer.map_tables import read_mapping
from rollbook.transfer.mapping.compiling import any_column
from rollbook.transfer.mapping.mapper import MapTables, compile_mapping
from rollbook.transfer.mapping.values import Surroundings, nearest
from rollbook.transfer.policy import Brakes, Policy, Report, Run
from rollbook.transfer.secret import in_the_text
from rollbook.transfer.source_settings import KINDS, ScimSource, SourceSettings
from rollbook.transfer.tables import Reading, Steps, read_table, read_value, read_values, unknown_key
from rollbook.transfer.target_settings import Login, TargetSettings
from rollbook.transfer.toml_lines import Lines

DEFAULT = "transfer.toml"
OF_A_TARGET = {"policy": Policy, "brakes": Brakes, "run": Run, "report": Report}
TOP = ("source", "target", "map", "groups", "lookup", *OF_A_TARGET, "state", "timezone")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LOGIN = tuple(one.name for one in fields(Login) if one.name != "kind")


@dataclass(frozen=True, slots=True)
class Config:
    """One config, judged. ``digest`` (SHA-256, hex) is of what decides which users are wanted: sources and map."""

    path: Path
    sources: tuple[SourceSettings, ...]
    map: MapTables
    lookups: Mapping[str, Lookup]
    targets: tuple[TargetSettings, ...]
    managed: tuple[str, ...]
    digest: str
    state_folder: Path
    timezone: tzinfo | None
    """Where a day begins. None: in the zone of this machine."""
    places: Mapping[str, int]
    """The line of every key (``map.userName``), for what is found to be wrong with it later."""

    def day(self, moment: datetime) -> date:
        """The day that date windows are held against."""
        return moment.astimezone(self.timezone).date()

    @property
    def folder(self) -> Path:
        """What paths in the config are relative to."""
        return self.path.parent

    def problem(self, key: str, detail: str, right: str) -> Problem:
        """A problem with a key of this config, with its line."""
        line = next((self.places[part] for part in _shorter(key) if part in self.places), 1)
        return Problem(key, f"{self.path.name} line {line}", detail, right)


def _shorter(key: str) -> list[str]:
    pieces = key.split(".")
    return [".".join(pieces[:count]) for count in range(len(pieces), 0, -1)]


def read_config(path: Path | str, environ: Mapping[str, str]) -> Config:
    """Read a config. **Raises** ``WrongConfig`` with everything that is wrong with it."""
    file = Path(path).absolute()
    text, data = _parsed(file)
    lines = Lines(text)
    reading = Reading(file.name, lines, file.parent, environ)
    for key in data:
        if key not in TOP:
            unknown_key(key, TOP, (), reading)
    sources = _sources(data, reading)
    mapping = read_mapping(data, reading)
    lookups = read_lookups(data.get("lookup", {}), reading)
    targets = _targets(data, reading)
    state = read_value(str, data.get("state", f"{file.stem}.state"), ("state",), reading)
    tables: dict[str, dict[str, str | tuple[str, ...]]] = {name: {} for name in lookups}
    mapper, wrongs = compile_mapping(mapping, any_column, (), Surroundings(date(2000, 1, 1), tables))
    places = {".".join(str(piece) for piece in where): line for where, line in lines.known.items()}
    config = Config(
        path=file,
        sources=tuple(sources),
        map=mapping,
        lookups=lookups,
        targets=tuple(targets),
        managed=mapper.managed,
        digest=_digest(data),
        timezone=_timezone(data, reading),
        state_folder=file.parent / Path(state or "").expanduser(),
        places=places,
    )
    if "map" in data:
        reading.problems += [config.problem(one.key, one.detail, one.right) for one in wrongs]
    if reading.problems:
        raise WrongConfig(sorted(reading.problems, key=lambda problem: int(problem.source.rpartition(" ")[2])))
    return config


def _timezone(data: Mapping[str, Any], reading: Reading) -> tzinfo | None:
    name = read_value(str, data.get("timezone", ""), ("timezone",), reading)
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reading.wrong(("timezone",), f"{name!r} is no time zone", 'give one such as "Europe/Amsterdam"')
        return None


def _parsed(file: Path) -> tuple[str, dict[str, Any]]:
    def refused(detail: str, right: str, line: int = 0) -> WrongConfig:
        return WrongConfig([Problem("config", f"{file}{f' line {line}' if line else ''}", detail, right)])

    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise refused("there is no such file", "`rollbook transfer init` writes one, or name another with -c") from None
    except UnicodeDecodeError:
        raise refused("is not in UTF-8", "save it as UTF-8") from None
    except OSError:
        raise refused("cannot be read", "make it readable for whoever runs this") from None
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        found = re.search(r"line (\d+)", str(broken))
        what = re.sub(r"\s*\(at .*\)$", "", str(broken))
        raise refused(
            f"is no TOML: {what}", 'write lines such as: key = "value"', int(found[1]) if found else 0
        ) from None


def _digest(data: Mapping[str, Any]) -> str:
    said = {key: data.get(key) for key in ("source", "map", "groups", "lookup", "timezone")}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _several(data: Mapping[str, Any], key: str, reading: Reading) -> list[tuple[Steps, Any]]:
    """The tables ``[key]`` or ``[[key]]``, each with the way to it."""
    given = data.get(key)
    if given is None:
        reading.wrong((key,), "is missing", f"write a table [{key}]")
        return []
    if isinstance(given, list):
        return [((key, index), table) for index, table in enumerate(given)]
    return [((key,), given)]


def _sources(data: Mapping[str, Any], reading: Reading) -> list[SourceSettings]:
    found: list[SourceSettings] = []
    tables = _several(data, "source", reading)
    for path, table in tables:
        _refuse_secrets(table, path, reading)
        type = table.get("type") if isinstance(table, Mapping) else None
        kind = KINDS.get(type) if isinstance(type, str) else None
        if kind is None:
            *others, last = [f'"{one}"' for one in KINDS]
            detail = "is missing" if type is None else f"{type!r} is no kind of source"
            reading.wrong((*path, "type"), detail, f"give {', '.join(others)} or {last}")
            continue
        source = read_table(kind, table, path, reading)
        if isinstance(source, ScimSource):
            _check_address(source.base_url, (*path, "base_url"), reading)
        if source is not None:
            found.append(source)
    names = [source.name for source in found]
    for index, (path, _) in enumerate(tables[: len(names)]):
        if len(tables) > 1 and not names[index]:
            reading.wrong((*path, "name"), "is missing, and there are several sources", 'give a name, such as "hr"')
        elif names[index] in names[:index]:
            reading.wrong((*path, "name"), "is another source's", "give each a name of its own")
    for (path, _), (index, source) in zip(tables, enumerate(found), strict=False):
        if source.several and is_people(source, index):
            reading.wrong(
                (*path, "several"), "is for sources that add to people", "take it away, or say people = false"
            )
    if found and not any(is_people(source, index) for index, source in enumerate(found)):
        reading.wrong(("source",), "no source is one of people", "take away people = false of one of them")
    return found


def _refuse_secrets(table: object, path: Steps, reading: Reading) -> None:
    for way, detail, right in in_the_text(table) if isinstance(table, Mapping) else ():
        reading.wrong((*path, *way), detail, right)


def is_people(source: SourceSettings, index: int) -> bool:
    """Whether a key that only this source has is a person."""
    return index == 0 if source.people is None else source.people


def _targets(data: Mapping[str, Any], reading: Reading) -> list[TargetSettings]:
    general = {name: read_values(kind, data.get(name, {}), (name,), reading) for name, kind in OF_A_TARGET.items()}
    tables = _several(data, "target", reading)
    found = [
        target
        for path, table in tables
        if (target := _target(table, path, reading, general, alone=len(tables) == 1)) is not None
    ]
    names = [target.name for target in found]
    for name in {name for name in names if names.count(name) > 1}:
        reading.wrong(("target",), f"two targets are called {name}", "give each a name of its own")
    return found


def _target(
    table: object, path: Steps, reading: Reading, general: Mapping[str, dict[str, Any]], *, alone: bool
) -> TargetSettings | None:
    if not isinstance(table, Mapping):
        reading.wrong(path, "is no table", "write [target] above it")
        return None
    before = len(reading.problems)
    own = {key: value for key, value in table.items() if key not in (*_LOGIN, *OF_A_TARGET, "login")}
    if alone:
        own.setdefault("name", "default")
    login = _login({key: table[key] for key in ("login", *_LOGIN) if key in table}, path, table, reading)
    parts = {
        name: kind(**{**general[name], **read_values(kind, table.get(name, {}), (*path, name), reading)})
        for name, kind in OF_A_TARGET.items()
    }
    _refuse_secrets(table, path, reading)
    _check_target(own, path, reading)
    target = read_table(TargetSettings, own, path, reading, (*_LOGIN, *OF_A_TARGET, "login"))
    base_url = own.get("base_url") if target is None else target.base_url
    if isinstance(base_url, str):
        _check_address(base_url, (*path, "base_url"), reading)
    for name in ("token_url", "session_url"):
        if address := getattr(login, name, ""):
            _check_address(address, (*path, name), reading)
    if target is None or login is None or len(reading.problems) > before:
        return None
    return replace(target, login=login, **parts)


def _check_target(own: Mapping[str, Any], path: Steps, reading: Reading) -> None:
    name, dialect = own.get("name"), own.get("dialect")
    if isinstance(name, str) and not _NAME.fullmatch(name):
        reading.wrong((*path, "name"), "is no name", "give letters, digits, - and _")
    if isinstance(dialect, str) and dialect not in PRESETS:
        near = nearest(dialect, PRESETS)
        right = f"the nearest is {near}" if near else f"known are {', '.join(PRESETS)}"
        reading.wrong((*path, "dialect"), f"{dialect!r} is no dialect", right)


def _check_address(text: str, path: Steps, reading: Reading) -> None:
    right = False
    if re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", text):
        with suppress(ValueError):  # brackets without an end, a port that is none
            parts = urlsplit(text)
            right = bool(parts.hostname) and parts.port != 0
    if not right:
        reading.wrong(path, "is no http or https address", 'give one such as "https://host/scim/v2"')


def _login(given: dict[str, Any], path: Steps, table: Mapping[str, Any], reading: Reading) -> Login | None:
    kinds = {"bearer": "token", "basic": "password", "password": "token_url", "client_credentials": "token_url"}
    kind = given.pop("login", None)
    values = read_values(Login, given, path, reading)
    if kind is None:
        kind = _kind(given, table.get("dialect"))
    else:
        kind = read_value(get_type_hints(Login)["kind"], kind, (*path, "login"), reading)
    needed: Sequence[str] = {
        "password": ("token_url", "client_id", "username", "password"),
        "client_credentials": ("token_url", "client_id", "client_secret"),
        "basic": ("username", "password"),
        "session": ("username", "password"),
    }.get(kind or "", (kinds[kind],) if kind in kinds else ())
    for name in needed:
        if name not in given:
            secret = name in ("password", "client_secret", "token")
            right = f'{name} = {{ env = "{name.upper()}" }}' if secret else f'{name} = "…"'
            reading.wrong((*path, name), "is missing for this login", f"write {right}")
    return Login(**{**values, "kind": kind}) if kind is not None else None


def _kind(given: Mapping[str, Any], dialect: object) -> str:
    if dialect == "retailops" and ("username" in given or "auth_key" in given):
        return "session"
    if "token" in given:
        return "bare" if given.get("bare") is True else "bearer"
    if "token_url" in given:
        return "password" if "username" in given else "client_credentials"
    return "basic" if "username" in given else "none"
