"""Protocol requirements 13 to 17 and 19: queries. Names begin with the number of the requirement."""

import itertools
from typing import Any

import pytest
from tests.support.house import ENTERPRISE, SEARCH, USER, House, Seat

CROWD: dict[str, dict[str, Any]] = {
    "ann": {
        "title": "Guide",
        "displayName": "Ann",
        "name": {"givenName": "Ann", "familyName": "Berg"},
        "emails": [
            {"value": "ann@acorn.example", "type": "work"},
            {"value": "zoe@home.example", "type": "home", "primary": True},
        ],
        "x509Certificates": [{"value": "YQ=="}],
        ENTERPRISE: {"costCenter": "7", "manager": {"value": "m1"}},
    },
    "bo": {
        "title": "guide",
        "active": False,
        "emails": [{"value": "bo@birch.example", "type": "work"}, {"value": "ann@acorn.example", "type": "other"}],
        ENTERPRISE: {"costCenter": "70"},
    },
    "cleo": {"name": {"familyName": "Holm"}, "roles": [{"value": "admin"}, {"value": "guest"}]},
}


@pytest.fixture(scope="session")
def _crowds() -> dict[str, Seat]:
    return {}


@pytest.fixture
def crowd(house: House, _crowds: dict[str, Seat]) -> Seat:
    """A tenant with ann, bo, cleo and two groups that no test changes; one for each engine."""
    if house.engine not in _crowds:
        seat = _crowds[house.engine] = house.seat("acorn")
        ids = {name: seat.user(name, **attributes)["id"] for name, attributes in CROWD.items()}
        seat.group("Guides", ids["ann"], ids["bo"])
        seat.group("Ann's group")
    return _crowds[house.engine]


def refused(answer: Any, scim_type: str | None = "invalidFilter") -> str:
    assert (answer.status_code, answer.json().get("scimType")) == (400, scim_type), answer.text
    detail: str = answer.json()["detail"]
    return detail


# -- 13: the ways to ask -----------------------------------------------------------------------------------------------

QUESTIONS: list[dict[str, Any]] = [
    {"filter": 'emails co "acorn"', "sortBy": "userName"},
    {"filter": "title pr", "sortBy": "userName", "sortOrder": "descending", "attributes": "userName"},
    {"sortBy": "displayName", "startIndex": 2, "count": 1},
    {"excludedAttributes": "meta,emails", "count": 0},
    {"count": 5000, "sortBy": "id"},
    {"filter": "userName eq"},
    {"count": "many"},
    {"sortBy": "password"},
    {"sortOrder": "upwards"},
    {"attributes": "userName", "excludedAttributes": "title"},
]


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
@pytest.mark.parametrize("path", ["", "/Users"])
def test_protocol_13_get_and_search_mean_the_same(crowd: Seat, path: str, question: dict[str, Any]) -> None:
    body = dict(question)
    for name in ("attributes", "excludedAttributes"):
        if name in body:
            body[name] = body[name].split(",")
    by_get = crowd.get(path or "/", **question)
    by_post = crowd.post(f"{path}/.search", {"schemas": [SEARCH], **body})
    assert by_get.status_code == by_post.status_code
    assert by_get.json() == by_post.json()


def test_protocol_13_one_is_got_as_it_is_listed(crowd: Seat) -> None:
    for listed in crowd.get("/", sortBy="id").json()["Resources"]:
        endpoint = listed["meta"]["resourceType"] + "s"
        assert crowd.get(f"/{endpoint}/{listed['id']}").json() == listed


# -- 14: filters -------------------------------------------------------------------------------------------------------

