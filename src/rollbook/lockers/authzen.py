"""Questions and answers of the OpenID AuthZEN Authorization API 1.0: JSON values in, JSON values out.

Source: OpenID AuthZEN Authorization API 1.0, §5 (information model), §6 (evaluation), §7 (evaluations), §8 (searches).

**Words here**: a subject's type is ``user`` (its id in SCIM), ``userName`` or ``badge``; a resource's is ``locker``
(its id) or ``externalId`` (a locker by the customer's own id); actions are those of ``access.ACTIONS``. What is
well-formed and means nothing here is a decision like any other: no, with the reason. ``context.time`` is the moment
that is asked about, now where nobody says.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from rollbook.lockers.access import ACTIONS, TOLD, WHY
from rollbook.lockers.deciding import MOST, PAGE, Inquiry, Judgement
from rollbook.lockers.forms import moment
from rollbook.lockers.work import Malformed

Json = dict[str, Any]

SUBJECTS = ("user", "userName", "badge")
RESOURCES = ("locker", "externalId")
EVALUATIONS = 200
"""Of one request."""

_UNKNOWN = {
    "unknownSubjectType": f"Subjects are of the types {', '.join(SUBJECTS)}.",
    "unknownResourceType": f"Resources are of the types {', '.join(RESOURCES)}.",
    "unknownAction": f"The actions are {', '.join(ACTIONS)}.",
}
_NOBODY = "This cannot be done here."

SEMANTICS = ("execute_all", "deny_on_first_deny", "permit_on_first_permit")


class Asked(NamedTuple):
    """The four parts of a question, as they were sent."""

    subject: Mapping[str, Any]
    action: Mapping[str, Any]
    resource: Mapping[str, Any]
    at: str


async def evaluate(inquiry: Inquiry, body: Any) -> Json:
    """One decision (§6). **Raises** ``Malformed``."""
    return await _answer(inquiry, _asked(inquiry, _object(body, ""), ""))


async def evaluate_many(inquiry: Inquiry, body: Any) -> Json:
    """Many decisions, in their order (§7); without ``evaluations`` it is one."""
    whole = _object(body, "")
    many = whole.get("evaluations")
    if many is None or many == []:
        return await evaluate(inquiry, whole)
    if not isinstance(many, list):
        raise _wrong("/evaluations", "This has to be a list.")
    if len(many) > EVALUATIONS:
        raise _wrong("/evaluations", f"There can be {EVALUATIONS} at most; send them in several requests.")
    semantic = _object(whole.get("options", {}), "/options").get("evaluations_semantic", SEMANTICS[0])
    if semantic not in SEMANTICS:
        raise _wrong("/options/evaluations_semantic", f"This is one of {', '.join(SEMANTICS)}.")
    defaults: Json = {name: whole[name] for name in ("subject", "action", "resource", "context") if name in whole}
    asked = [
        _asked(inquiry, {**defaults, **_object(one, where)}, where)
        for number, one in enumerate(many)
        for where in (f"/evaluations/{number}",)
    ]
    answers = []
    for one in asked:
        answers.append(answer := await _answer(inquiry, one))
        if semantic != "execute_all" and answer["decision"] is (semantic == "permit_on_first_permit"):
            break
    return {"evaluations": answers}


async def search_subjects(inquiry: Inquiry, body: Any) -> Json:
    """The users who may do something with a locker (§8.4)."""
    whole = _object(body, "")
    asked = _asked(inquiry, whole, "", without="subject")
    page = _Page(whole)
    locker = await _locker(inquiry, asked)
    action = ACTIONS.get(asked.action["name"])
    if asked.subject["type"] != "user" or locker is None or action is None:
        return page.answer("user", [])
    found = await inquiry.users_of(locker, action, asked.at, page.limit + 1, page.after)
    return page.answer("user", found)


async def search_resources(inquiry: Inquiry, body: Any) -> Json:
    """The lockers with which a user may do something (§8.5)."""
    whole = _object(body, "")
    asked = _asked(inquiry, whole, "", without="resource")
    page = _Page(whole)
    user = await _user(inquiry, asked)
    action = ACTIONS.get(asked.action["name"])
    if asked.resource["type"] != "locker" or user is None or action is None:
        return page.answer("locker", [])
    found = await inquiry.lockers_of(user, action, asked.at, page.limit + 1, page.after)
    return page.answer("locker", found)


async def search_actions(inquiry: Inquiry, body: Any) -> Json:
    """What a user may do with a locker (§8.6)."""
    whole = _object(body, "")
    asked = _asked(inquiry, {"action": {"name": ""}, **whole}, "")
    user, locker = await _user(inquiry, asked), await _locker(inquiry, asked)
    if user is None or locker is None:
        return {"results": [], "page": {"next_token": ""}}
    may = [
        {"name": action.name}
        for action in ACTIONS.values()
        if (await inquiry.decide(user, locker, action, asked.at)).allowed
    ]
    return {"results": may, "page": {"next_token": ""}}


def explained(judgement: Judgement) -> Json:
    """A decision, with its reason for the administrator and for the user. Which groups are concerned is for the
    administrator alone."""
    decision, user_groups, locker_groups = judgement
    if decision.allowed:
        return {"decision": True}
    code = decision.reason or ""
    answer = _refused(code, WHY.get(code, ""), TOLD.get(code, _NOBODY))
    if user_groups is not None and locker_groups is not None:
        named = {"userGroups": list(user_groups), "lockerGroups": list(locker_groups)}
        answer["context"]["reason_admin"] |= named
    return answer


def _refused(code: str, why: str, told: str) -> Json:
    return {
        "decision": False,
        "context": {"reason_admin": {"code": code, "en": why}, "reason_user": {"code": code, "en": told}},
    }


async def _answer(inquiry: Inquiry, asked: Asked) -> Json:
    unknown = None
    if asked.subject["type"] not in SUBJECTS:
        unknown = "unknownSubjectType"
    elif asked.resource["type"] not in RESOURCES:
        unknown = "unknownResourceType"
    elif asked.action["name"] not in ACTIONS:
        unknown = "unknownAction"
    if unknown is not None:
        return _refused(unknown, _UNKNOWN[unknown], _NOBODY)
    user, locker = await _user(inquiry, asked), await _locker(inquiry, asked)
    return explained(await inquiry.judge(user, locker, ACTIONS[asked.action["name"]], asked.at))


async def _user(inquiry: Inquiry, asked: Asked) -> str | None:
    kind = asked.subject["type"]
    return await inquiry.user(kind, asked.subject["id"]) if kind in SUBJECTS else None


async def _locker(inquiry: Inquiry, asked: Asked) -> str | None:
    kind = asked.resource["type"]
    return await inquiry.locker(kind, asked.resource["id"]) if kind in RESOURCES else None


def _asked(inquiry: Inquiry, body: Mapping[str, Any], where: str, *, without: str = "") -> Asked:
    """``without``: the part that is searched for, of which only the type is needed."""
    parts: dict[str, Mapping[str, Any]] = {}
    for name, keys in (("subject", ("type", "id")), ("action", ("name",)), ("resource", ("type", "id"))):
        if name not in body:
            raise _wrong(f"{where}/{name}", "This is required.")
        part = _object(body[name], f"{where}/{name}")
        for key in keys:
            if name == without and key == "id":
                continue
            if not isinstance(part.get(key), str):
                raise _wrong(f"{where}/{name}/{key}", "This is required, and a text.")
        parts[name] = part
    context = _object(body.get("context", {}), f"{where}/context")
    at = inquiry.clock.written()
    if "time" in context:
        try:
            at = moment(context["time"])
        except (ValueError, TypeError):
            raise _wrong(f"{where}/context/time", "A moment is written like 2026-11-23T08:00:00+01:00.") from None
    return Asked(parts["subject"], parts["action"], parts["resource"], at)


class _Page:
    """The part of a search that is asked for (§8.2)."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        page = _object(body.get("page", {}), "/page")
        limit = page.get("limit", PAGE)
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            raise _wrong("/page/limit", f"This is a whole number from 1 to {MOST}.")
        self.limit = min(limit, MOST)
        token = page.get("token") or page.get("next_token") or ""
        try:
            said = str(token) + "=" * (-len(str(token)) % 4)
            self.after = str(UUID(b64decode(said, altchars=b"-_", validate=True).decode())) if token else ""
        except ValueError:
            raise _wrong("/page/token", "This is no token of an answer before.") from None

    def answer(self, type: str, ids: list[str]) -> Json:
        """``ids`` are one more than the page holds, where there is more."""
        shown = ids[: self.limit]
        more = len(ids) > self.limit
        token = urlsafe_b64encode(shown[-1].encode()).decode().rstrip("=") if more else ""
        return {
            "results": [{"type": type, "id": id} for id in shown],
            "page": {"next_token": token, "count": len(shown)},
        }


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(where or "/", "This has to be a JSON object.")
    return value


def _wrong(where: str, detail: str) -> Malformed:
    return Malformed(f"{where}: {detail}", ((where, detail),))
