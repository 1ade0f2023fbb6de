"""What a client sends for an attribute, read: one compiled reader for each attribute of a resource type.

A reader takes a JSON value and gives its canonical form, or None where it is unassigned: ``null``, ``[]``, ``{}`` and
what a client may not set (RFC 7643 §2.5; readOnly is ignored in bodies, RFC 7644 §3.3, §3.5.1). Readers are closures
made once from the schema (``slots``); reading a request asks no schema anything. How slots become whole documents is in
``validate``, how they are changed in place in ``patch_apply``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rollbook.scim import urns
from rollbook.scim.attributes import Attribute, Compare, Held, Mutability, Type
from rollbook.scim.errors import InvalidSyntax, InvalidValue
from rollbook.scim.member_readers import A_LIST, read_groups, read_members
from rollbook.scim.reading import Read, Reading, refuse_unknown
from rollbook.scim.tolerances import note
from rollbook.scim.values import canonical

OLD_CORES = frozenset(
    (
        "urn:scim:schemas:core:1.0",
        "urn:scim:schemas:core:2.0",
        "urn:scim:schemas:core:2.0:user",
        "urn:scim:schemas:core:2.0:group",
    )
)
"""What the core schemas were called before RFC 7643, in lower case."""
OLD_NAMES = {
    f"{urns.ENTERPRISE_USER}:manager.managerid".lower(): "value",
    "urn:scim:schemas:extension:enterprise:1.0": urns.ENTERPRISE_USER.lower(),
    "urn:scim:schemas:extension:enterprise:2.0": urns.ENTERPRISE_USER.lower(),
}
"""What attributes and extensions were called before RFC 7643, by their whole path in lower case."""

PASSWORD_LENGTH = 1024
"""Characters of a password: nobody gets megabytes hashed."""

_BOOLEAN_TEXTS = {"true": True, "false": False, "1": True, "0": False}


Entry = tuple[str, Read, type | None]
"""What a name is called, who reads its values, and the class of those that are canonical as they are."""


class Fields:
    """The names that an object may have, each with what it is called and who reads it."""

    __slots__ = ("_lower", "exact", "plain", "where")

    def __init__(self, where: str, entries: Iterable[Entry]) -> None:
        """``entries`` are names with their readers (``Entry``)."""
        self.where = where
        self.exact = {entry[0]: entry for entry in entries}
        self.plain = {name: plain for name, _, plain in self.exact.values() if plain is not None}
        """The classes of values that are kept as they are."""
        self._lower = {name.lower(): pair for name, pair in self.exact.items()}

    def find(self, key: str, owner: Mapping[str, Any], reading: Reading) -> Entry | None:
        """What a key means that is not in the schema's spelling; None where it is unknown and dropped.

        **Raises** ``InvalidSyntax`` for an unknown name, and for one that is there in another spelling too.
        """
        lower = key.lower()
        found = self._lower.get(lower) or self._old(lower, reading)
        if found is None:
            refuse_unknown(f"{self.where}{key}", reading)
        elif sum(other.lower() in (lower, found[0].lower()) for other in owner) > 1:
            raise InvalidSyntax(
                f'The attribute "{self.where}{found[0]}" stands twice, in different spellings; give it once.'
            )
        return found

    def _old(self, lower: str, reading: Reading) -> Entry | None:
        """What a name meant before RFC 7643, where that is tolerated."""
        whole = f"{self.where}{lower}"
        if not reading.tolerances.old_names or (name := OLD_NAMES.get(whole.lower())) is None:
            return None
        note(reading.notes, "old name", whole)
        return self._lower.get(name)

    def read(self, value: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
        """The assigned attributes of an object, by their names in the schema's spelling."""
        plain = self.plain
        for key, item in value.items():
            if plain.get(key) is not item.__class__:
                break
        else:  # nothing in it is read: so most parts of most values are
            return dict(value)
        out: dict[str, Any] = {}
        exact = self.exact
        for key, item in value.items():
            found = exact.get(key) or self.find(key, value, reading)
            if found is None or item is None:
                continue
            name, read, kept_as = found
            if item.__class__ is kept_as:
                out[name] = item
            elif (canon := read(item, reading)) is not None:
                out[name] = canon
        return out


@dataclass(slots=True, eq=False)
class Slot:
    """One attribute or sub-attribute, compiled."""

    attribute: Attribute
    where: str
    """Its path as a person writes it, for errors."""
    read: Read
    """Reads the whole value: a list where the attribute is multi-valued."""
    read_one: Read
    """Reads one element of a multi-valued attribute; else the same as ``read``."""
    fields: Fields | None
    """The sub-attributes' readers, of a complex attribute."""
    subs: dict[Attribute, "Slot"]
    primary: bool
    """Whether its elements can be ``primary``."""

    @property
    def name(self) -> str:
        return self.attribute.name

    @property
    def entry(self) -> Entry:
        """Its place in ``Fields``."""
        return self.attribute.name, self.read, _plain(self.attribute)

    @property
    def immutable(self) -> bool:
        return self.attribute.mutability is Mutability.IMMUTABLE


