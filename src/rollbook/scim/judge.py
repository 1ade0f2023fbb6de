"""Reading documents that people write: every problem is told at once, with its place and what would be right."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, NamedTuple

from rollbook.scim.errors import InvalidValue

MOST = 20
"""Problems told of one document."""

_SHOWN = 60


class Problem(NamedTuple):
    """``where`` is a path in the document (``attributes[3].type``; ``""`` is the whole), ``wrong`` a sentence."""

    where: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.where}: {self.wrong}" if self.where else self.wrong


class InvalidDocument(InvalidValue):
    """400. ``problems`` are all that were found, up to ``MOST``; the sentence tells the first of them."""

    def __init__(self, problems: list[Problem]) -> None:
        rest = len(problems) - 3
        more = f" There {'is 1 more problem' if rest == 1 else f'are {rest} more problems'}." if rest > 0 else ""
        super().__init__(" ".join(map(str, problems[:3])) + more)
        self.problems = tuple(problems)


class Judge:
    """Collects problems while a document is read; ``where`` is the path that is being read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.where = ""

    def wrong(self, sentence: str, key: str = "") -> None:
        """Note a problem of the present place, or of a key in it."""
        if len(self.problems) < MOST:
            self.problems.append(Problem(_joined(self.where, key), sentence))

    def finish(self) -> None:
        """**Raises** ``InvalidDocument`` where anything was wrong."""
        if self.problems:
            raise InvalidDocument(self.problems)

    @contextmanager
    def inside(self, key: str) -> Iterator[None]:
        """Read what stands under a key (or an index, ``[3]``)."""
        outer, self.where = self.where, _joined(self.where, key)
        try:
            yield
        finally:
            self.where = outer

    def fields(self, value: Any, known: Collection[str], what: str) -> dict[str, Any]:
        """The keys of a JSON object, in the spelling of ``known``; ``null`` is as if it were not there."""
        if not isinstance(value, dict):
            self.wrong(f"{what} is a JSON object, and this is {_kind(value)}.")
            return {}
        spelled = {key.lower(): key for key in known}
        found: dict[str, Any] = {}
        for key, item in value.items():
            name = spelled.get(key.lower())
            if name is None:
                near = get_close_matches(key.lower(), spelled, 1)
                advice = f"did you mean {spelled[near[0]]}?" if near else f"the keys are {', '.join(known)}."
                self.wrong(f"there is no such key; {advice}", shown(key))
            elif name in found:
                self.wrong("this key stands here twice, in different spellings; give it once.", name)
            elif item is not None:
                found[name] = item
        return found

    def text(self, fields: Mapping[str, Any], key: str, *, default: str | None = None, most: int = 1000) -> str:
        """A text. Without ``default`` it has to be there."""
        value = fields.get(key, default)
        if value is None:
            self.wrong("this is missing; give it as a string.", key)
        elif not isinstance(value, str):
            self.wrong(f"this has to be a string, and is {_kind(value)}.", key)
        elif default is None and not value:
            self.wrong("this cannot be empty.", key)
        elif len(value) > most:
            self.wrong(f"this has {len(value)} characters; at most {most} are possible.", key)
        elif any(not (c.isprintable() or c in "\n\t") for c in value):
            self.wrong("this holds a character that cannot be seen; leave it out.", key)
        else:
            return value
        return default or ""

    def truth(self, fields: Mapping[str, Any], key: str, default: bool = False) -> bool:
        value = fields.get(key, default)
        if isinstance(value, bool):
            return value
        self.wrong(f"this has to be true or false, and is {_kind(value)}.", key)
        return default

    def one_of(self, fields: Mapping[str, Any], key: str, allowed: Collection[str], default: str) -> str:
        """A word of a fixed set, in any letter case."""
        value = fields.get(key, default)
        spelled = {word.lower(): word for word in allowed}
        if isinstance(value, str) and value.lower() in spelled:
            return spelled[value.lower()]
        if isinstance(value, str):
            near = get_close_matches(value.lower(), spelled, 1)
            advice = f"did you mean {spelled[near[0]]}?" if near else f"choose {', '.join(allowed)}."
            self.wrong(f"{shown(value)!r} is not possible here; {advice}", key)
        else:
            self.wrong(f"this has to be a string ({', '.join(allowed)}), and is {_kind(value)}.", key)
        return default

    def items(self, fields: Mapping[str, Any], key: str, read: Callable[[Any], Any], *, most: int) -> list[Any]:
        """A list, each element read by ``read`` (which may return None for what is wrong)."""
        value = fields.get(key, [])
        if not isinstance(value, list):
            self.wrong(f"this has to be a list, and is {_kind(value)}.", key)
            return []
        if len(value) > most:
            self.wrong(f"this has {len(value)} elements; at most {most} are possible.", key)
            return []
        found = []
        for position, item in enumerate(value):
            with self.inside(f"{key}[{position}]"):
                one = read(item)
            if one is not None:
                found.append(one)
        return found

    def texts(self, fields: Mapping[str, Any], key: str, *, most: int, longest: int = 200) -> list[str]:
        """A list of strings, each once."""

        def read(item: Any) -> str | None:
            if not isinstance(item, str) or not item or len(item) > longest:
                self.wrong(f"this has to be a string of 1 to {longest} characters.")
                return None
            return item

        return list(dict.fromkeys(self.items(fields, key, read, most=most)))


def shown(text: str) -> str:
    """As much of what somebody wrote as belongs into a sentence."""
    whole = "".join(c if c.isprintable() else "?" for c in text)
    return whole if len(whole) <= _SHOWN else whole[:_SHOWN] + "…"


def _joined(where: str, key: str) -> str:
    return f"{where}.{key}" if where and key else where or key


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    names = {dict: "an object", list: "a list", str: "a string", int: "a number", float: "a number"}
    return names.get(type(value), "another value")
