"""How one dialect speaks the wire of SCIM 1.1: data, with the drafts' value for everything.

**Source**: draft-scim-api-01 ("Protocol 1.1") and draft-scim-core-schema-01, whose sections the fields name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from rollbook.scim import urns

CORE = "urn:scim:schemas:core:1.0"
"""The one URN of users, groups, lists, configurations, schemas and bulks (core §5.1)."""
ENTERPRISE = "urn:scim:schemas:extension:enterprise:1.0"

_EXTENSIONS = {urns.ENTERPRISE_USER: ENTERPRISE}
_RENAMED = {f"{urns.ENTERPRISE_USER}:manager.value": "managerId"}


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """One dialect's form of the 1.1 wire. Compared by identity: what is made of one is kept with it."""

    extensions: Mapping[str, str] = field(default_factory=lambda: _EXTENSIONS)
    """What an extension is called on the wire, by the URN that it is kept under (core §6). Others keep their URN."""
    renamed: Mapping[str, str] = field(default_factory=lambda: _RENAMED)
    """What the last part of a kept path is called on the wire (core §6.1: ``manager.managerId``)."""
    hidden: frozenset[str] = frozenset(("$ref",))
    """Sub-attributes that the wire does not have."""
    always: tuple[str, ...] = ("meta",)
    """What is answered beside the attributes that a client asks for, and beside ``id`` (§3.7)."""
    null_meta: tuple[str, ...] = ()
    """Parts of ``meta`` that are answered as null."""
    created: int = 201
    """The status of a creation (§3.1)."""
    deleted: int = 200
    """The status of a deletion (§3.4)."""
    partial_delete: bool = False
    """Whether a DELETE that names attributes, in its body or by ``attributes``, deletes those and no resource."""
    etags: bool = True
    """Whether versions are told and conditions heeded (§3.11)."""
    filters: bool = True
    """Whether a filter is answered; else it is declined (§3.2.2.1)."""
    sorting: bool = True
    """Whether ``sortBy`` is heeded; else it is ignored, as are the parameters of pages without ``paging``."""
    paging: bool = True
    """Whether lists come in pages; else whole, piece by piece."""
    dotted: bool = False
    """Whether a dot may stand between a URN and its attribute, as a colon does."""
    overrides: tuple[str, ...] = ("PATCH", "PUT", "DELETE")
    """The methods that a POST may mean by ``X-HTTP-Method-Override`` (§3.12)."""
    switches: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What is different for a tenant that has switched it on, by the name of the flag among the dialect's settings."""

    def switched(self, settings: Mapping[str, Any]) -> "Form":
        """The form that a tenant with these settings has: one object for all who have the same switched on."""
        on = tuple(name for name in self.switches if settings.get(name) is True)
        return _switched(self, on) if on else self


@lru_cache(64)
def _switched(form: Form, on: tuple[str, ...]) -> Form:
    changed: dict[str, Any] = {}
    for name in on:
        changed |= form.switches[name]
    return replace(form, **changed)


SCIM11 = Form()
"""The drafts' own form."""
