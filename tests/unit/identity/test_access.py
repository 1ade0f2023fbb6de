"""What a principal may do: enter its own tenant, and what its scopes say."""

import pytest

from rollbook.identity.access import allow
from rollbook.identity.principal import Principal
from rollbook.identity.scopes import SCOPES, InvalidScope, read_scopes
from rollbook.oauth.scopes import SCOPES as OAUTH_SCOPES
from rollbook.scim.errors import Forbidden
from rollbook.testing.builders import default_connection, tenant


def _principal(*scopes: str) -> Principal:
    acorn = tenant()
    return Principal("token:1", acorn, default_connection(acorn), frozenset(scopes))


@pytest.mark.parametrize("scope", SCOPES)
def test_no_scope_implies_another(scope: str) -> None:
    principal = _principal(scope)
    allow(principal, scope)
    for other in SCOPES.keys() - {scope}:
        with pytest.raises(Forbidden) as refusal:
            allow(principal, other)
        assert refusal.value.headers == (
            ("www-authenticate", f'Bearer realm="rollbook", error="insufficient_scope", scope="{other}"'),
        )


def test_whoever_has_none_may_nothing() -> None:
    for scope in (*SCOPES, "anything"):
        with pytest.raises(Forbidden):
            allow(_principal(), scope)


def test_scopes_are_read_by_name_each_once_and_unknown_ones_refused() -> None:
    assert read_scopes(()) == ("scim.read", "scim.write")
    assert read_scopes(["scim.write", "scim.write"]) == ("scim.write",)
    for wrong in ("", "scim", "SCIM.READ", "scim.read scim.write"):
        with pytest.raises(InvalidScope):
            read_scopes([wrong])


def test_a_static_token_can_have_no_scope_that_the_rest_of_the_house_does_not_know() -> None:
    assert SCOPES.keys() <= set(OAUTH_SCOPES)
