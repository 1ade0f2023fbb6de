"""What a dialect file says, as values: addresses, operations, credentials, settings, departures.

The words of the files are here, with the RFC's value for everything; ``reader`` reads them, ``overlay`` makes resource
types of them, ``model`` puts it all together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

OPERATIONS = ("query", "search", "create", "retrieve", "replace", "modify", "delete", "members")
"""What can be done with resources of one type."""
OFFERS = ("search", "me", "changes", "bulk", "define")
"""What can be offered beside the resource types: search over all of them, ``/Me``, the feed ``/Changes``, ``/Bulk``,
and tenants' own schemas."""
TOPICS = ("ServiceProviderConfig", "Schemas", "ResourceTypes")


@dataclass(frozen=True, slots=True)
class Plan:
    """The routes of a dialect."""

    operations: Mapping[str, frozenset[str]] | None = None
    """By the name of a resource type; None: everything with every type."""
    offers: frozenset[str] = frozenset(OFFERS)
    absent: tuple[str, ...] = ()
    """Addresses of the RFC that this provider lacks as a whole: 501."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What discovery topics are called in addresses; one that is ``""`` is not there."""
    any_case: bool = False
    """Whether addresses are the same in any letter case."""
    query_method: bool = False
    """Whether the method QUERY searches, where GET lists (RFC 10008)."""

    def may(self, type: str, operation: str) -> bool:
        """Whether an operation on a type is offered."""
        return self.operations is None or operation in self.operations.get(type, ())

    def name(self, topic: str) -> str:
        """What a discovery topic is called."""
        return self.names.get(topic, topic)


@dataclass(frozen=True, slots=True)
class Credentials:
    """How a client shows who it is."""

    bearer: bool = True
    """Whether the header ``Authorization`` with a bearer token is looked at."""
    bare: bool = False
    """Whether a token may stand there without the word Bearer."""
    session_header: str = ""
    """The header, in lower case, that carries a session; empty: there are none."""
    realm: str = "rollbook"


@dataclass(frozen=True, slots=True)
class OAuth:
    """What the identity server does for clients of this dialect."""

    scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The product's scopes, each with those of ours that it opens (``identity.scopes``)."""
    token_address: str = ""
    """Where the product's clients ask for tokens."""
    access_seconds: int | None = None
    """How long an access token is good; None: as the client is set."""
    refresh_cap_seconds: int | None = None
    """How long after the login a refresh token is good, however often it is used; None: as the client is set."""
    refresh_on_request: bool = False
    """Whether only who asks for ``offline_access`` gets a refresh token; else each client that may refresh."""


SettingType = Literal["text", "flag", "number", "texts", "tree"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a tenant may set for a dialect (``rollbook tenant configure``).

    **Shape** of values: ``text``, ``flag`` (true or false), ``number`` (whole), ``texts`` (a list), ``tree`` (a table
    of names to such tables, empty at the leaves).
    """

    name: str
    type: SettingType
    default: Any
    about: str
    least: int | None = None
    most: int | None = None
    unlike: tuple[str, ...] = ()
    """Settings whose values it cannot have."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A difference from a specification, or a choice where the product's documents are silent (``choice``)."""

    id: str
    clause: str
    what: str
    why: str
    choice: bool = False


@dataclass(frozen=True, slots=True)
class TypePlan:
    """How a dialect sees one resource type of the standard."""

    name: str
    endpoint: str = ""
    operations: tuple[str, ...] = OPERATIONS
    attributes: tuple[str, ...] | None = None
    """The attributes that it has, as paths (``userName``, ``name.givenName``, ``urn:…:User:organization``); None: all
    of the parent's."""
    without: tuple[str, ...] = ()
    """Attributes that it does not have, as paths: those that it has are all others."""
    others: Literal["drop", "refuse"] = "refuse"
    """What becomes of attributes of the standard that this type does not have."""
    change: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Other characteristics of attributes, by path."""
    extensions: tuple[Mapping[str, Any], ...] = ()
    """Schemas of its own (RFC 7643 §7), each with ``required`` and, where it stands under a bare key, ``key``."""
    rules: str = ""
    """The name of its rules in ``dialects.hooks``."""
    drop: tuple[str, ...] = ()
    """Paths of no schema that clients send: dropped and noted, too."""
