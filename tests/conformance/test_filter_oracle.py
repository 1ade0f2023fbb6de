"""scim2-models as a second opinion on what filters mean (RFC 7644 §3.4.2.2), on made filters and users.

Where the two differ, the difference has a row in ``DIFFERENCES`` with the RFC's word on it, and a correction of their
evaluator in ``Corrected``. With all corrections the two agree on everything that is made; with none of them each row
shows itself in its example, so no row is idle and nothing is left out in silence.
"""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scim2_models import SCIMException, ScimFilter, ScimPolicy
from scim2_models.path import Comparison, FilterNode, LogicalExpr, Not, Present, ValuePath
from scim2_models.path.resolution import AttributeBinding, _resolve_filter_path, coerce_value
from scim2_models.path.visitor import _compare, _Evaluator
from tests.support.oracle import (
    ADDRESSES,
    BASE64,
    BODIES,
    ENTERPRISE,
    LINKS,
    MOMENTS,
    NAMES,
    TEXTS,
    USER,
    Theirs,
    comparison_key,
    document,
    resource,
)

from rollbook.scim.binding import bind
from rollbook.scim.errors import InvalidFilter
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.match import matches
from rollbook.scim.values import date_time

CREATED = "2026-01-31T08:00:00.000Z"


class Difference(NamedTuple):
    filter: str
    user: dict[str, Any]
    ours: bool | None
    """None: refused."""
    theirs: bool | None
    word: str
    """What the RFC says, and so who is right."""


ANN: dict[str, Any] = {"userName": "ann"}
TWO = {"emails": [{"value": "ann@acorn.example", "type": "work"}, {"type": "home"}]}

DIFFERENCES = {
    "folding": Difference(
        'title eq "strasse"',
        {**ANN, "title": "Straße"},
        True,
        False,
        "RFC 7643 §2.2 says case-insensitive and not how. Unicode's caseless matching is full case folding; lower case,"
        " which they take, is a stand-in for it.",
    ),
    "userName": Difference(
        'userName eq "ＡＮＮ"',
        ANN,
        True,
        False,
        "RFC 7644 §5 has userName prepared by PRECIS (RFC 8265 UsernameCaseMapped, whose width mapping this shows)."
        " Their documentation says that their default leaves it out.",
    ),
    "exact": Difference(
        'externalId eq "e\u0301"',
        {**ANN, "externalId": "é"},
        False,
        True,
        "RFC 7643 §2.2: caseExact is compared as it is, and RFC 7644 says of no normalisation; an opaque identifier of"
        " the client's is its own.",
    ),
    "ne of nothing": Difference(
        'title ne "b"',
        ANN,
        False,
        True,
        "RFC 7644 Table 3 defines ne for two values, and is silent where there is none. Here a missing value makes"
        " every comparison false (as gt, co and the others do on both sides), and its not true.",
    ),
    "ne of many": Difference(
        'emails.type ne "work"',
        {**ANN, **TWO},
        True,
        False,
        "RFC 7644 §3.4.2.2 has a filter on several values true where it is so for any of them, with no exception for"
        " ne. They take ne to mean no value, and say that the RFC does not say so.",
    ),
    "null": Difference(
        "emails.value eq null",
        {**ANN, **TWO},
        False,
        True,
        "RFC 7643 §2.5: null is unassigned. So eq null is not pr, and one value is enough to be present; they look for"
        " one that is null.",
    ),
    "brackets of one": Difference(
        'name[givenName eq "a"]',
        {**ANN, "name": {"givenName": "a"}},
        True,
        None,
        "RFC 7644 §3.4.2.2 gives brackets to a complex attribute (Table 5), §3.5.2 to a multi-valued one. Taking the"
        " one value for the element harms nobody.",
    ),
    "value of one": Difference(
        f'{ENTERPRISE}:manager eq "m1"',
        {**ANN, ENTERPRISE: {"manager": {"value": "m1"}}},
        True,
        False,
        "RFC 7643 §2.4 gives value its meaning in multi-valued attributes; Entra asks for manager by its text, and a"
        " comparison with an object could mean nothing else.",
    ),
    "secrets": Difference(
        'password eq "a"',
        ANN,
        None,
        False,
        "RFC 7643 §4.1.1 lets password be compared, RFC 7644 §7.5.2 warns of it. A secret may not be asked about here:"
        " a filter would be an oracle for it (protocol 6).",
    ),
    "parts of no text": Difference(
        'meta.created co "2026"',
        ANN,
        None,
        False,
        "RFC 7644 Table 3 has co, sw and ew compare parts of strings. On a moment they mean nothing, so they are"
        " refused and not answered with nothing.",
    ),
    "mail addresses": Difference(
        'emails.value eq "a"',
        {**ANN, **TWO},
        False,
        None,
        "RFC 7643 §4.1.2 says SHOULD of the form of an address, and of an operand nothing. It equals no value.",
    ),
    "base64": Difference(
        'x509Certificates.value eq "a"',
        {**ANN, "x509Certificates": [{"value": "YQ=="}]},
        False,
        None,
        "RFC 7643 §2.3.6 has values in base64; of an operand that is none the RFC does not speak. It equals no value.",
    ),
    "parts of base64": Difference(
        'x509Certificates.value sw "YQ"',
        {**ANN, "x509Certificates": [{"value": "YQ=="}]},
        True,
        None,
        "RFC 7644 Table 3 refuses binary values to gt, ge, lt and le alone; co, sw and ew look at the text.",
    ),
    "objects": Difference(
        'name eq "a"',
        {**ANN, "name": {"givenName": "a"}},
        None,
        False,
        "RFC 7644 §3.12: invalidFilter is for a combination of attribute and comparison that is not supported. An"
        " object cannot equal a text.",
    ),
    "kinds": Difference(
        "active eq 1",
        {**ANN, "active": True},
        None,
        True,
        "RFC 7644 §3.4.2.2: a value is JSON and of the attribute's type (Figure 1, compValue). 1 is no boolean.",
    ),
}


