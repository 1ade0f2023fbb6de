"""Which claim names a user: the steps of Identify, each a function with a name, tried in the order of a tuple.

A user of Identify is known by one of its claims, the *primary* one; SCIM's ``userName`` is that claim's value. From a
``userName`` to the claim lead ``TYPE_STEPS`` (by hint, by combination, by default), and from a user's claims to the
``userName`` lead ``NAME_STEPS`` (the primary claim, the claim of the default type, the first that has a value).

The hint comes in a schema of its own, which is no attribute of a user: ``hinted`` turns it into a combination.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from rollbook.scim.errors import InvalidValue

Claim = Mapping[str, Any]
"""``type``, ``value``, ``primary``, ``display``; what has no value is not there."""


class Named(NamedTuple):
    """The claim that names a user."""

    type: str
    value: str


class Naming(NamedTuple):
    """What a tenant has set about names."""

    separator: str
    default_type: str

    def split(self, text: str) -> Named | None:
        """A claim type and a value that stand in one text, the separator between; None: there is no separator.

        **Rules**: at the first separator. **Raises** ``InvalidValue`` where one of the two is empty.

        >>> Naming("|", "name").split("upn|ann|x")
        Named(type='upn', value='ann|x')
        """
        type, separator, value = text.partition(self.separator)
        if not separator:
            return None
        if not type.strip() or not value.strip():
            raise InvalidValue(
                "userName holds the separator of claim types, so it has to have a claim type before it and a value"
                " behind it."
            )
        return Named(type, value)


TypeStep = Callable[[str, str | None, Naming], Named | None]
NameStep = Callable[[Iterable[Claim], Naming], Named | None]


def by_hint(user_name: str, hint: str | None, naming: Naming) -> Named | None:
    """The claim type is the one that the mapping hint names, also where ``userName`` names another."""
    if hint is None:
        return None
    combined = naming.split(user_name)
    return Named(hint, user_name if combined is None else combined.value)


def by_combination(user_name: str, hint: str | None, naming: Naming) -> Named | None:
    """The claim type stands in ``userName``, before the separator."""
    return naming.split(user_name)


def by_default(user_name: str, hint: str | None, naming: Naming) -> Named | None:
    """The claim type is the tenant's default."""
    return Named(naming.default_type, user_name)


TYPE_STEPS: tuple[TypeStep, ...] = (by_hint, by_combination, by_default)


def claim_of(user_name: str, hint: str | None, naming: Naming) -> Named:
    """The claim that a ``userName`` stands for, by the first step that knows."""
    return next(named for step in TYPE_STEPS if (named := step(user_name, hint, naming)) is not None)


def the_primary(claims: Iterable[Claim], naming: Naming) -> Named | None:
    """The claim that is primary."""
    return _first(claim for claim in claims if claim.get("primary") is True)


def of_the_default_type(claims: Iterable[Claim], naming: Naming) -> Named | None:
    """The first claim of the tenant's default type."""
    return _first(claim for claim in claims if claim.get("type") == naming.default_type)


def the_first(claims: Iterable[Claim], naming: Naming) -> Named | None:
    """The first claim that has a value."""
    return _first(claims)


NAME_STEPS: tuple[NameStep, ...] = (the_primary, of_the_default_type, the_first)


def name_of(claims: Iterable[Claim], naming: Naming) -> Named | None:
    """The claim that names a user who has these claims, by the first step that knows; None: none can."""
    claims = tuple(claims)
    return next((named for step in NAME_STEPS if (named := step(claims, naming)) is not None), None)


def hinted(user_name: str, hint: str, naming: Naming) -> str:
    """A ``userName`` with its hint, as a combination. **Raises** ``InvalidValue``."""
    if not hint.strip() or naming.separator in hint:
        raise InvalidValue("The mapping hint has to be a claim type.")
    return naming.separator.join(claim_of(user_name, hint, naming))


def _first(claims: Iterable[Claim]) -> Named | None:
    return next((Named(claim["type"], claim["value"]) for claim in claims if claim.get("value")), None)
