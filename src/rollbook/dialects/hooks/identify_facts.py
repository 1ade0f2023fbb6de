"""Facts of Identify that stand in two places of a user, and organisations, which are names or paths.

An e-mail address is an element of ``emails`` and a claim, an activation code is an attribute and a claim. What a client
means that writes one of the two, or both, is settled here by what has changed since it was read.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rollbook.scim.attributes import Compare
from rollbook.scim.errors import InvalidValue
from rollbook.scim.folding import fold
from rollbook.scim.rules import Document
from rollbook.scim.tolerances import shortened


def settled(
    listed: list[str], was_listed: list[str], claims: list[str], was_claims: list[str], says: bool | None, type: str
) -> list[str]:
    """The values of a fact that may be written as an attribute (``listed``) and as claims.

    **Rules**: in a PATCH (``says`` is None) what either place gained is there, and what either lost is not. In a body,
    the attribute decides where the claims are as they were read; else both together, or the claims alone where the
    attribute is not named.
    """
    keys = {key_of(type, value) for value in claims}
    was_keys = {key_of(type, value) for value in was_claims}
    listed_keys = {key_of(type, value) for value in listed}
    was_listed_keys = {key_of(type, value) for value in was_listed}
    if says is None:
        gained = (listed_keys - was_listed_keys) | (keys - was_keys)
        lost = ((was_listed_keys - listed_keys) | (was_keys - keys)) - gained
        wanted = [value for value in (*listed, *claims) if key_of(type, value) not in lost]
    elif not says:
        wanted = claims
    elif keys == was_keys:
        wanted = [*listed, *(value for value in claims if key_of(type, value) not in was_listed_keys)]
    else:
        wanted = [*listed, *claims]
    return list({key_of(type, value): value for value in reversed(wanted)}.values())[::-1]


def addresses(
    wanted: Mapping[str, str], listed: Sequence[Document], was_listed: Sequence[Document], displays: Mapping[str, str]
) -> list[Document]:
    """The elements of ``emails`` with the wanted values (by their keys): as they are listed, else as
    they were, else new ones. What has no value stays as it is listed."""

    def key(email: Document) -> str | None:
        return key_of("emails", email["value"]) if email.get("value") else None

    elements = [email for email in listed if key(email) is None or key(email) in wanted]
    missing = wanted.keys() - {key(email) for email in elements}
    again = [email for email in was_listed if key(email) in missing]
    if any(email.get("primary") for email in elements):
        again = [{name: value for name, value in email.items() if name != "primary"} for email in again]
    missing -= {key(email) for email in again}
    elements += [*again, *({"value": value} for same, value in wanted.items() if same in missing)]
    return [{**e, "display": displays[k]} if (k := key(e)) is not None and k in displays else e for e in elements]


def values(emails: Sequence[Document]) -> list[str]:
    """The addresses in ``emails``."""
    return [email["value"] for email in emails if email.get("value")]


def key_of(type: str, value: str) -> str:
    """What two values have in common that are one; addresses are compared without case, codes (no type) are not."""
    return fold(Compare.FOLDED, value) if type else value


def check_organization(wanted: str, root: str, tree: Mapping[str, Any]) -> str:
    """The name or path of an organisation, if there is one: ``North`` (where only one is called so), ``Sales/North``,
    ``Root/Sales/North``. **Raises** ``InvalidValue``."""
    paths = {root, *_paths(tree, "")}
    if wanted in paths or f"{root}/{wanted}" in paths:
        return wanted
    found = [path for path in paths if path.rpartition("/")[2] == wanted]
    if len(found) > 1:
        raise InvalidValue(f'There are {len(found)} organizations "{shortened(wanted)}"; give the path of one.')
    if not found:
        raise InvalidValue(f'There is no organization "{shortened(wanted)}" in this tenant.')
    return wanted


def _paths(tree: Mapping[str, Any], above: str) -> Iterator[str]:
    for name, below in tree.items():
        yield above + name
        yield from _paths(below, f"{above}{name}/")
