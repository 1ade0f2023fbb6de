"""Messages of SCIM 2.0."""

import orjson

from rollbook.scim import urns
from rollbook.scim.wire import v2


def test_the_status_of_an_error_is_a_string() -> None:
    assert orjson.loads(v2.error(409, "uniqueness", 'userName "x" is taken.')) == {
        "schemas": [urns.ERROR], "status": "409", "scimType": "uniqueness", "detail": 'userName "x" is taken.',
    }  # fmt: skip


def test_an_error_without_a_scim_type_has_none() -> None:
    assert "scimType" not in orjson.loads(v2.error(404, None, "x"))


def test_a_list_says_how_many_it_holds() -> None:
    page = orjson.loads(v2.list_response(7, 3, [b'{"id":"a"}', b'{"id":"b"}']))
    assert page == {
        "schemas": [urns.LIST_RESPONSE], "totalResults": 7, "startIndex": 3, "itemsPerPage": 2,
        "Resources": [{"id": "a"}, {"id": "b"}],
    }  # fmt: skip


def test_an_empty_list_has_empty_resources() -> None:
    assert orjson.loads(v2.list_response(0, 1, ()))["Resources"] == []
