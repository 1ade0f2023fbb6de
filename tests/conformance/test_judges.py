"""Judges from outside on the running server: scim2-tester and scim-sanity, and scim2-client as a client at work.

What a judge does not count as a success stands in a list here with the reason; anything else fails the test.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import scim2_models
from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server
from tests.support.house import House, Seat

models: Any = scim2_models  # its generics take str where they say Path and ScimFilter

SCIM2_TESTER = {
    # Schemas and resource types can be made here, with the right to: whoever lacks it is told so (RFC 9110 §15.5.4).
    "POST /Schemas returned 403 instead of 405",
    "POST /ResourceTypes returned 403 instead of 405",
}
SCIM_SANITY = {
    # It adds the member "fake-member-id", which is nobody. RFC 7643 §4.2: the value of a member is the id of a SCIM
    # resource; one that does not exist is refused (protocol 11).
    "PATCH /Groups/{id} add member": ("fail", "Expected 200, got 400"),
    # Resource types of an internet draft (draft-abbey-scim-agent-extension), which no one has here.
    "Agent CRUD Lifecycle": ("skip", "Agent not supported by server"),
    "AgenticApplication CRUD Lifecycle": ("skip", "AgenticApplication not supported by server"),
    "Agent Rapid Lifecycle": ("skip", "Agent not supported or not in scope"),
}


@pytest.fixture
def client(seat: Seat) -> Iterator[Any]:
    """scim2-client, which has learnt by discovery what is served; its models are made then, so their types are Any."""
    with Client(base_url=seat.base, headers={"Authorization": f"Bearer {seat.token}"}, timeout=30) as http:
        client = SyncSCIMClient(http)
        client.discover()
        yield client


def test_scim2_tester_finds_nothing_that_is_not_explained(seat: Seat) -> None:
    with Client(base_url=seat.base, headers={"Authorization": f"Bearer {seat.token}"}, timeout=30) as http:
        results = check_server(SyncSCIMClient(http))
    assert len(results) > 120, "it looked at discovery, at Users and at Groups"
    told = [str(r.reason).partition("\n")[0] for r in results if not_well(r.status)]
    assert sorted(told) == sorted(SCIM2_TESTER)


def not_well(status: Status) -> bool:
    return status is not Status.SUCCESS


def test_scim_sanity_finds_nothing_that_is_not_explained(house: House) -> None:
    seat = house.seat("acorn")
    command = [sys.executable, "-m", "scim_sanity", "probe", seat.base, "--token", seat.token]
    probe = [*command, "--json-output", "--strict", "--i-accept-side-effects"]
    run = subprocess.run(probe, capture_output=True, text=True, timeout=120, check=False)
    told = json.loads(run.stdout)
    found = {r["name"]: (r["status"], r["message"]) for r in told["results"] if r["status"] != "pass"}
    assert found == SCIM_SANITY
    assert told["summary"]["passed"] >= 26
    assert seat.get("/Users").json()["totalResults"] == 0, "it tidied up behind itself"


def test_scim2_client_creates_queries_replaces_patches_and_deletes(client: Any) -> None:
    user_model, group_model = client.get_resource_model("User"), client.get_resource_model("Group")
    ann = client.create(user_model(user_name="ann", emails=[{"value": "ann@acorn.example", "type": "work"}]))
    assert ann.id
    assert ann.meta.version
    assert ann.meta.location.endswith(f"/Users/{ann.id}")
    bo = client.create(user_model(user_name="bo", display_name="Bo"))

    assert client.query(user_model, ann.id).emails[0].value == "ann@acorn.example"
    page = client.query(user_model, query_parameters=models.SearchRequest(filter='userName sw "a"', count=5))
    assert isinstance(page, models.ListResponse)
    assert [u.user_name for u in page.resources] == ["ann"]
    everything = client.search(models.SearchRequest(sort_by="userName", attributes=["userName"]))
    assert [u.user_name for u in everything.resources] == ["ann", "bo"]

    ann.display_name = "Ann"
    ann.emails = None
    ann = client.replace(ann)
    assert (ann.display_name, ann.emails) == ("Ann", None)

    patch = models.PatchOp[user_model](
        operations=[
            models.PatchOperation(op=models.PatchOperation.Op.add, path="nickName", value="Annie"),
            models.PatchOperation(op=models.PatchOperation.Op.replace_, path="name.givenName", value="Ann"),
            models.PatchOperation(op=models.PatchOperation.Op.remove, path="displayName"),
        ]
    )
    ann = client.modify(user_model, ann.id, patch)
    assert (ann.nick_name, ann.name.given_name, ann.display_name) == ("Annie", "Ann", None)

    staff = client.create(group_model(display_name="Staff", members=[{"value": ann.id}]))
    come = models.PatchOperation(op=models.PatchOperation.Op.add, path="members", value=[{"value": bo.id}])
    assert client.modify(group_model, staff.id, models.PatchOp[group_model](operations=[come])) is None  # 204
    assert {m.value for m in client.query(group_model, staff.id).members} == {ann.id, bo.id}
    assert client.query(user_model, bo.id).groups[0].value == staff.id

    for model, id in ((group_model, staff.id), (user_model, ann.id), (user_model, bo.id)):
        assert client.delete(model, id) is None
        gone = client.query(model, id, raise_scim_errors=False)
        assert isinstance(gone, models.Error)
        assert gone.status == 404


def test_scim2_models_reads_what_is_answered_as_its_own_resources(seat: Seat) -> None:
    ann = seat.user("ann", name={"givenName": "Ann"}, emails=[{"value": "ann@acorn.example", "primary": True}])
    group = seat.group("Staff", ann["id"])
    user: Any = models.User.model_validate(
        seat.get(f"/Users/{ann['id']}").json(), scim_ctx=models.Context.RESOURCE_QUERY_RESPONSE
    )
    assert (user.user_name, user.active, user.groups[0].display) == ("ann", True, "Staff")
    staff: Any = models.Group.model_validate(group, scim_ctx=models.Context.RESOURCE_CREATION_RESPONSE)
    assert (staff.members[0].value, staff.members[0].display) == (ann["id"], "Ann")
