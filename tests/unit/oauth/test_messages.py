"""Forms, credentials and scopes: whatever comes, it is understood or refused, never a bug."""

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.oauth.client_auth import Assertion, Secret, read_client
from rollbook.oauth.errors import InvalidScope, OAuthError
from rollbook.oauth.messages import FORM, read_form
from rollbook.oauth.scopes import SCOPES, Granted, grant, read_scope

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1)
CREDENTIALS = st.dictionaries(st.sampled_from(["client_id", "client_secret", "client_assertion"]), TEXT)
NAMES = [*SCOPES, "identify*scim", "offline_access", "x"]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_refused(body: bytes) -> None:
    with suppress(OAuthError):
        assert all(read_form(FORM, body).values())


@given(st.text(max_size=60), CREDENTIALS)
def test_any_header_is_a_credential_or_refused(header: str, form: dict[str, str]) -> None:
    for sent in (None, header, f"Basic {header}"):
        with suppress(OAuthError):
            assert isinstance(read_client(sent, form), Secret | Assertion)


@given(st.dictionaries(TEXT, TEXT, max_size=8))
def test_what_was_written_is_read(form: dict[str, str]) -> None:
    assert read_form(FORM, urlencode(form).encode()) == form


@given(st.lists(st.sampled_from(NAMES), unique=True), st.sets(st.sampled_from(SCOPES)))
def test_nothing_is_granted_that_is_not_allowed(asked: list[str], allowed: set[str]) -> None:
    with suppress(InvalidScope):
        granted = grant(tuple(asked), allowed, offline=True, names={"identify*scim": ("scim.read", "scim.write")})
        assert granted.scopes
        assert set(granted.scopes) <= allowed
        assert "offline_access" not in granted.scopes


def test_a_scope_is_names_with_single_spaces() -> None:
    assert read_scope("a b a") == ("a", "b")
    assert read_scope(None) == read_scope("") == ()
    for wrong in ("a  b", " a", "a ", 'a"b', "a\\b", "a\tb", "ä"):
        with pytest.raises(InvalidScope):
            read_scope(wrong)


def test_products_names_are_called_as_they_were_asked() -> None:
    names = {"identify*scim": ("scim.read", "scim.write")}
    assert grant(("identify*scim",), SCOPES, names=names) == Granted(("scim.read", "scim.write"), ("identify*scim",))
    assert grant((), {"scim.read"}) == Granted(("scim.read",), ("scim.read",))
