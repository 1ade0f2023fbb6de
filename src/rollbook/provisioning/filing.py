"""From a canonical document to what a store keeps of it: columns, search form, index rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from rollbook.scim.attributes import Held
from rollbook.scim.catalogue import FIRST_NUMBER
from rollbook.scim.compiled import kept_on_type
from rollbook.scim.errors import InvalidValue
from rollbook.scim.limits import Limits
from rollbook.scim.schema import Place, ResourceType
from rollbook.scim.search_form import index_place, index_rows, search_form
from rollbook.scim.unique import unique_places, unique_values
from rollbook.scim.values import NAME_BYTES
from rollbook.storage.records import INDEX_VALUE_LIMIT, Content, IndexRow, UniqueRow

_LEAST_VALUE = 2
"""Bytes of JSON that any value of a list takes, with its comma: a shorter document needs no counting."""
_NOTHING: Mapping[str, Any] = {}


class Filing:
    """How one resource type is filed; made once for each type (``filing``)."""

    def __init__(self, type: ResourceType) -> None:
        self._key = type.key.name if type.key else None
        self._names = ("externalId", self._key) if self._key else ("externalId",)
        self._named = type.number < FIRST_NUMBER
        """Whether ``displayName`` and ``name`` mean what they mean of a User or a Group."""
        self._lists = tuple(_lists(type))
        self._search = search_form(type)
        self._rows = index_rows(type, INDEX_VALUE_LIMIT)
        places = [place for path in type.index_paths if path and (place := index_place(type, path)) is not None]
        self._indexed = _tops(places)
        self._unique = unique_values(type) if unique_places(type) else None
        self._unique_tops = _tops(unique_places(type))

    def file(self, document: Mapping[str, Any], limits: Limits) -> tuple[Content, Sequence[IndexRow]]:
        """Content and index rows of a canonical document (with ``schemas`` first, without ``id`` and ``meta``).

        **Raises** ``InvalidValue`` where a name is longer than is set (no index could hold one beyond that), or where
        an attribute has more values than is set.
        """
        content, search = self._content(document, limits)
        if self._unique:
            content.unique = [UniqueRow(*row) for row in self._unique(search, limits)]
        return content, self._rows(search)

    def refile(
        self, before: Mapping[str, Any], document: Mapping[str, Any], limits: Limits
    ) -> tuple[Content, Sequence[IndexRow] | None]:
        """As ``file``, of a resource that was ``before``: no rows (None) where those that are there stay right."""
        content, search = self._content(document, limits)
        if self._unique and _differs(self._unique_tops, before, document):
            content.unique = [UniqueRow(*row) for row in self._unique(search, limits)]
        return content, self._rows(search) if _differs(self._indexed, before, document) else None

    def _content(self, document: Mapping[str, Any], limits: Limits) -> tuple[Content, dict[str, Any]]:
        for name in self._names:
            if len(document.get(name, "")) > limits.name_length:
                raise InvalidValue(f"{name} may have {limits.name_length} characters at most.")
        kept = orjson.dumps(document)
        most = limits.attribute_values
        if len(kept) > most * _LEAST_VALUE:
            self._check_lists(document, most)
        search = self._search(document)
        key = search.get(self._key) if self._key else None
        if key is not None and not key.isascii() and len(key.encode("utf-8", "surrogatepass")) > NAME_BYTES:
            raise InvalidValue(f"{self._key} may have {NAME_BYTES} bytes in UTF-8 at most.")
        shown = _shown(document) if self._named else None
        return Content(
            key, document.get("externalId"), shown, shown and _shown(search), kept, orjson.dumps(search)
        ), search

    def _check_lists(self, document: Mapping[str, Any], most: int) -> None:
        for urn, name in self._lists:
            holder = document if urn is None else document.get(urn)
            if holder and name in holder and len(holder[name]) > most:
                raise InvalidValue(f"{name} may have {most} values at most.")


def _tops(places: Iterable[Place]) -> tuple[tuple[str | None, str], ...]:
    """The top-level attributes of some places, each with its extension's URN."""
    return tuple(dict.fromkeys((p.extension.id if p.extension else None, p.attribute.name) for p in places))


def _differs(tops: Iterable[tuple[str | None, str]], before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    for urn, name in tops:
        was, now = (before, after) if urn is None else (before.get(urn, _NOTHING), after.get(urn, _NOTHING))
        if was.get(name) != now.get(name):
            return True
    return False


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
    if not before:
        return tuple([key for key in after if key != "schemas"])
    changed = [key for key, value in before.items() if after.get(key) != value]
    changed += [key for key in after if key not in before]
    return tuple([key for key in changed if key != "schemas"])


def leaves(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a user who was active is so no longer."""
    return after.get("active") is False and before.get("active") is not False
