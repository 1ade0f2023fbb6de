"""Users, as Hypothesis makes them, for us and for scim2-models; the small world in which the two are compared."""

from typing import Any
from unicodedata import normalize

from hypothesis import strategies as st
from precis_i18n import get_profile
from scim2_models import EnterpriseUser, User
from scim2_models.path.resolution import AttributeBinding

from rollbook.scim import urns
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.tolerances import STANDARD
from rollbook.scim.validate import validator

USER, GROUP = standard_types()
ENTERPRISE = urns.ENTERPRISE_USER
Theirs: Any = User[EnterpriseUser]
_PRECIS = get_profile("UsernameCaseMapped:CaseFold")

TEXTS = st.sampled_from(["a", "A", "ab", "Ab", "b", "work", "Work", "home", "ä", "Ä", "e\u0301", "é", "ß", "SS", "x y"])
NAMES = st.sampled_from(["ann", "Ann", "bo", "cleo", "straße", "STRASSE", "ann@acorn.example"])
MOMENTS = st.sampled_from(["2026-01-31T08:00:00Z", "2026-01-31T09:00:00+01:00", "2026-02-01T00:00:00.500Z"])
BASE64 = st.sampled_from(["YQ==", "YWI=", "YWJj"])
ADDRESSES = st.sampled_from(["ann@acorn.example", "bo@birch.example", "Ann@Acorn.example"])
LINKS = st.sampled_from(["https://acorn.example/ann", "https://acorn.example/Ann", "https://birch.example/bo"])


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields).filter(bool)


def _many(element: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    def one_primary(elements: list[Any]) -> bool:
        return sum(e.get("primary") is True for e in elements) <= 1

    return st.lists(element, min_size=1, max_size=3).filter(one_primary)


PERSON_NAMES = _some(givenName=TEXTS, familyName=TEXTS, formatted=TEXTS)
EMAILS = _some(value=ADDRESSES, type=TEXTS, display=TEXTS, primary=st.booleans())
PLACES = _some(locality=TEXTS, region=TEXTS, type=TEXTS, primary=st.booleans())
CERTIFICATES = _some(value=BASE64, display=TEXTS)
EXTENSIONS = _some(department=TEXTS, employeeNumber=TEXTS, manager=_some(value=TEXTS, **{"$ref": LINKS}))
BODIES = st.fixed_dictionaries(
    {"userName": NAMES},
    optional={
        "externalId": TEXTS,
        "displayName": TEXTS,
        "title": TEXTS,
        "profileUrl": LINKS,
        "active": st.booleans(),
        "name": PERSON_NAMES,
        "emails": _many(EMAILS),
        "addresses": _many(PLACES),
        "x509Certificates": _many(CERTIFICATES),
        ENTERPRISE: EXTENSIONS,
    },
)


def document(body: dict[str, Any]) -> dict[str, Any]:
    """The canonical document that a POST of this body would store."""
    schemas = [urns.USER, *([ENTERPRISE] if ENTERPRISE in body else [])]
    return validator(USER).read({"schemas": schemas, **body}, STANDARD, []).document


def resource(body: dict[str, Any], created: str) -> dict[str, Any]:
    """The same, whole as a client would see it."""
    meta = {
        "resourceType": "User",
        "created": created,
        "lastModified": created,
        "location": "https://acorn.example/scim/v2/Users/1",
        "version": 'W/"1"',
    }
    return {"id": "A1", **document(body), "meta": meta}


def comparison_key(binding: AttributeBinding, text: str) -> str:
    """How texts are compared, for a policy of theirs: written again from the standards, so that it checks ours."""
    if binding.case_exact:
        return text
    if binding.target_field_name == "user_name":
        try:
            return str(_PRECIS.enforce(text))
        except UnicodeEncodeError:
            pass
    return normalize("NFC", normalize("NFD", text).casefold())
