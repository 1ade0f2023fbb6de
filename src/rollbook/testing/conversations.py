"""Recorded conversations: what a client sends and is answered, as text files that run against a server.

**Shape** of a file (``*.http``)::

    preset: entra                                  the connection's; further lines are settings, such as page_size: 2

    === Entra looks for somebody who is not there  a step: what happens in it
    GET /Users?filter=userName eq "nobody"         method and target below the base; spaces need no escape
    X-Header: value                                headers; Content-Type is application/scim+json where there is a body

    {"json": "body"}                               after an empty line; as bytes, whatever it is

    ---                                            the answer:
    200                                            its status
    ETag: W/"*"                                    headers that it has, ``*`` for any text; ``-`` alone: not there
    noted: boolean text: active                    what the event of the write says was rewritten or dropped

    {"totalResults": 0}                            what its body holds: see below

    --- then                                       after an accepted PATCH or PUT: what is there now
    {"active": false}

**Rules**: An object holds an object whose every member holds; ``null`` says that a member is not there. A list holds a
list of as many elements, each somewhere. ``"${ann}"`` keeps the value that stands there under a name, or, once it is
kept, stands for it; in a request it stands for it too. A write without a line ``noted`` must leave nothing noted.

Whatever the file says, an accepted PATCH or PUT is never believed: the resource is read before and after. What was
answered has to be what is there, and something has to have changed, unless the step says ``unchanged`` in its title.

This module does no IO: ``hold`` is given a way to ask, and a way to look into the events.
"""

import fnmatch
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote


