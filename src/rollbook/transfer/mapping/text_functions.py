"""Functions of texts. Each changes one text; of a list it changes every one."""

import re
import unicodedata
from collections.abc import Callable, Sequence

from rollbook.transfer.mapping.values import Argument, Closure, Maker, Row, Surroundings, Value, texts


def each(change: Callable[[str], str]) -> Maker:
    """A function of one text; of several it makes several."""

    def make(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
        inner = arguments[0].closure

        def closure(row: Row) -> Value:
            value = inner(row)
            if value.__class__ is str:
                return change(value)
            return [change(one) for one in texts(value)]

        return closure

    return make


def each_with(changing: Callable[[Sequence[str]], Callable[[str], str]]) -> Maker:
    """The same, where the arguments behind the first are fixed texts."""

    def make(arguments: Sequence[Argument], surroundings: Surroundings) -> Closure:
        change = changing([argument.constant or "" for argument in arguments[1:]])
        return each(change)(arguments, surroundings)

    return make


_SPELLED = str.maketrans({"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d"})
_SPELLED |= str.maketrans({"œ": "oe", "Œ": "OE", "þ": "th", "ð": "d", "Đ": "D", "ı": "i"})


def plain(value: str) -> str:
    """Letters without their marks, and nothing that is not ASCII."""
    if value.isascii():
        return value
    apart = unicodedata.normalize("NFKD", value.translate(_SPELLED))
    return apart.encode("ascii", "ignore").decode()


def trim(value: str) -> str:
    """Without white space around it, and one space for each within."""
    return " ".join(value.split())


def pad(rest: Sequence[str]) -> Callable[[str], str]:
    width, filler = whole(rest[0]), rest[1] if len(rest) > 1 else "0"
    if len(filler) != 1:
        raise ValueError("the filler has to be one character")
    return lambda value: value.rjust(width, filler) if value else value


def left(rest: Sequence[str]) -> Callable[[str], str]:
    count = whole(rest[0])
    return lambda value: value[:count]


def right(rest: Sequence[str]) -> Callable[[str], str]:
    count = whole(rest[0])
    return lambda value: value[-count:] if count else ""


def whole(written: str) -> int:
    if not written.isdecimal() or len(written) > 4:
        raise ValueError("a whole number below 10,000 is wanted")
    return int(written)


def pattern(written: str) -> re.Pattern[str]:
    try:
        return re.compile(written)
    except re.error as wrong:
        where = "" if wrong.pos is None else f" at its character {wrong.pos + 1}"
        raise ValueError(f"it is no regular expression: {wrong.msg}{where}") from None


def regex(rest: Sequence[str]) -> Callable[[str], str]:
    sought = pattern(rest[0])
    if len(rest) > 1:
        try:
            sought.sub(rest[1], "")
        except (re.error, IndexError) as wrong:
            raise ValueError(f"the replacement does not fit the pattern: {wrong}") from None
        return lambda value: sought.sub(rest[1], value)

    def found(value: str) -> str:
        match = sought.search(value)
        return "" if match is None else (match[1] or "") if sought.groups else match[0]

    return found


_ESCAPED = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)")


def of_name(rest: Sequence[str]) -> Callable[[str], str]:
    """A part of a distinguished name (RFC 4514 §2.4 for what a backslash means)."""
    sought = re.compile(rf"(?:^|(?<!\\)[,+])\s*{re.escape(rest[0])}\s*=\s*((?:\\.|[^,+\\])*)", re.IGNORECASE)

    def literal(escaped: re.Match[str]) -> str:
        if escaped[2]:
            return escaped[2]
        return bytes.fromhex(escaped[1].replace("\\", "")).decode("utf-8", "replace")

    def part(value: str) -> str:
        match = sought.search(value)
        return "" if match is None else _ESCAPED.sub(literal, match[1]).strip()

    return part