FILTERS = [
    ('userName eq "ANN"', "ann"),
    ('userName ne "ann"', "bo cleo"),
    ('userName co "O"', "bo cleo"),
    ('userName sw "c"', "cleo"),
    ('userName ew "O"', "bo cleo"),
    ('userName gt "ann"', "bo cleo"),
    ('userName ge "bo"', "bo cleo"),
    ('userName lt "bo"', "ann"),
    ('userName le "bo"', "ann bo"),
    ("title pr", "ann bo"),
    ("not (title pr)", "cleo"),
    ('title eq "GUIDE" and active eq true', "ann"),
    ('userName eq "cleo" or userName eq "bo" and title eq "x"', "cleo"),
    ('(userName eq "cleo" or userName eq "bo") and title pr', "bo"),
    ('not (userName eq "ann") and not (userName eq "bo")', "cleo"),
    ('emails[type eq "work" and value co "acorn"]', "ann"),
    ('emails.type eq "work" and emails.value co "acorn"', "ann bo"),
    ('emails[not (type eq "work")]', "ann bo"),
    ('not (emails[type eq "work"])', "cleo"),
    ('emails.type eq "other"', "bo"),
    ('emails eq "ann@acorn.example"', "ann bo"),
    ("emails[primary eq true]", "ann"),
    ('name[familyName eq "berg"]', "ann"),
    ("name pr", "ann cleo"),
    (f'{ENTERPRISE}:costCenter eq "7"', "ann"),
    (f'{ENTERPRISE}:costCenter sw "7"', "ann bo"),
    (f'{ENTERPRISE}:manager.value eq "m1"', "ann"),
    (f'{ENTERPRISE}:manager eq "m1"', "ann"),
    (f'{USER}:userName eq "bo"', "bo"),
    (f'{USER}:name.familyName eq "holm"', "cleo"),
    ("active eq false", "bo"),
    ("active ne true", "bo"),
    ('meta.created gt "2020-01-01T00:00:00Z"', "ann bo cleo"),
    ('meta.lastModified lt "2020-01-01T00:00:00+02:00"', ""),
    ("title eq null", "cleo"),
    ("title ne null", "ann bo"),
    ('nickName eq "x"', ""),
    ('nickName ne "x"', ""),
    ('not (nickName eq "x")', "ann bo cleo"),
    ('not (nickName ne "x")', "ann bo cleo"),
    ('emails[type eq "work"].value eq "bo@birch.example"', "bo"),
    ('groups.display eq "guides"', "ann bo"),
    ("groups pr", "ann bo"),
    ('roles eq "GUEST"', "cleo"),
    (f'schemas eq "{ENTERPRISE}"', "ann bo"),
    ('meta.resourceType eq "User"', "ann bo cleo"),
    ("id pr", "ann bo cleo"),
    ('userName eq "100%" or userName co "_" or userName sw "%"', ""),
    (r'userName eq "\u0061nn"', "ann"),
]


@pytest.mark.parametrize(("filter", "found"), FILTERS)
def test_protocol_14_a_filter_finds_whom_it_describes(crowd: Seat, filter: str, found: str) -> None:
    assert crowd.names(filter, sortBy="userName") == found.split()


WRONG = [
    "",
    " ",
    "userName",
    "userName eq",
    'eq "ann"',
    'userName eq "ann',
    "userName eq ann",
    "userName eq 'ann'",
    'userName is "ann"',
    'userName eq "ann" and',
    'userName eq "ann" "bo"',
    '(userName eq "ann"',
    'userName eq "ann")',
    "not userName pr",
    "userName pr true",
    'emails[type eq "work"',
    "emails[]",
    'emails[type eq "work"]value',
    'userName eq "ann" xor title pr',
    'userName[value eq "ann"]',
    "userName eq 7",
    "userName eq true",
    'active eq "maybe"',
    "active gt true",
    'active co "t"',
    'meta.created eq "today"',
    'meta.created co "2026"',
    "meta.created gt 7",
    'name eq "ann"',
    'x509Certificates.value gt "YQ=="',
    'shoeSize eq "42"',
    'name.petName eq "x"',
    'emails[petName eq "x"]',
    'urn:x:nothing:userName eq "ann"',
    'password eq "x"',
]


@pytest.mark.parametrize("filter", WRONG)
def test_protocol_14_a_wrong_filter_is_refused_with_its_position(crowd: Seat, filter: str) -> None:
    assert "position" in refused(crowd.get("/Users", filter=filter))


def test_protocol_14_the_position_is_where_it_goes_wrong(crowd: Seat) -> None:
    assert "position 19" in refused(crowd.get("/Users", filter='userName eq "ann" xor title pr'))
    assert "position 14" in refused(crowd.get("/Users", filter='title pr and shoeSize eq "42"'))


def test_protocol_14_an_unknown_attribute_matches_nothing_in_a_mixed_search(crowd: Seat) -> None:
    assert crowd.names('shoeSize eq "42"', "/") == []
    assert crowd.names('userName eq "ann" or shoeSize eq "42"', "/") == ["ann"]
    assert crowd.names('not (members pr) and displayName sw "a"', "/", sortBy="displayName") == ["ann", "Ann's group"]
    assert crowd.names('displayName sw "Ann"', "/", sortBy="displayName") == ["ann", "Ann's group"]
    refused(crowd.get("/", filter='userName zz "ann"'))


