"""The protocol's limits (``ServiceProviderConfig`` announces those that it has a place for). Each is a setting."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Defaults with their precedents: pages as Okta asks for them; depth as in Microsoft's reference code."""

    default_page: int = 100
    max_page: int = 1000
    cursor_seconds: int = 3600
    body_bytes: int = 16 * 1024 * 1024
    patch_operations: int = 1000
    bulk_operations: int = 10_000
    bulk_bytes: int = 16 * 1024 * 1024
    json_depth: int = 32
    filter_bytes: int = 8192
    filter_depth: int = 32
    name_length: int = 1024
    attribute_values: int = 10_000
    """Values of one multi-valued attribute; members are rows, and have no such limit."""
    page_bytes: int = 16 * 1024 * 1024
    """Where an answer with many resources ends: it holds fewer than were asked for, but one at least."""


STANDARD_LIMITS = Limits()
