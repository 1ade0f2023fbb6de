"""The language of ``[map]``, read into a tree.

::

    text       = template | expression          a text with {…} outside of quotes is a template
    template   = ( characters | "{" expression "}" | "{{" | "}}" )*
    expression = and ( "or" and )*
    and        = not ( "and" not )*
    not        = "not" not | compare
    compare    = operand ( ( "==" | "!=" ) operand )?
    operand    = function "(" expression, … ")" | column | 'text' | "text" | number | "(" expression ")"
    column     = name | `any name`

A text between quotes is a template too, unless the function that gets it wants it as it stands (a pattern, a format).
In quotes a backslash is itself; a quote is written twice.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from rollbook.transfer.mapping.errors import BadExpression

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<column>`[^`]+`)
      | (?P<number>[0-9]+(?![\w.-]))
      | (?P<word>[^\W\d][\w.-]*|[0-9][\w.-]*)
      | (?P<sign>==|!=|[(),])""",
    re.VERBOSE,
)
_EXPRESSION = re.compile(r"""\s*(?:['"`(]|not\b|[^\W\d][\w.-]*\s*(?:\(|==|!=|(?:and|or)\b|$))""")
DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it was written between its quotes, or a number."""

    raw: str
    position: int


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """Of a function, or of one of ``and or not == !=``."""

    name: str
    arguments: "tuple[Tree, ...]"
    position: int


@dataclass(frozen=True, slots=True)
class Template:
    """Texts and expressions, one behind the other."""

    parts: "tuple[str | Tree, ...]"
    position: int


Tree = Text | Column | Call | Template


def parse(text: str) -> Tree:
    """Read what stands in ``[map]``. **Raises** ``BadExpression``.

    >>> parse("lower(login)")
    Call(name='lower', arguments=(Column(name='login', position=7),), position=1)
    >>> parse("{first} {last}").parts
    (Column(name='first', position=2), ' ', Column(name='last', position=10))
    """
    if not text.strip():
        raise BadExpression("it is empty", 1, "name a column, or write '' for a text without characters")
    if "{" in text and not _EXPRESSION.match(text):
        return template(text, 1)
    return _Parser(text, 1).whole()


def template(text: str, position: int) -> Tree:
    """Read a text with ``{expressions}`` in it; ``position`` is that of its first character."""
    parts: list[str | Tree] = []
    plain = ""
    at = 0
    while at < len(text):
        character = text[at]
        if character in "{}" and text[at : at + 2] == character * 2:
            plain += character
            at += 2
        elif character == "}":
            raise BadExpression("a } closes nothing", position + at, "write }} for the character itself")
        elif character == "{":
            end = _closing(text, at, position)
            if plain:
                parts.append(plain)
                plain = ""
            parts.append(_Parser(text[at + 1 : end], position + at + 1).whole())
            at = end + 1
        else:
            plain += character
            at += 1
    if not parts:
        return Text(plain, position)
    if plain:
        parts.append(plain)
    return Template(tuple(parts), position)


def _closing(text: str, opening: int, position: int) -> int:
    """Where the ``}`` of a ``{`` stands; those between quotes do not count."""
    quote = ""
    for at in range(opening + 1, len(text)):
        character = text[at]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif character == "}":
            return at
    raise BadExpression(
        "a { is not closed", position + opening, "close it with }, or write {{ for the character itself"
    )


class _Parser:
    def __init__(self, text: str, position: int) -> None:
        self._tokens: list[tuple[str, str, int]] = []
        self._next = 0
        self._depth = 0
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                wrong = text[at]
                what = f"{wrong} is not closed" if wrong in "'\"`" else f"{wrong} means nothing here"
                raise BadExpression(what, position + at, "put a text in '…' and a column with an odd name in `…`")
            if match.lastgroup != "space":
                self._tokens.append((match.lastgroup or "", match[0], position + at))
            at = match.end()
        self._end = position + len(text)

    def whole(self) -> Tree:
        tree = self._any()
        kind, text, position = self._peek()
        if kind:
            right = "put a text in '…', and an expression within a text in {…}"
            raise BadExpression(f"nothing can stand here, but there is {text}", position, right)
        return tree

    def _peek(self) -> tuple[str, str, int]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("", "", self._end)

    def _take(self, *texts: str) -> bool:
        kind, text, _ = self._peek()
        if kind in ("sign", "word") and text in texts:
            self._next += 1
            return True
        return False

    def _any(self) -> Tree:
        self._deeper()
        tree = self._logic("or", lambda: self._logic("and", self._not))
        self._depth -= 1
        return tree

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadExpression(f"it is nested deeper than {DEEPEST}", self._peek()[2], "take it apart")

    def _logic(self, word: str, inner: Callable[[], Tree]) -> Tree:
        first = inner()
        position = self._peek()[2]
        operands = [first]
        while self._take(word):
            operands.append(inner())
        return Call(word, tuple(operands), position) if len(operands) > 1 else first

    def _not(self) -> Tree:
        position = self._peek()[2]
        if self._take("not"):
            self._deeper()
            return Call("not", (self._not(),), position)
        return self._compare()

    def _compare(self) -> Tree:
        left = self._operand()
        _, text, position = self._peek()
        if self._take("==", "!="):
            return Call(text, (left, self._operand()), position)
        return left

    def _operand(self) -> Tree:
        kind, text, position = self._peek()
        self._next += 1
        match kind:
            case "text":
                quote = text[0]
                return Text(text[1:-1].replace(quote * 2, quote), position + 1)
            case "number":
                return Text(text, position)
            case "column":
                return Column(text[1:-1], position)
            case "word" if text not in ("and", "or"):
                return self._call(text, position) if self._take("(") else Column(text, position)
            case "sign" if text == "(":
                tree = self._any()
                self._expect(")", position)
                return tree
        found = f"there is {text}" if kind else "the text ends"
        raise BadExpression(
            f"a column, a text or a function is missing; {found}", position, "see the list of functions"
        )

    def _call(self, name: str, position: int) -> Tree:
        arguments: list[Tree] = []
        if not self._take(")"):
            arguments.append(self._any())
            while self._take(","):
                arguments.append(self._any())
            self._expect(")", position)
        return Call(name, tuple(arguments), position)

    def _expect(self, sign: str, opened: int) -> None:
        _, text, position = self._peek()
        if not self._take(sign):
            found = f"there is {text}" if text else "the text ends"
            raise BadExpression(f"a ) is missing for what begins at {opened}; {found}", position, "close it")
