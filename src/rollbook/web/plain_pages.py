"""What the few pages for people have in common: plain HTML and CSS of our own, without a script.

Everything that came from outside is escaped by whoever puts it in. A link's token goes to nobody else, because no site
is told more than our origin (``Referrer-Policy``), nothing is cached, and nothing is loaded from elsewhere.
"""

from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import urlsplit

from rollbook.http_message import Request, Response

POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"strict-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cache-control", b"no-store"),
)


def page(status: int, title: str, body: str, *more: tuple[bytes, bytes]) -> Response:
    """``body`` is HTML; ``title`` is ours."""
    html = Template(asset("password.html").decode()).substitute(title=escape(title), body=body)
    return Response(status, (*_HEADERS, *more), html.encode(), tells_cache=True)


def later(seconds: int) -> Response:
    wait = (b"retry-after", str(seconds).encode())
    return page(503, "Not now", paragraph("The server has too much to do. Try again in a moment."), wait)


def only(request: Request) -> Response:
    """The answer to a method that a form has no use for."""
    allow = (b"allow", b"GET, HEAD, POST, OPTIONS")
    if request.method == "OPTIONS":
        return Response(204, (allow, *_HEADERS[2:]), tells_cache=True)
    return page(405, "Not here", paragraph("Possible here: GET, HEAD, POST, OPTIONS."), allow)


def not_ours() -> Response:
    return page(403, "Not from here", paragraph("Open the link of the mail again, and send the form from there."))


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def wrong(text: str) -> str:
    """What was wrong with a form that is shown again."""
    return f'<p class="wrong" role="alert">{escape(text[:1].upper() + text[1:])}</p>\n'


def is_ours(request: Request, origin: str) -> bool:
    """Whether a form was sent from our own page: browsers say where it came from (``Origin``, RFC 6454 §7)."""
    sent = request.headers.get("origin", "").lower()
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin" or not sent:
        return False
    own = sent.partition("://")[2] == request.headers.get("host", "").lower()
    return own or sent == origin


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


@cache
def asset(name: str) -> bytes:
    return (files("rollbook.web") / "pages" / name).read_bytes()
