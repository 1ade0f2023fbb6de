"""From an outcome to an answer of the 1.1 wire (draft-scim-api-01 §3.1 to §3.5, §3.9, §3.11)."""

from collections.abc import AsyncIterator
from http import HTTPStatus

import orjson

from rollbook.http_message import Response
from rollbook.scim.answer import Locations
from rollbook.scim.errors import ScimError
from rollbook.scim.outcomes import Bulked, Discovered, Done, Found, Listed, NotModified, Outcome, Unrolled, View
from rollbook.scim.wire import v1
from rollbook.scim.wire.v1_answer import answer
from rollbook.scim.wire.v1_form import SCIM11, Form

MEDIA_TYPE = b"application/json"
_TYPE = (b"content-type", MEDIA_TYPE)

Headers = tuple[tuple[bytes, bytes], ...]


def encode(outcome: Outcome, locations: Locations, form: Form = SCIM11) -> Response:
    """The answer to an operation that was done."""
    match outcome:
        case Found(view=view):
            stored = view.stored
            headers = (_TYPE, *_known(stored.version, locations.of(stored.type, stored.id), form))
            body = answer(view, outcome.projection, locations, form, new=outcome.created)
            return Response(form.created if outcome.created else 200, headers, body)
        case Listed():
            shown = [answer(view, outcome.projections[view.type.name], locations, form) for view in outcome.views]
            return Response(200, (_TYPE,), v1.list_response(outcome.total, outcome.start_index or 1, shown))
        case Unrolled():
            return Response(200, (_TYPE,), v1.LIST_HEAD, rest=_pieces(outcome, locations, form))
        case Done(version=version, type=type, id=id):
            if version is None or type is None:
                return Response(form.deleted)
            return Response(204, _known(version, locations.of(type.number, id), form))
        case Bulked(parts=parts):
            return Response(200, (_TYPE,), v1.bulk_response(parts, form))
        case NotModified(version=version):
            return Response(304, (_etag(version),))
        case Discovered(document=document):
            return Response(200, (_TYPE,), orjson.dumps(document))
        case _:
            raise TypeError(f"the wire of SCIM 1.1 has no answer for {outcome.__class__.__name__}")


async def _pieces(outcome: Unrolled, locations: Locations, form: Form) -> AsyncIterator[bytes]:
    """A list behind its head; how many there were is known at the end."""

    def shown(views: list[View]) -> bytes:
        return b",".join([answer(view, outcome.projections[view.type.name], locations, form) for view in views])

    count = len(outcome.first)
    yield shown(outcome.first)
    async for views in outcome.rest:
        if views:
            count += len(views)
            yield b"," + shown(views)
    yield v1.list_tail(count)


def encode_refusal(error: ScimError) -> Response:
    """The answer to an operation that was refused (§3.9)."""
    body = v1.error(error.status, error.detail or HTTPStatus(error.status).phrase)
    extra = tuple((name.encode(), value.encode("latin-1", "replace")) for name, value in error.headers)
    return Response(error.status, (_TYPE, *extra), body)


def _known(version: int, location: str, form: Form) -> Headers:
    """What is said of a resource beside its body: where it is, and its version."""
    where = (b"location", location.encode())
    return (_etag(version), where) if form.etags else (where,)


def _etag(version: int) -> tuple[bytes, bytes]:
    return b"etag", b'W/"%d"' % version
