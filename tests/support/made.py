"""Hypothesis makes schemas, resources and filters: every type, single and multi-valued, with texts that are hard."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from rollbook.scim.attributes import Attribute, Compare, Type, Uniqueness
from rollbook.scim.binding import BoundFilter, bind
from rollbook.scim.errors import InvalidValue
from rollbook.scim.filter_parser import parse_filter
from rollbook.scim.schema import Extension, Place, ResourceType, Schema
from rollbook.scim.values import canonical, search_value
from rollbook.storage.records import INDEX_VALUE_LIMIT

CORE = "urn:example:params:scim:schemas:core:2.0:Thing"
EXTENSION = "urn:example:params:scim:schemas:extension:made:2.0:Thing"
NAMES = ("alpha", "Beta", "gamma-ray", "delta_x", "epsilon", "$zeta", "eta9", "theta")
SUB_NAMES = ("value", "type", "display", "$ref", "kind-of")

FRAGMENTS = (
    *("", "a", "A", "b", "ab", "Ab", "z", "ß", "ss", "SS", "İ", "i", "ı", "I", "ſ", "s", "S", "\u212a", "k", "K"),
    *("é", "e\u0301", "E\u0301", "\u0301", "Å", "\u212b", "ﬁ", "fi", "ά", "Σ", "ς", "σ"),
    *(
        "%",
        "_",
        "*",
        "\\",
        "\\%",
        "'",
        '"',
        "''",
        "--",
        ";",
        "$1",
        "?1",
        "{}",
        "[]",
        "null",
        "true",
        "1",
        " ",
        "\t",
        "\n",
    ),
    *("\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff", "\U0010ffff" * 2, "😀", "\x7f", "\u200d"),
    *("m" * (INDEX_VALUE_LIMIT - 1), "m" * INDEX_VALUE_LIMIT, "m" * (INDEX_VALUE_LIMIT + 1)),
    "ß" * INDEX_VALUE_LIMIT,
)
TEXTS = st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=2).map("".join)
INTEGERS = st.sampled_from((0, 1, -1, 2, 10, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))) | st.integers(-3, 3)
DECIMALS = (
    st.sampled_from(
        (0, 1, -1, 0.0, -0.0, 0.1, 0.5, 1.0, 1.5, 2**53 + 1, 1e22, 1e-7, 1.7e308, 5e-324, 0.30000000000000004)
    )
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-3, 3)
)
MOMENTS = st.sampled_from(
    (
        *(
            "2026-01-01T00:00:00Z",
            "2026-01-01T01:00:00+01:00",
            "2025-12-31T19:00:00.000-05:00",
            "2026-01-01T00:00:00.001Z",
        ),
        *("2026-01-01T00:00:00", "1999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"),
    )
)
BASE64 = st.sampled_from(("", "YQ==", "YWI=", "yq==", "YWJj", "YQ"))
VALUES: Mapping[Type, st.SearchStrategy[Any]] = {
    Type.STRING: TEXTS,
    Type.REFERENCE: TEXTS,
    Type.BOOLEAN: st.booleans(),
    Type.INTEGER: INTEGERS,
    Type.DECIMAL: DECIMALS,
    Type.DATE_TIME: MOMENTS,
    Type.BINARY: BASE64,
}
SIMPLE = tuple(VALUES)
OPERATORS: Mapping[Type, tuple[str, ...]] = {
    Type.STRING: ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"),
    Type.REFERENCE: ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"),
    Type.BOOLEAN: ("eq", "ne"),
    Type.INTEGER: ("eq", "ne", "gt", "ge", "lt", "le"),
    Type.DECIMAL: ("eq", "ne", "gt", "ge", "lt", "le"),
    Type.DATE_TIME: ("eq", "ne", "gt", "ge", "lt", "le"),
    Type.BINARY: ("eq", "ne", "co", "sw", "ew"),
}
Draw = st.DrawFn


def _compare(draw: Draw, type: Type) -> Compare:
    if type not in (Type.STRING, Type.REFERENCE):
        return Compare.EXACT
    return draw(st.sampled_from((Compare.FOLDED, Compare.EXACT, Compare.FOLDED)))


@st.composite
def _attributes(draw: Draw, name: str, *, sub: bool = False) -> Attribute:
    type = draw(st.sampled_from(SIMPLE if sub else (*SIMPLE, Type.STRING, Type.COMPLEX, Type.COMPLEX, Type.COMPLEX)))
    subs: tuple[Attribute, ...] = ()
    if type is Type.COMPLEX:
        names = draw(st.lists(st.sampled_from(SUB_NAMES), min_size=1, max_size=3, unique=True))
        subs = tuple(draw(_attributes(n, sub=True)) for n in names)
        if draw(st.booleans()):
            subs += (Attribute("primary", Type.BOOLEAN),)
    multi = draw(st.booleans()) if not sub else draw(st.integers(0, 5)) == 0
    return Attribute(name, type, multi_valued=multi, compare=_compare(draw, type), sub_attributes=subs)


@st.composite
def resource_types(draw: Draw) -> ResourceType:
    """A type with a key or without, an extension, and some of its texts indexed."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=3, max_size=6, unique=True))
    attributes = [draw(_attributes(name)) for name in names]
    if draw(st.booleans()):
        compare = draw(st.sampled_from((Compare.USER_NAME, Compare.FOLDED, Compare.EXACT)))
        attributes.append(
            Attribute("label", uniqueness=Uniqueness.SERVER, compare=compare, required=draw(st.booleans()))
        )
    own = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True))
    extension = Schema(EXTENSION, "Made", "", tuple(draw(_attributes(name)) for name in own))
    schema = Schema(CORE, "Thing", "", tuple(attributes))
    kind = ResourceType("Thing", "/Things", schema, (Extension(extension),), number=draw(st.sampled_from((1, 100))))
    indexed = [
        place.name for place in _simple_places(kind) if place.leaf.type in (Type.STRING, Type.REFERENCE, Type.DATE_TIME)
    ]
    paths = tuple(path if draw(st.integers(0, 3)) else "" for path in indexed if draw(st.booleans()))
    unready = frozenset(path for path in paths if path and draw(st.integers(0, 4)) == 0)
    return ResourceType("Thing", "/Things", schema, kind.extensions, "", kind.number, paths, unready)


