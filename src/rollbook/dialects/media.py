"""Which media types come in and go out (RFC 7644 §3.1, §8.1; RFC 9110 §12.5.1; ``protocol.md`` 30)."""

from functools import lru_cache

from rollbook.scim.errors import NotAcceptable, UnsupportedMediaType

_ALWAYS = ("application/scim+json", "application/json")
_LENIENT = (*_ALWAYS, "text/json")


@lru_cache(256)
def check_content_type(header: str | None, *, lenient: bool) -> bool:
    """Whether a body of this type is read only thanks to a tolerance (``text/json``, no type at all).

    **Raises** ``UnsupportedMediaType``. Parameters are allowed; a charset has to be UTF-8 (RFC 7644 §3.8).
    """
    if header is None or not header.strip():
        if lenient:
            return True
        raise UnsupportedMediaType("The body has no Content-Type; send application/scim+json.")
    name, *parameters = (part.strip() for part in header.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset" and value.strip(' "').lower() not in ("utf-8", "utf8"):
            raise UnsupportedMediaType("The body has to be UTF-8.")
    if name.lower() not in (_LENIENT if lenient else _ALWAYS):
        raise UnsupportedMediaType("The body has to be application/scim+json or application/json.")
    return name.lower() not in _ALWAYS


@lru_cache(256)
def check_accept(header: str | None) -> None:
    """**Raises** ``NotAcceptable`` where the client wants no kind of JSON.

    >>> check_accept("text/html, application/json;q=0.5")
    """
    if header is None or not header.strip():
        return
    wanted = {}
    for part in header.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((p[2:].strip() for p in parameters if p.startswith("q=")), "1")
        wanted[name] = quality.rstrip("0").rstrip(".") not in ("", "0")
    for kind in _LENIENT:
        # Of several ranges that fit, the most specific one says what is wanted (RFC 9110 §12.5.1).
        ranges = (kind, kind.partition("/")[0] + "/*", "*/*")
        if next((wanted[name] for name in ranges if name in wanted), False):
            return
    raise NotAcceptable("Answers are application/scim+json; Accept has to allow it (or application/json, or */*).")
