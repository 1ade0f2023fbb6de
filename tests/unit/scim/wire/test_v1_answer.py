"""Resources on the wire of SCIM 1.1: what is spliced says what is made of dicts says."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from rollbook.scim.answer import Locations
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.outcomes import View
from rollbook.scim.projection import projection
from rollbook.scim.resource import Member, Membership, Stored
from rollbook.scim.urns import ENTERPRISE_USER, GROUP, USER
from rollbook.scim.wire.v1_answer import answer
from rollbook.scim.wire.v1_form import CORE, ENTERPRISE, SCIM11
from rollbook.scim.wire.v1_names import names

PEOPLE, GROUPS = standard_types()
PLACES = Locations("https://id.example/scim/v1", standard_types())
WHEN = "2026-01-01T00:00:00.000Z"


def stored(type: int, **document: Any) -> Stored:
    return Stored(type, "42", 3, WHEN, WHEN, orjson.dumps(document), grouped=False)


ANN = View(
    PEOPLE,
    stored(1, schemas=[USER], userName="ann", emails=[{"value": "ann@acorn.example"}]),
    groups=[Membership("7", "Staff", direct=True)],
)
STAFF = View(GROUPS, stored(2, schemas=[GROUP], displayName="Staff"), members=[Member("42", 1, "Ann")])


BO = View(
    PEOPLE,
    stored(
        1,
        schemas=[USER, ENTERPRISE_USER],
        userName="bo",
        title=f',"{ENTERPRISE_USER}":{{',
        **{ENTERPRISE_USER: {"costCenter": f'"{ENTERPRISE_USER}":{{"manager":', "division": "Oaks"}},
    ),
)


@pytest.mark.parametrize("view", [ANN, BO, STAFF])
def test_what_is_spliced_is_what_dicts_would_say(view: View) -> None:
    called = names(view.type, SCIM11)
    assert called.respelled(view.stored.document)
    assert orjson.loads(answer(view, None, PLACES, SCIM11)) == called.shown(PLACES.whole(view))


def test_a_resource_with_an_extension_has_the_names_of_the_wire() -> None:
    document = {"schemas": [USER, ENTERPRISE_USER], "userName": "ann", ENTERPRISE_USER: {"manager": {"value": "7"}}}
    kept = stored(1, **document)
    assert names(PEOPLE, SCIM11).respelled(kept.document) is None
    shown = orjson.loads(answer(View(PEOPLE, kept), None, PLACES, SCIM11))
    assert shown["schemas"] == [CORE, ENTERPRISE]
    assert shown[ENTERPRISE] == {"manager": {"managerId": "7"}}


def test_what_is_asked_for_is_shown() -> None:
    shown = orjson.loads(answer(ANN, projection(PEOPLE, ("userName", "groups"), ()), PLACES, SCIM11))
    assert shown == {
        "schemas": [CORE], "id": "42", "userName": "ann",
        "groups": [{"value": "7", "display": "Staff", "type": "direct"}],
    }  # fmt: skip


def test_nothing_is_spliced_where_the_form_says_less() -> None:
    form = replace(SCIM11, etags=False)
    assert "version" not in orjson.loads(answer(ANN, None, PLACES, form))["meta"]
