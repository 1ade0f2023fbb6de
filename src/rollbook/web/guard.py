"""Admits a request or refuses it, before anybody asks what it means.

Here is what can be judged by whole headers: the host, the path, the method, the coding and the size of the body. Limits
on what is still being read are ``web.protocol``; JSON is guarded by ``scim``; credentials by ``identity``.

Two rules stand behind most lines. **One reading**: whatever two programs in a row could read in two ways (a second
Host, an encoded slash, a dot segment) is refused, not repaired. **Nothing said about the request is believed**: its
address, host and method come from the connection and the request line, and the headers by which proxies tell other ones
are dropped, unless the peer is a proxy that the operator named (and then for the client's address alone).

Source: RFC 9110 §7.2 (Host), §8.4 (content codings), §15.5.14 (413); RFC 3986 §3.3 (paths); CWE-22, CWE-444.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from rollbook.http_message import Request
from rollbook.scim.errors import (
    BadRequest,
    MethodNotAllowed,
    NotImplementedHere,
    PayloadTooLarge,
    ScimError,
    Unauthorized,
    UnsupportedMediaType,
)
from rollbook.web.limits import Limits

Receive = Callable[[], Awaitable[Any]]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_SERVED = frozenset((*METHODS, "QUERY"))
"""QUERY is passed on because a dialect may have it; where it has not, its routes answer 405."""
_NEVER_SERVED = frozenset(("TRACE", "CONNECT"))

_IGNORED = frozenset(
    (
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-prefix",
        "x-forwarded-proto",
        "x-original-url",
        "x-real-ip",
        "x-rewrite-url",
        "x-tenant",
    )
)

_HOST = re.compile(r"(\[[0-9a-fA-F:.]{2,45}\]|[0-9a-zA-Z_](?:[0-9a-zA-Z_.-]{0,252}))(?::[0-9]{1,5})?")
_PLAIN_PATH = re.compile(rb"(?:/(?!\.{1,2}(?:/|$))[0-9A-Za-z_~!$&'()*+,=:@.-]+)*/?")
_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_QUERY_NEVER = re.compile(rb"[\x00-\x20\x7f#]")

_HOSTS_KEPT = 256
"""Host headers whose check is remembered: there are few, and a flood of made-up ones must not grow the memory."""


class ClientGone(Exception):
    """The client closed the connection before its request was whole; there is nobody to answer."""


class Guard:
    """Turns an ASGI scope into a :class:`Request`, or refuses it.

    **Shape**: ``hosts`` are host names without ports (empty: any well-formed host); loopback names are always allowed.
    ``trusted_proxies`` are networks (``10.0.0.0/8``) whose ``X-Forwarded-For`` tells the client's address.
    """

    def __init__(
        self,
        *,
        hosts: Collection[str] = (),
        trusted_proxies: Collection[str] = (),
        limits: Limits | None = None,
        challenge: str = 'Bearer realm="rollbook"',
    ) -> None:
        self._hosts = frozenset(_host_key(host) for host in hosts)
        self._proxies = tuple(ipaddress.ip_network(network, strict=False) for network in trusted_proxies)
        self._limits = limits or Limits()
        self._challenge = challenge
        self._well_formed: dict[str, bool] = {}

    def admit(self, scope: Mapping[str, Any], request_id: str, *, any_host: bool = False) -> Request:
        """The request of a scope, its body not read yet.

        **Rules**: the decision is made on ``raw_path``; ``any_host`` lifts the allow-list (probes call by address), not
        the form of the Host header. Duplicates of other headers are joined with a comma (RFC 9110 §5.2).
        **Raises**: ``BadRequest`` 400, ``Unauthorized`` 401, ``MethodNotAllowed`` 405, ``PayloadTooLarge`` 413,
        ``UnsupportedMediaType`` 415, ``NotImplementedHere`` 501.
        """
        method: str = scope["method"]
        if method not in _SERVED:
            raise _unserved(method)
        raw_path: bytes = scope["raw_path"]
        if not _PLAIN_PATH.fullmatch(raw_path) or b".." in raw_path:
            _check_escaped_path(raw_path)
        raw_query: bytes = scope["query_string"]
        fields = scope["headers"]
        headers: dict[str, str] = {name.decode("latin-1"): value.decode("latin-1") for name, value in fields}
        if len(headers) < len(fields):
            headers = self._joined_fields(fields)
        self._check_host(headers.get("host"), any_host)
        client = scope.get("client")
        peer = client[0] if client else ""
        if not _IGNORED.isdisjoint(headers):
            if self._proxies:
                peer = self._client_address(peer, headers.get("x-forwarded-for", ""))
            for name in _IGNORED:
                headers.pop(name, None)
        if "content-encoding" in headers:
            _check_coding(headers["content-encoding"])
        if "content-length" in headers:
            self._check_length(headers["content-length"])
        if "transfer-encoding" in headers and headers["transfer-encoding"].strip().lower() != "chunked":
            raise NotImplementedHere("The only transfer coding that is understood here is chunked.")
        query = _query(raw_query) if raw_query else ""
        return Request(method, raw_path.decode("ascii"), query, headers, b"", peer, request_id)

    def check_body(self, body: bytes) -> bytes:
        """A body that is there as a whole. **Raises** ``PayloadTooLarge`` 413."""
        if len(body) > self._limits.body_bytes:
            raise self._too_large()
        return body

    async def read_body(self, receive: Receive) -> bytes:
        """The whole body, counted while it is read.

        **Raises**: ``PayloadTooLarge`` 413, ``ClientGone``.
        """
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        body: bytes = message.get("body", b"")
        if not message.get("more_body", False) and len(body) <= self._limits.body_bytes:
            return body
        parts = [body]
        size = len(body)
        while message.get("more_body", False) and size <= self._limits.body_bytes:
            message = await receive()
            if message["type"] != "http.request":
                raise ClientGone
            part = message.get("body", b"")
            size += len(part)
            parts.append(part)
        if size > self._limits.body_bytes:
            raise self._too_large()
        return b"".join(parts)

    def _check_host(self, host: str | None, any_host: bool) -> None:
        allowed = self._well_formed.get(host) if host is not None else None
        if allowed is None:
            if host is None:
                raise BadRequest("The request has no Host header: send exactly one.")
            match = _HOST.fullmatch(host)
            if match is None:
                raise BadRequest("The Host header is not a host name with an optional port.")
            name = _host_key(match[1])
            allowed = not self._hosts or name in self._hosts or _is_loopback(name)
            if len(self._well_formed) >= _HOSTS_KEPT:
                self._well_formed.clear()
            self._well_formed[host] = allowed
        if not allowed and not any_host:
            raise BadRequest("This host name is not served here.", hint="The allowed host names are a setting.")

    def _joined_fields(self, fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
        """The headers of a request that has one of them more than once."""
        headers: dict[str, str] = {}
        for raw_name, raw_value in fields:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            headers[name] = self._joined(name, headers[name], value) if name in headers else value
        return headers

    def _joined(self, name: str, first: str, second: str) -> str:
        if name == "host":
            raise BadRequest("The request has more than one Host header: send exactly one.")
        if name == "authorization":
            raise Unauthorized(
                "The request has more than one Authorization header: send exactly one.",
                headers=(("www-authenticate", self._challenge),),
            )
        return f"{first}{'; ' if name == 'cookie' else ', '}{second}"

    def _check_length(self, text: str) -> None:
        if not text.isdecimal() or not text.isascii():
            raise BadRequest("The Content-Length header is not a number.")
        if len(text) > 18 or int(text) > self._limits.body_bytes:
            raise self._too_large()

    def _too_large(self) -> ScimError:
        return PayloadTooLarge(
            f"The body of the request is larger than {self._limits.body_bytes} bytes: send it in smaller requests."
        )

    def _client_address(self, peer: str, forwarded: str) -> str:
        """The last address that no trusted proxy vouches for; what stands before it, the client may have made up."""
        found = peer
        for text in reversed(["", *(part.strip() for part in forwarded.split(","))]):
            if not self._is_proxy(found):
                break
            try:
                found = str(ipaddress.ip_address(text))
            except ValueError:
                break
        return found

    def _is_proxy(self, address: str) -> bool:
        try:
            value = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(value in network for network in self._proxies)


def _unserved(method: str) -> ScimError:
    if method in _NEVER_SERVED:
        return MethodNotAllowed(f"{method} is not served here.", headers=(("allow", ", ".join(METHODS)),))
    return NotImplementedHere("This method is not known here.")


def _check_escaped_path(path: bytes) -> None:
    """Refuse a path that two readers could understand differently; pass one with harmless escapes."""
    plain = _ESCAPE.sub(b"x", path)
    if _PLAIN_PATH.fullmatch(plain) and b".." not in plain:
        try:
            escaped = b"".join(unquote_to_bytes(found) for found in _ESCAPE.findall(path)).decode("utf-8")
            text = unquote_to_bytes(path).decode("utf-8")
        except UnicodeDecodeError:
            escaped = text = "%"
        segments = text.split("/")
        if (
            not any(sign in escaped for sign in "/\\;%")
            and not _CONTROL.search(text)
            and ".." not in text
            and "." not in segments
        ):
            return
    raise BadRequest(
        "The path of the request holds something that is not accepted in a path: empty or dot segments, a semicolon, "
        "or an encoded slash, backslash, percent sign or control character, or text that is not UTF-8."
    )


def _query(raw: bytes) -> str:
    if _QUERY_NEVER.search(raw):
        raise BadRequest("The query of the request holds a character that must be percent-encoded.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("The query of the request is not UTF-8: percent-encode it as UTF-8.") from None


def _check_coding(value: str) -> None:
    if value.strip().lower() not in ("", "identity"):
        raise UnsupportedMediaType(
            "A compressed body is not accepted: send it without Content-Encoding.",
            headers=(("accept-encoding", "identity"),),
        )


def _host_key(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
