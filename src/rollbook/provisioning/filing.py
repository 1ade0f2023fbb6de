"""From a canonical document to what a store keeps of it: columns, search form, index rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from rollbook.scim.attributes import Held
from rollbook.scim.compiled import kept_on_type
from rollbook.scim.errors import InvalidValue
from rollbook.scim.limits import Limits
from rollbook.scim.schema import ResourceType
from rollbook.scim.search_form import index_rows, search_form
from rollbook.storage.records import INDEX_VALUE_LIMIT, Content, IndexRow


class Filing:
    """How one resource type is filed; made once for each type (``filing``)."""

    def __init__(self, type: ResourceType) -> None:
        self._key = type.key.name if type.key else None
        self._names = ("externalId", self._key) if self._key else ("externalId",)
        self._lists = tuple(_lists(type))
        self._search = search_form(type)
        self._rows = index_rows(type, INDEX_VALUE_LIMIT)

    def file(self, document: Mapping[str, Any], limits: Limits) -> tuple[Content, Sequence[IndexRow]]:
        """Content and index rows of a canonical document (with ``schemas`` first, without ``id`` and ``meta``).

        **Raises** ``InvalidValue`` where a name is longer than is set (no index could hold one beyond that), or where
        an attribute has more values than is set.
        """
        for name in self._names:
            if len(document.get(name, "")) > limits.name_length:
                raise InvalidValue(f"{name} may have {limits.name_length} characters at most.")
        most = limits.attribute_values
        for urn, name in self._lists:
            holder = document if urn is None else document.get(urn)
            if holder and name in holder and len(holder[name]) > most:
                raise InvalidValue(f"{name} may have {most} values at most.")
        search = self._search(document)
        content = Content(
            key=search.get(self._key) if self._key else None,
            external_id=document.get("externalId"),
            display=_shown(document),
            display_key=_shown(search),
            document=orjson.dumps(document),
            search=orjson.dumps(search),
        )
        return content, list(map(IndexRow._make, self._rows(search)))


@kept_on_type
def filing(type: ResourceType) -> Filing:
    """The filing of a resource type (made once for each type)."""
    return Filing(type)


def _lists(type: ResourceType) -> Iterator[tuple[str | None, str]]:
    """The attributes with many values that live in the document (members are rows), each with its extension's URN."""
    for place in type.places():
        if place.attribute.multi_valued and place.attribute.held is Held.DOCUMENT:
            yield place.extension.id if place.extension else None, place.attribute.name


def _shown(document: Mapping[str, Any]) -> str | None:
    """The name under which people know a resource: ``displayName``, else the person's name. A ``userName`` is no such
    name: it is what a machine signs in with, and often a mail address."""
    if display := document.get("displayName"):
        return str(display)
    name = document.get("name")
    if not isinstance(name, Mapping):
        return None
    return name.get("formatted") or " ".join(filter(None, (name.get("givenName"), name.get("familyName")))) or None


def changed_attributes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the top-level attributes whose values differ, for the event; never their values."""
    return tuple(
        key for key in dict.fromkeys((*before, *after)) if key != "schemas" and before.get(key) != after.get(key)
    )