def _simple_places(kind: ResourceType) -> list[Place]:
    found = []
    for place in kind.places():
        subs = place.attribute.sub_attributes or (None,)
        found += [Place(place.attribute, sub, place.extension) for sub in subs]
    return found


def _simple_value(draw: Draw, attribute: Attribute) -> Any:
    for _ in range(9):
        try:
            return canonical(attribute, draw(VALUES[attribute.type]), attribute.name)
        except InvalidValue:  # a userName may not be everything
            continue
    return canonical(attribute, "ann", attribute.name)


def _value(draw: Draw, attribute: Attribute) -> Any:
    if not attribute.multi_valued:
        return _one(draw, attribute)
    return [_one(draw, attribute) for _ in range(draw(st.integers(1, 3)))]


def _one(draw: Draw, attribute: Attribute) -> Any:
    if not attribute.complex:
        return _simple_value(draw, attribute)
    return {sub.name: _value(draw, sub) for sub in attribute.sub_attributes if draw(st.integers(0, 2))}


def _object(draw: Draw, attributes: tuple[Attribute, ...]) -> dict[str, Any]:
    return {a.name: _value(draw, a) for a in attributes if a.required or draw(st.integers(0, 3))}


@st.composite
def documents(draw: Draw, kind: ResourceType) -> dict[str, Any]:
    """A canonical document, as it is stored, with ``externalId`` and without ``id`` and ``meta``."""
    document: dict[str, Any] = {"schemas": [kind.schema.id]}
    if draw(st.booleans()):
        document["externalId"] = draw(TEXTS)
    document |= _object(draw, kind.schema.attributes)
    for extension in kind.extensions:
        own = _object(draw, extension.schema.attributes)
        if own:
            document["schemas"].append(extension.schema.id)
            document[extension.schema.id] = own
    return document


@st.composite
def filters(draw: Draw, kind: ResourceType, documents: list[dict[str, Any]]) -> BoundFilter:
    """A filter on a type, whose values are often those of the documents or parts of them."""
    return bind(parse_filter(draw(filter_texts(kind, documents))), kind)


@st.composite
def filter_texts(
    draw: Draw, kind: ResourceType, documents: list[dict[str, Any]], names: tuple[str, ...] = (), depth: int = 3
) -> str:
    """The text of such a filter; with ``names`` it asks about those attributes only."""
    return _filter(draw, kind, documents, names, depth)


def _filter(draw: Draw, kind: ResourceType, documents: list[dict[str, Any]], names: tuple[str, ...], depth: int) -> str:
    shape = draw(st.integers(0, 9)) if depth else 9
    if shape <= 1:
        return f"not ({_filter(draw, kind, documents, names, depth - 1)})"
    if shape <= 4:
        word = " and " if draw(st.booleans()) else " or "
        return (
            "("
            + word.join(_filter(draw, kind, documents, names, depth - 1) for _ in range(draw(st.integers(2, 3))))
            + ")"
        )
    return _leaf(draw, kind, documents, names)


def _leaf(draw: Draw, kind: ResourceType, documents: list[dict[str, Any]], names: tuple[str, ...]) -> str:
    if not names and draw(st.integers(0, 7)) == 0:
        return draw(st.sampled_from(_common(kind)))
    place = draw(st.sampled_from([place for place in kind.places() if not names or place.name in names]))
    attribute = place.attribute
    prefix = f"{place.extension.id}:" if place.extension else draw(st.sampled_from(("", "", f"{kind.schema.id}:")))
    name = prefix + draw(st.sampled_from((attribute.name, attribute.name.upper())))
    near = _near(place, documents)
    if draw(st.integers(0, 5)) == 0:
        return f"{name} pr"
    if not attribute.complex:
        if attribute.multi_valued and draw(st.booleans()):
            return f"{name}[{_inside(draw, (('value', attribute),), near, 2)}]"
        return _comparison(draw, name, attribute, near)
    subs = tuple((sub.name, sub) for sub in attribute.sub_attributes)
    if draw(st.booleans()):
        inner = _inside(draw, subs, near, 2)
        if draw(st.integers(0, 3)) == 0:
            sub_name, sub = draw(st.sampled_from(subs))
            return _comparison(draw, f"{name}[{inner}].{sub_name}", sub, near)
        return f"{name}[{inner}]"
    value = attribute.sub("value")
    if value is not None and draw(st.booleans()):
        return _comparison(draw, name, value, near)
    sub_name, sub = draw(st.sampled_from(subs))
    return _comparison(draw, f"{name}.{sub_name}", sub, near)


