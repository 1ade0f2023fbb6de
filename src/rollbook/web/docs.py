"""The page that shows the API, and the document behind it: ``/docs`` and ``/openapi.json``, and where else a dialect
has them; all of them below ``/t/{tenant}`` too.

The page is the same for everybody. The document without a credential is the dialect's own catalogue, as in discovery
(RFC 7644 §4); with one it is the tenant's, with what the tenant added. A page cannot send a credential when it is
opened, so it asks for the document again once a token was typed in.

Swagger UI is served from a package that is installed with this one: the page loads nothing from anywhere else, and its
policy (CSP) would not let it. HEAD and ETags are as everywhere.
"""

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from posixpath import basename, dirname, relpath
from typing import NamedTuple

from rollbook.dialects.model import Dialect
from rollbook.http_message import Request, Response
from rollbook.scim.errors import MethodNotAllowed
from rollbook.scim.etag import read_condition

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_OWN = {"docs.js": "text/javascript", "docs.css": "text/css"}
_TAKEN = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_PAGE_TYPE = "text/html"


class Place(NamedTuple):
    """What a path below a tenant's or the house's own address asks for: ``docs``, ``openapi.json``, or an asset.

    ``dialect`` is whose it is, ``""`` the house's first. ``near`` is the document as the page says where it is, and
    the dialect's base as the document says, both seen from the path itself.
    """

    what: str
    tenant: str | None
    dialect: str = ""
    near: str = "openapi.json"


class Places:
    """Where the pages and documents of a house are."""

    def __init__(self, dialects: Iterable[Dialect] = ()) -> None:
        self._own: dict[str, Place] = {
            "/docs": Place("docs", None),
            "/openapi.json": Place("openapi.json", None, near=""),
        }
        self._folded: dict[str, Place] = {}
        self._prefixes: list[tuple[str, str, str]] = []
        for dialect in dialects:
            if dialect.openapi:
                for prefix in dialect.prefixes:
                    before, _, behind = prefix.partition("{tenant}")
                    self._prefixes.append((before, behind, dialect.name))
            table = self._folded if dialect.plan.any_case else self._own
            fold = str.lower if dialect.plan.any_case else str
            for path in dialect.openapi:
                near = relpath(dialect.base, dirname(path))
                near = f"../{basename(dialect.base)}" if near == "." else near  # which some readers take for nothing
                table[fold(path)] = Place("openapi.json", None, dialect.name, near)
            for path in dialect.docs if dialect.openapi else ():
                near = relpath(dialect.openapi[0], dirname(path))
                table[fold(path)] = Place("docs", None, dialect.name, near)

    def find(self, path: str) -> Place | None:
        """The place that a path names, if it is one of this room's.

        >>> Places().find("/t/acorn/docs").tenant, Places().find("/docs/docs.js").what, Places().find("/docs/etc")
        ('acorn', 'docs.js', None)
        """
        tenant = None
        if path.startswith("/t/"):
            tenant, _, path = path[3:].partition("/")
            if not tenant:
                return None
            path = "/" + path
        found = self._at(path)
        if found is not None:
            return found if tenant is None else found._replace(tenant=tenant)
        for before, behind, dialect in self._prefixes:
            if tenant is None and path.startswith(before):
                tenant, _, rest = path[len(before) :].partition("/")
                found = self._at(f"/{rest}".removeprefix(behind)) if tenant and f"/{rest}".startswith(behind) else None
                return found._replace(tenant=tenant) if found is not None and found.dialect == dialect else None
        if tenant is None and path.startswith("/docs/") and path[6:] in (*_OWN, *_TAKEN):
            return Place(path[6:], None)
        return None

    def _at(self, path: str) -> Place | None:
        """The place at a path without a tenant."""
        return self._own.get(path) or (self._folded.get(path.lower()) if self._folded else None)


def show(place: Place, request: Request) -> Response:
    """The page, or one of its assets."""
    only_reading(request)
    if place.what == "docs":
        depth = request.path.count("/") - 1
        page = _own("docs.html").replace(b"{document}", place.near.encode())
        body = page.replace(b"{assets}", b"../" * depth + b"docs")
        kind = _PAGE_TYPE
    else:
        body, kind = _asset(place.what), {**_OWN, **_TAKEN}[place.what]
    headers = (
        (b"content-type", f"{kind}; charset=utf-8".encode()),
        (b"content-security-policy", POLICY.encode()),
        (b"referrer-policy", b"no-referrer"),
    )
    return unless_known(request, headers, body, sha256(body).hexdigest()[:24])


def unless_known(request: Request, headers: tuple[tuple[bytes, bytes], ...], body: bytes, tag: str) -> Response:
    """The answer with its ETag, or 304 where the client has it already."""
    headers = (*headers, (b"etag", b'"%s"' % tag.encode()))
    wanted = read_condition(request.headers.get("if-none-match"))
    if wanted is not None and (wanted.any or tag in wanted.versions):
        return Response(304, headers[1:])
    return Response(200, headers, body)


def only_reading(request: Request) -> None:
    """**Raises** ``MethodNotAllowed`` for whatever is not GET or HEAD."""
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed("This address can only be read: use GET.", headers=(("allow", "GET, HEAD"),))


@cache
def _asset(name: str) -> bytes:
    return _own(name) if name in _OWN else (_swagger_folder() / name).read_bytes()


@cache
def _own(name: str) -> bytes:
    return (files("rollbook.web") / "pages" / name).read_bytes()


def _swagger_folder() -> Path:
    """Where the package keeps Swagger UI. It is not imported: all that is wanted of it are its files."""
    found = find_spec("swagger_ui_bundle")
    assert found is not None
    assert found.origin is not None
    return next((Path(found.origin).parent / "vendor").glob("swagger-ui-*"))
