"""What clients and files say of the structure: one form for each kind, which a record is made of and shown by.

Names are camelCase in JSON. A form holds what may be written; what the store adds (id, version, times) is shown beside
it. Unknown members are refused, so that a typing error is not taken for silence.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from functools import reduce
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel

from rollbook.clock import written
from rollbook.lockers.work import Malformed
from rollbook.storage.locker_records import (
    EVERY_DAY,
    WHOLE_DAY,
    Bank,
    Company,
    Link,
    Location,
    Locker,
    LockerGroup,
    Right,
    Section,
    Thing,
)

PLAIN = r"^[^\x00-\x1f\x7f]*$"
"""No control characters: they mean nothing here, and not every database takes them."""

Text = Annotated[str, StringConstraints(max_length=500, pattern=PLAIN)]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$"),
]
Number = Annotated[
    str,
    StringConstraints(min_length=1, max_length=32, pattern=r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$"),
]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PLAIN)]


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("an id is a UUID") from None


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError("this is no time zone: use a name like Europe/Amsterdam") from None
    return name


def moment(text: str) -> str:
    """A date and time as it is written here. **Raises** ``ValueError``."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a moment is written like 2026-11-23T08:00:00Z") from None
    if read.tzinfo is None:
        raise ValueError("a moment needs its offset from UTC: write Z or +01:00 at its end")
    try:
        return written(read)
    except OverflowError:
        raise ValueError("this moment is too far away") from None


Id = Annotated[str, AfterValidator(_id), WithJsonSchema({"type": "string", "format": "uuid"})]
TimeZone = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$"), AfterValidator(_zone)]
Language = Annotated[str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
Moment = Annotated[str, AfterValidator(moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Clock = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
_OWN = {"type": "string", "maxLength": 500, "pattern": PLAIN}
Attributes = Annotated[
    dict[Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PLAIN)], Text],
    Field(max_length=20),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": 20,
            "propertyNames": {"minLength": 1, "maxLength": 64, "pattern": PLAIN},
            "additionalProperties": _OWN,
        }
    ),
]
AttributesPatch = Annotated[
    dict[str, Text | None],
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": 20,
            "propertyNames": {"minLength": 1, "maxLength": 64, "pattern": PLAIN},
            "additionalProperties": {**_OWN, "type": ["string", "null"]},
        }
    ),
]
"""Of a merge patch: null takes one away."""