# -- 15: in the database -----------------------------------------------------------------------------------------------

TEXTS = ["displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage", "locale", "timezone"]
TEXTS += [f"name.{n}" for n in ("formatted", "familyName", "givenName", "middleName", "honorificPrefix")]
TEXTS += [f"{ENTERPRISE}:{n}" for n in ("employeeNumber", "costCenter", "organization", "division", "department")]
LISTS = ["emails", "phoneNumbers", "ims", "photos", "entitlements", "roles"]


def _placed(path: str, value: str) -> dict[str, Any]:
    if path.startswith("urn:"):
        return {ENTERPRISE: {path.removeprefix(f"{ENTERPRISE}:"): value}}
    name, dot, sub = path.partition(".")
    return {name: {sub: value}} if dot else {name: value}


def test_protocol_15_every_attribute_is_filtered_and_sorted_by(seat: Seat) -> None:
    for number, value in enumerate(("beech", "Ash", "cedar")):
        attributes: dict[str, Any] = {name: [{"value": value, "type": value}] for name in LISTS}
        for path in TEXTS:
            for key, placed in _placed(path, value).items():
                attributes[key] = {**attributes.get(key, {}), **placed} if isinstance(placed, dict) else placed
        seat.user(f"u{number}", **attributes)
    for path in (*TEXTS, *LISTS, *(f"{name}.type" for name in LISTS)):
        exact = path in ("profileUrl", "photos")  # references are caseExact (RFC 7643 §2.3.7)
        ash = "Ash" if exact else "aSH"
        assert seat.names(f'{path} eq "{ash}"') == ["u1"], path
        assert seat.names(f'{path} co "{ash[1:]}"') == ["u1"], path
        assert seat.names(f'{path} gt "{ash}"', sortBy=path) == ["u0", "u2"], path
        assert seat.names("userName pr", sortBy=path) == ["u1", "u0", "u2"], path
        assert seat.names("userName pr", sortBy=path, sortOrder="descending", count=1) == ["u2"], path


# -- 16: order ---------------------------------------------------------------------------------------------------------


def test_protocol_16_missing_values_come_last_ascending_and_first_descending(crowd: Seat) -> None:
    ascending = crowd.names("userName pr", sortBy="displayName")
    assert ascending[0] == "ann"
    descending = crowd.names("userName pr", sortBy="displayName", sortOrder="descending")
    assert descending[-1] == "ann"
    assert sorted(ascending[1:]) == sorted(descending[:2]) == ["bo", "cleo"]


def test_protocol_16_a_multi_valued_attribute_is_sorted_by_its_primary_else_its_first(crowd: Seat) -> None:
    assert crowd.names("emails pr", sortBy="emails") == ["bo", "ann"]
    assert crowd.names("emails pr", sortBy="emails.value", sortOrder="descending") == ["ann", "bo"]
    assert crowd.names("emails pr", sortBy="emails.type") == ["ann", "bo"]


def test_protocol_16_a_sub_attribute_and_an_extension_are_sorted_by(crowd: Seat) -> None:
    assert crowd.names("name pr", sortBy="name.familyName", sortOrder="descending") == ["cleo", "ann"]
    assert crowd.names("userName pr", sortBy=f"{ENTERPRISE}:costCenter") == ["ann", "bo", "cleo"]
    assert crowd.names("userName pr", sortBy="USERNAME") == ["ann", "bo", "cleo"]


def test_protocol_16_ties_are_broken_by_id_so_pages_are_stable(seat: Seat) -> None:
    ids = sorted(seat.user(f"u{n}", title="same")["id"] for n in range(7))
    for order in ("ascending", "descending"):
        pages = [
            seat.get("/Users", sortBy="title", sortOrder=order, startIndex=start, count=3).json()["Resources"]
            for start in (1, 4, 7)
        ]
        seen = [r["id"] for r in itertools.chain(*pages)]
        assert seen in (ids, ids[::-1]), order
    alone = [r["id"] for r in seat.get("/Users").json()["Resources"]]
    assert sorted(alone) == ids


