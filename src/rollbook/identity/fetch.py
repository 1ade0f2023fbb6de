"""Fetching a small document from an address that somebody else named, without being led anywhere (SSRF).

The address is https. The name is looked up once; every address that it has must be a public one, and the connection
goes to an address that was looked at, while the certificate is that of the name: a name that answers differently a
moment later (DNS rebinding) changes nothing. No redirect is followed, no compression is taken, and size and time are
limited.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Collection
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

import httptools

from rollbook.errors import RollbookError

SECONDS = 2.0
BYTES = 64 * 1024
_HEAD_BYTES = 16 * 1024
_EMBEDDING = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""Networks of IPv6 whose addresses stand for others of IPv4: nobody's server is there."""


class CannotFetch(RollbookError):
    """The reason is for the operator: never for whoever sent a token."""


class Target(NamedTuple):
    host: str
    port: int
    path: str


def read_target(url: str) -> Target:
    """What an address says. **Raises** ``CannotFetch`` for all but a plain https address."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        raise CannotFetch("this is no address") from None
    if parts.scheme != "https" or not parts.hostname:
        raise CannotFetch("the address has to begin with https:// and name a host")
    if "@" in parts.netloc or parts.fragment or len(url) > 2048 or not all("!" <= c <= "~" for c in url):
        raise CannotFetch("the address may hold a host, a port, a path and a query, all of them plain ASCII")
    return Target(parts.hostname, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


async def fetch(url: str, loopback_hosts: Collection[str] = ()) -> bytes:
    """The body behind an address. For hosts that are named in ``loopback_hosts`` the addresses have to be loopback's.

    **Raises** ``CannotFetch``.
    """
    target = read_target(url)
    try:
        async with asyncio.timeout(SECONDS):
            addresses = await _addresses(target, loopback=target.host in loopback_hosts)
            return await _get(target, addresses[0])
    except TimeoutError:
        raise CannotFetch(f"there was no whole answer within {SECONDS:g} seconds") from None
    except ssl.SSLError:
        raise CannotFetch("the server's certificate or its TLS is not right") from None
    except OSError:
        raise CannotFetch("the server cannot be reached") from None


def is_public(text: str) -> bool:
    """Whether an address is one of the internet's.

    >>> [is_public(a) for a in ("8.8.8.8", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "2001:4860::1")]
    [True, False, False, False, False, True]
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        if any(address in net for net in _EMBEDDING) or address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def is_loopback(text: str) -> bool:
    return ipaddress.ip_address(text.partition("%")[0]).is_loopback


async def _addresses(target: Target, *, loopback: bool) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    allowed = is_loopback if loopback else is_public
    if not addresses or not all(allowed(address) for address in addresses):
        raise CannotFetch("the host has an address that is not a public one")
    # Those of IPv4 first: many a server of ours has no way out by IPv6.
    return sorted(addresses, key=lambda address: ":" in address)


async def _get(target: Target, address: str) -> bytes:
    reader, writer = await asyncio.open_connection(
        address, target.port, ssl=_context(), server_hostname=target.host, limit=BYTES
    )
    try:
        host = f"[{target.host}]" if ":" in target.host else target.host
        named = host if target.port == 443 else f"{host}:{target.port}"
        writer.write(
            f"GET {target.path} HTTP/1.1\r\nHost: {named}\r\nAccept: application/json\r\nAccept-Encoding: identity\r\n"
            "User-Agent: rollbook\r\nConnection: close\r\n\r\n".encode()
        )
        answer = _Answer()
        try:
            while not answer.whole and (piece := await reader.read(16 * 1024)):
                answer.feed(piece)
        except httptools.HttpParserError:
            raise CannotFetch("the server does not speak HTTP as it should") from None
        return answer.taken()
    finally:
        writer.transport.abort()  # a goodbye may take longer than there is time


class _Answer:
    """Told by the parser what comes in."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()
        self._received = 0
        self._headers: dict[bytes, bytes] = {}
        self.whole = False

    def feed(self, piece: bytes) -> None:
        self._received += len(piece)
        if self._received > BYTES + _HEAD_BYTES:
            raise CannotFetch("the answer is too long")
        self._parser.feed_data(piece)
        if len(self._body) > BYTES:
            raise CannotFetch("the answer is too long")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.whole = True

    def taken(self) -> bytes:
        unframed = not self._headers.keys() & {b"content-length", b"transfer-encoding"}
        if not (self.whole or (unframed and self._headers)):
            raise CannotFetch("the answer ends too early")
        if (status := self._parser.get_status_code()) != 200:
            raise CannotFetch(f"the server answers {status}; redirects are not followed")
        if self._headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise CannotFetch("the answer is compressed")
        return bytes(self._body)


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()
