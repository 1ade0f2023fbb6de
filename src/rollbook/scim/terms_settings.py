"""The settings of a connection: single terms that differ from its preset, each with a name, a form and a meaning.

They are written ``name=value`` by the operator, kept as JSON values, and put over the preset by ``terms``. A dozen are
enough: whoever needs more of a client's habits has a preset.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from rollbook.errors import RollbookError
from rollbook.scim.presets import PRESETS, STANDARD_TERMS, Terms, nearest

Value = str | int | float | bool


class InvalidSetting(RollbookError):
    """A name that is no setting, or a value that it cannot have."""


@dataclass(frozen=True, slots=True)
class Setting:
    """``read`` makes the value that is kept of a text (``ValueError`` where it is none); ``put`` gives it to the
    terms."""

    name: str
    values: str
    """The values that it may have, as a person reads them."""
    about: str
    read: Callable[[str], Value]
    put: Callable[[Terms, Any], Terms]


def _term(name: str) -> Callable[[Terms, Any], Terms]:
    return lambda terms, value: replace(terms, **{name: value})


def _choice(name: str, about: str, *values: str) -> Setting:
    def read(text: str) -> str:
        if text not in values:
            raise InvalidSetting(f"{name} is {_either(values)}, not {text!r}{nearest(text, values)}")
        return text

    return Setting(name, " or ".join(values), about, read, _term(name))


_SWITCH = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}


def _switch(name: str, about: str) -> Setting:
    def read(text: str) -> bool:
        if text.lower() not in _SWITCH:
            raise InvalidSetting(f"{name} is on or off, not {text!r}")
        return _SWITCH[text.lower()]

    return Setting(name, "on or off", about, read, _term(name))


def _number(name: str, about: str, most: int, kind: type[int] | type[float] = int) -> Setting:
    least = 1 if kind is int else 0.01
    form = f"a {'whole ' if kind is int else ''}number from {least} to {most}"

    def read(text: str) -> int | float:
        try:
            value = kind(text)
        except ValueError:
            value = kind(0)
        if not least <= value <= most or not text.isascii():
            raise InvalidSetting(f"{name} is {form}, not {text!r}")
        return value

    return Setting(name, form, about, read, _term(name))


def _ignore_groups(terms: Terms, value: bool) -> Terms:
    return replace(terms, tolerances=replace(terms.tolerances, ignore_groups=value))


def _unknown(terms: Terms, value: str) -> Terms:
    return replace(terms, tolerances=replace(terms.tolerances, unknown="drop" if value == "ignore" else "refuse"))


SETTINGS = {
    setting.name: setting
    for setting in (
        replace(
            _choice(
                "unknown",
                "Attributes and schemas that are not in /Schemas: dropped and named in the event, or 400.",
                "ignore",
                "reject",
            ),
            put=_unknown,
        ),
        _choice(
            "delete",
            "What a DELETE of a User does. `deactivate` sets `active` to false and keeps the account, which can still"
            " be read; a Group is deleted in either case.",
            "delete",
            "deactivate",
        ),
        _switch(
            "reactivate",
            "A POST with the userName and the externalId of a User that this connection made and that is not active"
            " takes that account up again (201 with its id) where it would be refused (409).",
        ),
        _choice(
            "put_active",
            "What becomes of `active` in a PUT without it: it is kept, or cleared, and a User without it is active.",
            "keep",
            "clear",
        ),
        _choice(
            "patch_answer",
            "What a PATCH is answered with: the resource (200), nothing (204), or `auto`: nothing where members came or"
            " went. A client that asks for attributes gets the resource in any case.",
            "auto",
            "body",
            "empty",
        ),
        _switch(
            "remove_all_members",
            "Whether one request may empty a group without naming its members (`replace` with `[]`, a PUT without"
            " members). Off: 400, and nothing is changed.",
        ),
        replace(
            _switch(
                "ignore_groups",
                "Whether `groups` that a client writes on a User are left alone, in dialects where they can be written"
                " (`releezme`). Off: a PUT with `groups: []` takes the User out of its groups; Okta sends that.",
            ),
            put=_ignore_groups,
        ),
        _switch("require_if_match", "Whether PUT, PATCH and DELETE need the header If-Match. On: 428 without it."),
        _switch(
            "store_passwords",
            "Whether a `password` that the client sends is kept, as an argon2id hash, and never given back. Off: it is"
            " dropped and named in the event (preset `strict`: 400).",
        ),
        _number("page_size", "Resources on a page whose size the client does not say.", 100_000),
        _number("max_page", "Resources on a page at most; never more than the server's own limit.", 100_000),
        _number("rate", "Requests a second in each worker, in place of the server's. Above: 429.", 100_000, float),
        _number("burst", "Requests that may come at once where `rate` is set.", 100_000),
        Setting(
            "subject",
            "a resource's id, or a userName",
            "Whom the connection's tokens stand for: `/Me` is this resource. Without it `/Me` is 501.",
            lambda text: text,
            _term("subject"),
        ),
    )
}
"""The settings by name."""


def check_name(name: str) -> Setting:
    """The setting of that name. **Raises** ``InvalidSetting``."""
    if name not in SETTINGS:
        raise InvalidSetting(f"there is no setting {name!r}{nearest(name, SETTINGS)}: choose of {', '.join(SETTINGS)}")
    return SETTINGS[name]


def changed_settings(now: Mapping[str, Value], given: Mapping[str, str]) -> dict[str, Value]:
    """The settings after a change; an empty text takes one back to what the preset says. **Raises**
    ``InvalidSetting``.

    >>> changed_settings({"page_size": 50, "delete": "deactivate"}, {"page_size": "", "reactivate": "on"})
    {'delete': 'deactivate', 'reactivate': True}
    """
    changed = dict(now)
    for name, text in given.items():
        setting = check_name(name)
        if text == "":
            changed.pop(name, None)
        else:
            changed[name] = setting.read(text)
    return {name: changed[name] for name in SETTINGS if name in changed}


def terms(preset: str, settings: Mapping[str, Value]) -> Terms:
    """The terms of a preset with some settings put over it.

    **Rules**: what is not known here (a later release wrote it) is not followed; an unknown preset is ``standard``.
    """
    if not settings:
        return PRESETS.get(preset, STANDARD_TERMS)
    return _terms(preset, frozenset(settings.items()))


@lru_cache(1024)
def _terms(preset: str, settings: Iterable[tuple[str, Value]]) -> Terms:
    found = PRESETS.get(preset, STANDARD_TERMS)
    for name, value in settings:
        if name in SETTINGS:
            found = SETTINGS[name].put(found, value)
    return found


def written(value: Value) -> str:
    """A setting's value as an operator writes it.

    >>> written(True), written(50), written("deactivate")
    ('on', '50', 'deactivate')
    """
    return (
        ("on" if value else "off")
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def _either(values: Iterable[str]) -> str:
    *rest, last = values
    return f"{', '.join(rest)} or {last}" if rest else last
