"""A resource as the client sees it: bytes spliced around the stored document, or a document made and projected.

The first key of a stored document is ``schemas``; ``id`` follows it in the answer, and what lives in rows and ``meta``
close it. The plain answer (no projection) never parses the document.
"""

from functools import lru_cache
from typing import Any

import orjson

from rollbook.scim.attributes import Held
from rollbook.scim.catalog_reader import GROUP_NUMBER
from rollbook.scim.etag import etag
from rollbook.scim.outcomes import View
from rollbook.scim.projection import Projection
from rollbook.scim.resource import Member, Membership
from rollbook.scim.rules import Asked
from rollbook.scim.schema import ResourceType
from rollbook.scim.views import is_seen_whole, sight

LONGEST_KEPT = 2048
"""Bytes of documents whose visible form is remembered. Precedent: a user of Entra's has some 1,500."""
REMEMBERED = 8192
"""Such documents, on each wire: with what is shown of them 32 MB at the very most, and some 12 MB of ordinary users."""


def _dress(type: ResourceType, document: bytes) -> bytes:
    """A kept document as a view shows it, under the names of the wire; ``schemas`` come first, as in a kept one."""
    resource = orjson.loads(document)
    if type.rules is not None:
        resource = type.rules.show(resource, Asked(type.settings))
    shown = sight(type).shown(resource)
    return orjson.dumps({"schemas": shown.pop("schemas"), **_renamed(type, shown)})


_dressed = lru_cache(REMEMBERED)(_dress)


def _renamed(type: ResourceType, resource: dict[str, Any]) -> dict[str, Any]:
    """A view's resource with its extensions under the names of the wire."""
    for key, urn in type.aliases.items():
        if urn in resource:
            resource[key] = resource.pop(urn)
    return resource


class Locations:
    """Where resources are found: ``{base}{endpoint}/{id}``, with the types that members can have, by number.

    ``base`` is the public address of the dialect for one tenant, without a closing slash.
    """

    __slots__ = ("_by_number", "_meta", "base")

    def __init__(self, base: str, types: tuple[ResourceType, ...]) -> None:
        self.base = base
        self._by_number = {t.number: (t.name, f"{base}{t.endpoint}/") for t in types}
        self._meta = {
            t.number: (
                b',"meta":{"resourceType":' + orjson.dumps(t.name) + b',"created":"',
                b'","location":' + orjson.dumps(f"{base}{t.endpoint}/")[:-1],
            )
            for t in types
        }

    def of(self, type: int, id: str) -> str:
        """The address of one resource."""
        return self._by_number[type][1] + id

    def name(self, type: int) -> str:
        """The name of a resource type."""
        return self._by_number[type][0]

    def member(self, member: Member) -> dict[str, Any]:
        """One member of a group (RFC 7643 §4.2)."""
        shown = {"value": member.id, "$ref": self.of(member.type, member.id), "type": self.name(member.type)}
        if member.display is not None:
            shown["display"] = member.display
        return shown

    def membership(self, group: Membership) -> dict[str, Any]:
        """One group of a user (RFC 7643 §4.1.2)."""
        shown = {"value": group.id, "$ref": self.of(GROUP_NUMBER, group.id)}
        if group.display is not None:
            shown["display"] = group.display
        shown["type"] = "direct" if group.direct else "indirect"
        return shown

    def rows(self, view: View) -> dict[str, list[dict[str, Any]]]:
        """What lives in rows, under the names that the schema gives it; empty lists are left out (unassigned)."""
        shown: dict[str, list[dict[str, Any]]] = {}
        if view.groups and (attribute := view.type.held(Held.GROUPS)):
            shown[attribute.name] = [self.membership(group) for group in view.groups]
        if view.members and (attribute := view.type.held(Held.MEMBERS)):
            shown[attribute.name] = [self.member(m) for m in view.members]
        return shown

    def plain(self, view: View) -> bytes:
        """The whole resource, as JSON."""
        return self._spliced(view, view.stored.document)

    def _spliced(self, view: View, document: bytes) -> bytes:
        stored = view.stored
        head = document.index(b"]") + 1
        meta, location = self._meta[stored.type]
        rows = b""
        if view.groups or view.members:
            rows = b"," + orjson.dumps(self.rows(view))[1:-1]
        return b"".join(
            (
                document[:head],
                b',"id":"',
                stored.id.encode(),
                b'"',
                document[head:-1],
                rows,
                meta,
                stored.created.encode(),
                b'","lastModified":"',
                stored.last_modified.encode(),
                location,
                stored.id.encode(),
                b'","version":"W/\\"%d\\""}}' % stored.version,
            )
        )

    def whole(self, view: View) -> dict[str, Any]:
        """The whole resource, as a dict: what filters are evaluated on and projections are cut from."""
        stored = view.stored
        document = orjson.loads(stored.document)
        resource: dict[str, Any] = {"schemas": document.pop("schemas"), "id": stored.id, **document}
        resource.update(self.rows(view))
        resource["meta"] = {
            "resourceType": self.name(stored.type),
            "created": stored.created,
            "lastModified": stored.last_modified,
            "location": self.of(stored.type, stored.id),
            "version": etag(stored.version),
        }
        return resource

    def shown(self, view: View, projection: Projection | None, *, new: bool = False) -> bytes:
        """What the client asked to see of the resource, as JSON. What is shown of one that is ``new`` is not
        remembered: the client knows it now, and many come at once."""
        type = view.type
        if type.kept is None:
            return self.plain(view) if projection is None else orjson.dumps(projection.apply(self.whole(view)))
        if projection is None and is_seen_whole(type, view.stored.document):
            return self.plain(view)
        follows = type.rules is None or type.rules.by_document
        if projection is None and follows and not (view.groups or view.members):
            document = view.stored.document
            dress = _dress if new or len(document) > LONGEST_KEPT else _dressed
            return self._spliced(view, dress(type, document))
        return orjson.dumps(self.visible(view, projection))

    def visible(self, view: View, projection: Projection | None) -> dict[str, Any]:
        """What the client asked to see of a resource whose type is a view, under the names of the wire."""
        type = view.type
        resource = self.whole(view)
        if type.rules is not None:
            resource = type.rules.show(resource, Asked(type.settings, id=view.stored.id))
        resource = sight(type).shown(resource)
        if projection is not None:
            resource = projection.apply(resource)
        return _renamed(type, resource)
