"""PATCH paths (RFC 7644 §3.5.2, Figure 7), parsed and bound to a resource type.

A path that is no path, or that names what no schema of the type has, is ``invalidPath`` whatever the resource holds;
``noTarget`` is for paths that are right and find nothing there (RFC 7644 Table 9), so it is not raised here. What is
wrong about a filter in brackets, its syntax apart, is ``invalidFilter``, which the table gives to path filters too.
"""

from dataclasses import dataclass

from rollbook.scim.attributes import Attribute
from rollbook.scim.binding import BoundFilter, bind_element
from rollbook.scim.errors import InvalidPath
from rollbook.scim.filter import AttributePath, Filter
from rollbook.scim.filter_parser import parse_path_parts
from rollbook.scim.limits import STANDARD_LIMITS, Limits
from rollbook.scim.schema import Place, ResourceType, Schema


@dataclass(frozen=True, slots=True)
class Path:
    """A path as written: ``attribute``, ``attribute[filter]`` or ``attribute[filter].sub``.

    ``attribute`` holds the sub-attribute of ``name.givenName``; ``sub`` is one behind brackets only.
    """

    attribute: AttributePath
    filter: Filter | None
    sub: str | None


@dataclass(frozen=True, slots=True)
class BoundPath:
    """What a path points at in one resource type.

    ``place`` is its attribute (``name.givenName`` with its sub-attribute); ``filter`` chooses elements of it
    (``match.matches_element``), ``sub`` is the sub-attribute behind the brackets. The URN of an extension alone has no
    ``place``: then ``extension`` says which one; else it is the extension that ``place`` is in, if any.
    """

    place: Place | None
    filter: BoundFilter | None
    sub: Attribute | None
    extension: Schema | None

    @property
    def leaf(self) -> Attribute | None:
        """The attribute or sub-attribute that an operation changes; None for a whole extension."""
        return self.sub or (self.place.leaf if self.place else None)

    @property
    def name(self) -> str:
        """The path as a person writes it, without the filter."""
        if self.place is None:
            return self.extension.id if self.extension else ""
        return self.place.name + (f".{self.sub.name}" if self.sub else "")


def parse_path(text: str, *, limits: Limits = STANDARD_LIMITS) -> Path:
    """Parse a PATCH path. **Raises** ``InvalidPath`` with the position (from 1) and what was expected there.

    >>> parse_path('emails[type eq "work"].value').sub
    'value'
    """
    return Path(*parse_path_parts(text, limits=limits))


def bind_path(path: Path, resource_type: ResourceType, *, boolean_text: bool = False) -> BoundPath:
    """Bind a path to a resource type.

    **Rules**: names have no case; secrets may be pointed at (they are written), but not asked about in brackets.
    **Raises** ``InvalidPath`` for what the type does not have, ``InvalidFilter`` for a filter that does not fit it.
    """
    written = path.attribute
    place = resource_type.place(written.urn, written.name, written.sub)
    if place is None:
        extension = resource_type.extension(spelled(written))
        if extension is None or path.filter is not None:
            raise InvalidPath(f"{resource_type.name} has no attribute {spelled(written)[:200]}.")
        return BoundPath(None, None, None, extension)
    if path.filter is None:
        return BoundPath(place, None, None, place.extension)
    if not (place.attribute.multi_valued or place.attribute.complex):
        raise InvalidPath(f"{place.name} has one simple value, so its path takes no brackets.")
    sub = place.attribute.sub(path.sub) if path.sub is not None else None
    if path.sub is not None and sub is None:
        raise InvalidPath(f"{place.name} has no sub-attribute {path.sub[:200]}.")
    return BoundPath(
        place, bind_element(path.filter, place, resource_type, boolean_text=boolean_text), sub, place.extension
    )


def spelled(path: AttributePath) -> str:
    """An attribute path as it was written."""
    whole = ":".join(part for part in (path.urn, path.name) if part)
    return f"{whole}.{path.sub}" if path.sub is not None else whole
