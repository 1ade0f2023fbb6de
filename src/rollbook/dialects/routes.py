"""The route table: which operation a method and an address ask for (RFC 7644 §3.2, §3.12).

Routes are data of a dialect, so no framework's router is used. An address that is not in the table is 404; one that is,
with a method that is not, is 405 with ``Allow``; what the provider lacks as a whole is 501.
"""

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import NamedTuple

from rollbook.dialects.plan import TOPICS, Plan
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
_METHODS = ("GET", "QUERY", "POST", "PUT", "PATCH", "DELETE")

DISCOVERY = TOPICS


_COLLECTION_OF = {"GET": "query", "POST": "create"}
_ONE_OF = {"GET": "retrieve", "PUT": "replace", "PATCH": "modify", "DELETE": "delete"}
EVERYTHING = Plan()


class RouteTable:
    """The routes of some resource types below a dialect's base, as its plan has them."""

    def __init__(self, types: tuple[ResourceType, ...], plan: Plan = EVERYTHING) -> None:
        offers = plan.offers
        self._any_case = plan.any_case
        self.topics: dict[str, str] = {}
        """The discovery topics by what they are called here, in lower case."""
        self._fixed: dict[str, _Row] = {}
        self._with_id: dict[str, _Row] = {}
        self._below_id: dict[tuple[str, str], _Row] = {}
        if "search" in offers:
            self._fixed[""] = _row("/", {"GET": Ask.QUERY}, types)
            self._fixed[".search"] = _row("/.search", _SEARCH, types)
        if "me" in offers:
            self._fixed["Me"] = _row("/Me", _ONE)
        if "changes" in offers:
            self._fixed["Changes"] = _row("/Changes", {"GET": Ask.CHANGES})
        if "bulk" in offers:
            self._fixed["Bulk"] = _row("/Bulk", {"POST": Ask.BULK})
        for topic in DISCOVERY:
            if not (name := plan.name(topic)):
                continue
            self.topics[name.lower()] = topic
            define = "define" in offers and topic != "ServiceProviderConfig"
            self._fixed[name] = _row(f"/{name}", _DEFINE if define else _DISCOVER)
            if topic != "ServiceProviderConfig":
                self._with_id[name] = _row(f"/{name}/{{id}}", _DEFINE_ONE if define else _DISCOVER)
        for type in types:
            name = type.endpoint.strip("/")
            collection = {
                m: _COLLECTION[m] for m, operation in _COLLECTION_OF.items() if plan.may(type.name, operation)
            }
            if plan.query_method and "GET" in collection:
                collection["QUERY"] = Ask.SEARCH
            one = {m: _ONE[m] for m, operation in _ONE_OF.items() if plan.may(type.name, operation)}
            self._fixed[name] = _row(type.endpoint, collection, (type,))
            if plan.may(type.name, "search"):
                self._fixed[f"{name}/.search"] = _row(f"{type.endpoint}/.search", _SEARCH, (type,))
            self._with_id[name] = _row(f"{type.endpoint}/{{id}}", one, (type,))
            if plan.may(type.name, "members") and (members := type.held(Held.MEMBERS)):
                template = f"{type.endpoint}/{{id}}/{members.name}"
                self._below_id[name, members.name] = _row(template, {"GET": Ask.MEMBERS}, (type,))
        self._absent = frozenset(address.strip("/").lower() for address in plan.absent)
        self._offered = {ask for _, _, ask, _ in self.lines()}
        if plan.any_case:
            self._fixed = {name.lower(): row for name, row in self._fixed.items()}
            self._with_id = {name.lower(): row for name, row in self._with_id.items()}
            self._below_id = {(name.lower(), part.lower()): row for (name, part), row in self._below_id.items()}

    @property
    def names(self) -> frozenset[str]:
        """The first segments that are taken."""
        return frozenset(name.partition("/")[0] for name in self._fixed)

    def topic(self, template: str) -> str:
        """The discovery topic that a route's template is about."""
        return self.topics[template.split("/")[1].lower()]

    def lines(self) -> Iterator[tuple[str, str, Ask, tuple[ResourceType, ...]]]:
        """Every route there is: template, method, what it leads to, the types that it is about."""
        for template, asks, types, _ in (*self._fixed.values(), *self._with_id.values(), *self._below_id.values()):
            for method, ask in asks.items():
                yield template, method, ask, types

    def find(self, method: str, rest: str) -> Route:
        """The route of a method and of what stands behind the base (a closing slash is ignored, a HEAD is a GET).

        **Raises** ``NotFound``, ``MethodNotAllowed`` (with ``Allow``: it is there, and not here),
        ``NotImplementedHere`` (this provider has it nowhere).
        """
        below = rest.strip("/")
        name, _, id = below.partition("/")
        if self._any_case:
            name = name.lower()
            fixed = self._fixed.get(below.lower())
        else:
            fixed = self._fixed.get(below)
        row = fixed
        if row is None:
            if "/" not in id:
                row = self._with_id.get(name)
            else:
                id, _, part = id.partition("/")
                row = self._below_id.get((name, part.lower() if self._any_case else part))
        else:
            id = ""
        if row is None:
            if below and name.lower() in self._absent:
                raise NotImplementedHere(f"/{below.partition('/')[0]} is not offered by this server.")
            case = "" if self._any_case else " (letter case counts)"
            raise NotFound(
                "There is nothing at this address. Resources are at "
                + ", ".join(r.template for r in self._fixed.values() if r.types and r.asks.get("GET") is Ask.QUERY)
                + f"{case}."
            )
        template, asks, types, allow = row
        if method == "OPTIONS":
            return Route(Ask.OPTIONS, types, id, template, allow)
        ask = asks.get("GET" if method == "HEAD" else method)
        if ask is None:
            meant = (_ONE if id else _COLLECTION).get(method) if types else None
            if meant is not None and meant not in self._offered:
                raise NotImplementedHere(f"{method} is not offered by this server for anything; possible are {allow}.")
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
