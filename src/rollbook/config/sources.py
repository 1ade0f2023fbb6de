"""Where settings come from, strongest first:

1. the command line (``--port``)
2. the environment (``ROLLBOOK_PORT``)
3. one TOML file (``port = 8080``): ``--config``, else ``ROLLBOOK_CONFIG``, else the platform's if it is there
4. the defaults

Each value keeps its source, so that what is wrong is told with the place to mend it. That, and a variable that no
setting knows, are what pydantic-settings cannot tell; so the three sources are read here and pydantic only judges.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from rollbook.config.problems import ConfigError, Problem
from rollbook.config.settings import PREFIX, Settings, describe

CONFIG = f"{PREFIX}CONFIG"
DEVELOPMENT = (f"{PREFIX}TEST_", f"{PREFIX}BENCH_")
"""Beginnings of variables that are for tests and benchmarks (``ROLLBOOK_TEST_POSTGRES``), not settings."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, where each that is not a default was set, and the file that was read (``""``: none)."""

    settings: Settings
    sources: Mapping[str, str]
    file: str


def load(flags: Mapping[str, object], environ: Mapping[str, str], *, config: str | None = None) -> Loaded:
    """Gather the settings.

    **Shape**: ``flags`` are those of the command line by setting; None means not given. ``config`` is ``--config``.
    **Raises** ``ConfigError`` with everything that is wrong, in all sources.
    """
    problems: list[Problem] = []
    file = _file(config, environ, problems)
    layers = [*_from_file(file, problems), *_from_environment(environ, problems), *_from_flags(flags)]
    values = {setting: value for setting, value, _ in layers}
    sources = {setting: source for setting, _, source in layers}
    try:
        settings = Settings(**values)
    except ValidationError as refused:
        problems.extend(_wrong(refused, values, sources))
        raise ConfigError(problems) from None  # pydantic's text repeats the values, and one of them is secret
    problems.extend(_disagreements(settings, sources))
    if problems:
        raise ConfigError(problems)
    return Loaded(settings, sources, str(file) if file else "")


Layer = Iterable[tuple[str, Any, str]]


def _file(config: str | None, environ: Mapping[str, str], problems: list[Problem]) -> Path | None:
    """The file to read. One that was named has to be there; the platform's need not. An empty name means none."""
    for named, source in ((config, "--config"), (environ.get(CONFIG), CONFIG)):
        if named is None:
            continue
        if not named:
            return None
        path = Path(named).absolute()
        if not path.is_file():
            problems.append(Problem("config", source, f"there is no file {path}", "give the path of a TOML file"))
            return None
        return path
    usual = platformdirs.user_config_path("rollbook") / "rollbook.toml"
    return usual if usual.is_file() else None


def _from_file(file: Path | None, problems: list[Problem]) -> Layer:
    if file is None:
        return
    try:
        content = tomllib.loads(file.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        problems.append(Problem("config", str(file), "cannot be read", "give a TOML file in UTF-8 that may be read"))
        return
    except tomllib.TOMLDecodeError as broken:
        where = str(broken).rpartition("(")[2].rstrip(")")
        problems.append(Problem("config", str(file), f"is no TOML, {where}", "write lines such as: port = 8080"))
        return
    for name, value in content.items():
        if name in Settings.model_fields:
            yield name, value, str(file)
        else:
            problems.append(_unknown(name, str(file), name, ""))


def _from_environment(environ: Mapping[str, str], problems: list[Problem]) -> Layer:
    for variable, value in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable == CONFIG or variable.startswith(DEVELOPMENT):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name in Settings.model_fields and variable.isupper():
            yield name, value, variable
        else:
            problems.append(_unknown(variable, "environment", name, PREFIX))


def _from_flags(flags: Mapping[str, object]) -> Layer:
    for name, value in flags.items():
        if value is not None:
            yield name, value, f"--{name.replace('_', '-')}"


def _unknown(shown: str, source: str, name: str, prefix: str) -> Problem:
    near = difflib.get_close_matches(
        name.lower().replace("-", "_"), [*Settings.model_fields, "config"], n=1, cutoff=0.5
    )
    written = prefix + (near[0].upper() if prefix else near[0]) if near else ""
    right = f"the nearest is {written}" if near else "the documentation lists all settings"
    return Problem(shown, source, "there is no such setting", right)


def _wrong(refused: ValidationError, values: Mapping[str, Any], sources: Mapping[str, str]) -> Iterable[Problem]:
    told = set()
    for error in refused.errors(include_url=False):
        setting = str(error["loc"][0])
        if setting in told:  # one problem for each setting, though each item of a list may be wrong
            continue
        told.add(setting)
        own = error.get("ctx", {}).get("error")
        # Values of settings that can hold a secret are never shown; what is wrong with them is told in our own words.
        detail = str(own) if setting == "database" and own else _shown(setting, values[setting])
        yield Problem(setting, sources[setting], detail, describe()[setting][1])


def _shown(setting: str, value: object) -> str:
    if setting == "database":
        return "is no address of a database"
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} is not right"


def _disagreements(settings: Settings, sources: Mapping[str, str]) -> Iterable[Problem]:
    """What is wrong between settings that are each right."""
    if settings.default_page > settings.max_page:
        name = "default_page" if "default_page" in sources else "max_page"
        detail = f"default_page is {settings.default_page} and max_page {settings.max_page}"
        yield Problem(name, sources[name], detail, "give a max_page that is not below default_page")
