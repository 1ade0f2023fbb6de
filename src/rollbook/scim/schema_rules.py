"""What a schema that a tenant makes may be (RFC 7643 §7, §2.1, §2.2), judged before anything is compiled of it.

A judged schema is JSON again, with every characteristic in it and nothing else, so that ``schema.read_schema`` can be
trusted with it. Which schemas and types go together is ``type_rules``; what a change does to data, ``schema_changes``.
"""

import re
from collections.abc import Mapping
from typing import Any

from rollbook.scim import urns
from rollbook.scim.attributes import Mutability, Returned, Type, Uniqueness
from rollbook.scim.judge import Judge, shown

MOST_ATTRIBUTES = 500
"""Attributes and sub-attributes of one schema."""

URN_LENGTH = 255
NAME_LENGTH = 100
STANDARD_URNS = "urn:ietf:params:scim:"

_URN = re.compile(r"urn:[A-Za-z0-9][A-Za-z0-9-]{1,31}:[A-Za-z0-9._~:+@=-]*[A-Za-z0-9_~]", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_$-]*")
_COMMON = ("id", "externalId", "meta", "schemas")
_MEMBERSHIPS = ("members", "groups")
_WORDS = ("and", "or", "not", "true", "false", "null")
_TEXTS = (Type.STRING, Type.REFERENCE)
_SCHEMA_KEYS = ("schemas", "id", "name", "description", "attributes", "meta")
_ATTRIBUTE_KEYS = (
    "name",
    "type",
    "subAttributes",
    "multiValued",
    "description",
    "required",
    "canonicalValues",
    "caseExact",
    "mutability",
    "returned",
    "uniqueness",
    "referenceTypes",
)
Json = dict[str, Any]


def judge_schema(document: Any) -> Json:
    """A schema as it is kept: in the spelling of the RFC, with every characteristic.

    **Raises** ``InvalidDocument`` with all that is wrong about it.
    """
    judge = Judge()
    fields = judge.fields(document, _SCHEMA_KEYS, "a schema")
    check_message(judge, fields, urns.SCHEMA)
    urn = judge.text(fields, "id", most=URN_LENGTH)
    if urn:
        _check_urn(judge, urn)
    found: Json = {
        "id": urn,
        "name": judge.text(fields, "name", most=NAME_LENGTH),
        "description": judge.text(fields, "description", default=""),
        "attributes": _attributes(judge, fields, "attributes", inside=False),
    }
    if fields and not fields.get("attributes"):
        judge.wrong("a schema has at least one attribute.", "attributes")
    count = sum(1 + len(a.get("subAttributes", ())) for a in found["attributes"])
    if count > MOST_ATTRIBUTES:
        judge.wrong(f"there are {count} attributes and sub-attributes; at most {MOST_ATTRIBUTES} are possible.")
    unique = [a["name"] for a in found["attributes"] if a["uniqueness"] != Uniqueness.NONE]
    if len(unique) > 1:
        judge.wrong(
            f"{' and '.join(unique[:2])} are both unique; one attribute of a type can be (and externalId is anyway)."
        )
    judge.finish()
    return found


def check_message(judge: Judge, fields: Mapping[str, Any], urn: str) -> None:
    """``schemas`` may be left out; where it is given, it says what the document is."""
    given = fields.get("schemas", [urn])
    if not isinstance(given, list) or urn.lower() not in [one.lower() for one in given if isinstance(one, str)]:
        judge.wrong(f'this has to be a list that holds "{urn}".', "schemas")


def _check_urn(judge: Judge, urn: str) -> None:
    if urn.lower().startswith(STANDARD_URNS):
        judge.wrong(f"{STANDARD_URNS}… belongs to the standard; take a URN of your own, urn:example:2.0:Device.", "id")
    elif not _URN.fullmatch(urn):
        judge.wrong(
            "this is no URN (RFC 8141): urn:, a name of 2 to 32 letters and digits, a colon, and then letters, digits"
            " and . _ ~ : + @ = - such as urn:example:2.0:Device.",
            "id",
        )


def _attributes(judge: Judge, fields: Mapping[str, Any], key: str, *, inside: bool) -> list[Json]:
    found: list[Json] = judge.items(
        fields, key, lambda item: _attribute(judge, item, inside=inside), most=MOST_ATTRIBUTES
    )
    names: set[str] = set()
    for attribute in found:
        if attribute["name"].lower() in names:
            judge.wrong(f"{attribute['name']} stands here twice (letter case makes no difference).", key)
        names.add(attribute["name"].lower())
    return found


