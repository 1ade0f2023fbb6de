"""What a store may refuse.

::

    StoreError
    ├─ NotFound            no such row in this tenant
    ├─ AlreadyExists       attribute: another row holds that value
    ├─ VersionConflict     the row is at another version than the change expected
    ├─ MissingMembers      ids: not in this tenant
    ├─ MissingGroups       ids: no groups of this tenant
    ├─ OneRefused          at, error: one of several changes, so that none was made
    ├─ SchemaChanged       the tenant's schemas are of another revision than the change was made by
    ├─ WouldBreak          guard, count: resources that a change of schemas would break
    ├─ LockerRefused       code: a rule about lockers is against it
    ├─ AnsweredBefore      answered: the request was done already; this was its answer
    ├─ KeyReused           the request's key was another request's
    ├─ Rehearsed           result: it would have worked; nothing was changed, as was asked
    ├─ Busy                retry_after: too much at once; nothing was done
    ├─ Unavailable         retry_after: the database is away, read-only or full; nothing was acknowledged
    └─ SchemaMismatch      found, wanted: the database is of another release

Engines raise nothing else on purpose; ``provisioning.refusals`` says what each becomes on the wire.
"""

from collections.abc import Sequence

from rollbook.errors import RollbookError


class StoreError(RollbookError):
    """Base of all that a store may refuse."""


class NotFound(StoreError):
    def __init__(self, detail: str = "no such row") -> None:
        super().__init__(detail)


class AlreadyExists(StoreError):
    """``attribute`` is ``key`` (the resource type's unique attribute), ``externalId``, ``name`` (a tenant's), or the
    path of another unique attribute (``UniqueRow.path``)."""

    def __init__(self, attribute: str) -> None:
        super().__init__(f"another row holds that {attribute}")
        self.attribute = attribute


class VersionConflict(StoreError):
    def __init__(self) -> None:
        super().__init__("the row has changed since it was read")


class MissingMembers(StoreError):
    """``ids`` are those of the change that this tenant does not have, in the order given."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__("no such resource to be a member")
        self.ids = tuple(ids)


class MissingGroups(StoreError):
    """``ids`` are those of the change that are no groups of this tenant, in the order given."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__("no such group to be a member of")
        self.ids = tuple(ids)


class OneRefused(StoreError):
    """Of changes that are made together or not at all, the one at place ``at`` cannot be made, because of ``error``."""

    def __init__(self, at: int, error: StoreError) -> None:
        super().__init__(f"change {at} of several: {error.detail}")
        self.at = at
        self.error = error


class SchemaChanged(StoreError):
    def __init__(self) -> None:
        super().__init__("the tenant's schemas have changed since the change was made")


class WouldBreak(StoreError):
    """``guard`` is the place of the guard among those of the change, ``count`` how many resources it found."""

    def __init__(self, guard: int, count: int) -> None:
        super().__init__(f"{count} resources are in the way")
        self.guard = guard
        self.count = count


class LockerRefused(StoreError):
    """``code`` is for programs (``lockerTaken``), the detail a sentence for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class AnsweredBefore(StoreError):
    def __init__(self, answered: object) -> None:
        super().__init__("the request was answered before")
        self.answered = answered


class KeyReused(StoreError):
    def __init__(self) -> None:
        super().__init__("the key is another request's")


class Rehearsed(StoreError):
    def __init__(self, result: object) -> None:
        super().__init__("nothing was changed, as was asked")
        self.result = result


class Busy(StoreError):
    def __init__(self, detail: str = "too much at once", retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(StoreError):
    def __init__(self, detail: str = "the database does not answer", retry_after: int = 5, *, hint: str = "") -> None:
        super().__init__(detail, hint=hint)
        self.retry_after = retry_after


class SchemaMismatch(StoreError):
    """``found`` is the database's schema version (0: empty), ``wanted`` the one of this release."""

    def __init__(self, found: int, wanted: int) -> None:
        super().__init__(f"the database is at schema {found}, this release needs {wanted}")
        self.found = found
        self.wanted = wanted
