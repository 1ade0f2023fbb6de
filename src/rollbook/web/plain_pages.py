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
    """Whether a form was sent from our own page: browsers say where it came from, and no script can say otherwise.

    **Rules**: all that is said has to be right. ``Origin`` (RFC 6454 §7) comes with every POST today; browsers of some
    years ago left it out of a site's own forms, and then ``Sec-Fetch-Site`` says it, else ``Referer``. Who says
    nothing is no browser with our page open.
    """
    site, host = request.headers.get("sec-fetch-site"), request.headers.get("host", "").lower()
    if site not in (None, "same-origin"):
        return False
    sent = request.headers.get("origin")
    if sent is None:
        if site is not None:
            return True
        sent = origin_of(request.headers.get("referer", ""))
    sent = sent.lower()
    return sent == origin or (bool(host) and sent in (f"https://{host}", f"http://{host}"))


def origin_of(url: str) -> str:
    """Where an address is; of what is no address nothing that any place is called."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()


@cache
def asset(name: str) -> bytes:
    return (files("rollbook.web") / "pages" / name).read_bytes()
