"""From an outcome to an answer of the 2.0 wire (RFC 7644 §3.1, §3.4.2, §3.12)."""

from http import HTTPStatus

import orjson

from rollbook.http_message import Response
from rollbook.scim import urns
from rollbook.scim.answer import Locations
from rollbook.scim.errors import ScimError
from rollbook.scim.etag import etag
from rollbook.scim.outcomes import Bulked, Discovered, Done, Found, Joined, Listed, NotModified, Outcome, Told, Unrolled
from rollbook.scim.wire import v2

MEDIA_TYPE = b"application/scim+json"
_TYPE = (b"content-type", MEDIA_TYPE)


def encode(outcome: Outcome, locations: Locations) -> Response:
    """The answer to an operation that was done."""
    if isinstance(outcome, Found):
        stored = outcome.view.stored
        where = b"location" if outcome.created else b"content-location"
        headers = (_TYPE, _etag(stored.version), (where, locations.of(stored.type, stored.id).encode()))
        body = locations.shown(outcome.view, outcome.projection, new=outcome.created)
        return Response(201 if outcome.created else 200, headers, body)
    match outcome:
        case Listed():
            resources = [locations.shown(view, outcome.projections[view.type.name]) for view in outcome.views]
            body = v2.list_response(outcome.total, outcome.start_index, resources, *outcome.cursors)
            return Response(200, (_TYPE,), body)
        case Joined(total=total, start_index=start):
            members = [orjson.dumps(locations.member(member)) for member in outcome.members]
            return Response(200, (_TYPE,), v2.list_response(total, start, members, *outcome.cursors))
        case Told():
            return Response(200, (_TYPE,), _told(outcome, locations))
        case Done(version=version, type=type, id=id):
            if version is None or type is None:
                return Response(204)
            return Response(204, (_etag(version), (b"content-location", locations.of(type.number, id).encode())))
        case Bulked(parts=parts):
            return Response(200, (_TYPE,), v2.bulk_response(parts))
        case NotModified(version=version):
            return Response(304, (_etag(version),))
        case Discovered(document=document, created=True):
            return Response(201, (_TYPE, (b"location", document["meta"]["location"].encode())), orjson.dumps(document))
        case Discovered(document=document):
            return Response(200, (_TYPE,), orjson.dumps(document))
        case Unrolled():
            raise TypeError("on this wire lists come in pages")


def _told(outcome: Told, locations: Locations) -> bytes:
    """Our own message: changes of resources, and where to go on."""
    changes = []
    for kind, resource_type, number, id, version, at in outcome.changes:
        change = {"kind": kind, "resourceType": resource_type, "id": id, "at": at}
        if kind != "deleted":
            change["version"] = etag(version)
            if number is not None:
                change["location"] = locations.of(number, id)
        changes.append(change)
    body = {
        "schemas": [urns.CHANGES],
        "position": outcome.position,
        "more": outcome.more,
        "itemsPerPage": len(changes),
        "changes": changes,
    }
    return orjson.dumps(body)


def _etag(version: int) -> tuple[bytes, bytes]:
    return b"etag", b'W/"%d"' % version


def encode_refusal(error: ScimError) -> Response:
    """The answer to an operation that was refused (RFC 7644 §3.12)."""
    body = v2.error(error.status, error.scim_type, error.detail or HTTPStatus(error.status).phrase)
    extra = tuple((name.encode(), value.encode("latin-1", "replace")) for name, value in error.headers)
    return Response(error.status, (_TYPE, *extra), body)
