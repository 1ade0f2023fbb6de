"""What an expression can call. Each function is a value: its name, how it is called, what it does, and its maker.

A maker takes the arguments, compiled, and gives a closure over a row. What is given for every row alike (a pattern, the
name of a table, a number) is read once, when the expression is compiled.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rollbook.transfer.mapping import choice_functions as choice
from rollbook.transfer.mapping import day_functions as days
from rollbook.transfer.mapping import text_functions as of_text
from rollbook.transfer.mapping.values import Maker


@dataclass(frozen=True, slots=True)
class Function:
    """``least`` and ``most`` are how many arguments it takes (None: any number); ``fixed`` are those that have to be
    a text or number in quotes, taken as they stand."""

    name: str
    call: str
    about: str
    make: Maker
    least: int = 1
    most: int | None = 1
    fixed: frozenset[int] = frozenset()


_SECOND = frozenset({1})
_BOTH = frozenset({1, 2})

FUNCTIONS: Mapping[str, Function] = {
    function.name: function
    for function in (
        Function("lower", "lower(x)", "in small letters", of_text.each(str.lower)),
        Function("upper", "upper(x)", "in capitals", of_text.each(str.upper)),
        Function("trim", "trim(x)", "without spaces around it, and one within", of_text.each(of_text.trim)),
        Function("plain", "plain(x)", "in ASCII: letters without their marks", of_text.each(of_text.plain)),
        Function("left", "left(x, 3)", "its first characters", of_text.each_with(of_text.left), 2, 2, _SECOND),
        Function("right", "right(x, 3)", "its last characters", of_text.each_with(of_text.right), 2, 2, _SECOND),
        Function(
            "pad",
            "pad(x, 8, '0')",
            "filled up on the left to a length",
            of_text.each_with(of_text.pad),
            2,
            3,
            _BOTH,
        ),
        Function(
            "regex",
            "regex(x, '([0-9]+)')",
            "what a regular expression finds: its first group, else all of it, else nothing. With a third argument,"
            " what it finds is replaced: `regex(x, '[^0-9]', '')`",
            of_text.each_with(of_text.regex),
            2,
            3,
            _BOTH,
        ),
        Function(
            "part_of_dn",
            "part_of_dn(x, 'CN')",
            "a part of an LDAP name: `Staff` of `CN=Staff,OU=Groups,DC=example`",
            of_text.each_with(of_text.of_name),
            2,
            2,
            _SECOND,
        ),
        Function("default", "default(x, 'none')", "the first that is not empty", choice.default, 2, None),
        Function(
            "lookup",
            "lookup(x, 'table', 'otherwise')",
            "what stands for it in `[lookup.table]`, letter case aside; else what comes third, else nothing",
            choice.lookup,
            2,
            3,
            _SECOND,
        ),
        Function("if", "if(condition, x, y)", "x where the condition holds, else y (or nothing)", choice.choose, 2, 3),
        Function("join", "join(x, y, ' ')", "all of it as one text, with the last between", choice.join, 2, None),
        Function("split", "split(x, ';')", "its pieces, a list; empty ones are left out", choice.split, 2, 2, _SECOND),
        Function("list", "list(x, y)", "a list of all that is not empty, each once", choice.gather, 1, None),
        Function("first", "first(x)", "the first of a list", choice.first),
        Function("yes", "yes(x)", "true for yes, true, 1, active …; false for no, false, 0, inactive …", choice.yes),
        Function("given", "given(x)", "whether it is not empty", choice.given),
        Function("in", "in(x, 'A', 'B')", "whether it is one of these", choice.one_of, 2, None),
        Function(
            "contains", "contains(x, 'part')", "whether the part stands in it, letter case aside", choice.contains, 2, 2
        ),
        Function(
            "starts",
            "starts(x, 'A-')",
            "whether it begins so",
            choice.tests(choice.beginning),
            2,
            2,
            _SECOND,
        ),
        Function(
            "ends",
            "ends(x, '.org')",
            "whether it ends so",
            choice.tests(choice.ending),
            2,
            2,
            _SECOND,
        ),
        Function(
            "matches",
            "matches(x, '[A-Z]+')",
            "whether a regular expression fits all of it",
            choice.tests(lambda p: of_text.pattern(p).fullmatch),
            2,
            2,
            _SECOND,
        ),
        Function(
            "between",
            "between(start, end, 'DD.MM.YYYY')",
            "whether the day of the run is one of these days, both included; an empty one is open. Without a form,"
            " `YYYY-MM-DD`",
            days.between,
            2,
            3,
            frozenset({2}),
        ),
        Function("since", "since(start)", "whether the day has come", days.since, 1, 2, _SECOND),
        Function("until", "until(end)", "whether the day is not over, or there is none", days.until, 1, 2, _SECOND),
        Function("date", "date(x, 'DD.MM.YYYY')", "the day written YYYY-MM-DD", days.written, 1, 2, _SECOND),
        Function("plus", "plus(x, 30)", "the day so many days later", days.plus, 2, 3, _BOTH),
        Function("today", "today()", "the day of the run", days.today, 0, 0),
    )
}
