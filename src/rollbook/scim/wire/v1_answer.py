"""A resource as a client of SCIM 1.1 sees it, as JSON.

As in ``scim.answer``, a stored document is not parsed where nothing in it is called otherwise on the wire, but for the
extensions as a whole.
"""

import orjson

from rollbook.scim.answer import Locations
from rollbook.scim.outcomes import View
from rollbook.scim.projection import Projection
from rollbook.scim.wire.v1_form import Form
from rollbook.scim.wire.v1_names import Names, names


def answer(view: View, projection: Projection | None, locations: Locations, form: Form) -> bytes:
    """What the client asked to see of a resource."""
    called = names(view.type, form)
    if projection is None and (parts := called.respelled(view.stored.document)) is not None:
        return _spliced(view, locations, called, *parts)
    if view.type.kept is None or (projection is None and called.sees_all_of(view.stored.document)):
        whole = locations.whole(view)
        resource = whole if projection is None else projection.apply(whole)
    else:
        resource = locations.visible(view, projection)
    return orjson.dumps(called.shown(resource))


def _spliced(view: View, locations: Locations, called: Names, head: bytes, rest: bytes) -> bytes:
    stored = view.stored
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
            b',"version":"W/\\"%d\\""}}' % stored.version,
        )
    )
