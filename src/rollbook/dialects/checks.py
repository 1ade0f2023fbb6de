"""What is wrong with a dialect file although each of its keys and values may stand where it does (``reader``)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from rollbook.dialects.plan import TOPICS
from rollbook.dialects.reader import DialectError, Read
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.wire.v1_form import Form

ACCESS_SECONDS = 3600
"""The longest life of an access token."""
_DEPARTURE = ("id", "clause", "what", "why")
_SCHEME = ("type", "name", "description")
_FORM = {one.name: type(getattr(Form(), one.name)) for one in fields(Form)}
_SETTINGS: Mapping[str, tuple[type, str]] = {
    "text": (str, "a text"),
    "flag": (bool, "true or false"),
    "number": (int, "a whole number"),
    "texts": (list, "a list of texts"),
    "tree": (dict, "a table of tables"),
}


def problems(read: Read) -> Iterator[DialectError]:
    """Everything that is wrong with one file, laid over its parents'."""
    table = read.table
    yield from _address(read, table.get("address", {}))
    yield from _pages(read, table.get("pages", {}))
    yield from _logins(read, table)
    yield from _form(read, table)
    for name, type in table.get("types", {}).items():
        yield from _type(read, name, type)
    for name, setting in table.get("settings", {}).items():
        yield from _setting(read, name, setting)
    yield from _departures(read, table.get("departure", ()))


def _address(read: Read, address: Mapping[str, Any]) -> Iterator[DialectError]:
    if not address.get("bases"):
        yield read.wrong(("address", "bases"), "a dialect needs an address, such as /scim/v2")
    for key in ("bases", "prefixes", "absent"):
        for position, one in enumerate(address.get(key, ())):
            if not one.startswith("/") or one.endswith("/") or "//" in one:
                where = ("address", key, position)
                yield read.wrong(where, f"{one!r} has to begin with a slash and to end without one")
    for position, one in enumerate(address.get("prefixes", ())):
        if one.count("{tenant}") != 1:
            yield read.wrong(("address", "prefixes", position), f"{one!r} has to say where {{tenant}} stands")
    location = address.get("location")
    if location and location not in address.get("bases", ()):
        yield read.wrong(("address", "location"), f"{location!r} is none of the addresses in bases")
    for topic in address.get("names", {}):
        if topic not in TOPICS:
            yield read.wrong(("address", "names", topic), f"there is no such topic{nearest(topic, TOPICS)}")


def _pages(read: Read, pages: Mapping[str, int]) -> Iterator[DialectError]:
    for key, number in pages.items():
        if number < 1:
            yield read.wrong(("pages", key), "a page has one resource at least")
    if pages.get("default", 1) > pages.get("most", 1 << 30):
        yield read.wrong(("pages", "default"), "this is more than most")


def _logins(read: Read, table: Mapping[str, Any]) -> Iterator[DialectError]:
    credentials, oauth = table.get("credentials", {}), table.get("oauth", {})
    if not credentials.get("bearer", True) and not credentials.get("session_header"):
        yield read.wrong(("credentials",), "a client has to have a way to say who it is: bearer or session_header")
    if not 1 <= oauth.get("access_seconds", 1) <= ACCESS_SECONDS:
        yield read.wrong(("oauth", "access_seconds"), f"this has to be from 1 to {ACCESS_SECONDS}")
    if oauth.get("refresh_cap_seconds", 1) < 1:
        yield read.wrong(("oauth", "refresh_cap_seconds"), "this has to be 1 at least")
    for position, scheme in enumerate(table.get("scheme", ())):
        for key in _SCHEME:
            if not isinstance(scheme.get(key), str):
                yield read.wrong(("scheme", position), f"an authentication scheme needs a {key}")


def _form(read: Read, table: Mapping[str, Any]) -> Iterator[DialectError]:
    said = table.get("form", {})
    if said and table.get("wire", "2.0") != "1.1":
        yield read.wrong(("form",), 'this says how SCIM 1.1 is spoken; it needs wire = "1.1"')
    yield from _form_keys(read, ("form",), said)
    settings = table.get("settings", {})
    for switch, changed in said.get("switches", {}).items():
        where = ("form", "switches", switch)
        if settings.get(switch, {}).get("type") != "flag":
            yield read.wrong(where, f"there is no setting {switch!r} of the type flag{nearest(switch, settings)}")
        yield from _form_keys(read, where, changed)


