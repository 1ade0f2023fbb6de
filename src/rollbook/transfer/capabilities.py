"""What a target can do, and the presets that say it before anything was asked.

**Rules**: what a target's discovery says comes before its preset, what was tried comes before both (``probe``). Numbers
are the smaller of the two. Values only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RETAIL_OPS = "urn:ietf:params:scim:schemas:extension:retailops:2.0:User"
RELEEZME = "urn:ietf:params:scim:schemas:extension:releezme:2.0:User"
IDENTIFY = "urn:scim:schemas:extension:safewhere:identify:1.0"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """How one target is spoken to."""

    version: Literal["2.0", "1.1"] = "2.0"
    users: str = "/Users"
    groups: str = "/Groups"
    """Empty: there are none."""
    discovery: tuple[str, str, str] = ("/ServiceProviderConfig", "/Schemas", "/ResourceTypes")
    """Empty where there is none."""
    media_type: str = "application/scim+json"
    patch: bool = True
    delete: bool = True
    etag: bool = True
    filter: bool = True
    """``userName eq`` finds who is there, and nobody who is not."""
    filter_external: bool = True
    """So does ``externalId eq``."""
    filter_or: bool = True
    """Several of them in one request."""
    proven: bool = False
    """The filters were tried with a user that is there and with one that is not."""
    paging: Literal["index", "cursor", "none"] = "index"
    page: int = 100
    search: str = ""
    """Where lists are asked for by POST; empty: by GET."""
    memberships: Literal["group", "user", "none"] = "group"
    """Where memberships are written: as members of the group, as groups of the user, nowhere."""
    changes_at_once: int = 100
    """Members in one PATCH of a group."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What a schema's URN is called on the wire, where that is no URN."""
    active_needs: str = ""
    """The attribute without which it lets nobody new be active."""
    name_separator: str = ""
    """What stands in a userName before this says what kind of name it is, and is not answered."""
    folded_types: bool = True
    """``type`` of an e-mail and the like in any letter case is one type."""
    announced: tuple[str, ...] = ()
    """What the target said of itself, for a person."""

    concurrency: int = 4
    rate: float | None = None
    burst: int = 10


PRESETS: Mapping[str, Capabilities] = {
    "standard": Capabilities(page=1000),
    "releezme": Capabilities(
        users="/users",
        groups="/groups",
        discovery=("/serviceproviderconfig", "/schemas", "/resourcetypes"),
        page=200,
        memberships="user",
    ),
    "retailops": Capabilities(
        patch=False,
        delete=False,
        filter=False,
        filter_external=False,
        filter_or=False,
        page=50,
        search="/Users/.search/",
        groups="",
        memberships="none",
        names={RETAIL_OPS: "retailOps"},
        active_needs=f"{RETAIL_OPS}:openIDUserID",
    ),
    "identify": Capabilities(
        version="1.1",
        media_type="application/json",
        discovery=("/ServiceProviderConfigs", "", ""),
        filter=False,
        filter_external=False,
        filter_or=False,
        etag=False,
        paging="none",
        groups="",
        memberships="none",
        name_separator="$@;@$",
    ),
    "scim11": Capabilities(
        version="1.1",
        media_type="application/json",
        discovery=("/ServiceProviderConfigs", "/Schemas", ""),
    ),
    "aws": Capabilities(page=50, filter_or=False, etag=False, concurrency=2, rate=10, burst=10),
    "github": Capabilities(page=100, filter_or=False, etag=False, concurrency=2, rate=5, burst=10),
    "slack": Capabilities(page=100, filter_or=False, etag=False, concurrency=2, rate=5, burst=20),
}
"""By the name that a config's ``dialect`` says. The last three are limits of products that are otherwise standard."""