def test_protocol_16_what_cannot_be_sorted_by_is_refused(crowd: Seat) -> None:
    for sort_by in ("shoeSize", "name", "password", "emails[type", "not an attribute"):
        refused(crowd.get("/Users", sortBy=sort_by), "invalidValue")
    refused(crowd.get("/Users", sortBy="userName", sortOrder="upwards"), "invalidValue")


# -- 17: pages ---------------------------------------------------------------------------------------------------------


def page(seat: Seat, **query: Any) -> tuple[int, int, int, int]:
    body = seat.get("/Users", **query).json()
    return body["totalResults"], body["startIndex"], body["itemsPerPage"], len(body.get("Resources", []))


def test_protocol_17_start_index_is_one_based_and_below_one_is_one(crowd: Seat) -> None:
    assert page(crowd) == (3, 1, 3, 3)
    for start in (1, 0, -1, -(10**30)):
        assert page(crowd, startIndex=start, count=2) == (3, 1, 2, 2)
    assert page(crowd, startIndex=3, count=2) == (3, 3, 1, 1)


def test_protocol_17_a_start_behind_the_end_gives_totals(crowd: Seat) -> None:
    assert page(crowd, startIndex=4)[0::2] == (3, 0)
    assert page(crowd, startIndex=10**30)[0::2] == (3, 0)


def test_protocol_17_a_count_of_zero_or_below_gives_totals(crowd: Seat) -> None:
    for count in (0, -1, -(10**30)):
        assert page(crowd, count=count) == (3, 1, 0, 0)
        assert page(crowd, count=count, filter='userName eq "ann"') == (1, 1, 0, 0)


def test_protocol_17_what_is_no_number_is_refused(crowd: Seat) -> None:
    for name, value in itertools.product(("startIndex", "count"), ("", "ten", "1.5", "1e3", "0x10", "١")):
        refused(crowd.get("/Users", **{name: value}), "invalidValue")


def test_protocol_17_pages_together_are_the_whole_and_nothing_twice(crowd: Seat) -> None:
    seen = [crowd.names("userName pr", sortBy="userName", startIndex=n, count=1) for n in (1, 2, 3)]
    assert seen == [["ann"], ["bo"], ["cleo"]]


# -- 19: attributes ----------------------------------------------------------------------------------------------------


def test_protocol_19_attributes_name_sub_attributes_and_urns_without_case(crowd: Seat) -> None:
    asked = f"NAME.familyname,Title,{ENTERPRISE.upper()}:costcenter,{USER}:active,nothing,emails.value"
    (ann,) = crowd.get("/Users", filter='userName eq "ann"', attributes=asked).json()["Resources"]
    assert ann.keys() == {"schemas", "id", "name", "title", "active", "emails", ENTERPRISE}
    assert ann["name"] == {"familyName": "Berg"}
    assert ann[ENTERPRISE] == {"costCenter": "7"}
    assert [e.keys() for e in ann["emails"]] == [{"value"}, {"value"}]


def test_protocol_19_excluded_attributes_leave_the_rest(crowd: Seat) -> None:
    asked = f"NAME.familyname,emails,{ENTERPRISE}:manager,meta,groups,nothing,id,schemas"
    (ann,) = crowd.get("/Users", filter='userName eq "ann"', excludedAttributes=asked).json()["Resources"]
    assert ann["name"] == {"givenName": "Ann"}
    assert ann[ENTERPRISE] == {"costCenter": "7"}
    assert not {"emails", "meta", "groups"} & ann.keys()
    assert {"id", "schemas", "userName"} <= ann.keys()


@pytest.mark.parametrize("path", ["/", "/Users"])
def test_protocol_19_both_at_once_are_refused(crowd: Seat, path: str) -> None:
    refused(crowd.get(path, attributes="title", excludedAttributes="title"), "invalidValue")


def test_protocol_19_groups_are_listed_without_their_members_where_nobody_wants_them(crowd: Seat) -> None:
    for query in ({"excludedAttributes": "members"}, {"attributes": "displayName"}):
        listed = crowd.get("/Groups", **query).json()["Resources"]
        assert len(listed) == 2
        assert not any("members" in group for group in listed)
    shown = crowd.get("/Groups", attributes="members.value", filter='displayName eq "guides"').json()["Resources"][0]
    assert [m.keys() for m in shown["members"]] == [{"value"}, {"value"}]