class Answer(NamedTuple):
    """``headers`` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Ask = Callable[[str, str, Mapping[str, str], bytes | None], Answer]
"""Sends a method, a target below the base, headers and a body."""

Noted = Callable[[str], tuple[str, ...]]
"""What the event of the request with this id (the answer's ``x-request-id``) says was rewritten or dropped."""


@dataclass
class Step:
    """One request with its answer; ``line`` is where it begins."""

    title: str
    line: int
    method: str = ""
    target: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    status: int = 0
    expected_headers: list[tuple[str, str]] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    expected: Any = None
    then: Any = None


@dataclass
class Conversation:
    preset: str
    settings: dict[str, str]
    steps: list[Step]


class Misheard(AssertionError):
    """A file that is no conversation, or an answer that is not the recorded one."""


def read_conversation(text: str) -> Conversation:
    """Read a file. **Raises** ``Misheard``."""
    head, *parts = re.split(r"^=== *", text, flags=re.MULTILINE)
    settings = dict(_fields(head))
    line = head.count("\n") + 1
    steps = []
    for part in parts:
        steps.append(_step(part, line))
        line += part.count("\n")
    return Conversation(settings.pop("preset", "standard"), settings, steps)


def _step(part: str, line: int) -> Step:
    title, _, rest = part.partition("\n")
    step = Step(title.strip(), line)
    asked, *answers = re.split(r"^---(.*)\n", rest, flags=re.MULTILINE)
    start, fields, step.body = _message(asked)
    step.method, _, step.target = start.partition(" ")
    step.headers = dict(fields)
    for name, answer in zip(answers[::2], answers[1::2], strict=True):
        if name.strip() == "then":
            step.then = _json(answer, step)
            continue
        start, fields, body = _message(answer)
        step.status = int(start)
        step.noted = [value for key, value in fields if key.lower() == "noted"]
        step.expected_headers = [(key, value) for key, value in fields if key.lower() != "noted"]
        step.expected = _json(body, step) if body is not None else None
    if not step.status:
        raise Misheard(f"line {line}: the step has no answer")
    return step


def _message(text: str) -> tuple[str, list[tuple[str, str]], str | None]:
    """The first line, the fields below it, and what stands after an empty line."""
    head, _, body = text.strip("\n").partition("\n\n")
    start, _, fields = head.partition("\n")
    return start.strip(), list(_fields(fields)), body.strip() or None


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, value = line.partition(":")
            yield name.strip(), value.strip()


def _json(text: str, step: Step) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Misheard(f"line {step.line}: what is expected is no JSON: {error}") from None


def hold(conversation: Conversation, ask: Ask, noted: Noted | None = None) -> None:
    """Hold a conversation with a server. **Raises** ``Misheard`` for the first answer that is not as recorded."""
    kept: dict[str, Any] = {}
    for step in conversation.steps:
        _hold(step, ask, noted, kept)


def _hold(step: Step, ask: Ask, noted: Noted | None, kept: dict[str, Any]) -> None:
    target = quote(_filled(step.target, kept), safe="%/?=&:;,()[]@!$'*+")
    body = None if step.body is None else _filled(step.body, kept).encode()
    headers = {"content-type": "application/scim+json"} if body is not None else {}
    headers |= {name.lower(): _filled(value, kept) for name, value in step.headers.items()}
    headers = {name: value for name, value in headers.items() if value != "-"}
    change = step.method in ("PUT", "PATCH")
    address = target.partition("?")[0]
    before = ask("GET", address, {}, None) if change else None
    answer = ask(step.method, target, headers, body)
    where = f"line {step.line}, {step.title}"
    if answer.status != step.status:
        raise Misheard(f"{where}: {answer.status} and not {step.status}: {answer.body.decode()}")
    for name, pattern in step.expected_headers:
        found = answer.headers.get(name.lower(), "-")
        if not fnmatch.fnmatchcase(found, _globbed(_filled(pattern, kept))):
            raise Misheard(f"{where}: the header {name} is {found!r}")
    if step.expected is not None:
        _compare(step.expected, json.loads(answer.body), where, kept)
    if before is not None and answer.status < 300:
        _believe(step, before, answer, ask("GET", address, {}, None), where, kept)
    writes = step.method in ("PUT", "PATCH", "DELETE") or (step.method == "POST" and not _searches(address))
    if noted is not None and writes and answer.status < 300:
        found_notes = noted(answer.headers.get("x-request-id", ""))
        if set(found_notes) != set(step.noted):
            raise Misheard(f"{where}: noted are {sorted(found_notes)} and not {sorted(step.noted)}")


def _searches(address: str) -> bool:
    return address.rstrip("/").endswith("/.search")


def _believe(step: Step, before: Answer, answer: Answer, after: Answer, where: str, kept: dict[str, Any]) -> None:
    """Whether what was accepted has come about."""
    there = json.loads(after.body)
    if answer.body and "attributes" not in step.target.lower() and json.loads(answer.body) != there:
        raise Misheard(f"{where}: what was answered is not what is there: {there}")
    if (before.body == after.body) != ("unchanged" in step.title):
        raise Misheard(f"{where}: accepted, and {'nothing' if before.body == after.body else 'something'} has changed")
    if step.then is not None:
        _compare(step.then, there, f"{where}, then", kept)


_NAME = re.compile(r"\$\{(\w+)\}")


def _filled(text: str, kept: Mapping[str, Any]) -> str:
    return _NAME.sub(lambda match: str(kept.get(match[1], match[0])), text)


def _globbed(pattern: str) -> str:
    """Only ``*`` is special."""
    return "".join(f"[{c}]" if c in "[?" else c for c in pattern)


def _compare(expected: Any, found: Any, where: str, kept: dict[str, Any]) -> None:
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            raise Misheard(f"{where}: {found!r} is no object")
        for name, value in expected.items():
            if value is None and name in found:
                raise Misheard(f"{where}.{name}: there is {found[name]!r}")
            if value is not None and name not in found:
                raise Misheard(f"{where}.{name}: not there; there are {', '.join(found)}")
            if value is not None:
                _compare(value, found[name], f"{where}.{name}", kept)
    elif isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            raise Misheard(f"{where}: {found!r} is not a list of {len(expected)}")
        rest = list(found)
        for value in expected:
            rest.remove(_somewhere(value, rest, where, kept))
    elif isinstance(expected, str) and (name := _NAME.fullmatch(expected)):
        if kept.setdefault(name[1], found) != found:
            raise Misheard(f"{where}: {found!r} is not {kept[name[1]]!r}")
    else:
        wanted = _filled(expected, kept) if isinstance(expected, str) else expected
        if type(wanted) is not type(found) or wanted != found:
            raise Misheard(f"{where}: {found!r} is not {wanted!r}")


def _somewhere(expected: Any, found: list[Any], where: str, kept: dict[str, Any]) -> Any:
    """The first element that is as expected."""
    for element in found:
        known = dict(kept)
        try:
            _compare(expected, element, where, known)
        except Misheard:
            continue
        kept.update(known)
        return element
    raise Misheard(f"{where}: {expected!r} is nowhere in {found!r}")
