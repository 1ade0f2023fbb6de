"""What a client prefers to see of what it wrote (RFC 7240 §4.2): ``Prefer: return=minimal`` or ``representation``.

========  ==================================  ======================================
write     ``minimal``                         ``representation``
========  ==================================  ======================================
POST      201 with ``schemas`` and ``id``     201 with the resource, as without it
PUT       204                                 200 with the resource, as without it
PATCH     204                                 200 with the resource, always
========  ==================================  ======================================

``attributes`` and ``excludedAttributes`` say more exactly what is wanted, and win over ``minimal``.
"""

from rollbook.dialects.routes import Ask
from rollbook.http_message import Response

_WRITES = frozenset((Ask.CREATE, Ask.REPLACE, Ask.MODIFY))


def preference(header: str | None) -> str | None:
    """``minimal`` or ``representation``, or None; of several the first one counts (RFC 7240 §2).

    >>> preference("respond-async, Return=Minimal; x=1"), preference("wait=10")
    ('minimal', None)
    """
    if header is None:
        return None
    for piece in header.replace(";", ",").split(","):
        name, _, value = piece.strip().partition("=")
        wanted = value.strip(' "').lower()
        if name.strip().lower() == "return" and wanted in ("minimal", "representation"):
            return wanted
    return None


def applied(response: Response, header: str, ask: Ask, asked_for_attributes: bool) -> Response:
    """The answer to a request with that header, with ``Preference-Applied`` where it was followed (RFC 7240 §3)."""
    wanted = preference(header)
    if wanted is None or ask not in _WRITES or response.status >= 300:
        return response
    short = response.status == 204 or (ask is Ask.CREATE and not asked_for_attributes)
    if (wanted == "minimal" and not short) or (wanted == "representation" and response.status == 204):
        return response
    response.headers = (*response.headers, (b"preference-applied", b"return=" + wanted.encode()))
    return response
