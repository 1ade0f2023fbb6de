"""Media types (``protocol`` 30)."""

import pytest

from rollbook.dialects.media import check_accept, check_content_type
from rollbook.scim.errors import NotAcceptable, UnsupportedMediaType

EVERYWHERE = [
    "application/scim+json",
    "Application/SCIM+JSON; charset=UTF-8",
    "application/json",
    'application/json; charset="utf-8"; foo=bar',
]


@pytest.mark.parametrize("header", EVERYWHERE)
@pytest.mark.parametrize("lenient", [True, False])
def test_json_is_read_everywhere(header: str, lenient: bool) -> None:
    assert check_content_type(header, lenient=lenient) is False


@pytest.mark.parametrize("header", ["text/json", None, ""])
def test_other_json_is_read_with_a_note_or_refused(header: str | None) -> None:
    assert check_content_type(header, lenient=True) is True
    with pytest.raises(UnsupportedMediaType):
        check_content_type(header, lenient=False)


@pytest.mark.parametrize(
    "header", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
def test_anything_else_is_415(header: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        check_content_type(header, lenient=True)


@pytest.mark.parametrize(
    "header",
    [None, "", "*/*", "application/*", "application/json", "text/html, */*;q=0.1", "application/scim+json;q=0.2"],
)
def test_who_takes_json_gets_it(header: str | None) -> None:
    check_accept(header)


@pytest.mark.parametrize(
    "header", ["text/html", "application/scim+json;q=0", "application/json;q=0.0, text/html", "*/*;q=0"]
)
def test_who_takes_none_is_told_406(header: str) -> None:
    with pytest.raises(NotAcceptable):
        check_accept(header)


@pytest.mark.parametrize(
    ("header", "possible"),
    [
        ("application/*;q=0, */*", True),  # text/json is left
        ("application/*;q=0, text/*;q=0, */*", False),
        ("*/*;q=0, application/json;q=0.001", True),
        ("application/scim+json;q=0, application/*", True),
        ("application/scim+json;q=0.0, application/json;q=0, text/json;q=0.000, */*;q=1", False),
    ],
)
def test_the_most_specific_range_says_what_is_wanted(header: str, possible: bool) -> None:
    if possible:
        check_accept(header)
    else:
        with pytest.raises(NotAcceptable):
            check_accept(header)
