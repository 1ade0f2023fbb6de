"""What a dialect does with resources beyond data: rules, named in a dialect file, written in ``dialects.hooks``.

Rules are values in, values out. They come with the resource type that a request is about (``ResourceType.rules``), so
that use cases apply them without knowing that there are dialects.

::

    body ──read──▶ validated, merged with what the view cannot see ──judge──▶ kept ··· kept ──show──▶ answered
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Document = dict[str, Any]


@dataclass(slots=True)
class Asked:
    """The request that rules are applied to."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the tenant has set for the dialect, with the defaults of what it has not."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """The body of a POST or PUT as it came; empty for everything else."""
    id: str = ""
    """The resource's id; empty for one that is being created."""
    at: str = ""
    """The written moment of the request."""
    notes: list[str] = field(default_factory=list)
    """What was rewritten or dropped; it stands in the event of the write."""
    effects: list[Any] = field(default_factory=list)
    """What is to be done once the write is done (a letter to send): values that the edge knows."""


class Rules(Protocol):
    """See ``Plain`` for what each does when there is nothing to do."""

    matching: Mapping[str, tuple[str, ...]]
    """By the path of a multi-valued attribute: the sub-attributes by which an element of a 1.1 PATCH is an existing
    one. Without an entry it is ``value``."""

    by_document: bool
    """Whether what is shown follows from the document and the settings alone: not from ``id``, ``meta`` or what lives
    in rows. Then it is worked out once for equal documents, and ``show`` is given the document without these."""

    def path(self, text: str) -> str:
        """A path that a client has written (``attributes``, ``meta.attributes``), as the schemas spell it."""

    def search_path(self, text: str) -> str:
        """The path, as the schemas spell it, by which is searched and sorted where a client names this one. **Raises**
        ``InvalidFilter`` for one that cannot be searched by."""

    def admit(self, settings: Mapping[str, Any]) -> None:
        """Let a tenant with these settings work with resources of this kind at all. **Raises** ``ScimError``."""

    def read(self, body: Document, asked: Asked) -> Document:
        """The body of a POST or PUT in terms of the view, before validation. **Raises** ``ScimError``."""

    def read_part(self, body: Document, asked: Asked) -> Document:
        """A body as it came on the 1.1 wire, whole or a part of a resource, in names that the schemas have."""

    def open(self, document: Document, asked: Asked) -> Document:
        """A kept document as a PATCH is applied to it."""

    def judge(self, before: Mapping[str, Any] | None, after: Document, asked: Asked) -> Document:
        """What is kept in place of ``before`` (None: of nothing). **Raises** ``ScimError``.

        **Shape**: documents as they are kept (2.0 names, every dialect's attributes, without ``id``, ``meta`` and what
        lives in rows). It may be called again for the same request, where another writer came between.
        """

    def show(self, resource: Document, asked: Asked) -> Document:
        """A whole resource as it is kept (with ``id``, ``meta``, ``groups``), before it is cut to what is asked for."""


class Plain:
    """Rules that leave everything as it is, to be extended."""

    by_document: bool = False
    matching: Mapping[str, tuple[str, ...]] = {}

    def path(self, text: str) -> str:
        """See ``Rules``."""
        return text

    def search_path(self, text: str) -> str:
        """See ``Rules``."""
        return text

    def admit(self, settings: Mapping[str, Any]) -> None:
        """See ``Rules``."""

    def read(self, body: Document, asked: Asked) -> Document:
        """See ``Rules``."""
        return body

    def read_part(self, body: Document, asked: Asked) -> Document:
        """See ``Rules``."""
        return body

    def open(self, document: Document, asked: Asked) -> Document:
        """See ``Rules``."""
        return document

    def judge(self, before: Mapping[str, Any] | None, after: Document, asked: Asked) -> Document:
        """See ``Rules``."""
        return after

    def show(self, resource: Document, asked: Asked) -> Document:
        """See ``Rules``."""
        return resource
