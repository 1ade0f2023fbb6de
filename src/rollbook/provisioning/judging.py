"""From what a client wrote to what is kept: the view's draft, merged with what the view cannot see, and judged by the
dialect's rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rollbook.provisioning.work import Work
from rollbook.scim.rules import Asked
from rollbook.scim.schema import ResourceType
from rollbook.scim.validate import Draft, validator
from rollbook.scim.views import merged, seen

Document = dict[str, Any]


@dataclass(slots=True)
class Drafted:
    """A draft of a resource in place of ``before`` (None: a new one)."""

    type: ResourceType
    before: Mapping[str, Any] | None
    draft: Draft
    asked: Asked

    def kept(self) -> Document:
        """What is kept of it. **Raises** ``ScimError``, as the rules do."""
        return judged(self.type, self.before, self.draft.document, self.asked)


def creation(work: Work, type: ResourceType, given: Mapping[str, Any]) -> Drafted:
    """What a POST asks for. **Raises** as ``Validator.read``, and what the rules raise."""
    body, asked = _read(work, type, given)
    draft = validator(type).read(body, work.tolerances, work.notes, keeps_password=work.keeps_password)
    return Drafted(type, None, draft, asked)


def replacement(
    work: Work, type: ResourceType, before: Document, given: Mapping[str, Any], id: str, *, keep_active: bool
) -> Drafted:
    """What a PUT asks for in place of ``before``, a kept document. **Raises** as ``Validator.replace``, and what the
    rules raise."""
    body, asked = _read(work, type, given, id)
    draft = validator(type).replace(
        seen(type, before),
        body,
        work.tolerances,
        work.notes,
        keep_active=keep_active,
        keeps_password=work.keeps_password,
    )
    return Drafted(type, before, draft, asked)


def opened(type: ResourceType, before: Document, asked: Asked) -> Document:
    """A kept document as a PATCH is applied to it: what the type shows of it, as its rules show it."""
    document = seen(type, before)
    return document if type.rules is None else type.rules.open(document, asked)


def judged(type: ResourceType, before: Mapping[str, Any] | None, after: Document, asked: Asked) -> Document:
    """What is kept where ``before`` was, when ``after`` is the type's own canonical document. **Raises**
    ``ScimError``."""
    document = merged(type, before, after)
    if type.rules is None:
        return document
    return validator(type.whole).assemble(type.rules.judge(before, document, asked))


def _read(work: Work, type: ResourceType, given: Mapping[str, Any], id: str = "") -> tuple[Mapping[str, Any], Asked]:
    asked = work.asked(type, given, id)
    return (given if type.rules is None else type.rules.read(dict(given), asked)), asked
