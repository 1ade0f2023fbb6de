"""The message of a bulk: operations found in the bytes, and what is wrong with one or with all."""

import json
from typing import Any

import pytest

from rollbook.scim import urns
from rollbook.scim.bulk import Message, Part
from rollbook.scim.errors import InvalidSyntax, InvalidValue, PayloadTooLarge, ScimError
from rollbook.scim.limits import Limits

POST = {"method": "POST", "path": "/Users", "bulkId": "1", "data": {"userName": "ann"}}


def message(*operations: Any, **more: Any) -> bytes:
    return json.dumps({"schemas": [urns.BULK_REQUEST], **more, "Operations": list(operations)}).encode()


def parts(body: bytes, limits: Limits | None = None) -> list[Part]:
    return list(Message(body, limits or Limits()).parts())


def wrong(operation: Any) -> ScimError:
    (part,) = parts(message(operation))
    assert part.error is not None
    return part.error


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("text", ["plain", 'a "quote" and ]}[{', "back\\slash\\", "ümläut ☃", '\\"', "\\\\"])
def test_an_operation_is_found_whatever_its_texts_hold(text: str, indent: int | None) -> None:
    operations = [
        {"method": "post", "path": "/Users", "bulkId": f"{n}{text}", "data": {"a": [[text], {text: {}}], "n": n}}
        for n in range(3)
    ]
    body = {text: [[{}]], "Schemas": [urns.BULK_REQUEST], "operations": operations, "x": [{"Operations": [1]}, text]}
    read = Message(json.dumps(body, indent=indent, ensure_ascii=indent is None).encode())
    found = list(read.parts())
    assert [part.bulk_id for part in found] == [operation["bulkId"] for operation in operations]
    assert [part.method for part in found] == ["POST"] * 3
    assert [read.whole(part).data for part in found] == [operation["data"] for operation in operations]


@pytest.mark.parametrize("limit", [1, 10_000])
def test_the_number_of_errors_is_read(limit: int) -> None:
    read = Message(message(POST, failOnErrors=limit))
    assert len(list(read.parts())) == 1
    assert read.fail_on_errors == limit


@pytest.mark.parametrize("limit", [0, -1, "1", 1.5, True, [1]])
def test_a_number_of_errors_that_is_none_refuses_the_whole(limit: Any) -> None:
    with pytest.raises(InvalidValue, match="failOnErrors"):
        parts(message(POST, failOnErrors=limit))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"not json",
        b'{"schemas":["%s"]}' % urns.BULK_REQUEST.encode(),
        message(),
        message(1),
        message("POST"),
        message([POST]),
        message(POST, None),
        message(POST, POST),
        json.dumps({"Operations": [POST]}).encode(),
        json.dumps({"schemas": [urns.PATCH_OP], "Operations": [POST]}).encode(),
        json.dumps({"schemas": [urns.BULK_REQUEST], "Operations": POST}).encode(),
        json.dumps({"schemas": [urns.BULK_REQUEST], "Operations": [POST], "operations": []}).encode(),
        message(POST)[:-1],
        message(POST)[:-2],
        message(POST) + b"}",
        message(POST).replace(b"}}", b"}]"),
        message(POST).replace(b'"path": ', b'"path"  '),
        message(POST, {**POST, "bulkId": "2"}).replace(b"}}, {", b"}} {"),
        message(POST).replace(b"}}]", b"}},]"),
        b"\xef\xbb\xbf" + message(POST),
        message(POST)[:-1] + b',"Operations":[]}',
    ],
)
def test_what_is_no_bulk_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(InvalidSyntax):
        parts(body)


@pytest.mark.parametrize(
    "operation",
    [
        {},
        {**POST, "method": None},
        {**POST, "method": "GET"},
        {**POST, "method": 1},
        {**POST, "path": None},
        {**POST, "path": ""},
        {**POST, "path": "/"},
        {**POST, "path": 1},
        {**POST, "path": "/Users/ü"},
        {**POST, "path": "/Users/a b"},
        {**POST, "bulkId": None},
        {**POST, "bulkId": ""},
        {**POST, "bulkId": 1},
        {**POST, "bulkId": "x" * 1025},
        {**POST, "version": 1},
        {**POST, "data": None},
        {**POST, "data": []},
        {**POST, "data": "userName"},
        {**POST, "Path": "/Groups"},
        {**POST, "data": {"userName": "a\0b"}},
        {"method": "PUT", "path": "/Users/1"},
        {"method": "PATCH", "path": "/Users/1"},
    ],
)
def test_what_is_wrong_with_one_operation_is_its_own_error(operation: Any) -> None:
    assert wrong(operation).status == 400
    assert wrong(operation).detail.startswith(("operation 1", "In operation 1"))
    first, second, third = parts(message({**POST, "bulkId": "a"}, operation, {**POST, "bulkId": "b"}))
    assert (first.error, third.error) == (None, None)
    assert second.error is not None


def test_one_name_twice_in_an_operation_is_its_own_error() -> None:
    (part,) = parts(message(POST).replace(b'"userName"', b'"userName": "bo", "userName"'))
    assert isinstance(part.error, InvalidSyntax)


def test_an_operation_may_nest_as_deep_as_it_may_alone() -> None:
    def nested(depth: int) -> Any:
        return {"a": nested(depth - 1)} if depth > 1 else {}

    assert parts(message({**POST, "data": nested(32)}))[0].error is None
    assert wrong({**POST, "data": nested(33)}).scim_type == "invalidSyntax"


def test_an_operation_may_be_as_long_as_it_may_alone() -> None:
    long = {**POST, "data": {"userName": "a" * 500}}
    assert parts(message(long), Limits(body_bytes=600))[0].error is None
    assert isinstance(parts(message(long), Limits(body_bytes=500))[0].error, PayloadTooLarge)


def test_more_operations_than_allowed_refuse_the_whole() -> None:
    operations = [{**POST, "bulkId": str(n)} for n in range(4)]
    assert len(parts(message(*operations[:3]), Limits(bulk_operations=3))) == 3
    with pytest.raises(PayloadTooLarge, match="3"):
        parts(message(*operations), Limits(bulk_operations=3))


def test_a_deletion_needs_no_data_and_what_it_has_means_nothing() -> None:
    delete = {"method": "DELETE", "path": "/Users/1", "data": {"value": "bulkId:x"}}
    (part,) = parts(message(delete))
    assert (part.error, part.references) == (None, ())


def test_references_are_told_from_an_operation() -> None:
    data = {"members": [{"value": "bulkId:a"}, {"value": "b"}], "x": {"y": ["bulkId:c"]}}
    (part,) = parts(message({"method": "PUT", "path": "/Groups/bulkId:g", "data": data}))
    assert part.references == ("g", "a", "c")
    (escaped,) = parts(message({**POST, "data": {"v": "bulkId:a"}}).replace(b"bulkId:a", b"bulk\\u0049d:a"))
    assert escaped.references == ("a",)
