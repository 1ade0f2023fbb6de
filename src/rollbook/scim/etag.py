"""ETags (RFC 7644 §3.14, RFC 9110 §8.8.3, §13.1): written from a version, read from conditional headers.

SCIM's ETags are weak, and RFC 9110 compares strongly for ``If-Match``; no client could ever match then. So only the
opaque text is compared, weak or strong.
"""

import re
from dataclasses import dataclass

# entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE (RFC 9110 §8.8.3); W is case-sensitive, clients are not.
_TAG = re.compile(r'\s*(?:[Ww]/)?"([^"\x00-\x20\x7f]*)"\s*(?:,|$)')


@dataclass(frozen=True, slots=True)
class Condition:
    """What ``If-Match`` or ``If-None-Match`` names: any version at all, or some."""

    any: bool = False
    versions: frozenset[str] = frozenset()

    def matches(self, version: int) -> bool:
        """Whether a resource of that version is among those named."""
        return self.any or str(version) in self.versions


def etag(version: int) -> str:
    """The ETag of a version: ``meta.version`` and the header.

    >>> etag(3)
    'W/"3"'
    """
    return f'W/"{version}"'


def read_condition(header: str | None) -> Condition | None:
    """Read the header ``If-Match`` or ``If-None-Match``; None where it was not sent.

    **Rules**: a header that is no list of ETags names no version. So an ``If-Match`` that cannot be understood fails
    (412) and nothing is written on a guess; an ``If-None-Match`` that cannot be understood never hides an answer.

    >>> read_condition('W/"3", "4"').matches(4)
    True
    >>> read_condition("three").matches(3)
    False
    """
    if header is None:
        return None
    if header.strip() == "*":
        return Condition(any=True)
    versions = []
    at = 0
    while at < len(header):
        found = _TAG.match(header, at)
        if found is None:
            return Condition()
        versions.append(found[1])
        at = found.end()
    return Condition(versions=frozenset(versions))
