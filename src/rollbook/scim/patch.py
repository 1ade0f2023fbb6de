"""The message of a PATCH: a list of operations (RFC 7644 §3.5.2), read but not yet judged by any schema.

``op`` and the names of the message are accepted in any letter case (Entra sends ``Add``). What the operations do is in
``patch_apply``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from rollbook.scim import urns
from rollbook.scim.errors import InvalidPath, InvalidSyntax, InvalidValue, PayloadTooLarge
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.page import require_message
from rollbook.scim.tolerances import STANDARD, Tolerances, note


class Op(StrEnum):
    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    MERGE = "merge"
    """What the partial resources of SCIM 1.1 do to a list of values (``Merging``). No message of 2.0 has it."""


_OPS = {op.value: op for op in (Op.ADD, Op.REMOVE, Op.REPLACE)}
_SCHEMAS = [urns.PATCH_OP]
_MESSAGE = {"schemas", "Operations"}
_FIELDS = {"op", "path", "value"}
_BRACKETS = re.compile(r"\[.*\]", re.DOTALL)


class PatchOperation(NamedTuple):
    """One operation. ``path`` is the client's text or None; ``value`` is None where it was null or not there."""

    op: Op
    path: str | None = None
    value: Any = None


class Merging(NamedTuple):
    """The value of a ``merge``: elements in their order, each with whether it goes. ``keys`` are the sub-attributes by
    which an element of the request is known among those of the resource."""

    elements: tuple[tuple[Any, bool], ...]
    keys: tuple[str, ...] = ("value",)


def named_by(operations: Iterable[PatchOperation]) -> Iterator[str]:
    """The names of what a PATCH gives values to, and perhaps some that mean nothing: paths without their filters."""
    for operation in operations:
        yield from _named(operation.path, operation.value)


def _named(path: str | None, value: Any) -> Iterator[str]:
    if path is not None:
        yield _BRACKETS.sub("", path)
    if isinstance(value, Mapping):
        for key, item in value.items():
            if path is None:
                yield from _named(key, item)
            else:
                yield f"{path}:{key}"  # an attribute of an extension; else nothing is called so


def read_patch(
    body: Mapping[str, Any],
    limits: Limits = STANDARD_LIMITS,
    tolerances: Tolerances = STANDARD,
    notes: list[str] | None = None,
) -> tuple[PatchOperation, ...]:
    """Read a PatchOp message. What a tolerance did to understand it is added to ``notes``.

    **Raises**: ``InvalidSyntax`` where it is none, has no operations, or one of an unknown kind; ``InvalidValue`` for
    an add or replace without a value; ``InvalidPath`` for a path that is no text; ``PayloadTooLarge`` for too many.
    """
    if body.keys() == _MESSAGE:  # as nearly all spell it
        schemas, operations = body["schemas"], body["Operations"]
    else:
        message = _fields(body, ("schemas", "operations"), "the message")
        schemas, operations = message.get("schemas"), message.get("operations")
    if schemas is None and tolerances.derive_schemas:
        note(notes if notes is not None else [], "schemas", "derived")
    elif schemas != _SCHEMAS:
        require_message(schemas, urns.PATCH_OP, "PatchOp")
    if not isinstance(operations, list) or not operations:
        raise InvalidSyntax('A PATCH needs "Operations", a list with at least one operation.')
    if len(operations) > limits.patch_operations:
        raise PayloadTooLarge(f"A PATCH may hold {limits.patch_operations} operations; this one has more.")
    return tuple([_operation(item, number) for number, item in enumerate(operations, 1)])


def _operation(item: Any, number: int) -> PatchOperation:
    where = f"operation {number}"
    if not isinstance(item, dict):
        raise InvalidSyntax(f"{where} has to be a JSON object.")
    fields = item if item.keys() <= _FIELDS else _fields(item, ("op", "path", "value"), where)
    name = fields.get("op")
    op = _OPS.get(name.lower()) if isinstance(name, str) else None
    if op is None:
        raise InvalidSyntax(f'{where}: "op" has to be "add", "remove" or "replace".')
    path = fields.get("path")
    if path is not None and not isinstance(path, str):
        raise InvalidPath(f'{where}: "path" has to be a string.')
    if path is not None and not path.strip():
        raise InvalidPath(f'{where}: "path" is empty; leave it out, or name an attribute.')
    if op is not Op.REMOVE and "value" not in fields:
        raise InvalidValue(f'{where}: "{op}" needs a "value".')
    return PatchOperation(op, path.strip() if path is not None else None, fields.get("value"))


def _fields(item: Mapping[str, Any], names: tuple[str, ...], where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in item.items():
        lower = key.lower()
        if lower in names:
            if lower in found:
                raise InvalidSyntax(f'In {where}, "{lower}" stands twice, in different spellings; give it once.')
            found[lower] = value
    return found
