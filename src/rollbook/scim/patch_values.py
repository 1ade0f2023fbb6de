"""What one PATCH operation makes of one attribute's value (RFC 7644 §3.5.2.1 to §3.5.2.3).

Functions from the old canonical value to the new one; None is unassigned, before and after. Nothing is changed in
place, so an operation that fails leaves everything as it was.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from rollbook.scim.attributes import Attribute, Held, Mutability
from rollbook.scim.errors import InvalidValue, MutabilityError, NoTarget
from rollbook.scim.match import matches_element
from rollbook.scim.patch import Merging, Op
from rollbook.scim.patch_target import Target, described
from rollbook.scim.readers import Slot
from rollbook.scim.reading import Reading
from rollbook.scim.tolerances import note
from rollbook.scim.values import search_value

Pairs = list[tuple[Any, Any]]
"""Elements as they were (None: new) and as they become (None: gone)."""


@dataclass(slots=True)
class Change:
    """One PATCH request, as far as values are concerned."""

    reading: Reading
    primaries: set[str] = field(default_factory=set)
    """The attributes whose primary value this request has set."""

    def at(self, slot: Slot, op: Op, target: Target, value: Any, old: Any) -> Any:
        """What becomes of the attribute of ``slot``, which ``target`` is or lies in."""
        leaf = target.sub or slot.attribute
        if slot.attribute.read_only or leaf.read_only:
            raise MutabilityError(f"{target.name} is readOnly; only the server sets it.")
        self.reading.look(old)
        if slot.attribute.secret or leaf.secret:
            if leaf.held is Held.PASSWORD and (op is Op.REMOVE or value is None):
                if op is not Op.ADD:
                    self.reading.password = ""  # it goes by any connection, also by one that keeps none
            elif op is not Op.REMOVE:
                (slot if slot.attribute.secret else slot.subs[leaf]).read(value, self.reading)
            return old
        if target.filter is not None:
            new = self._selected(slot, op, target, value, old)
        elif target.sub is None:
            new = self._whole(slot, op, value, old)
        elif slot.attribute.multi_valued:
            new = self._every(slot, slot.subs[target.sub], op, value, old)
        else:
            new = self._part(slot, slot.subs[target.sub], op, value, old)
        return settled(slot, old, new)

    def _whole(self, slot: Slot, op: Op, value: Any, old: Any) -> Any:
        if isinstance(value, Merging):
            return self._merging(slot, value, old)
        if op is Op.REMOVE:
            return self._removed(slot, value, old)
        if value is None:
            return old if op is Op.ADD else None
        if slot.attribute.multi_valued:
            return self._list(slot, op, value, old)
        if slot.fields is not None:
            return self._merged(slot, op, value, old)
        return slot.read(value, self.reading)

    def _list(self, slot: Slot, op: Op, value: Any, old: Any) -> Any:
        if op is Op.REPLACE:
            return self._listed(slot, [(None, element) for element in slot.read(value, self.reading) or ()])
        given = slot.read(value if isinstance(value, list) else [value], self.reading) or ()
        pairs: Pairs = [(element, element) for element in old or ()]
        there = {_key(_compared(slot.attribute, element)) for element in old or ()}
        for element in given:
            if (key := _key(_compared(slot.attribute, element))) not in there:
                there.add(key)
                pairs.append((None, element))
        return self._listed(slot, pairs)

    def _merging(self, slot: Slot, merging: Merging, old: Any) -> Any:
        """A list into which values come, and from which some go (SCIM 1.1, §3.3.2).

        **Rules**: a value is known by its keys, and merged into the one that it meets. Where it has none, or more than
        one value of the request or of the resource has the same, it is known by everything that it says. What goes and
        is not there changes nothing.
        """
        given = [(self._read_part(slot, element), gone) for element, gone in merging.elements if element is not None]
        said = [_said(_compared(slot.attribute, element), merging.keys) for element, _ in given]
        often = Counter(key for key in said if key is not None)
        pairs: Pairs = [(element, element) for element in old or ()]
        compared = [_compared(slot.attribute, element) for element in old or ()]
        places: dict[bytes, list[int]] = {}
        for at, element in enumerate(compared):
            if (key := _said(element, merging.keys)) is not None:
                places.setdefault(key, []).append(at)
        for (element, gone), key in zip(given, said, strict=True):
            candidates = range(len(pairs)) if key is None else places.get(key, ())
            known = [at for at in candidates if pairs[at][1] is not None]
            alone = key is not None and often[key] == 1 and len(known) < 2
            if not alone:
                self.reading.look(old)
                is_meant = _selector([_compared(slot.attribute, element)])
                known = [at for at in known if is_meant(compared[at])]
            if gone:
                for at in known:
                    pairs[at] = (pairs[at][0], None)
            elif not known:
                pairs.append((None, self._put_in(slot, element, None)))
                compared.append(_compared(slot.attribute, pairs[-1][1]))
                if key is not None:
                    places.setdefault(key, []).append(len(pairs) - 1)
            elif alone:
                (at,) = known
                pairs[at] = (pairs[at][0], self._put_in(slot, element, pairs[at][1]))
                compared[at] = _compared(slot.attribute, pairs[at][1])
        return self._listed(slot, pairs)

    def _read_part(self, slot: Slot, element: Any) -> Any:
        """A value of which perhaps only a part is given; what is missing is judged with the whole."""
        if slot.fields is None or not isinstance(element, Mapping):
            return slot.read_one(element, self.reading)
        return slot.fields.read(element, self.reading)

    def _put_in(self, slot: Slot, element: Any, now: Any) -> Any:
        return element if slot.fields is None else self._merged(slot, Op.ADD, element, now)

    def _merged(self, slot: Slot, op: Op, value: Any, old: Any) -> Any:
        """A complex value with some sub-attributes set: both add and replace leave the others as they were.

        RFC 7644 §3.5.2.3 says so of complex attributes; that elements which a filter selects are no other case is
        what clients and other servers take it to mean.
        """
        if not isinstance(value, dict):
            new = slot.read_one(value, self.reading)  # a tolerated text, or a refusal
            if new is None:
                return None
            value = new
        assert slot.fields is not None
        merged = dict(old or ())
        for key, item in value.items():
            entry = slot.fields.exact.get(key) or slot.fields.find(key, value, self.reading)
            if entry is None:
                continue
            sub = slot.attribute.sub(entry[0])
            assert sub is not None
            if sub.read_only:  # ignored inside of a value, as everywhere in bodies; refused where a path names it
                continue
            inner = slot.subs[sub]
            if sub.secret:
                inner.read(item, self.reading)
                continue
            _put(
                merged,
                sub.name,
                settled(inner, merged.get(sub.name), self._whole(inner, op, item, merged.get(sub.name))),
            )
        return merged or None

    def _part(self, slot: Slot, sub: Slot, op: Op, value: Any, old: Any) -> Any:
        part = dict(old or ())
        _put(part, sub.name, settled(sub, part.get(sub.name), self._whole(sub, op, value, part.get(sub.name))))
        return part or None

    def _every(self, slot: Slot, sub: Slot, op: Op, value: Any, old: Any) -> Any:
        """A sub-attribute of a multi-valued attribute without a filter: of every element, or of a first one."""
        elements = old or ([] if op is Op.REMOVE else [None])
        return self._listed(slot, [(element, self._part(slot, sub, op, value, element)) for element in elements])

    def _removed(self, slot: Slot, value: Any, old: Any) -> Any:
        if value is None or not slot.attribute.multi_valued:
            return None
        if not self.reading.tolerances.remove_by_value:
            raise InvalidValue(f'{slot.where}: a "remove" takes no value; name the values by a filter in the path.')
        given = [slot.read_one(item, self.reading) for item in (value if isinstance(value, list) else [value])]
        note(self.reading.notes, "remove by value", slot.where)
        is_meant = _selector(given)
        return self._listed(slot, [(e, None if is_meant(e) else e) for e in old or ()])

    def _selected(self, slot: Slot, op: Op, target: Target, value: Any, old: Any) -> Any:
        assert target.filter is not None
        many = slot.attribute.multi_valued
        elements: Sequence[Any] = (old or ()) if many else (() if old is None else (old,))
        pairs: Pairs = []
        matched = False
        for element in elements:
            new = element
            if matches_element(target.filter, element):
                matched = True
                new = self._element(slot, op, target, value, element)
            pairs.append((element, new))
        if not matched and op is not Op.REMOVE:
            if elements and not many:
                raise NoTarget(f"The value of {slot.where} does not match the filter in the path.")
            pairs.append((None, self._described(slot, op, target, value)))
        if many:
            return self._listed(slot, pairs)
        return pairs[0][1] if pairs else None

    def _element(self, slot: Slot, op: Op, target: Target, value: Any, old: Any) -> Any:
        """What becomes of one element that the filter selects."""
        if target.sub is not None:
            return self._part(slot, slot.subs[target.sub], op, value, old)
        if op is Op.REMOVE or value is None:
            return old if op is Op.ADD else None
        if isinstance(value, list) and len(value) == 1 and self.reading.tolerances.lone_value:
            value = value[0]
        if slot.fields is not None:
            return self._merged(slot, op, value, old)
        return slot.read_one(value, self.reading)

    def _described(self, slot: Slot, op: Op, target: Target, value: Any) -> Any:
        """A new element that is as the filter says (RFC 7644 §3.5.2.1 leaves it open; ``protocol.md`` 22)."""
        assert target.syntax is not None
        parts = described(target.syntax, slot.attribute) if slot.fields is not None else None
        if op is Op.REPLACE and not self.reading.tolerances.upsert_on_replace:
            raise NoTarget(f"No value of {slot.where} matches the filter in the path; add one with the op add.")
        if parts is None:
            raise NoTarget(f"No value of {slot.where} matches the filter, and it describes none that could be added.")
        if op is Op.REPLACE:
            note(self.reading.notes, "created on replace", slot.where)
        element = {sub.name: slot.subs[sub].read(literal, self.reading) for sub, literal in parts}
        element = {name: item for name, item in element.items() if item is not None}
        new = self._element(slot, Op.ADD, target, value, element)
        return None if new == element and value in (None, [], {}) else new

    def _listed(self, slot: Slot, pairs: Pairs) -> Any:
        """The elements that stay; where one became the primary one, the others no longer are (RFC 7644 §3.5.2)."""
        if slot.primary:
            new = [at for at, (old, now) in enumerate(pairs) if _primary(now) and not _primary(old)]
            if new:
                others = [at for at, (_, now) in enumerate(pairs) if _primary(now) and at != new[0]]
                if len(new) > 1 or (others and slot.where in self.primaries):
                    raise InvalidValue(f"{slot.where}: only one value can be the primary one; this request makes two.")
                for at in others:
                    pairs[at] = (pairs[at][0], {**pairs[at][1], "primary": False})
                self.primaries.add(slot.where)
        return [now for _, now in pairs if now is not None] or None


def settled(slot: Slot, old: Any, new: Any) -> Any:
    """The new value, where the attribute admits that it changes (RFC 7643 §2.2, RFC 7644 §3.5.2).

    **Raises** ``MutabilityError`` for a required value that goes and an immutable one that changes.
    """
    if old is not None and new != old:
        if slot.attribute.mutability is Mutability.IMMUTABLE:
            raise MutabilityError(f"{slot.where} is immutable: once it has a value, it keeps it.")
        if new is None and slot.attribute.required:
            raise MutabilityError(f"{slot.where} is required; it can be replaced, not removed.")
    return new


def _put(holder: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        holder.pop(name, None)
    else:
        holder[name] = value


def _primary(element: Any) -> bool:
    return isinstance(element, dict) and element.get("primary") is True


def _compared(attribute: Attribute, value: Any) -> Any:
    """A value in search form: where ``caseExact`` is false, a value in another case is the same one (RFC 7643 §2.2)."""
    if isinstance(value, list):
        return [_compared(attribute, item) for item in value]
    if isinstance(value, dict):
        return {sub.name: _compared(sub, value[sub.name]) for sub in attribute.sub_attributes if sub.name in value}
    return search_value(attribute, value)


def _key(value: Any) -> bytes:
    """A form in which values are equal where the values are: so that long lists are compared in one pass."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _said(compared: Any, keys: tuple[str, ...]) -> bytes | None:
    """What an element in search form says where it is known by; None where it says nothing there."""
    if not isinstance(compared, dict):
        return _key(compared)
    if any(compared.get(name) is None for name in keys):
        return None
    return _key([compared[name] for name in keys])


def _selector(given: Iterable[Any]) -> Callable[[Any], bool]:
    """Which elements the values in a ``remove`` select: those of which everything that one of the values says is so."""
    said: dict[tuple[str, ...], set[bytes]] = {}
    for value in given:
        if value is not None:
            said.setdefault(tuple(sorted(value)) if isinstance(value, dict) else (), set()).add(_key(value))

    def is_meant(element: Any) -> bool:
        return any(
            _key({name: element.get(name) for name in names} if names else element) in keys
            for names, keys in said.items()
        )

    return is_meant
