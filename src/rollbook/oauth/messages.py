"""Forms and answers of the endpoints (RFC 6749 §3.2, §5; RFC 7009 §2.1; RFC 7662 §2)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from rollbook.oauth.errors import InvalidRequest, InvalidTarget, OAuthError, TooLarge

FORM = "application/x-www-form-urlencoded"
FORM_BYTES = 16 * 1024
FORM_FIELDS = 32

_CHALLENGE = ("www-authenticate", 'Basic realm="rollbook", charset="UTF-8"')


def read_form(content_type: str | None, body: bytes) -> dict[str, str]:
    """The parameters of a body.

    **Rules** (RFC 6749 §3.2): each at most once; one without a value counts as not sent; those that nobody knows are
    passed on, for nobody to look at.
    **Raises** ``InvalidRequest``, ``TooLarge``, ``InvalidTarget`` (several ``resource``, which RFC 8707 allows to send
    and to refuse).
    """
    media, _, parameters = (content_type or "").partition(";")
    if media.strip().lower() != FORM:
        raise InvalidRequest(f"Send a form: the body has to be of the type {FORM}.")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if charset not in ("", "utf-8"):
        raise InvalidRequest("The form has to be UTF-8.")
    if len(body) > FORM_BYTES:
        raise TooLarge(f"The form is longer than {FORM_BYTES} bytes.")
    found: dict[str, str] = {}
    seen: set[str] = set()
    fields = [field for field in body.split(b"&") if field]
    if len(fields) > FORM_FIELDS:
        raise TooLarge(f"The form has more than {FORM_FIELDS} parameters.")
    for field in fields:
        raw_name, _, raw_value = field.partition(b"=")
        name, value = _decoded(raw_name), _decoded(raw_value)
        if name in seen:
            if name == "resource":
                raise InvalidTarget("Name one resource at a time.")
            raise InvalidRequest("A parameter stands in the form more than once.")
        seen.add(name)
        if value:
            found[name] = value
    return found


def _decoded(raw: bytes) -> str:
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest("The form holds something that is not UTF-8.") from None
    if "\x00" in text:
        raise InvalidRequest("The form holds a NUL character.")
    return text


def token_answer(access_token: str, lifetime: int, scope: str, refresh_token: str | None = None) -> dict[str, Any]:
    """The answer of the token endpoint (RFC 6749 §5.1). ``scope`` always stands in it, asked for or not."""
    answer: dict[str, Any] = {"access_token": access_token, "token_type": "Bearer", "expires_in": lifetime}
    if refresh_token is not None:
        answer["refresh_token"] = refresh_token
    answer["scope"] = scope
    return answer


def error_answer(error: OAuthError) -> tuple[Mapping[str, str], list[tuple[str, str]]]:
    """The body and the headers of a refusal (RFC 6749 §5.2)."""
    headers = [_CHALLENGE] if error.status == 401 else []
    if error.retry_after is not None:
        headers.append(("retry-after", str(error.retry_after)))
    return {"error": error.code, "error_description": error.detail}, headers
