"""``rollbook transfer apply``, ``sync`` and ``resume``: doing it, and what came of it."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.options import Json
from rollbook.cli.output import WRONG_USAGE, fail, print_json, say
from rollbook.cli.transfer_options import ConfigFile, TargetName, chosen, read, there
from rollbook.cli.transfer_running import each, or_fail

if TYPE_CHECKING:
    from rollbook.transfer.runs import Allowed, Result, Session
    from rollbook.transfer.target_settings import TargetSettings

AllowDeletes = Annotated[
    int | None,
    typer.Option(
        "--allow-deletes",
        metavar="N",
        help="Let this plan pass the brakes, once: it deactivates and deletes exactly N users. Needs --plan.",
        show_default=False,
    ),
]
PlanId = Annotated[
    str | None, typer.Option("--plan", metavar="ID", help="The plan that somebody has looked at.", show_default=False)
]


def apply(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `plan -o` has written.")],
    config: ConfigFile = "transfer.toml",
    allow_deletes: AllowDeletes = None,
    plan: PlanId = None,
    json: Json = False,
) -> None:
    """Do what a plan says, and nothing else.

    It is refused where it was edited, is too old, or where config, source or target have changed since.

    \b
    rollbook transfer apply plan.jsonl
    rollbook transfer apply plan.jsonl --allow-deletes 37 --plan 5f0c1a2b3c4d5e6f
    """
    from rollbook.transfer import plan_file
    from rollbook.transfer.state.journal import plan_key

    allowed = _allowed(allow_deletes, plan)
    config_read = read(config)
    found = or_fail(lambda: plan_file.read(there(file), plan_key(config_read.state_folder)))
    named = [one for one in config_read.targets if one.name == found.header["target"]]
    if not named:
        fail(f"the plan is for target {found.header['target']!r}, and the config has none of that name")
    _finish(config_read, named, lambda session: session.apply(found, allowed), json=json)


def sync(
    config: ConfigFile = "transfer.toml",
    target: TargetName = None,
    allow_deletes: AllowDeletes = None,
    plan: PlanId = None,
    json: Json = False,
) -> None:
    """Plan, look at the brakes, and do it. Made for a timer.

    A run that was cut off is finished first. A run that a brake stops has changed nothing.

    \b
    rollbook transfer sync
    rollbook transfer sync -c north.toml --json
    rollbook transfer sync --allow-deletes 37 --plan 5f0c1a2b3c4d5e6f
    """
    allowed = _allowed(allow_deletes, plan)
    config_read, targets = chosen(config, target)
    if allowed is not None and len(targets) > 1:
        fail("--plan is one target's", "name it with --target", WRONG_USAGE)
    _finish(config_read, targets, lambda session: session.sync(allowed), json=json)


def resume(config: ConfigFile = "transfer.toml", target: TargetName = None, json: Json = False) -> None:
    """Finish a run that was cut off: what was begun is looked at, what was not begun is done.

    \b
    rollbook transfer resume
    """
    config_read, targets = chosen(config, target)
    _finish(config_read, targets, lambda session: session.resume(), json=json)


def _allowed(number: int | None, plan: str | None) -> "Allowed | None":
    if number is None and plan is None:
        return None
    if number is None or plan is None:
        fail("--allow-deletes and --plan go together", "look at the plan first: it says both", WRONG_USAGE)
    from rollbook.transfer.runs import Allowed

    return Allowed(plan, number)


def _finish(
    config: Any, targets: list["TargetSettings"], work: Callable[["Session"], Awaitable["Result | None"]], *, json: bool
) -> None:
    """Run, and tell what came of it: the result on standard output, what should be known on standard error."""
    from rollbook.cli.transfer_shown import say_failed, say_notes, show_result
    from rollbook.transfer.errors import DONE, SOME_FAILED

    told: list[dict[str, Any]] = []
    finished: dict[str, dict[str, Any]] = {}

    def tell(session: "Session", result: "Result") -> None:
        session.progress("", 0, None)
        say_notes(note.to_json() for note in session.journal.notes(result.run))
        say_failed(session.journal.operations(result.run))
        if not json:
            show_result(session.settings.name, result)

    async def one(session: "Session") -> int:
        name = session.settings.name

        def first(result: "Result") -> None:
            finished[name] = _told(result)
            tell(session, result)

        session.finished = first
        result = await work(session)
        if result is None:
            session.progress("", 0, None)
            say(f"{name}: there is nothing to resume.")
            told.append({"target": name, "run": None})
            return DONE
        told.append({"target": name, **_told(result)})
        tell(session, result)
        return SOME_FAILED if result.failed or result.unclear else DONE

    code = each(config, targets, one, told)
    for said in told:
        if (before := finished.get(said["target"])) is not None:
            said["finished"] = before
    if json:
        print_json({"exit_code": code, "targets": told})
    raise typer.Exit(code)


def _told(result: "Result") -> dict[str, Any]:
    said: dict[str, Any] = {
        "run": result.run,
        "plan": result.plan,
        "counts": dict(result.counts),
        "failed": result.failed,
        "unclear": result.unclear,
        "requests": result.requests,
        "repeated": result.repeated,
    }
    return said | ({"parts": list(result.parts)} if result.parts else {})