def _attribute(judge: Judge, document: Any, *, inside: bool) -> Json | None:
    fields = judge.fields(document, _ATTRIBUTE_KEYS, "an attribute")
    if not isinstance(document, dict):
        return None
    name = judge.text(fields, "name", most=NAME_LENGTH)
    _check_name(judge, name, inside=inside)
    type = Type(judge.one_of(fields, "type", list(Type), Type.STRING))
    multi = judge.truth(fields, "multiValued")
    found: Json = {
        "name": name,
        "type": type.value,
        "multiValued": multi,
        "description": judge.text(fields, "description", default=""),
        "required": judge.truth(fields, "required"),
        "caseExact": judge.truth(fields, "caseExact", default=type in (Type.REFERENCE, Type.BINARY)),
        "mutability": _mutability(judge, fields),
        "returned": _returned(judge, fields),
        "uniqueness": _uniqueness(judge, fields, type, many=multi or inside),
    }
    if type in (Type.REFERENCE, Type.BINARY) and not found["caseExact"]:
        judge.wrong(f"a {type.value} is always compared exactly (RFC 7643 §2.3); leave it out.", "caseExact")
    if values := judge.texts(fields, "canonicalValues", most=200):
        if type not in _TEXTS:
            judge.wrong(f"only strings have canonical values; the type is {type.value}.", "canonicalValues")
        found["canonicalValues"] = values
    if references := judge.texts(fields, "referenceTypes", most=50, longest=NAME_LENGTH):
        if type is not Type.REFERENCE:
            judge.wrong(f"only a reference has them; the type is {type.value}.", "referenceTypes")
        found["referenceTypes"] = references
    if type is Type.COMPLEX:
        _complex(judge, fields, found, inside=inside)
    elif fields.get("subAttributes"):
        judge.wrong(f"only a complex attribute has them; the type is {type.value}.", "subAttributes")
    return found if name else None


def _complex(judge: Judge, fields: Mapping[str, Any], found: Json, *, inside: bool) -> None:
    if inside:
        judge.wrong("a sub-attribute cannot be complex (RFC 7643 §2.3.8); give it a simple type.", "type")
        return
    found["subAttributes"] = _attributes(judge, fields, "subAttributes", inside=True)
    if not fields.get("subAttributes"):
        judge.wrong("a complex attribute has at least one sub-attribute.", "subAttributes")


def _check_name(judge: Judge, name: str, *, inside: bool) -> None:
    if not name:
        return
    if inside and name == "$ref":
        return
    if not _NAME.fullmatch(name):
        wanted = "a letter, then letters, digits, - _ or $ (RFC 7643 §2.1)"
        judge.wrong(f"{shown(name)!r} is no attribute name; it is {wanted}.", "name")
    elif name.lower() in _WORDS:
        judge.wrong(f"{name} is a word of the filter language, so nobody could ask for it; choose another.", "name")
    elif not inside and name.lower() in [common.lower() for common in _COMMON]:
        judge.wrong(f"{name} belongs to every resource (RFC 7643 §3.1); choose another name.", "name")
    elif not inside and name.lower() in _MEMBERSHIPS:
        judge.wrong(f"{name} tells who is in which group, of User and Group only; choose another name.", "name")


def _mutability(judge: Judge, fields: Mapping[str, Any]) -> str:
    found = judge.one_of(fields, "mutability", list(Mutability), Mutability.READ_WRITE)
    if found == Mutability.READ_ONLY:
        judge.wrong("nobody could ever give it a value; choose readWrite or immutable.", "mutability")
    elif found == Mutability.WRITE_ONLY:
        judge.wrong(
            "this server keeps no values that cannot be read back (secrets); choose readWrite or immutable, or leave"
            " the attribute out.",
            "mutability",
        )
    return found


def _returned(judge: Judge, fields: Mapping[str, Any]) -> str:
    found = judge.one_of(fields, "returned", list(Returned), Returned.DEFAULT)
    if found == Returned.NEVER:
        judge.wrong(
            "this server keeps no values that cannot be read back (secrets); choose default, request or always, or"
            " leave the attribute out.",
            "returned",
        )
    return found


def _uniqueness(judge: Judge, fields: Mapping[str, Any], type: Type, *, many: bool) -> str:
    found = judge.one_of(fields, "uniqueness", list(Uniqueness), Uniqueness.NONE)
    if found == Uniqueness.GLOBAL:
        judge.wrong("no server can promise it for the whole world; server is unique in the tenant.", "uniqueness")
    elif found == Uniqueness.SERVER and (many or type not in _TEXTS):
        judge.wrong("only a string or reference with one value, on the top level, can be unique.", "uniqueness")
    return found
