"""The face as the edge has it: a request whose sender is proved goes in, an answer comes out."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

import orjson

from rollbook.clock import Clock
from rollbook.http_message import Request, Response
from rollbook.identity.access import allow
from rollbook.identity.manners import Names
from rollbook.identity.master_key import MasterKeyError
from rollbook.identity.principal import Principal
from rollbook.lockers.pins import Pins
from rollbook.lockers.work import Malformed
from rollbook.releezme_face import openapi, refusing
from rollbook.releezme_face.calling import Call, as_id
from rollbook.releezme_face.refusing import Refused, wrong
from rollbook.releezme_face.rows import Router, Row
from rollbook.releezme_face.table import BASE, DIALECT, ROWS
from rollbook.releezme_face.users import DialectOf, Users
from rollbook.scim.errors import ScimError
from rollbook.storage.contract import TenantStore
from rollbook.storage.errors import StoreError
from rollbook.storage.records import Tenant

_TEXTS = frozenset(("brickCount", "userId"))
"""What stands in an address and is no id of ours."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MOST_PARAMETERS = 100
_JSON = ((b"content-type", b"application/json"),)


class Asked(Protocol):
    """One request, with all that is known of it."""

    @property
    def request(self) -> Request: ...
    @property
    def principal(self) -> Principal: ...
    @property
    def tenant(self) -> Tenant: ...
    @property
    def store(self) -> TenantStore: ...
    @property
    def rest(self) -> str: ...
    @property
    def body(self) -> dict[str, Any]: ...


class Face:
    """See ``web.face_endpoint.Product``. ``names`` are what the product calls our scopes."""

    dialect = DIALECT
    base = BASE

    def __init__(self, clock: Clock, dialect_of: DialectOf, key: Callable[[], bytes], names: Names) -> None:
        self._clock = clock
        self._users = Users(dialect_of)
        self._pins = Pins(key)
        self._names = names
        self._router = Router(ROWS)
        self.firsts = self._router.firsts | {"sapi"}

    async def answer(self, asked: Asked) -> Response:
        """The answer to one request. **Raises** only for bugs."""
        row: Row | None = None
        try:
            row, ids, allowed = self._router.find(asked.request.method, asked.rest)
            if row is None:
                return _nothing(allowed)
            allow(asked.principal, row.scope, self._names)
            call = Call(
                row=row,
                request=asked.request,
                tenant=asked.tenant,
                store=asked.store,
                clock=self._clock,
                actor=asked.principal.actor,
                pins=self._pins,
                users=self._users,
                ids={name: _place(name, text) for name, text in ids.items()},
                query=_query(asked.request.query),
                body={name.lower(): value for name, value in asked.body.items()},
            )
            return Response(row.status, _JSON, orjson.dumps(await row.does(call)))
        except (Refused, Malformed, MasterKeyError, ScimError, StoreError) as error:
            return refusing.response(error, {ours: name for name, ours in row.body.items()} if row else {})

    def refusal(self, error: Exception, trace: str) -> Response:
        """A refusal before the face is asked. **Raises** the error itself where it is a bug."""
        return refusing.response(error)

    def document(self) -> dict[str, Any]:
        """The OpenAPI document, which stands one part below the base."""
        return openapi.document(f"../..{BASE}")

    def template(self, method: str, rest: str) -> str:
        """The row of a request, without ids."""
        row = self._router.find(method, rest).row
        return f"/{row.path}" if row else "/-"


def _nothing(allow: str) -> Response:
    if not allow:
        return refusing.response(Refused(404, "There is nothing at this address."))
    answer = refusing.response(Refused(405, "This method is not served here."))
    answer.headers = (*answer.headers, (b"allow", allow.encode()))
    return answer


def _place(name: str, text: str) -> str:
    """What stands in an address. **Raises** ``Refused`` for what can be no id."""
    said = unquote(text)
    if name in _TEXTS:
        return said
    id = as_id(said)
    if id is None:
        raise Refused(404, "There is nothing of this kind with this id.")
    return id


def _query(text: str) -> Mapping[str, str]:
    """Parameters by their names in lower case; of several of one name the first. **Raises** ``Refused``."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise wrong("There are too many parameters.") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if not name.isprintable() or _CONTROL.search(value):
            raise wrong(f"{name if name.isidentifier() else 'A parameter'} may hold no control characters.")
        found.setdefault(name.lower(), value)
    return found
