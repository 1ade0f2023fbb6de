"""What is different between two dialects, as data: for ``rollbook dialect diff`` and for the pages about dialects."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from rollbook.dialects.model import Dialect
from rollbook.dialects.plan import OFFERS, OPERATIONS, TOPICS, Departure
from rollbook.scim.attributes import Attribute, Held, Mutability, Returned, Uniqueness
from rollbook.scim.schema import ResourceType
from rollbook.scim.wire.v1_form import Form

FEATURES = ("patch", "filter", "sort", "etag", "bulk", "cursor", "change_password")


class Difference(NamedTuple):
    """One thing: what it is called, and how it is on each side (empty: not there)."""

    what: str
    here: str
    there: str


def departures(dialect: Dialect, dialects: Sequence[Dialect]) -> Iterator[tuple[str, Departure]]:
    """How a dialect departs from the specifications, each departure with the dialect that says so: its own first, then
    those that it has from its parents."""
    by_name = {one.name: one for one in dialects}
    told: set[str] = set()
    one: Dialect | None = dialect
    while one is not None:
        for departure in one.departures:
            if departure.id not in told:  # a child may say again, and otherwise, what its parent says
                yield one.name, departure
        told |= {departure.id for departure in one.departures}
        one = by_name.get(one.parent or "")


def differences(here: Dialect, there: Dialect) -> list[Difference]:
    """What two dialects do not have alike, in the order of a dialect file."""
    one, other = dict(_facts(here)), dict(_facts(there))
    names = [*one, *(name for name in other if name not in one)]
    found = [Difference(n, one.get(n, ""), other.get(n, "")) for n in names if one.get(n, "") != other.get(n, "")]
    return [d for d in found if not _told_above(d, found)]


def _told_above(one: Difference, all: list[Difference]) -> bool:
    """Whether a part is gone (or there) because the whole is."""
    return any(
        one.what.startswith((f"{above.what}.", f"{above.what}:"))
        and bool(above.here) == bool(one.here)
        and bool(above.there) == bool(one.there)
        and not (above.here and above.there)
        for above in all
    )


def _facts(dialect: Dialect) -> Iterator[tuple[str, str]]:
    yield "wire", "1.1" if dialect.form else "2.0"
    yield "addresses", _words(dialect.bases)
    yield "location", dialect.location
    yield "prefixes", _words(dialect.prefixes)
    yield "any letter case", _flag(dialect.plan.any_case)
    yield "absent", _words(dialect.plan.absent)
    for topic in TOPICS:
        yield topic, dialect.plan.name(topic)
    yield "offers", _words(offer for offer in OFFERS if offer in dialect.plan.offers)
    for name in FEATURES:
        yield f"feature {name}", _flag(getattr(dialect.features, name))
    yield "page, default", str(dialect.limits.default_page)
    yield "page, at most", str(dialect.limits.max_page)
    for field in fields(dialect.credentials):
        yield f"credential {field.name}", _shown(getattr(dialect.credentials, field.name))
    for field in fields(dialect.oauth):
        yield f"oauth {field.name}", _shown(getattr(dialect.oauth, field.name))
    if dialect.form is not None:
        plain = Form()
        for field in fields(Form):
            value = getattr(dialect.form, field.name)
            if value != getattr(plain, field.name):
                yield f"form {field.name}", _shown(value)
    for setting in dialect.settings:
        yield f"setting {setting.name}", f"{setting.type}, {_shown(setting.default) or 'empty'} by default"
    for type in dialect.types:
        yield from _type(type, dialect)


def _type(type: ResourceType, dialect: Dialect) -> Iterator[tuple[str, str]]:
    yield type.name, type.endpoint
    has_members = type.held(Held.MEMBERS) is not None
    possible = (op for op in OPERATIONS if has_members or op != "members")
    yield f"{type.name} operations", _words(op for op in possible if dialect.plan.may(type.name, op))
    for schema in type.schemas():
        own = schema is not type.schema
        prefix = f"{type.name} {schema.id}" if own else type.name
        if own:
            key = next((key for key, urn in type.aliases.items() if urn == schema.id), "")
            yield prefix, f"extension under the key {key}" if key else "extension"
        for attribute in schema.attributes:
            path = f"{prefix}{':' if own else ' '}{attribute.name}"
            yield path, characteristics(attribute)
            for sub in attribute.sub_attributes:
                yield f"{path}.{sub.name}", characteristics(sub)


def characteristics(attribute: Attribute) -> str:
    """What an attribute is like, without what is usual (RFC 7643 §2.2)."""
    words = [attribute.type.value]
    if attribute.multi_valued:
        words.append(f"at most {attribute.most}" if attribute.most else "multi-valued")
    if attribute.required:
        words.append("required")
    if attribute.case_exact:
        words.append("case counts")
    if attribute.mutability is not Mutability.READ_WRITE:
        words.append(attribute.mutability.value)
    if attribute.returned is not Returned.DEFAULT:
        words.append(f"returned {attribute.returned.value}")
    if attribute.uniqueness is not Uniqueness.NONE:
        words.append(f"unique ({attribute.uniqueness.value})")
    if attribute.canonical_values:
        words.append("one of " + ", ".join(attribute.canonical_values))
    return ", ".join(words)


def _words(values: Any) -> str:
    return ", ".join(values)


def _flag(value: bool) -> str:
    return "yes" if value else "no"


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return _flag(value)
        case Mapping():
            return "; ".join(f"{name}: {_shown(one)}" for name, one in value.items())
        case tuple() | frozenset() | list():
            return _words(sorted(value) if isinstance(value, frozenset) else value)
        case _:
            return str(value)
