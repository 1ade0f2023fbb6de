"""A resource as a client of SCIM 1.1 sees it, as JSON.

As in ``scim.answer``, a stored document is not parsed where nothing in it is called otherwise on the wire, but for the
extensions as a whole; and what a view shows of a document is remembered.
"""

from functools import lru_cache

import orjson

from rollbook.scim.answer import LONGEST_KEPT, REMEMBERED, Locations
from rollbook.scim.outcomes import View
from rollbook.scim.projection import Projection
from rollbook.scim.rules import Asked
from rollbook.scim.schema import ResourceType
from rollbook.scim.views import sight
from rollbook.scim.wire.v1_form import Form
from rollbook.scim.wire.v1_names import Names, names


def answer(view: View, projection: Projection | None, locations: Locations, form: Form, *, new: bool = False) -> bytes:
    """What the client asked to see of a resource; of one that is ``new`` it is not remembered."""
    called = names(view.type, form)
    if projection is None and (parts := called.respelled(view.stored.document)) is not None:
        return _spliced(view, locations, called, *parts)
    type, document = view.type, view.stored.document
    follows = (type.rules is None or type.rules.by_document) and not (view.groups or view.members or type.aliases)
    if projection is None and type.kept is not None and follows:
        parts = (_dress if new or len(document) > LONGEST_KEPT else _dressed)(called, document)
        return _spliced(view, locations, called, *parts)
    if view.type.kept is None or (projection is None and called.sees_all_of(view.stored.document)):
        whole = locations.whole(view)
        resource = whole if projection is None else projection.apply(whole)
    else:
        resource = locations.visible(view, projection)
    return orjson.dumps(called.shown(resource))


def _dress(called: Names, document: bytes) -> tuple[bytes, bytes]:
    """A kept document as the wire shows it, but for ``id``, ``meta`` and what lives in rows: its schemas, and the
    rest."""
    type: ResourceType = called.type
    resource = orjson.loads(document)
    if type.rules is not None:
        resource = type.rules.show(resource, Asked(type.settings))
    shown = called.shown(sight(type).shown(resource))
    made = orjson.dumps({"schemas": shown.pop("schemas"), **shown})
    head = made.index(b"]") + 1
    return made[:head], made[head:]


_dressed = lru_cache(REMEMBERED)(_dress)


def _spliced(view: View, locations: Locations, called: Names, head: bytes, rest: bytes) -> bytes:
    stored, form = view.stored, called.form
    version = b"" if not form.etags or "version" in form.null_meta else b',"version":"W/\\"%d\\""' % stored.version
    rows = b""
    if view.groups or view.members:
        rows = b"," + orjson.dumps(called.shown(locations.rows(view)))[1:-1]
    return b"".join(
        (
            head,
            b',"id":"',
            stored.id.encode(),
            b'"',
            rest[:-1],
            rows,
            b',"meta":{"created":"',
            stored.created.encode(),
            b'","lastModified":"',
            stored.last_modified.encode(),
            b'","location":',
            orjson.dumps(locations.of(stored.type, stored.id)),
            version,
            *(b',"%s":null' % name.encode() for name in form.null_meta),
            b"}}",
        )
    )
