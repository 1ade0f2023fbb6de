"""Python source for a type's search form, made from its schemas: one straight function, and no look-up in it.

What a schema says is known when a type is compiled, so nothing of it is asked for again for each value. Of a type with
the attributes ``userName``, ``active`` and ``emails`` this makes::

    def form(d):
        s = {}
        if (v := d.get('userName')) is not None:
            s['userName'] = v.lower() if v.isascii() else user_name(v)
        if (v := d.get('active')) is not None:
            s['active'] = v
        if (v := d.get('emails')) is not None:
            s['emails'] = l = []
            for e in v:
                o = {}
                if (x := e.get('value')) is not None:
                    o['value'] = x.lower() if x.isascii() else folded(x)
                if (x := e.get('primary')) is not None:
                    o['primary'] = x
                l.append(o)
        return s

**Rules**: names that come from a schema stand in the source as literals only, written by ``repr``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rollbook.scim.attributes import SCHEMAS, Attribute, Compare, Held, Type
from rollbook.scim.folding import folder
from rollbook.scim.schema import ResourceType

_NAMES = {"folded": folder(Compare.FOLDED), "user_name": folder(Compare.USER_NAME)}
_FOLDS = {Compare.FOLDED: "folded", Compare.USER_NAME: "user_name"}


def compiled(resource_type: ResourceType) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """The function that makes search documents of a type's canonical documents."""
    code = compile(source(resource_type), f"<search form of {resource_type.name}>", "exec")
    names: dict[str, Any] = dict(_NAMES)
    exec(code, names)  # noqa: S102 - made of literals below; no text of a client's stands in it as code
    made: Callable[[Mapping[str, Any]], dict[str, Any]] = names["form"]
    return made


def source(resource_type: ResourceType) -> str:
    """The source of ``form`` for a type."""
    lines = ["def form(d):", " s = {}"]
    lines += _attributes((SCHEMAS, *_shown(resource_type.schema.attributes)), " ", "d", "s")
    for extension in resource_type.extensions:
        urn = extension.schema.id
        lines += [f" if (w := d.get({urn!r})) is not None:", f"  s[{urn!r}] = t = {{}}"]
        lines += _attributes(_shown(extension.schema.attributes), "  ", "w", "t")
    return "\n".join((*lines, " return s"))


def _shown(attributes: Iterable[Attribute]) -> Iterator[Attribute]:
    return (a for a in attributes if not a.secret and a.held is Held.DOCUMENT)


def _attributes(attributes: Iterable[Attribute], indent: str, given: str, made: str) -> Iterator[str]:
    """The lines that fill ``made`` from the attributes of ``given``."""
    for attribute in attributes:
        name = repr(attribute.name)
        yield f"{indent}if (v := {given}.get({name})) is not None:"
        if not attribute.complex:
            yield f"{indent} {made}[{name}] = {_value(attribute, 'v')}"
        elif attribute.multi_valued:
            yield f"{indent} {made}[{name}] = l = []"
            yield f"{indent} for e in v:"
            yield f"{indent}  o = {{}}"
            yield from _parts(attribute, f"{indent}  ", "e")
            yield f"{indent}  l.append(o)"
        else:
            yield f"{indent} {made}[{name}] = o = {{}}"
            yield from _parts(attribute, f"{indent} ", "v")


def _parts(attribute: Attribute, indent: str, given: str) -> Iterator[str]:
    for sub in _shown(attribute.sub_attributes):
        name = repr(sub.name)
        yield f"{indent}if (x := {given}.get({name})) is not None:"
        yield f"{indent} o[{name}] = {_value(sub, 'x')}"


def _value(attribute: Attribute, name: str) -> str:
    """The search form of a simple value, as ``values.search_value``; of each value, where there can be many."""
    one = _one(attribute, "y" if attribute.multi_valued else name)
    return f"[{one} for y in {name}]" if attribute.multi_valued and one != "y" else name if one == "y" else one


def _one(attribute: Attribute, name: str) -> str:
    if attribute.type in (Type.STRING, Type.REFERENCE) and attribute.compare is not Compare.EXACT:
        return f"({name}.lower() if {name}.isascii() else {_FOLDS[attribute.compare]}({name}))"
    if attribute.type is Type.DECIMAL:
        return f"(float({name}) + 0.0)"
    return name
