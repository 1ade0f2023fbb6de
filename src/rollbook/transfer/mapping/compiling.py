"""Trees made into closures: names bound to columns and functions once, rows read many times."""

from collections.abc import Callable, Sequence

from rollbook.transfer.mapping.errors import BadExpression
from rollbook.transfer.mapping.functions import FUNCTIONS
from rollbook.transfer.mapping.syntax import Call, Column, Template, Text, Tree, template
from rollbook.transfer.mapping.values import Argument, Closure, Row, Surroundings, Value, nearest, text, texts, truth

Columns = Callable[[str], str | None]
"""The key of a row for a column as it was written, or None where there is no such column."""


def any_column(name: str) -> str | None:
    """For sources whose columns nobody knows beforehand."""
    return name


def compile_tree(tree: Tree, columns: Columns, known: Sequence[str], surroundings: Surroundings) -> Closure:
    """Make a closure. **Shape**: ``known`` are the names to choose the nearest from. **Raises** ``BadExpression``."""
    return _Compiler(columns, known, surroundings).closure(tree)


def columns_of(tree: Tree) -> list[Column]:
    """The columns that a tree reads, templates in quoted texts included. **Raises** ``BadExpression``."""
    match tree:
        case Column():
            return [tree]
        case Text():
            inner = template(tree.raw, tree.position)
            return [] if isinstance(inner, Text) else columns_of(inner)
        case Template():
            return [column for part in tree.parts if not isinstance(part, str) for column in columns_of(part)]
    function = FUNCTIONS.get(tree.name)
    fixed = function.fixed if function else frozenset()
    if function is not None and function.name == "join":
        fixed = frozenset({len(tree.arguments) - 1})
    return [
        column for index, argument in enumerate(tree.arguments) if index not in fixed for column in columns_of(argument)
    ]


class _Compiler:
    def __init__(self, columns: Columns, known: Sequence[str], surroundings: Surroundings) -> None:
        self._columns = columns
        self._known = known
        self._surroundings = surroundings

    def closure(self, tree: Tree) -> Closure:
        match tree:
            case Column():
                return self._column(tree)
            case Text():
                inner = template(tree.raw, tree.position)
                if not isinstance(inner, Text):
                    return self.closure(inner)
                plain = inner.raw
                return lambda row: plain
            case Template():
                return self._template(tree)
        return _OPERATORS[tree.name](self, tree) if tree.name in _OPERATORS else self._call(tree)

    def _column(self, tree: Column) -> Closure:
        key = self._columns(tree.name)
        if key is None:
            near = nearest(tree.name, self._known)
            right = f"a text that is the same for all is written '{tree.name}'"
            right = f"the nearest is {near}, and {right}" if near else right
            raise BadExpression(f"there is no column {tree.name}", tree.position, right)

        def closure(row: Row) -> Value:
            value: Value = row.get(key, "")
            return value

        return closure

    def _template(self, tree: Template) -> Closure:
        parts = [(part, None) if isinstance(part, str) else ("", self.closure(part)) for part in tree.parts]

        def closure(row: Row) -> Value:
            return "".join([plain if inner is None else text(inner(row)) for plain, inner in parts]).strip()

        return closure

    def _call(self, tree: Call) -> Closure:
        function = FUNCTIONS.get(tree.name)
        if function is None:
            near = nearest(tree.name, FUNCTIONS)
            right = f"the nearest is {FUNCTIONS[near].call}" if near else f"there are {', '.join(FUNCTIONS)}"
            raise BadExpression(f"there is no function {tree.name}", tree.position, right)
        count = len(tree.arguments)
        if count < function.least or (function.most is not None and count > function.most):
            wanted = "1 argument" if function.least == function.most == 1 else f"{function.least} arguments"
            if function.least != function.most:
                wanted += " or more" if function.most is None else f" to {function.most}"
            raise BadExpression(
                f"{tree.name} takes {wanted}, and has {count}", tree.position, f"write it so: {function.call}"
            )
        fixed = function.fixed if function.name != "join" else frozenset({count - 1})
        arguments = [
            self._argument(argument, function.call, index in fixed) for index, argument in enumerate(tree.arguments)
        ]
        try:
            return function.make(arguments, self._surroundings)
        except ValueError as wrong:
            position = tree.arguments[min(fixed)].position if fixed and min(fixed) < count else tree.position
            raise BadExpression(f"{tree.name}: {wrong}", position, f"write it so: {function.call}") from None

    def _argument(self, tree: Tree, call: str, fixed: bool) -> Argument:
        if fixed:
            if not isinstance(tree, Text):
                raise BadExpression("a text in quotes or a number has to stand here", tree.position, f"as in {call}")
            raw = tree.raw
            return Argument(lambda row: raw, raw, tree.position)
        return Argument(self.closure(tree), None, tree.position)

    def equal(self, tree: Call) -> Closure:
        left, right = (self.closure(operand) for operand in tree.arguments)

        def closure(row: Row) -> Value:
            one, other = left(row), right(row)
            if one.__class__ is str and other.__class__ is str:
                return one == other
            return bool(set(texts(one)) & set(texts(other))) or not (texts(one) or texts(other))

        return closure

    def unequal(self, tree: Call) -> Closure:
        equal = self.equal(tree)
        return lambda row: not equal(row)

    def both(self, tree: Call) -> Closure:
        closures = [self.closure(operand) for operand in tree.arguments]
        return lambda row: all(truth(inner(row)) for inner in closures)

    def either(self, tree: Call) -> Closure:
        closures = [self.closure(operand) for operand in tree.arguments]
        return lambda row: any(truth(inner(row)) for inner in closures)

    def opposite(self, tree: Call) -> Closure:
        inner = self.closure(tree.arguments[0])
        return lambda row: not truth(inner(row))


_OPERATORS = {
    "==": _Compiler.equal,
    "!=": _Compiler.unequal,
    "and": _Compiler.both,
    "or": _Compiler.either,
    "not": _Compiler.opposite,
}
