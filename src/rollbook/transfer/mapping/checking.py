"""A mapping held against what a target says of itself: its schemas. Values in, problems out."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from rollbook.scim.attributes import EXTERNAL_ID, Attribute
from rollbook.scim.schema import Extension, ResourceType, Schema, read_schema
from rollbook.transfer.capabilities import Capabilities
from rollbook.transfer.mapping.mapper import Raw, Wrong
from rollbook.transfer.mapping.old_schemas import today
from rollbook.transfer.mapping.slots import Slot
from rollbook.transfer.mapping.values import nearest

_OTHERS = ("group", "resourcetype", "schema", "serviceproviderconfig")


def live_user(documents: Iterable[Mapping[str, Any]]) -> ResourceType | None:
    """The User of a target's ``/Schemas``; None where no schema of a user is among them."""
    core: Schema | None = None
    extensions: list[Schema] = []
    for document in (one for said in documents for one in today(said)):
        name = str(document.get("id", "")).rpartition(":")[2].lower()
        try:
            schema = read_schema({**document, "name": document.get("name", "")})
        except (KeyError, ValueError, TypeError, AttributeError):
            continue
        if "extension" not in schema.id.lower() and (name == "user" or schema.attribute("userName")):
            core = schema
        elif name not in _OTHERS:
            extensions.append(schema)
    if core is None:
        return None
    return ResourceType("User", "/Users", core, tuple(Extension(schema) for schema in extensions))


def check_mapping(
    slots: Mapping[str, Slot], user: ResourceType, *, names: Mapping[str, str] | None = None, groups: bool = True
) -> list[Wrong]:
    """What of a mapping does not fit a target.

    **Shape**: ``slots`` are those of a ``Mapper``, by the keys of ``[map]``. ``names`` are attributes of the target
    that stand for an extension: ``{"urn:…:retailops:2.0:User": "retailOps"}``. ``groups``: whether anybody can be put
    in one.
    """
    wrongs: list[Wrong] = []
    mapped: set[str] = set()
    for key, slot in slots.items():
        mapped.add(":".join(slot.top).lower())
        if slot.top == ("groups",):
            if not groups:
                wrongs.append(Wrong(f"map.{key}", "the target puts nobody into groups", "take the line away"))
            continue
        if slot.top == (EXTERNAL_ID.name,):
            continue
        found = _place(slot, user, names or {})
        wrong = _unfit(slot, found, user)
        if wrong is not None:
            wrongs.append(Wrong(f"map.{key}", *wrong))
    return wrongs + [
        Wrong("map", f"the target requires {attribute.name}", f'write {attribute.name} = "…"')
        for attribute in user.schema.attributes
        if attribute.required and not attribute.read_only and attribute.name.lower() not in mapped
    ]


def wanting(mapping: Mapping[str, Raw], managed: Container[str], can: Capabilities) -> Wrong | None:
    """What a mapping lacks, without which the target would refuse people: told before it does.

    **Shape**: ``mapping`` are the lines of ``[map]``, ``managed`` the paths that they write.
    """
    path = can.active_needs
    if not path or path in managed or "active" not in managed:
        return None
    urn, _, name = path.rpartition(":")
    short = f"{can.names.get(urn, urn)}.{name}"
    rule = next((raw for key, raw in mapping.items() if key.lower() == "username" and isinstance(raw, str)), "…")
    line = f'"{short}" = {_toml(rule)}'
    return Wrong(
        "map.active",
        f"in this target active needs {short}, which is not mapped: whoever is new and active would be refused",
        f"add {line}, or what else this user is called by the login provider",
    )


def _toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _place(slot: Slot, user: ResourceType, names: Mapping[str, str]) -> Attribute | None:
    *urn, name = slot.top
    if not urn:
        return user.top(name)
    extension = user.extension(urn[0])
    if extension is not None:
        return extension.attribute(name)
    bare = user.top(names[urn[0]]) if urn[0] in names else None
    return bare.sub(name) if bare is not None else None


def _unfit(slot: Slot, found: Attribute | None, user: ResourceType) -> tuple[str, str] | None:
    path = slot.managed
    if found is None:
        near = nearest(slot.top[-1], _names(user))
        right = f"the nearest is {near}" if near else "take the line away"
        return f"the target has no attribute {path}", right
    if found.read_only:
        return f"the target itself sets {path}", "take the line away"
    if slot.many and not found.multi_valued:
        return f"the target has one value of {path}, and no list", f"map {found.name} alone"
    if found.multi_valued and not slot.many:
        return f"the target has a list of {path}", "map it as a list"
    if slot.sub is not None and found.sub(slot.sub) is None:
        there = [one.name for one in found.sub_attributes]
        near = nearest(slot.sub, there)
        right = f"the nearest is {near}" if near else f"it has {', '.join(there) or 'none'}"
        return f"{path} has no part {slot.sub} in the target", right
    return None


def _names(user: ResourceType) -> Sequence[str]:
    return [attribute.name for schema in user.schemas() for attribute in schema.attributes]