def _form_keys(read: Read, where: tuple[str, ...], said: Mapping[str, Any]) -> Iterator[DialectError]:
    for key, value in said.items():
        wanted = _FORM.get(key)
        if wanted is None:
            yield read.wrong((*where, key), f"there is no such key{nearest(key, _FORM)}")
        elif wanted in (bool, int, str) and type(value) is not wanted:
            words = {bool: "true or false", int: "a whole number", str: "a text"}[wanted]
            yield read.wrong((*where, key), f"this has to be {words}")


def _type(read: Read, name: str, type: Mapping[str, Any]) -> Iterator[DialectError]:
    names = [one.name for one in standard_types()]
    if name not in names:
        yield read.wrong(
            ("types", name),
            f"there is no such resource type{nearest(name, names)}: dialects see User and Group, and "
            "tenants make others (`rollbook schema add`)",
        )
    endpoint = type.get("endpoint", "/x")
    if not endpoint.startswith("/") or "/" in endpoint[1:] or len(endpoint) == 1:
        yield read.wrong(("types", name, "endpoint"), "this has to be a slash and a name, such as /Users")
    if type.get("attributes") is not None and type.get("without"):
        yield read.wrong(("types", name, "without"), "give attributes or without, not both")
    settings = read.table.get("settings", {})
    for path, change in type.get("change", {}).items():
        source = change.get("canonicalFrom")
        if source is not None and settings.get(source, {}).get("type") != "texts":
            detail = f"there is no setting {source!r} of the type texts{nearest(source, settings)}"
            yield read.wrong(("types", name, "change", path, "canonicalFrom"), detail)
        if change.get("most", 1) < 1:
            yield read.wrong(("types", name, "change", path, "most"), "this has to be 1 at least")
    for position, extension in enumerate(type.get("extension", ())):
        where: tuple[str | int, ...] = ("types", name, "extension", position)
        for key in ("id", "name", "attributes"):
            if not extension.get(key):
                yield read.wrong(where, f"a schema needs {'attributes' if key == 'attributes' else f'an {key}'}")
        if not extension.get("id", "urn:x").lower().startswith("urn:"):
            yield read.wrong((*where, "id"), "the id of a schema is a URN")
        yield from _attributes(read, (*where, "attributes"), extension.get("attributes", ()))


def _attributes(
    read: Read, where: tuple[str | int, ...], attributes: Sequence[Mapping[str, Any]]
) -> Iterator[DialectError]:
    there: set[str] = set()
    for position, one in enumerate(attributes):
        name = one.get("name", "")
        if not name:
            yield read.wrong((*where, position), "an attribute needs a name")
        elif name.lower() in there:
            yield read.wrong((*where, position), f"there is an attribute {name!r} already")
        there.add(name.lower())
        is_complex, subs = one.get("type") == "complex", one.get("subAttributes", ())
        if is_complex != bool(subs):
            yield read.wrong((*where, position), f"{name}: type complex and subAttributes belong together")
        yield from _attributes(read, (*where, position, "subAttributes"), subs)


def _setting(read: Read, name: str, setting: Mapping[str, Any]) -> Iterator[DialectError]:
    kind = setting.get("type", "text")
    if "default" in setting:
        wanted, words = _SETTINGS[kind]
        if type(setting["default"]) is not wanted:
            yield read.wrong(("settings", name, "default"), f"this has to be {words}")
    if not setting.get("about"):
        yield read.wrong(("settings", name), "a setting says what it is for: about")
    settings = read.table.get("settings", {})
    for position, other in enumerate(setting.get("unlike", ())):
        if other == name or settings.get(other, {}).get("type", "text") != kind or other not in settings:
            detail = f"there is no other setting {other!r} of the type {kind}{nearest(other, settings)}"
            yield read.wrong(("settings", name, "unlike", position), detail)
        elif settings[other].get("default") == setting.get("default"):
            detail = f"{other} has the same default: give the two different ones"
            yield read.wrong(("settings", name, "unlike", position), detail)


def _departures(read: Read, departures: Sequence[Mapping[str, Any]]) -> Iterator[DialectError]:
    there: set[str] = set()
    for position, one in enumerate(departures):
        for key in _DEPARTURE:
            if not str(one.get(key, "")).strip():
                name = one.get("id") or "without an id"
                yield read.wrong(("departure", position), f"a departure ({name}) has to say its {key}")
        if one.get("id") in there:
            yield read.wrong(("departure", position, "id"), f"{one['id']} stands here twice")
        there.add(one.get("id", ""))


def nearest(name: str, names: Sequence[str] | Mapping[str, Any]) -> str:
    """The name that was meant, as the end of a sentence."""
    found = get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f" (did you mean {found[0]}?)" if found else ""
