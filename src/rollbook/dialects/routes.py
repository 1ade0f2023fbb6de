"""The route table: which operation a method and an address ask for (RFC 7644 §3.2, §3.12).

Routes are data of a dialect, so no framework's router is used. An address that is not in the table is 404; one that is,
with a method that is not, is 405 with ``Allow``; what the provider lacks as a whole is 501.
"""

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import NamedTuple

from rollbook.scim.attributes import Held
from rollbook.scim.errors import MethodNotAllowed, NotFound, NotImplementedHere
from rollbook.scim.schema import ResourceType


class Ask(Enum):
    """What a route leads to."""

    __hash__ = object.__hash__  # asked for with every request, and an enumeration's own is written in Python

    CREATE = auto()
    RETRIEVE = auto()
    QUERY = auto()
    SEARCH = auto()
    REPLACE = auto()
    MODIFY = auto()
    DELETE = auto()
    BULK = auto()
    DISCOVER = auto()
    DEFINE = auto()
    """A new schema or resource type of the tenant, or (with an id) another form of one."""
    WITHDRAW = auto()
    MEMBERS = auto()
    CHANGES = auto()
    OPTIONS = auto()
    ABSENT = auto()
    """Nothing of this kind is offered by this provider: 501."""


class Route(NamedTuple):
    """``types`` are the resource types that the address is about; ``id`` is the last segment where there is one;
    ``template`` is the address without ids, for logs and metrics."""

    ask: Ask
    types: tuple[ResourceType, ...]
    id: str
    template: str
    allow: str

    @property
    def scope(self) -> str:
        """What a credential must have for it (``identity.scopes``); what is not known here to be less is a write."""
        return _SCOPES.get(self.ask, "scim.write")

    @property
    def open(self) -> bool:
        """Whether no credential is needed (RFC 7644 §4)."""
        return self.ask is Ask.DISCOVER


_SCOPES = dict.fromkeys((Ask.RETRIEVE, Ask.QUERY, Ask.SEARCH, Ask.DISCOVER, Ask.MEMBERS, Ask.CHANGES), "scim.read")
_SCOPES |= dict.fromkeys((Ask.DEFINE, Ask.WITHDRAW), "schemas.write")


class _Row(NamedTuple):
    template: str
    asks: Mapping[str, Ask]
    types: tuple[ResourceType, ...]
    allow: str


_COLLECTION = {"GET": Ask.QUERY, "POST": Ask.CREATE}
_ONE = {"GET": Ask.RETRIEVE, "PUT": Ask.REPLACE, "PATCH": Ask.MODIFY, "DELETE": Ask.DELETE}
_SEARCH = {"POST": Ask.SEARCH}
_DISCOVER = {"GET": Ask.DISCOVER}
_DEFINE = {"GET": Ask.DISCOVER, "POST": Ask.DEFINE}
_DEFINE_ONE = {"GET": Ask.DISCOVER, "PUT": Ask.DEFINE, "DELETE": Ask.WITHDRAW}
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

DISCOVERY = ("ServiceProviderConfig", "Schemas", "ResourceTypes")


class RouteTable:
    """The routes of some resource types below a dialect's base."""

    def __init__(self, types: tuple[ResourceType, ...]) -> None:
        self._fixed: dict[str, _Row] = {
            "": _row("/", {"GET": Ask.QUERY}, types),
            ".search": _row("/.search", _SEARCH, types),
            "Me": _row("/Me", _ONE),
            "Changes": _row("/Changes", {"GET": Ask.CHANGES}),
            "Bulk": _row("/Bulk", {"POST": Ask.BULK}),
        }
        self._with_id: dict[str, _Row] = {}
        self._below_id: dict[tuple[str, str], _Row] = {}
        for topic in DISCOVERY:
            self._fixed[topic] = _row(f"/{topic}", _DISCOVER)
        for topic in ("Schemas", "ResourceTypes"):
            self._fixed[topic] = _row(f"/{topic}", _DEFINE)
            self._with_id[topic] = _row(f"/{topic}/{{id}}", _DEFINE_ONE)
        for type in types:
            name = type.endpoint.strip("/")
            self._fixed[name] = _row(type.endpoint, _COLLECTION, (type,))
            self._fixed[f"{name}/.search"] = _row(f"{type.endpoint}/.search", _SEARCH, (type,))
            self._with_id[name] = _row(f"{type.endpoint}/{{id}}", _ONE, (type,))
            if members := type.held(Held.MEMBERS):
                template = f"{type.endpoint}/{{id}}/{members.name}"
                self._below_id[name, members.name] = _row(template, {"GET": Ask.MEMBERS}, (type,))

    @property
    def names(self) -> frozenset[str]:
        """The first segments that are taken."""
        return frozenset(name.partition("/")[0] for name in self._fixed)

    def lines(self) -> Iterator[tuple[str, str, Ask, tuple[ResourceType, ...]]]:
        """Every route there is: template, method, what it leads to, the types that it is about."""
        for template, asks, types, _ in (*self._fixed.values(), *self._with_id.values(), *self._below_id.values()):
            for method, ask in asks.items():
                yield template, method, ask, types

    def find(self, method: str, rest: str) -> Route:
        """The route of a method and of what stands behind the base (a closing slash is ignored, a HEAD is a GET).

        **Raises** ``NotFound``, ``MethodNotAllowed`` (with ``Allow``), ``NotImplementedHere``.
        """
        below = rest.strip("/")
        row, id = self._fixed.get(below), ""
        if row is None:
            name, _, id = below.partition("/")
            if "/" not in id:
                row = self._with_id.get(name)
            else:
                id, _, part = id.partition("/")
                row = self._below_id.get((name, part))
        if row is None:
            raise NotFound(
                "There is nothing at this address. Resources are at "
                + ", ".join(r.template for r in self._fixed.values() if r.asks is _COLLECTION)
                + " (letter case counts)."
            )
        template, asks, types, allow = row
        if method == "OPTIONS":
            return Route(Ask.OPTIONS, types, id, template, allow)
        ask = asks.get("GET" if method == "HEAD" else method)
        if ask is None:
            raise MethodNotAllowed(
                f"{method} is not possible here; possible are {allow}.",
                headers=(("allow", allow),),
            )
        if ask is Ask.ABSENT:
            raise NotImplementedHere(f"{template} is not offered by this server.")
        return Route(ask, types, id, template, allow)


def _row(template: str, asks: Mapping[str, Ask], types: tuple[ResourceType, ...] = ()) -> _Row:
    return _Row(template, asks, types, allowed(asks))


def allowed(methods: Mapping[str, Ask]) -> str:
    """The value of ``Allow`` for some methods; with GET comes HEAD, and OPTIONS is always possible."""
    names = [method for method in _METHODS if method in methods]
    if "GET" in names:
        names.insert(1, "HEAD")
    return ", ".join((*names, "OPTIONS"))