class Corrected(_Evaluator):
    """Their evaluator with the differences corrected."""

    def visit_comparison(self, node: Comparison) -> bool:
        resolved = self._resolve(node.attr_path, for_comparison=True)
        if resolved is None:
            return False
        if node.value is None:  # "null"
            present = self.visit_present(Present(node.attr_path))
            return present if node.op == "ne" else not present
        if _one_with_value(resolved):  # "value of one"
            inner = Comparison(
                type(node.attr_path)(node.attr_path.attr, "value", node.attr_path.uri), node.op, node.value
            )
            return bool(self.visit_comparison(inner))
        actual = self._read(resolved)
        values = [v for v in (actual if isinstance(actual, list) else [actual]) if v is not None]  # "ne of nothing"
        return any(_compare_one(node, resolved, value) for value in values)  # "ne of many"

    def visit_value_path(self, node: ValuePath) -> bool:
        resolved = self._resolve(node.attr_path)
        if resolved is None or resolved.is_multivalued:
            return bool(super().visit_value_path(node))
        value = self._read(resolved)  # "brackets of one"
        return value is not None and self._matches_item(value, node.val_filter, resolved)

    def _matches_item(self, item: Any, val_filter: FilterNode, resolved: AttributeBinding) -> bool:
        return bool(Corrected(type(item), item).visit(val_filter))


def _compare_one(node: Comparison, resolved: AttributeBinding, value: Any) -> bool:
    if isinstance(value, bytes):  # "base64", "parts of base64"
        return bool(_compare(b64encode(value).decode(), node.value, node.op, resolved))
    if isinstance(value, str):  # "mail addresses": an operand is a text
        return bool(_compare(value, node.value, node.op, resolved))
    return bool(_compare(value, coerce_value(resolved, node.value, node.op), node.op, resolved))


def _one_with_value(resolved: AttributeBinding) -> bool:
    fields = getattr(resolved.field_type, "model_fields", {})
    return resolved.sub_field_name is None and not resolved.is_multivalued and "value" in fields


# "folding", "userName" and "exact" corrected.
POLICY = ScimPolicy(comparison_key=comparison_key)


def ours(text: str, user: dict[str, Any]) -> bool | None:
    try:
        return matches(bind(parse_filter(text), USER), user)
    except InvalidFilter:
        return None


def theirs(text: str, user: dict[str, Any]) -> bool | None:
    try:
        return bool(ScimFilter[Theirs](text).match(Theirs.model_validate(user), strict=True))
    except SCIMException:
        return None


def corrected(text: str, user: dict[str, Any]) -> bool | None:
    try:
        tree = ScimFilter(text).ast
    except SCIMException:
        return None
    if any(_refused(node, owner) for node, owner in _walk(tree, Theirs)):
        return None
    with POLICY:
        return Corrected(Theirs, Theirs.model_validate(user)).visit(tree)


def _walk(node: FilterNode, owner: Any) -> Iterator[tuple[FilterNode, Any]]:
    yield node, owner
    if isinstance(node, Not):
        yield from _walk(node.expr, owner)
    elif isinstance(node, LogicalExpr):
        for term in node.terms:
            yield from _walk(term, owner)
    elif isinstance(node, ValuePath):
        resolved = _resolve_filter_path(owner, node.attr_path, strict=False)
        yield from _walk(node.val_filter, resolved.field_type if resolved else owner)


