"""From a canonical document to what a store keeps of it: columns, search form, index rows."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson

from rollbook.scim.schema import ResourceType
from rollbook.scim.search_form import index_rows, search_form
from rollbook.storage.records import INDEX_VALUE_LIMIT, Content, IndexRow


class Filing:
    """How one resource type is filed; made once for each type (``filing``)."""

    def __init__(self, type: ResourceType) -> None:
        self._key = type.key
        self._display = type.schema.attribute("displayName")
        self._search = search_form(type)
        self._rows = index_rows(type, INDEX_VALUE_LIMIT)

    def file(self, document: Mapping[str, Any]) -> tuple[Content, Sequence[IndexRow]]:
        """Content and index rows of a canonical document (with ``schemas`` first, without ``id`` and ``meta``)."""
        search = self._search(document)
        key = display = display_key = None
        if self._key is not None and (value := document.get(self._key.name)) is not None:
            display, key = value, search[self._key.name]
            display_key = key
        if self._display is not None and (shown := document.get(self._display.name)):
            display, display_key = shown, search[self._display.name]
        content = Content(
            key=key,
            external_id=document.get("externalId"),
            display=display,
            display_key=display_key,
            document=orjson.dumps(document),
            search=orjson.dumps(search),
        )
        return content, list(map(IndexRow._make, self._rows(search)))


@cache
def filing(type: ResourceType) -> Filing:
    """The filing of a resource type (types are compared by identity, and kept as long as they are served)."""
    return Filing(type)


def changed_attributes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the top-level attributes whose values differ, for the event; never their values."""
    return tuple(
        key for key in dict.fromkeys((*before, *after)) if key != "schemas" and before.get(key) != after.get(key)
    )
