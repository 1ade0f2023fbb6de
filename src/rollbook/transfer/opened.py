"""A config with its sources opened and its map compiled against their columns: what turns rows into entries.

A plain name of a column means the first source that has a value in it, in the order of the config; ``hr.mail`` means
the one of the source ``hr``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rollbook.config.problems import Problem
from rollbook.transfer.config import Config, is_people
from rollbook.transfer.errors import WrongConfig
from rollbook.transfer.lookups import load
from rollbook.transfer.mapping.compiling import compile_tree
from rollbook.transfer.mapping.errors import BadExpression, BadValue
from rollbook.transfer.mapping.mapper import Mapper, compile_mapping
from rollbook.transfer.mapping.syntax import Column, parse
from rollbook.transfer.mapping.values import Closure, Row, Surroundings, text, truth
from rollbook.transfer.source_settings import FileSource, LdapSource
from rollbook.transfer.sources.opening import open_source
from rollbook.transfer.sources.rows import Source

_APART = "\0"


@dataclass(slots=True)
class OpenSource:
    """One source of an opened config: ``wanted`` are the columns that anything reads."""

    index: int
    source: Source
    people: bool
    key: Closure
    where: Closure | None
    wanted: set[str] = field(default_factory=set)

    @property
    def label(self) -> str:
        return self.source.settings.label

    def origin(self, line: int) -> str:
        """Where a row stands, for people."""
        what = "line" if isinstance(self.source.settings, FileSource) else "row"
        return f"{self.label} {what} {line}"

    def key_of(self, values: Mapping[str, Any]) -> str:
        """The key of a row, ``""`` where it has none that can be read."""
        try:
            return text(self.key(values)).strip()
        except BadValue:
            return ""


@dataclass(slots=True)
class Opened:
    """All of it. ``joint`` are the keys of a row of several sources that are made of several columns."""

    sources: list[OpenSource]
    mapper: Mapper
    joint: Mapping[str, list[tuple[int, str]]]

    def merged(self, rows: list[tuple[int, Mapping[str, Any]]]) -> dict[str, Any]:
        """The row of a key: what each source has, and what the first of several has."""
        values: dict[str, Any] = {}
        for index, cells in rows:
            for name, value in cells.items():
                key = f"{index}{_APART}{name}"
                if self.sources[index].source.settings.several:
                    more = value if isinstance(value, list) else [value] if value else []
                    values[key] = [*values.get(key, ()), *more]
                else:
                    values.setdefault(key, value)
        for key, columns in self.joint.items():
            found = (values.get(f"{index}{_APART}{name}") for index, name in columns)
            values[key] = next((value for value in found if value), "")
        return values


def open_config(config: Config, today: date) -> Opened:
    """Open what a config names. **Raises** ``WrongConfig`` where the map does not fit the columns, ``SourceFailed``
    where a source cannot be read at all."""
    return _Opening(config, Surroundings(today, load(config.lookups, config.folder))).whole()


class _Opening:
    def __init__(self, config: Config, surroundings: Surroundings) -> None:
        self._config, self._surroundings = config, surroundings
        self._sources = [open_source(settings, config.folder) for settings in config.sources]
        self._columns = [source.columns() for source in self._sources]
        self._wanted: list[set[str]] = [set() for _ in self._sources]
        self._joint: dict[str, list[tuple[int, str]]] = {}
        self._names = {source.settings.name: index for index, source in enumerate(self._sources)}
        self._problems: list[Problem] = []

    def whole(self) -> Opened:
        several = len(self._sources) > 1
        opened = []
        for index, source in enumerate(self._sources):
            settings = source.settings
            key = f"source.{index}" if several else "source"
            own = self._own(index)
            expression = settings.key or _usual_key(settings)
            opened.append(
                OpenSource(
                    index,
                    source,
                    is_people(settings, index),
                    self._closure(f"{key}.key", expression, own, index) or (lambda row: ""),
                    self._closure(f"{key}.where", settings.where, own, index) if settings.where else None,
                    self._wanted[index],
                )
            )
        known = [name for columns in self._columns for name in columns or ()]
        columns = self._any if several else self._alone
        mapper, wrongs = compile_mapping(self._config.map, columns, known, self._surroundings)
        self._problems += [self._config.problem(one.key, one.detail, one.right) for one in wrongs]
        if self._problems:
            raise WrongConfig(self._problems)
        return Opened(opened, mapper, self._joint)

    def _closure(self, key: str, written: str, columns: Callable[[str], str | None], index: int) -> Closure | None:
        try:
            tree = parse(written) if written not in (self._columns[index] or ()) else Column(written, 1)
            return compile_tree(tree, columns, self._columns[index] or (), self._surroundings)
        except BadExpression as wrong:
            self._problems.append(self._config.problem(key, wrong.detail, wrong.right))
            return None

    def _own(self, index: int) -> Callable[[str], str | None]:
        def column(name: str) -> str | None:
            found = self._sources[index].column(name)
            if found is not None:
                self._wanted[index].add(found)
            return found

        return column

    def _alone(self, name: str) -> str | None:
        found = self._own(0)(name)
        prefix, dot, rest = name.partition(".")
        if found is None and dot and prefix in self._names and prefix:
            found = self._own(0)(rest)
        return found

    def _any(self, name: str) -> str | None:
        prefix, dot, rest = name.partition(".")
        if dot and prefix in self._names:
            index = self._names[prefix]
            found = self._own(index)(rest)
            return None if found is None else f"{index}{_APART}{found}"
        there = [(index, found) for index in range(len(self._sources)) if (found := self._own(index)(name)) is not None]
        if not there:
            return None
        if len(there) == 1:
            return f"{there[0][0]}{_APART}{there[0][1]}"
        self._joint[f"{_APART}{name}"] = there
        return f"{_APART}{name}"


def _usual_key(settings: Any) -> str:
    return ("objectGUID" if settings.type == "ad" else "entryUUID") if isinstance(settings, LdapSource) else ""


def counts(source: OpenSource, values: Row) -> bool:
    """Whether a row is one for its source. **Raises** ``BadValue``."""
    return source.where is None or truth(source.where(values))
