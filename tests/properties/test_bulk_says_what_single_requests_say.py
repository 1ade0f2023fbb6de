"""A bulk does what its operations do when they are sent alone, one after the other, with the references filled in.

Random bulks run in one tenant, the same operations alone in its twin. Each operation's status, version and error, all
resources afterwards, and the events are held against each other. What alone cannot be said is left to examples:
circles, and what names itself.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.house import ENTERPRISE, GROUP, PATCH_OP, USER, House, Seat

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
MISSING = "01a00000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Ref:
    """A resource: that of the operation with this number, one that was there before, or none."""

    to: int | str


@dataclass(frozen=True)
class Op:
    method: str
    endpoint: str
    target: Ref | None = None
    data: Any = None
    version: str | None = None


@dataclass
class Twin:
    """A tenant with its resources by symbol, so that two tenants can be compared."""

    seat: Seat
    ids: dict[int | str, str] = field(default_factory=dict)

    def fill(self) -> None:
        for name in ("ann", "bo"):
            self.ids[name] = self.seat.user(name)["id"]
        self.ids["staff"] = self.seat.group("staff", self.ids["ann"])["id"]

    def plain(self, value: Any) -> Any:
        """A value with symbols for ids, and without times."""
        text = json.dumps(value)
        for symbol, id in self.ids.items():
            text = text.replace(id, f"<{symbol}>")
        return json.loads(text)

    def state(self) -> Any:
        found = []
        for path in ("/Users", "/Groups"):
            for resource in self.seat.get(path, count=1000).json()["Resources"]:
                for name in ("created", "lastModified"):
                    del resource["meta"][name]
                for name in ("members", "groups"):
                    if name in resource:
                        resource[name].sort(key=lambda item: self.plain(item["value"]))
                found.append(self.plain(resource))
        return sorted(found, key=lambda resource: resource["id"])


def refs(value: Any) -> set[int]:
    """The numbers of the operations that a value names."""
    if isinstance(value, Ref):
        return {value.to} if isinstance(value.to, int) else set()
    if isinstance(value, Op):
        return refs(value.target) | refs(value.data)
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return set().union(*(refs(item) for item in items)) if items else set()


def filled(value: Any, name: Callable[[Ref], str]) -> Any:
    if isinstance(value, Ref):
        return name(value)
    if isinstance(value, dict):
        return {key: filled(item, name) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, name) for item in value]
    if isinstance(value, tuple):  # a text in pieces
        return "".join(filled(item, name) for item in value)
    return value


users = st.one_of(st.sampled_from(["ann", "bo", "nobody"]), st.integers(0, 5)).map(Ref)
groups = st.one_of(st.sampled_from(["staff", "nobody"]), st.integers(0, 5)).map(Ref)
versions = st.sampled_from([None, None, None, 'W/"1"', 'W/"2"', "*", "no etag"])
names = st.sampled_from(["ann", "cleo", "dora", "ed", "fay"])


@st.composite
def user_bodies(draw: st.DrawFn) -> dict[str, Any]:
    body: dict[str, Any] = {"schemas": [USER], "userName": draw(names)}
    if draw(st.booleans()):
        body["externalId"] = draw(st.sampled_from(["1", "2"]))
    if draw(st.booleans()):
        body["schemas"] = [USER, ENTERPRISE]
        body[ENTERPRISE] = {"manager": {"value": draw(users)}}
    if draw(st.integers(0, 9)) == 0:
        body["wrong"] = True
    return body


@st.composite
def group_bodies(draw: st.DrawFn) -> dict[str, Any]:
    members = draw(st.lists(st.one_of(users, groups), max_size=3))
    typed = draw(st.sampled_from([{}, {}, {"type": "User"}]))
    return {
        "schemas": [GROUP],
        "displayName": draw(st.sampled_from(["staff", "guides"])),
        "members": [{"value": member, **typed} for member in members],
    }


user_patches = st.one_of(
    st.sampled_from(["Annie", "Bobo"]).map(lambda text: {"op": "replace", "path": "nickName", "value": text}),
    names.map(lambda name: {"op": "replace", "path": "userName", "value": name}),
    users.map(lambda ref: {"op": "add", "path": f"{ENTERPRISE}:manager", "value": {"value": ref}}),
    st.just({"op": "replace", "path": "nothing", "value": "x"}),
)
group_patches = st.one_of(
    users.map(lambda ref: {"op": "add", "path": "members", "value": [{"value": ref}]}),
    users.map(lambda ref: {"op": "remove", "path": ('members[value eq "', ref, '"]')}),
    st.just({"op": "remove", "path": 'members[display eq "Annie"]'}),
    st.lists(users, max_size=2).map(
        lambda refs: {"op": "replace", "path": "members", "value": [{"value": ref} for ref in refs]}
    ),
    st.just({"op": "replace", "path": "displayName", "value": "Keepers"}),
)


def patch(operations: list[Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": operations}


ops = st.one_of(
    user_bodies().map(lambda body: Op("POST", "/Users", data=body)),
    user_bodies().map(lambda body: Op("POST", "/Users", data=body)),
    group_bodies().map(lambda body: Op("POST", "/Groups", data=body)),
    st.builds(Op, st.just("PUT"), st.just("/Users"), users, user_bodies(), versions),
    st.builds(Op, st.just("PUT"), st.just("/Groups"), groups, group_bodies(), versions),
    st.builds(Op, st.just("PATCH"), st.just("/Users"), users, st.lists(user_patches, min_size=1, max_size=2).map(patch),
              versions),
    st.builds(Op, st.just("PATCH"), st.just("/Groups"), groups,
              st.lists(group_patches, min_size=1, max_size=2).map(patch), versions),
    st.builds(Op, st.just("DELETE"), st.just("/Users"), users, st.none(), versions),
    st.builds(Op, st.just("DELETE"), st.just("/Groups"), groups, st.none(), versions),
)  # fmt: skip


def order(wanted: list[Op]) -> list[int]:
    """In which order they are done: each when what it names has been tried. Those in circles are left out."""
    creating = {n for n, op in enumerate(wanted) if op.method == "POST"}
    waiting: list[int] = []
    tried: list[int] = []
    for number in range(len(wanted)):
        waiting.append(number)
        while ready := [n for n in waiting if refs(wanted[n]) & creating <= set(tried)]:
            waiting.remove(min(ready))
            tried.append(min(ready))
    return tried


def without_circles(wanted: list[Op]) -> list[Op]:
    """Those that wait for ever are in a circle, or behind one: they become something harmless."""
    tried = order(wanted)
    return [op if n in tried else Op("DELETE", "/Users", Ref("nobody")) for n, op in enumerate(wanted)]


def error_of(body: Any) -> tuple[Any, Any]:
    return body.get("scimType"), body.get("detail")


def in_bulk(twin: Twin, wanted: list[Op], limit: int | None) -> tuple[dict[int, Any], str]:
    def name(ref: Ref) -> str:
        if ref.to == "nobody":
            return MISSING
        return f"bulkId:{ref.to}" if isinstance(ref.to, int) else twin.ids[ref.to]

    operations = []
    for number, op in enumerate(wanted):
        path = op.endpoint + (f"/{name(op.target)}" if op.target else "")
        part = {"method": op.method, "path": path, "bulkId": str(number)}
        part |= {"data": filled(op.data, name)} if op.data else {}
        part |= {"version": op.version} if op.version else {}
        operations.append(part)
    message = {"schemas": [BULK_REQUEST], "Operations": operations}
    answer = twin.seat.post("/Bulk", message | ({"failOnErrors": limit} if limit else {}))
    assert answer.status_code == 200, answer.text
    found: dict[int, Any] = {}
    for part in answer.json()["Operations"]:
        number = int(part["bulkId"])
        if part["method"] == "POST" and part["status"] == "201":
            twin.ids[number] = part["location"].rpartition("/")[2]
        found[number] = part
    shown = {
        number: (int(part["status"]), part.get("version"), *map(twin.plain, error_of(part.get("response", {}))))
        for number, part in found.items()
    }
    return shown, answer.headers["x-request-id"]


def alone(twin: Twin, wanted: list[Op], limit: int | None) -> dict[int, Any]:
    def name(ref: Ref) -> str:
        return MISSING if ref.to == "nobody" else twin.ids[ref.to]

    found: dict[int, Any] = {}
    errors = 0
    for number in order(wanted):
        op = wanted[number]
        if limit and errors >= limit:
            break
        if refs(op) - twin.ids.keys():
            found[number] = (409, None, None, ...)
            errors += 1
            continue
        path = op.endpoint + (f"/{name(op.target)}" if op.target else "")
        headers = {"if-match": op.version} if op.version else {}
        answer: httpx2.Response = twin.seat.call(op.method, path, filled(op.data, name) or None, headers=headers)
        body = answer.json() if answer.content else {}
        if answer.status_code == 201:
            twin.ids[number] = body["id"]
        error = error_of(body) if answer.status_code >= 400 else (None, None)
        errors += answer.status_code >= 400
        found[number] = (answer.status_code, answer.headers.get("etag"), *map(twin.plain, error))
    return found


def events_of(twin: Twin) -> tuple[list[Any], set[Any]]:
    """The writes in order of time, and what was refused (repeats of it are counted together sooner or later)."""
    writes, refused = [], set()
    for event in twin.seat.events():
        about = (event.resource_type, twin.plain(event.resource), event.status, event.scim_type)
        if event.kind.startswith("resource:"):
            writes.append((event.kind.value, *about, event.attributes, event.tolerances))
        elif event.kind == "write:refuse" and event.scim_type + event.resource_type != "":
            refused.add(about)
    return writes, refused


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(ops, min_size=1, max_size=10).map(without_circles), st.sampled_from([None, None, 1, 2]))
def test_a_bulk_does_what_its_operations_do_alone(house: House, wanted: list[Op], limit: int | None) -> None:
    left, right = Twin(house.seat("acorn")), Twin(house.seat("birch"))
    left.fill()
    right.fill()
    shown, request = in_bulk(left, wanted, limit)
    expected = alone(right, wanted, limit)
    assert shown.keys() == expected.keys()
    for number, (status, version, scim_type, detail) in expected.items():
        got = shown[number]
        assert got == (status, version, scim_type, got[3] if detail is ... else detail), wanted[number]
    assert left.state() == right.state()
    writes, refused = events_of(left)
    written, refused_alone = events_of(right)
    assert sorted(writes, key=repr) == sorted(written, key=repr)
    created = [event for event in writes if event[0] == "resource:create"]
    assert created == [event for event in written if event[0] == "resource:create"]
    assert refused_alone <= refused
    of_bulk = [event for event in left.seat.events() if event.request == request]
    assert sum(event.kind.startswith("resource:") for event in of_bulk) == len(writes[3:])
