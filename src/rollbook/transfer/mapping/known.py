"""The user that ``[map]`` speaks of before any target is asked: the standard's, with the extensions of the products."""

from functools import cache

from rollbook.scim.attributes import EXTERNAL_ID, Attribute, Type
from rollbook.scim.catalog_reader import standard_types
from rollbook.scim.schema import Extension, ResourceType, Schema

BADGES = "urn:ietf:params:scim:schemas:extension:releezme:2.0:User"
RETAIL_OPS = "urn:ietf:params:scim:schemas:extension:retailops:2.0:User"
IDENTIFY = "urn:scim:schemas:extension:safewhere:identify:1.0"

PREFIXES = {"retailops": RETAIL_OPS, "identify": IDENTIFY, "releezme": BADGES}
"""What may stand for an URN, with a dot behind it: ``retailOps.role``."""

_EXTENSIONS = (
    Schema(
        BADGES,
        "Badges",
        "",
        (Attribute("badges", Type.COMPLEX, True, sub_attributes=(Attribute("value"), Attribute("display"))),),
    ),
    Schema(
        RETAIL_OPS,
        "RetailOps",
        "",
        (
            *(Attribute(name) for name in ("role", "profile", "openIDUserID", "domain")),
            Attribute("sendInviteLink", Type.BOOLEAN),
            Attribute("isLinkToAllStores", Type.BOOLEAN),
            Attribute("storeCodeList", Type.STRING, True),
        ),
    ),
    Schema(
        IDENTIFY,
        "Identify",
        "",
        (
            Attribute("forceResetPasswordAfterFirstTimeLogin", Type.BOOLEAN),
            Attribute("ActivationCode"),
            Attribute(
                "Claims",
                Type.COMPLEX,
                True,
                sub_attributes=tuple(Attribute(name) for name in ("type", "value", "display")),
            ),
        ),
    ),
)


@cache
def known_user() -> ResourceType:
    """Our User: the core schema, enterprise, and what the products add."""
    user = next(type for type in standard_types() if type.name == "User")
    return ResourceType(
        name=user.name,
        endpoint=user.endpoint,
        schema=user.schema,
        extensions=(*user.extensions, *(Extension(schema) for schema in _EXTENSIONS)),
    )


def attribute_names(type: ResourceType) -> list[str]:
    """Every name that can stand in ``[map]``, to choose the nearest from."""
    names = [EXTERNAL_ID.name]
    for place in type.places():
        names.append(place.attribute.name)
        names += [f"{place.attribute.name}.{sub.name}" for sub in place.attribute.sub_attributes]
    return names
