"""Messages of SCIM 1.1."""

from typing import Any

import orjson
import pytest

from rollbook.scim.errors import InvalidSyntax
from rollbook.scim.outcomes import PartOutcome
from rollbook.scim.wire import v1
from rollbook.scim.wire.v1_form import CORE, SCIM11, Form


def parts(*outcomes: PartOutcome, form: Form = SCIM11) -> list[dict[str, Any]]:
    body = orjson.loads(v1.bulk_response(outcomes, form))
    assert body["schemas"] == [CORE]
    found: list[dict[str, Any]] = body["Operations"]
    return found


def test_an_error_is_a_list_with_a_code_that_is_a_string() -> None:
    assert orjson.loads(v1.error(409, 'userName "ann" is taken.')) == {
        "Errors": [{"description": 'userName "ann" is taken.', "code": "409"}]
    }


def test_an_error_speaks_of_names_that_the_wire_has() -> None:
    kept = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value is wrong; see /ResourceTypes."
    (error,) = orjson.loads(v1.error(400, kept))["Errors"]
    assert error["description"] == (
        "urn:scim:schemas:extension:enterprise:1.0:manager.managerId is wrong; see /Schemas."
    )


def test_a_list_has_the_one_core_schema() -> None:
    assert orjson.loads(v1.list_response(7, 3, [b'{"id":"a"}'])) == {
        "totalResults": 7, "itemsPerPage": 1, "startIndex": 3, "schemas": [CORE], "Resources": [{"id": "a"}],
    }  # fmt: skip


def test_a_part_of_a_bulk_has_its_status_as_an_object() -> None:
    made, gone, refused = parts(
        PartOutcome(0, "POST", "qwerty", 201, "/v1/Users/42", 1),
        PartOutcome(1, "DELETE", None, 204, "/v1/Users/43"),
        PartOutcome(2, "PATCH", None, 412, "/v1/Users/44", detail="It has changed."),
    )
    assert made == {
        "location": "/v1/Users/42", "method": "POST", "bulkId": "qwerty", "version": 'W/"1"', "status": {"code": "201"},
    }  # fmt: skip
    assert gone == {"location": "/v1/Users/43", "method": "DELETE", "status": {"code": "200"}}
    assert refused["status"] == {"code": "412", "description": "It has changed."}


def test_statuses_of_a_bulk_are_those_of_the_form() -> None:
    form = Form(created=200, deleted=204, etags=False)
    made, gone = parts(
        PartOutcome(0, "POST", "qwerty", 201, "/v1/Users/42", 1), PartOutcome(1, "DELETE", None, 204), form=form
    )
    assert (made["status"], gone["status"]) == ({"code": "200"}, {"code": "204"})
    assert "version" not in made


def test_a_message_may_leave_its_schema_out_but_not_name_another() -> None:
    v1.check_schemas(None)
    v1.check_schemas([CORE.upper()])
    with pytest.raises(InvalidSyntax, match=r"core:1\.0"):
        v1.check_schemas(["urn:ietf:params:scim:api:messages:2.0:BulkRequest"])