def _inside(draw: Draw, names: tuple[tuple[str, Attribute], ...], near: list[Any], depth: int) -> str:
    shape = draw(st.integers(0, 7)) if depth else 7
    if shape == 0:
        return f"not ({_inside(draw, names, near, depth - 1)})"
    if shape <= 3:
        word = " and " if draw(st.booleans()) else " or "
        return "(" + word.join(_inside(draw, names, near, depth - 1) for _ in range(2)) + ")"
    name, attribute = draw(st.sampled_from(names))
    return _comparison(draw, name, attribute, near)


def _comparison(draw: Draw, name: str, attribute: Attribute, near: list[Any]) -> str:
    operator = draw(st.sampled_from((*OPERATORS[attribute.type], "eq", "eq", "pr", "eq null", "ne null")))
    if operator in ("pr", "eq null", "ne null"):
        return f"{name} {operator}"
    fitting = [value for value in near if _fits(attribute, value)]
    if fitting and draw(st.integers(0, 3)) > 0:
        literal = draw(st.sampled_from(fitting))
        if isinstance(literal, str) and attribute.type in (Type.STRING, Type.REFERENCE) and literal:
            start, end = sorted(draw(st.lists(st.integers(0, len(literal)), min_size=2, max_size=2)))
            literal = draw(st.sampled_from((literal, literal, literal.swapcase(), literal[:end], literal[start:])))
    else:
        literal = draw(VALUES[attribute.type])
    return f"{name} {operator} {json.dumps(literal, ensure_ascii=False)}"


def _fits(attribute: Attribute, value: Any) -> bool:
    try:
        search_value(attribute, canonical(attribute, value, attribute.name))
    except InvalidValue:
        return False
    return True


def _near(place: Place, documents: list[dict[str, Any]]) -> list[Any]:
    """The simple values that stand at a place in the documents."""
    found: list[Any] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for part in value.values():
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)
        elif value is not None:
            found.append(value)

    for document in documents:
        holder = document.get(place.extension.id, {}) if place.extension else document
        walk(holder.get(place.attribute.name))
    return found


COMMON = (
    *("id pr", "externalId pr", 'externalId eq "A"', 'externalId ne "a"', 'externalId sw "A"', 'externalId gt "b"'),
    *('id eq "00000000-0000-4000-8000-000000000002"', 'id ne "00000000-0000-4000-8000-000000000002"', 'id sw "0"'),
    *(
        'id gt "00000000-0000-4000-8000-000000000001"',
        'id eq "nothing"',
        'id eq "00000000-0000-4000-8000-00000000000A"',
    ),
    *('id co "8000"', 'id ew "3"', "meta pr", "meta.version pr", 'meta.version eq "W/\\"2\\""', 'meta.version sw "W/"'),
    *('meta.created gt "2026-01-31T08:00:01Z"', 'meta.lastModified le "2026-01-31T10:00:02+01:00"'),
    *('meta.resourceType eq "Thing"', 'meta.resourceType ne "Thing"', 'meta.resourceType co "hin"'),
    *('meta.location ew "/Things/00000000-0000-4000-8000-000000000003"', 'meta.location sw "https://birch"'),
    *('meta.location eq "https://acorn.example/scim/v2/Things/00000000-0000-4000-8000-000000000001"',),
    *('meta[created ge "2026-01-31T08:00:02Z" and not (version eq "W/\\"3\\"")]', "not (meta.location pr)"),
    *(f'schemas eq "{EXTENSION.upper()}"', f'not (schemas[value eq "{EXTENSION}"])', "schemas pr"),
)


def _common(kind: ResourceType) -> tuple[str, ...]:
    if kind.key is None:
        return COMMON
    return (
        *COMMON,
        'label eq "SS"',
        'label sw "a"',
        'not (label co "s")',
        "label pr",
        'label ge "b"',
        'label eq "ann"',
    )


@st.composite
def sorts(draw: Draw, kind: ResourceType) -> Place | None:
    """What to sort by: any simple place, a common attribute, or nothing."""
    places = list(_simple_places(kind))
    for name, sub in (("id", None), ("externalId", None), ("meta", "created"), ("meta", "version"), ("schemas", None)):
        place = kind.place(None, name, sub)
        assert place is not None
        places.append(place)
    for name in ("location", "lastModified", "resourceType"):
        place = kind.place(None, "meta", name)
        assert place is not None
        places.append(place)
    return draw(st.none() | st.sampled_from(places))
