"""What a GET and a create cost through each dialect, against the standard's, in turns.

The GETs are all of the same users, which the standard made: each dialect shows its part of them. What is created is
what a client of the product sends, with as many of the standard's attributes as it has.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bench.load import MARK, Work
from bench.measure import CannotMeasure, interleave
from bench.people import ENTERPRISE, USER, user_document
from bench.subjects import Rollbook, Subject, command
from rollbook.dialects.loading import catalog
from rollbook.dialects.model import Dialect

CORE_V1 = "urn:scim:schemas:core:1.0"
ENTERPRISE_V1 = "urn:scim:schemas:extension:enterprise:1.0"
BADGES = "urn:ietf:params:scim:schemas:extension:releezme:2.0:User"
CLAIMS = "urn:scim:schemas:extension:safewhere:identify:1.0"
STANDARD = "standard"

_PRODUCTS: dict[str, dict[str, Any]] = {
    "releezme": {BADGES: {"badges": [{"value": f"card-{MARK}", "display": "Main card"}]}},
    "retailops": {"retailOps": {"role": "Seller", "openIDUserID": f"oid-{MARK}", "storeCodeList": ["LDN1", "LDS2"]}},
    "identify": {
        CLAIMS: {"Claims": [{"type": f"urn:acorn:{n}", "value": f"{n} {MARK}"} for n in ("role", "area", "desk")]}
    },
}


def compare(
    house: Rollbook, subject: Subject, tenant: str, passes: int, seconds: float, tell: Callable[[str], None]
) -> dict[str, dict[str, float]]:
    """CPU of the server (and its database) for one GET and one create in µs, by dialect."""
    works: dict[tuple[str, str], Work] = {}
    for dialect in catalog():
        headers = dict(subject.headers)
        if dialect.name != STANDARD:
            headers = _headers(house, tenant, dialect)
        base = dialect.base + dialect.types[0].endpoint
        works[dialect.name, "get"] = replace(subject.requests()["get"], path=base, headers=headers)
        body = json.dumps(_body(dialect)).encode()
        works[dialect.name, "create"] = Work("create", house.server.port, base, body, (), headers)
    cells = {key: subject.cell(f"{key[1]}, {key[0]}", work) for key, work in works.items()}
    interleave(list(cells.values()), passes, seconds, 1, tell)
    found: dict[str, dict[str, float]] = {}
    for (name, operation), cell in cells.items():
        cost = cell.summary()["cpu_us"]
        if cell.errors or not isinstance(cost, float):
            raise CannotMeasure(f"{cell.name}: {cell.errors} requests were refused")
        found.setdefault(name, {})[operation] = cost
    return found


def _headers(house: Rollbook, tenant: str, dialect: Dialect) -> dict[str, str]:
    """A connection of the dialect, and what its client sends."""
    where = ("--json", "--database", house.database)
    command("connection", "create", tenant, dialect.name, "--dialect", dialect.name, *where)
    token = command("token", "create", tenant, "--connection", dialect.name, *where)
    media = "application/json" if dialect.form else "application/scim+json"
    return {"Authorization": f"Bearer {token['token']}", "Content-Type": media}


def _body(dialect: Dialect) -> dict[str, Any]:
    """A user as the product's clients send one, with ``MARK`` where a number goes."""
    whole = user_document(MARK)
    # Another name for each dialect: they share one list of names.
    whole["userName"] = f"{dialect.name}{MARK}@acorn.example"
    whole.pop("externalId")
    if dialect.name == STANDARD:
        return whole
    type = dialect.types[0]
    body = {name: value for name, value in whole.items() if type.schema.attribute(name) is not None}
    if (emails := type.schema.attribute("emails")) is not None:
        body["emails"] = body["emails"][: emails.most]
    body["schemas"] = [USER] if dialect.form is None else [CORE_V1]
    if dialect.name == "scim11":
        body[ENTERPRISE_V1] = {name: v for name, v in whole[ENTERPRISE].items() if isinstance(v, str)}
    return body | _PRODUCTS.get(dialect.name, {})
