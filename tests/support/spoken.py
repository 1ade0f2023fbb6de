"""One client for every dialect of the catalogue: what differs between wires and credentials is here, so that laws are
written once."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from tests.support.house import GROUP, PATCH_OP, SEARCH, House, Seat

from rollbook.dialects.model import Dialect
from rollbook.scim.attributes import Attribute, Held, Type
from rollbook.scim.schema import Place, ResourceType
from rollbook.scim.wire.v1_form import CORE

_numbers = itertools.count(1)

ALTERED: Mapping[str, Mapping[str, str]] = {
    "identify": {
        "externalId": "W4",
        "urn:scim:schemas:extension:safewhere:identify:1.0.Claims": "W8",
        "urn:scim:schemas:extension:enterprise:1.0.organization": "X16",
    },
}
"""What is read back otherwise than it was written, by dialect and path on the wire, with the departure that says so."""

FITTING: Mapping[str, Any] = {"organization": "Root", "sendInviteLink": False, "isLinkToAllStores": False}
"""Values of attributes of which not every value is good, or not with every other."""


@dataclass
class Spoken:
    """A tenant, seen by clients of one dialect."""

    seat: Seat
    dialect: Dialect
    standard: Seat = field(repr=False)
    """The same tenant by the standard."""

    @classmethod
    def begin(cls, house: House, dialect: Dialect, **settings: str) -> "Spoken":
        """A new tenant with a connection of the dialect."""
        tenant = house.seat("acorn")
        seat = tenant if dialect.name == "standard" else tenant.speaking(dialect.name, **settings)
        return cls(seat, dialect, tenant)

    @property
    def old(self) -> bool:
        """Whether it is the wire of SCIM 1.1."""
        return self.dialect.form is not None

    def type(self, name: str = "User") -> ResourceType:
        return next(type for type in self.dialect.types if type.name == name)

    def may(self, operation: str, type: str = "User") -> bool:
        return self.dialect.plan.may(type, operation)

    # -- requests ------------------------------------------------------------------------------------------------------

    def create(self, body: Mapping[str, Any], type: str = "User") -> dict[str, Any]:
        """What a POST is answered with."""
        answer = self.seat.post(self.type(type).endpoint, body)
        assert answer.status_code in (200, 201), answer.text
        made: dict[str, Any] = answer.json()
        return made

    def read(self, id: str, type: str = "User", **query: str) -> dict[str, Any]:
        answer = self.seat.get(f"{self.type(type).endpoint}/{id}", **query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def listed(self, type: str = "User", **query: Any) -> httpx2.Response:
        return self.seat.get(self.type(type).endpoint, **query)

    def set(self, id: str, name: str, value: Any) -> httpx2.Response:
        """Give one attribute a value: by PATCH where there is one, else by a PUT of what was read."""
        path = f"{self.type().endpoint}/{id}"
        if not self.may("modify"):
            return self.seat.call("PUT", path, {**self.read(id), name: value})
        if self.old:
            return self.seat.call("PATCH", path, {"schemas": [CORE], name: value})
        operation = {"op": "replace", "value": {name: value}}
        return self.seat.call("PATCH", path, {"schemas": [PATCH_OP], "Operations": [operation]})

    def search(self, **asked: Any) -> httpx2.Response:
        return self.seat.post(f"{self.type().endpoint}/.search", {"schemas": [SEARCH], **asked})

    # -- bodies --------------------------------------------------------------------------------------------------------

    def sample(self, type: str = "User", *, whole: bool = True) -> dict[str, Any]:
        """A body, as the wire has it: every attribute that a client may write (``whole``), or what is required."""
        kind, number = self.type(type), next(_numbers)
        body: dict[str, Any] = {"schemas": [CORE] if self.old else [kind.schema.id]}
        if whole and "externalId" not in ALTERED.get(self.dialect.name, {}):
            body["externalId"] = f"e-{number}"
        for place in kind.places():
            if not _written(place.attribute) or (not whole and not place.attribute.required):
                continue
            holder = body
            if place.extension:
                urn = self.wire_urn(place.extension.id)
                holder = body.setdefault(urn, {})
                if place.extension.id not in body["schemas"] and not self.old:
                    body["schemas"].append(place.extension.id)
            holder[place.attribute.name] = self._value(place, number)
        return body

    def wire_urn(self, urn: str) -> str:
        """What an extension is called on the wire."""
        if self.dialect.form is not None:
            return self.dialect.form.extensions.get(urn, urn)
        return next((key for type in self.dialect.types for key, u in type.aliases.items() if u == urn), urn)

    def wire_path(self, place: Place) -> str:
        """A place as a client names it in ``attributes``."""
        kept = f"{place.extension.id}:" if place.extension else ""
        prefix = f"{self.wire_urn(place.extension.id)}:" if place.extension else ""
        if place.extension and not prefix.startswith("urn:"):
            prefix = kept
        return prefix + place.attribute.name + (f".{place.sub.name}" if place.sub else "")

    def _value(self, place: Place, number: int) -> Any:
        attribute = place.attribute
        if not attribute.complex:
            value = _simple(attribute, number)
            return [value] if attribute.multi_valued else value
        renamed = self.dialect.form.renamed if self.dialect.form else {}
        hidden = self.dialect.form.hidden if self.dialect.form else frozenset()
        whole = {
            renamed.get(Place(attribute, sub, place.extension).name, sub.name): _simple(sub, number, attribute.name)
            for sub in attribute.sub_attributes
            if _written(sub) and sub.name not in hidden
        }
        return [whole] if attribute.multi_valued else whole


def _written(attribute: Attribute) -> bool:
    return attribute.held is Held.DOCUMENT and not attribute.read_only and not attribute.secret


def _simple(attribute: Attribute, number: int, parent: str = "") -> Any:
    if attribute.name in FITTING:
        return FITTING[attribute.name]
    match attribute.type:
        case Type.BOOLEAN:
            return True
        case Type.INTEGER:
            return number
        case Type.DECIMAL:
            return number + 0.5
        case Type.DATE_TIME:
            return "2026-01-31T08:00:00Z"
        case Type.BINARY:
            return "YWNvcm4="
        case Type.REFERENCE:
            return f"https://acorn.example/{number}"
    if attribute.canonical_values:
        return attribute.canonical_values[0]
    if parent == "emails" and attribute.name == "value":
        return f"ann{number}@acorn.example"
    return f"{attribute.name}-{number}"


def differences(sent: Any, found: Any, path: str = "") -> Iterator[str]:
    """The paths of what was sent and is not found as it was."""
    if isinstance(sent, dict) and isinstance(found, dict):
        for name, value in sent.items():
            below = f"{path}.{name}" if path else name
            if name != "schemas":
                yield from differences(value, found.get(name), below)
    elif isinstance(sent, list) and isinstance(found, list) and len(sent) == len(found):
        for one, other in zip(sent, found, strict=True):
            yield from differences(one, other, path)
    elif sent != found:
        yield path


__all__ = ["ALTERED", "GROUP", "Spoken", "differences"]
