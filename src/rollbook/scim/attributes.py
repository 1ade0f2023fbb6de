"""What an attribute is (RFC 7643 §2, §7). The characteristics are data; everything else asks them.

Two things are added to the RFC's characteristics. ``compare`` names the form in which values are compared (see
``values``), and ``held`` says where a value lives: in the resource's document, or in rows beside it (memberships).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Type(StrEnum):
    """The data types of RFC 7643 §2.3."""

    STRING = "string"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE_TIME = "dateTime"
    BINARY = "binary"
    REFERENCE = "reference"
    COMPLEX = "complex"


class Mutability(StrEnum):
    READ_ONLY = "readOnly"
    READ_WRITE = "readWrite"
    IMMUTABLE = "immutable"
    WRITE_ONLY = "writeOnly"


class Returned(StrEnum):
    ALWAYS = "always"
    NEVER = "never"
    DEFAULT = "default"
    REQUEST = "request"


class Uniqueness(StrEnum):
    NONE = "none"
    SERVER = "server"
    GLOBAL = "global"


class Compare(StrEnum):
    """The form in which string values are compared."""

    EXACT = "exact"
    """Code point by code point (``caseExact: true``)."""
    FOLDED = "folded"
    """Without case (``caseExact: false``): NFC and full case folding."""
    USER_NAME = "userName"
    """PRECIS UsernameCaseMapped with full case folding (RFC 8265 §3.3; RFC 7644 §5)."""


class Held(StrEnum):
    """Where the values of an attribute live."""

    DOCUMENT = "document"
    COMMON = "common"
    """``id``, ``externalId``, ``meta``, ``schemas``: kept beside the document."""
    MEMBERS = "members"
    """The members of a Group: rows."""
    GROUPS = "groups"
    """The groups of a User: computed from rows, direct and indirect."""
    PASSWORD = "password"  # noqa: S105
    """A User's password: a hash in a row, where the connection stores passwords, else nowhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One attribute or sub-attribute. Compared by identity: a schema's attributes are made once."""

    name: str
    type: Type = Type.STRING
    multi_valued: bool = False
    description: str = ""
    required: bool = False
    canonical_values: tuple[str, ...] = ()
    case_exact: bool = False
    mutability: Mutability = Mutability.READ_WRITE
    returned: Returned = Returned.DEFAULT
    uniqueness: Uniqueness = Uniqueness.NONE
    reference_types: tuple[str, ...] = ()
    sub_attributes: tuple["Attribute", ...] = ()
    compare: Compare = Compare.FOLDED
    held: Held = Held.DOCUMENT
    most: int | None = None
    """How many values a multi-valued attribute may have; None: as many as the server's limits allow."""
    _subs: dict[str, "Attribute"] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._subs.update({sub.name.lower(): sub for sub in self.sub_attributes})

    def sub(self, name: str) -> "Attribute | None":
        """The sub-attribute of that name, in any letter case (RFC 7643 §2.1)."""
        return self._subs.get(name.lower())

    @property
    def complex(self) -> bool:
        return self.type is Type.COMPLEX

    @property
    def secret(self) -> bool:
        """Whether its values may never be read back, by any road (filters and sorting are roads)."""
        return self.returned is Returned.NEVER or self.mutability is Mutability.WRITE_ONLY

    @property
    def read_only(self) -> bool:
        return self.mutability is Mutability.READ_ONLY

    def walk(self) -> Iterator["Attribute"]:
        """Itself, then its sub-attributes."""
        yield self
        yield from self.sub_attributes


def _meta_sub(name: str, type: Type = Type.STRING, *, case_exact: bool = True) -> Attribute:
    compare = Compare.EXACT if case_exact else Compare.FOLDED
    return Attribute(
        name,
        type,
        case_exact=case_exact,
        compare=compare,
        mutability=Mutability.READ_ONLY,
        held=Held.COMMON,
        reference_types=("uri",) if type is Type.REFERENCE else (),
    )


ID = Attribute(
    "id",
    description="The server's identifier of the resource; never reused.",
    required=True,
    case_exact=True,
    compare=Compare.EXACT,
    mutability=Mutability.READ_ONLY,
    returned=Returned.ALWAYS,
    uniqueness=Uniqueness.SERVER,
    held=Held.COMMON,
)
EXTERNAL_ID = Attribute(
    "externalId",
    description="The identifier that the provisioning client gave.",
    case_exact=True,
    compare=Compare.EXACT,
    held=Held.COMMON,
)
META = Attribute(
    "meta",
    Type.COMPLEX,
    description="What the server knows about the resource.",
    mutability=Mutability.READ_ONLY,
    held=Held.COMMON,
    sub_attributes=(
        _meta_sub("resourceType"),
        _meta_sub("created", Type.DATE_TIME),
        _meta_sub("lastModified", Type.DATE_TIME),
        _meta_sub("location", Type.REFERENCE),
        _meta_sub("version"),
    ),
)
SCHEMAS = Attribute(
    "schemas",
    Type.REFERENCE,
    multi_valued=True,
    description="The schemas in use.",
    required=True,
    case_exact=False,  # a URN's comparison ignores case in what SCIM uses of it (RFC 7643 §2.1, RFC 8141 §3.1)
    compare=Compare.FOLDED,
    returned=Returned.ALWAYS,
    reference_types=("uri",),
)

COMMON = (SCHEMAS, ID, EXTERNAL_ID, META)
"""The attributes that every resource has (RFC 7643 §3.1); they belong to no schema."""
