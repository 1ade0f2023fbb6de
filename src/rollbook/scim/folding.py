"""Strings in the form in which they are compared (RFC 7643 §2.2 ``caseExact``; RFC 7644 §5; RFC 8265 §3.3).

One function serves uniqueness, filters and sorting, so they cannot disagree; no database ever folds.
"""

from collections.abc import Callable
from functools import lru_cache
from unicodedata import normalize

from precis_i18n import get_profile

from rollbook.scim.attributes import Compare

_USER_NAME = get_profile("UsernameCaseMapped:CaseFold")
_KEPT = 4096
_LONGEST_KEPT = 256
"""Characters. Longer texts are folded anew: keeping them would let clients fill the memory."""


def fold(compare: Compare, text: str) -> str:
    """The compared form of a text: two texts are the same value where their forms are equal.

    >>> fold(Compare.FOLDED, "Straße"), fold(Compare.USER_NAME, "STRASSE")
    ('strasse', 'strasse')
    """
    if compare is Compare.EXACT:
        return text
    if text.isascii():  # what PRECIS and case folding make of ASCII is lower case, whatever else the text holds
        return text.lower()
    return _folded(text) if compare is Compare.FOLDED else _user_name(text)


def folder(compare: Compare) -> Callable[[str], str]:
    """``fold`` with its form chosen beforehand, for those who fold every text of a resource."""
    if compare is Compare.EXACT:
        return str
    other = _folded if compare is Compare.FOLDED else _user_name

    def folded(text: str) -> str:
        return text.lower() if text.isascii() else other(text)

    return folded


def _folded(text: str) -> str:
    return _remembered(text) if len(text) <= _LONGEST_KEPT else _fold(text)


def _fold(text: str) -> str:
    # Decomposed first: folding the composed form would tell apart texts that are canonically the same (Unicode D145).
    return normalize("NFC", normalize("NFD", text).casefold())


_remembered = lru_cache(_KEPT)(_fold)


@lru_cache(_KEPT)
def _user_name(text: str) -> str:
    """PRECIS UsernameCaseMapped; what it refuses (spaces, emoji) but identity providers send is folded all the same."""
    try:
        prepared: str = _USER_NAME.enforce(text)
    except UnicodeEncodeError:
        return _folded(text)
    return prepared