def slot(attribute: Attribute, prefix: str = "") -> Slot:
    """Compile one attribute; ``prefix`` stands before its name in errors (``name.``, ``urn:…:User:``)."""
    where = prefix + attribute.name
    subs = {sub: slot(sub, f"{where}.") for sub in attribute.sub_attributes}
    fields = None
    if attribute.held is Held.MEMBERS:
        return Slot(attribute, where, read_members(where), read_members(where), None, subs, primary=False)
    if attribute.held is Held.GROUPS and not attribute.read_only:
        return Slot(attribute, where, read_groups(where), read_groups(where), None, subs, primary=False)
    if attribute.complex:
        fields = Fields(f"{where}.", (s.entry for s in subs.values()))
        one = _complex(attribute, where, fields)
    else:
        one = _simple(attribute, where)
    primary = attribute.sub("primary")
    has_primary = attribute.multi_valued and primary is not None and primary.type is Type.BOOLEAN
    whole = _many(attribute, where, one, has_primary=has_primary) if attribute.multi_valued else one
    if attribute.read_only:
        whole = _ignored
    elif attribute.secret:
        whole = one = _secret(attribute, where)
    return Slot(attribute, where, whole, one, fields, subs, has_primary)


def _ignored(value: Any, reading: Reading) -> None:
    return None


def _secret(attribute: Attribute, where: str) -> Read:
    # No secret ever comes into a document: a password that is kept goes beside it, every other one nowhere.
    kept = attribute.held is Held.PASSWORD

    def read(value: Any, reading: Reading) -> None:
        if attribute.type is Type.STRING and not attribute.multi_valued and not isinstance(value, str):
            raise InvalidValue(f"{where} must be a string.")
        if kept and reading.keeps_password:
            if not 0 < len(value) <= PASSWORD_LENGTH:
                raise InvalidValue(f"{where} has to have from 1 to {PASSWORD_LENGTH} characters.")
            reading.password = value
            return
        if not reading.tolerances.drop_password:
            raise InvalidValue(f"{where} is not stored by this server; leave it out.")
        note(reading.notes, "dropped", where)

    return read


def _simple(attribute: Attribute, where: str) -> Read:
    if attribute.type is Type.BOOLEAN:
        return _boolean(attribute, where)
    if _is_text(attribute):

        def text(value: Any, reading: Reading) -> Any:
            return value if type(value) is str else canonical(attribute, value, where)

        return text

    def other(value: Any, reading: Reading) -> Any:
        return canonical(attribute, value, where)

    return other


def _is_text(attribute: Attribute) -> bool:
    """Whether every string that a client sends for it is kept as it is."""
    return (
        attribute.type in (Type.STRING, Type.REFERENCE)
        and attribute.compare is not Compare.USER_NAME
        and attribute.held is Held.DOCUMENT
        and not (attribute.multi_valued or attribute.secret or attribute.read_only)
    )


def _plain(attribute: Attribute) -> type | None:
    """The class of the values that are kept as they are."""
    if _is_text(attribute):
        return str
    changes = attribute.multi_valued or attribute.secret or attribute.read_only or attribute.held is not Held.DOCUMENT
    return bool if attribute.type is Type.BOOLEAN and not changes else None


def _boolean(attribute: Attribute, where: str) -> Read:
    def read(value: Any, reading: Reading) -> Any:
        if value is True or value is False:
            return value
        if (
            type(value) is str
            and reading.tolerances.boolean_text
            and (meant := _BOOLEAN_TEXTS.get(value.lower())) is not None
        ):
            note(reading.notes, "boolean text", where)
            return meant
        return canonical(attribute, value, where)

    return read


def _complex(attribute: Attribute, where: str, fields: Fields) -> Read:
    required = tuple(sub.name for sub in attribute.sub_attributes if sub.required)
    has_text = not attribute.multi_valued and attribute.sub("value") is not None

    def read(value: Any, reading: Reading) -> Any:
        if type(value) is not dict:
            if has_text and type(value) is str and reading.tolerances.manager_text:
                note(reading.notes, "text for an object", where)
                return read({"value": value}, reading) if value else None
            raise InvalidValue(f"{where} has to be {A_LIST if attribute.multi_valued else 'a JSON object'}.")
        out = fields.read(value, reading)
        if not out:
            return None
        for name in required:
            if name not in out:
                raise InvalidValue(f"{where}.{name} is required where {where} has a value.")
        return out

    return read


def _many(attribute: Attribute, where: str, read_one: Read, *, has_primary: bool) -> Read:
    element = dict if attribute.complex else (str, int, float, bool)

    def read(value: Any, reading: Reading) -> Any:
        if type(value) is not list:
            if not reading.tolerances.lone_value or not isinstance(value, element):
                raise InvalidValue(f"{where} has to be {A_LIST if attribute.complex else 'a list'}.")
            note(reading.notes, "one value for a list", where)
            value = [value] if value != {} else []
        out = [one for item in value if item is not None and (one := read_one(item, reading)) is not None]
        if has_primary and len(out) > 1:
            check_primary(out, where)
        return out or None

    return read


def check_primary(elements: Iterable[Mapping[str, Any]], where: str) -> None:
    """**Raises** ``InvalidValue`` where more than one element is the primary one (RFC 7643 §2.4)."""
    if [element.get("primary") for element in elements].count(True) > 1:
        raise InvalidValue(f"{where}: only one value can be the primary one.")