def _refused(node: FilterNode, owner: Any) -> bool:
    """Whether a leaf is one that is refused here: "secrets", "parts of no text", "objects", "kinds", or unknown."""
    if not isinstance(node, Comparison | Present):
        return False
    found = _resolve_filter_path(owner, node.attr_path, strict=False, for_comparison=isinstance(node, Comparison))
    if found is None or found.target_field_name == "password":
        return True
    if isinstance(node, Present) or node.value is None:
        return False
    kind = "str" if _one_with_value(found) else getattr(found.target_type, "__name__", "")
    if hasattr(found.target_type, "model_fields") and not _one_with_value(found):
        return True
    word = {"bool": "bool", "datetime": "datetime", "bytes": "bytes", "Base64Bytes": "bytes"}.get(kind, "str")
    allowed = {
        "bool": {"eq", "ne"},
        "bytes": {"eq", "ne", "co", "sw", "ew"},
        "datetime": {"eq", "ne", "gt", "ge", "lt", "le"},
    }.get(word)
    if allowed is not None and node.op not in allowed:
        return True
    if not isinstance(node.value, bool if word == "bool" else str):
        return True
    try:
        if word == "datetime":
            coerce_value(found, node.value, node.op)
    except SCIMException:  # no moment
        return True
    return False


@pytest.mark.parametrize("name", DIFFERENCES)
def test_each_difference_is_as_its_row_says(name: str) -> None:
    row = DIFFERENCES[name]
    user = resource(row.user, CREATED)
    assert ours(row.filter, user) is row.ours
    assert theirs(row.filter, user) is row.theirs
    assert corrected(row.filter, user) is row.ours
    assert row.word.endswith(".")


_PATHS: dict[str, st.SearchStrategy[Any]] = {
    "userName": NAMES,
    "externalId": TEXTS,
    "displayName": TEXTS,
    "title": TEXTS,
    "TITLE": TEXTS,
    "id": st.sampled_from(["A1", "a1", "b"]),
    "profileUrl": LINKS,
    "active": st.booleans(),
    "name.givenName": TEXTS,
    "urn:ietf:params:scim:schemas:core:2.0:User:name.familyName": TEXTS,
    "name": TEXTS,
    "emails": ADDRESSES,
    "emails.value": ADDRESSES,
    "emails.type": TEXTS,
    "emails.primary": st.booleans(),
    "addresses.locality": TEXTS,
    "x509Certificates.value": BASE64,
    "meta.created": MOMENTS,
    "meta.resourceType": st.sampled_from(["User", "user", "Use"]),
    f"{ENTERPRISE}:department": TEXTS,
    f"{ENTERPRISE}:manager.value": TEXTS,
    f"{ENTERPRISE}:manager": TEXTS,
    "password": TEXTS,
    "nothing": TEXTS,
}
_INSIDE: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "emails": {"value": ADDRESSES, "type": TEXTS, "primary": st.booleans(), "display": TEXTS},
    "addresses": {"locality": TEXTS, "type": TEXTS, "region": TEXTS},
    "name": {"givenName": TEXTS, "familyName": TEXTS},
    "x509Certificates": {"value": BASE64, "display": TEXTS},
}
_OPERATORS = st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"])


def literal(value: Any) -> str:
    return str(ScimFilter.quote(value))


@st.composite
def _leaf(draw: st.DrawFn, paths: dict[str, st.SearchStrategy[Any]]) -> str:
    path = draw(st.sampled_from(sorted(paths)))
    form = draw(st.integers(0, 11))
    if form == 0:
        return f"{path} pr"
    if form == 1:
        return f"{path} {draw(st.sampled_from(['eq', 'ne']))} null"
    other = st.one_of(TEXTS, st.booleans(), st.integers(0, 2))
    value = draw(other if form == 2 else paths[path])
    return f"{path} {draw(_OPERATORS)} {literal(value)}"


def _logic(leaves: st.SearchStrategy[str], most: int) -> st.SearchStrategy[str]:
    return st.recursive(
        leaves,
        lambda f: (
            st.builds("not ({})".format, f) | st.builds("({}) {} ({})".format, f, st.sampled_from(["and", "or"]), f)
        ),
        max_leaves=most,
    )


@st.composite
def _brackets(draw: st.DrawFn) -> str:
    path = draw(st.sampled_from(sorted(_INSIDE)))
    return f"{path}[{draw(_logic(_leaf(_INSIDE[path]), 3))}]"


FILTERS = _logic(_leaf(_PATHS) | _brackets(), 4)


@settings(deadline=None, max_examples=200)
@given(FILTERS, BODIES, MOMENTS)
def test_a_made_filter_means_to_both_the_same_but_for_the_differences(
    text: str, body: dict[str, Any], created: str
) -> None:
    user = resource(body, date_time(created) or "")
    assert ours(text, user) is corrected(text, user), theirs(text, user)


def test_a_user_is_the_same_to_both_before_anything_is_asked() -> None:
    body = {**ANN, **TWO, ENTERPRISE: {"manager": {"value": "m1"}}}
    whole = resource(body, CREATED)
    assert document(body)["emails"] == TWO["emails"]
    assert Theirs.model_validate(whole).model_dump()["emails"] == TWO["emails"]