Size = Annotated[str, StringConstraints(max_length=32, pattern=PLAIN)]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = BeforeValidator(_whole)
"""JSON knows one kind of number: 5.0 is 5."""
Small = Annotated[int, Field(ge=0, le=1_000_000), Whole]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
RightName = Literal["use", "reserve", "openRemote", "manage"]
LockerKind = Literal["day", "fixed", "shared", "delivery"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RIGHTS: Mapping[RightName, Right] = {
    "use": Right.USE,
    "reserve": Right.RESERVE,
    "openRemote": Right.OPEN_REMOTE,
    "manage": Right.MANAGE,
}


class Form(BaseModel):
    """What is the same in all: camelCase in JSON, strict, nothing unknown."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True)


class ThingForm(Form):
    external_id: ExternalId | None = Field(None, description="The customer's own id, unique among its kind.")
    attributes: Attributes = Field(default_factory=dict, description="Texts of the customer's own, by name.")


class CompanyForm(ThingForm):
    time_zone: TimeZone = Field("UTC", description="An IANA name: that of locations that are made without one.")
    language: Language = Field("en", description="Of its people: a tag of BCP 47, like `nl` or `de-CH`.")


class LocationForm(ThingForm):
    name: Name
    time_zone: TimeZone = Field("UTC", description="An IANA name, of which the hours of links are; else the company's.")
    address: Text = ""
    state: Literal["active", "closed"] = "active"


class SectionForm(ThingForm):
    location_id: Id
    name: Name
    floor: Text = ""
    state: Literal["active", "closed"] = "active"


class BankForm(ThingForm):
    section_id: Id
    name: Name
    description: Text = ""
    controller: Text = Field("", description="What opens the doors.")
    state: Literal["active", "closed"] = "active"
    published: bool = Field(True, description="False while it is being set up: nobody gets a locker in it.")
    service_mode: bool = Field(False, description="True while it is being mended: nobody gets a locker in it.")
    random_allocation: bool = Field(False, description="Who asks for a locker is given one, and does not choose.")


class LockerForm(ThingForm):
    locker_bank_id: Id
    number: Number = Field(description="What stands on the door, with its zeros; unique in the bank.")
    position: Small = Field(0, description="Its place in the bank.")
    size: Size = ""
    kind: LockerKind = "day"
    accessible: bool = False
    state: Literal["active", "blocked", "outOfOrder"] = "active"
    state_reason: Text = ""
    open_seconds: Annotated[int, Field(ge=1, le=600), Whole] = Field(5, description="For how long it opens.")
    self_release: bool = Field(True, description="Whether its holder may give it back himself.")
    shareable: bool = True


class LockerGroupForm(ThingForm):
    name: Name
    description: Text = ""
    bookable: bool = False
    postal: bool = Field(False, description="For deliveries.")


class Hours(Form):
    from_: Clock = Field("00:00", alias="from")
    until: Clock = Field("24:00", description="Not after `from`: on the next day.")


def _use() -> list[RightName]:
    return ["use"]


class LinkForm(ThingForm):
    user_group_id: Id = Field(description="The id of a SCIM Group.")
    locker_group_id: Id
    effect: Literal["allow", "deny"] = Field("allow", description="Where links meet, deny wins.")
    rights: Annotated[list[RightName], Field(min_length=1, max_length=4)] = Field(default_factory=_use)
    days: Annotated[list[Day], Field(min_length=1, max_length=7)] = Field(default_factory=lambda: list(DAYS))
    hours: Hours | None = Field(None, description="Of these days, in the location's time zone; null: all day.")
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    priority: Annotated[int, Field(ge=-1000, le=1000), Whole] = 0
    max_lockers: Annotated[int, Field(ge=0, le=1000), Whole] | None = Field(
        None, description="How many lockers of the group a user may hold at once by this link."
    )
    description: Text = ""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "LinkForm":
        if self.valid_from is not None and self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("validUntil has to be after validFrom")
        return self


FORMS: Mapping[type[Thing], type[ThingForm]] = {
    Company: CompanyForm,
    Location: LocationForm,
    Section: SectionForm,
    Bank: BankForm,
    Locker: LockerForm,
    LockerGroup: LockerGroupForm,
    Link: LinkForm,
}

T = TypeVar("T", bound=Thing)
F = TypeVar("F", bound=Form)


def read(form: type[F], said: Any) -> F:
    """A form that was filled in. **Raises** ``Malformed``, with what is wrong where."""
    try:
        return form.model_validate(said)
    except ValidationError as error:
        raise malformed(error) from None


def malformed(error: ValidationError) -> Malformed:
    problems = tuple((pointer(one["loc"]), sentence(dict(one))) for one in error.errors(include_url=False))
    where = ", ".join(dict.fromkeys(at or "the whole" for at, _ in problems[:3]))
    return Malformed(f"This is not understood: look at {where}.", problems)


def pointer(path: tuple[int | str, ...]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


_SENTENCES: Mapping[str, str] = {
    "missing": "This is needed.",
    "extra_forbidden": "This is not known here.",
    "string_type": "This has to be a text.",
    "string_too_short": "This has to have {min_length} characters at least.",
    "string_too_long": "This may have {max_length} characters at most.",
    "string_pattern_mismatch": "This is not of the form that is wanted here; it may hold no control characters.",
    "int_type": "This has to be a whole number.",
    "int_parsing": "This has to be a whole number.",
    "int_from_float": "This has to be a whole number.",
    "bool_type": "This has to be true or false.",
    "bool_parsing": "This has to be true or false.",
    "list_type": "This has to be a list.",
    "dict_type": "This has to be an object.",
    "model_type": "This has to be an object.",
    "model_attributes_type": "This has to be an object.",
    "literal_error": "This has to be one of {expected}.",
    "greater_than_equal": "This has to be {ge} at least.",
    "less_than_equal": "This has to be {le} at most.",
    "too_long": "This may have {max_length} entries at most.",
    "too_short": "This has to have {min_length} entries at least.",
    "none_required": "This has to be null.",
}


def sentence(error: Mapping[str, Any]) -> str:
    """What is wrong, in our words, of one error of pydantic's."""
    if error["type"] == "value_error":
        text = str(error["msg"]).removeprefix("Value error, ")
        return f"{text[:1].upper()}{text[1:]}."
    return _SENTENCES.get(error["type"], "This is not understood.").format(**error.get("ctx", {}))


def record(kind: type[T], form: ThingForm, id: str, before: T | None = None) -> T:
    """The record that a form describes, new or in place of another."""
    kept: dict[str, Any] = {}
    if before is not None:
        kept = {"version": before.version, "created": before.created, "last_modified": before.last_modified}
    if isinstance(form, LinkForm):
        values: dict[str, Any] = form.model_dump(exclude={"rights", "days", "hours"})
        hours = form.hours or Hours.model_validate({})
        values |= {
            "rights": int(reduce(Right.__or__, (RIGHTS[name] for name in form.rights))),
            "days": sum({1 << DAYS.index(day) for day in form.days}),
            "from_minute": _minute(hours.from_),
            "until_minute": _minute(hours.until),
        }
    else:
        values = form.model_dump()
        if isinstance(form, LockerForm):
            values["bank_id"] = values.pop("locker_bank_id")
    if isinstance(before, Bank):
        kept["location_id"] = before.location_id
    return kind(id=id, **values, **kept)


def form_of(thing: Thing) -> dict[str, Any]:
    """What a form would say of a record, in JSON's names."""
    values = {field.name: getattr(thing, field.name) for field in fields(thing)}
    if isinstance(thing, Link):
        values["rights"] = [name for name, right in RIGHTS.items() if thing.rights & right]
        values["days"] = [day for n, day in enumerate(DAYS) if thing.days >> n & 1]
        always = (thing.from_minute, thing.until_minute) == (0, WHOLE_DAY)
        values["hours"] = None if always else {"from": _clock(thing.from_minute), "until": _clock(thing.until_minute)}
    if isinstance(thing, Locker):
        values["locker_bank_id"] = thing.bank_id
    return {to_camel(name): values[name] for name in FORMS[type(thing)].model_fields}


def shown(thing: Thing) -> dict[str, Any]:
    """A record as it is answered."""
    more = {"locationId": thing.location_id} if isinstance(thing, Bank) else {}
    return {
        "id": thing.id,
        **form_of(thing),
        **more,
        "version": thing.version,
        "created": thing.created,
        "lastModified": thing.last_modified,
    }


def merged(before: Any, patch: Any) -> Any:
    """A merge patch applied (RFC 7396 §2): null takes a member away.

    >>> merged({"a": 1, "b": {"c": 2}}, {"a": None, "b": {"d": 3}})
    {'b': {'c': 2, 'd': 3}}
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(before) if isinstance(before, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def quoted(text: str) -> str:
    """A text as it stands in a filter of SCIM."""
    return json.dumps(text)


def _minute(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


assert sum(1 << n for n in range(len(DAYS))) == EVERY_DAY
