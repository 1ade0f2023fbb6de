"""The lines that the demo prints to be pasted: create, search, change, in the words of each product."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rollbook.cli.demo_people import USER
from rollbook.ids import random_bytes

if TYPE_CHECKING:
    from rollbook.dialects.model import Dialect

CORE_V1 = "urn:scim:schemas:core:1.0"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_BADGES = "urn:ietf:params:scim:schemas:extension:releezme:2.0:User"
_CLAIMS = "urn:scim:schemas:extension:safewhere:identify:1.0"


@dataclass(frozen=True, slots=True)
class Lines:
    """Makes lines for one dialect; ``someone`` is a user as it is seen there."""

    dialect: "Dialect"
    base_url: str
    headers: Mapping[str, str]
    someone: Mapping[str, Any]

    def all(self) -> list[str]:
        """Create, search, change: each works when it is pasted, on every start."""
        return [self.create(), self.search(), self.change()]

    def create(self) -> str:
        """A user, with what is the product's own."""
        return self._curl("POST", self._users, self._newcomer())

    def search(self) -> str:
        """Some users."""
        match self.dialect.name:
            case "retailops":
                return self._curl("POST", f"{self._users}/.search/", {"schemas": [SEARCH], "startIndex": 1, "count": 5})
            case "identify":
                return self._curl("GET", self._users, attributes="userName,displayName")
            case "releezme":
                return self._curl("GET", self._users, filter=f'userName eq "{self.someone["userName"]}"')
        if not self.dialect.features.filter:
            return self._curl("GET", self._users)
        if self.dialect.types[0].place(None, "name", "familyName") is None:
            return self._curl("GET", self._users, filter="active eq true")
        return self._curl("GET", self._users, filter='name.familyName eq "Archer" and active eq true')

    def change(self) -> str:
        """One user, by PATCH; by PUT where that is all there is."""
        path = f"{self._users}/{self.someone['id']}"
        name, value = self._changed()
        if not self.dialect.plan.may("User", "modify"):
            return self._curl("PUT", path, {**self.someone, name: value})
        if self.dialect.form is not None:
            return self._curl("PATCH", path, {"schemas": [CORE_V1], name: value})
        operation = {"op": "replace", "path": name, "value": value}
        return self._curl("PATCH", path, {"schemas": [PATCH], "Operations": [operation]})

    def _changed(self) -> tuple[str, Any]:
        """An attribute that the dialect lets clients write, and a value for it."""
        core = self.dialect.types[0].schema
        for name, value in (("title", "Explorer"), ("preferredLanguage", "pt"), ("displayName", "Explorer")):
            if core.attribute(name) is not None:
                return name, value
        return "active", True

    def _newcomer(self) -> dict[str, Any]:
        tag = random_bytes(4).hex()
        body: dict[str, Any] = {
            "schemas": [USER] if self.dialect.form is None else [CORE_V1],
            "userName": f"newcomer-{tag}@demo.example",
        }
        if self.dialect.types[0].schema.attribute("name") is not None:
            body["name"] = {"givenName": "New", "familyName": "Comer"}
        match self.dialect.name:
            case "releezme":
                body["schemas"].append(_BADGES)
                body[_BADGES] = {"badges": [{"value": tag.upper(), "display": "Main card"}]}
            case "retailops":
                body |= {"active": True, "retailOps": {"role": "Seller", "openIDUserID": tag, "storeCodeList": []}}
            case "identify":
                claim = {"type": "urn:demo:role", "value": "Explorer", "display": "Role"}
                body |= {"displayName": "New Comer", _CLAIMS: {"Claims": [claim]}}
        return body

    @property
    def _users(self) -> str:
        return self.dialect.types[0].endpoint

    def _curl(self, method: str, path: str, body: object = None, **query: str) -> str:
        words = ["curl", "-sS", "-w", "\\n", "-X", method, self.base_url + path]
        for name, value in self.headers.items():
            words += ["-H", f"{name}: {value}"]
        if query:
            words.append("-G")
        for name, value in query.items():
            words += ["--data-urlencode", f"{name}={value}"]
        if body is not None:
            media = "application/json" if self.dialect.form is not None else "application/scim+json"
            words += ["-H", f"Content-Type: {media}", "-d", json.dumps(body)]
        return shlex.join(words)
