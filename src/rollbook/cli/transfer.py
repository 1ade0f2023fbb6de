"""``rollbook transfer``: plan, show, apply, sync, resume, report, links; init, check, explain beside them."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli import transfer_explain, transfer_links, transfer_report, transfer_setup
from rollbook.cli.options import Json
from rollbook.cli.output import WRONG_USAGE, fail, print_json, say
from rollbook.cli.transfer_options import ConfigFile, TargetName, chosen, read
from rollbook.cli.transfer_running import each, or_fail

if TYPE_CHECKING:
    from rollbook.transfer.planning import Plan
    from rollbook.transfer.runs import Allowed, Result, Session
    from rollbook.transfer.target_settings import TargetSettings

app = typer.Typer(
    name="transfer",
    help="""Keep a SCIM service in step with a directory: a file, a database, LDAP, another SCIM service.

    \b
    rollbook transfer init                   asks, and writes transfer.toml
    rollbook transfer check                  source, target, rights, mapping
    rollbook transfer plan -o plan.jsonl     what would be done, and why
    rollbook transfer apply plan.jsonl       just that
    rollbook transfer sync                   both, behind brakes: for a timer

    Exit codes: 0 done or nothing to do, 1 failed, 2 wrong usage or config, 3 stopped by a brake, 4 some entries failed,
    5 target unreachable or login refused; `plan --detailed-exitcode` answers 10 when there is something to do. With
    several targets the code is that of the first that did not end well.
    """,
    short_help="Keep a SCIM service in step with a directory.",
    no_args_is_help=True,
)
app.command()(transfer_setup.init)
app.command()(transfer_setup.check)
app.command()(transfer_explain.explain)

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


@app.command()
def plan(
    config: ConfigFile = "transfer.toml",
    target: TargetName = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Keep the plan, signed, for `apply`.")
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 10 where there is something to do.")
    ] = False,
    json: Json = False,
) -> None:
    """Say what would be done about whom, and why. Nothing is changed.

    A plan that a brake holds ends with 3, and is written all the same: look at it, then let it pass, once.

    \b
    rollbook transfer plan
    rollbook transfer plan -o plan.jsonl --detailed-exitcode
    """
    from rollbook.transfer.errors import BRAKED, DONE, SOMETHING_TO_DO
    from rollbook.transfer.mapping.checking import wanting

    config_read, targets = chosen(config, target)
    told: list[dict[str, Any]] = []

    async def work(session: "Session") -> int:
        async with session.planned() as (made, found):
            session.progress("", 0, None)
            lacking = wanting(config_read.map.lines, config_read.managed, found.can) if made.totals.create else None
            if lacking is not None:
                say(f"warning: {config_read.problem(lacking.key, lacking.detail, lacking.right)}")
            path = _plan_path(output, session.settings.name, several=len(targets) > 1)
            if path is not None:
                session.write_plan(made, path)
            _tell_plan(made, told, json=json)
            if path is not None:
                say(f"{session.settings.name}: the plan is in {path}.")
            if made.held:
                way = f"--allow-deletes {made.totals.removals} --plan {made.id}"
                hint = "nothing lets an empty source pass" if made.empty_source else f"to let it pass, once: {way}"
                say(f"rollbook: {session.settings.name}: stopped by a brake: {'; '.join(made.held)}\n  {hint}")
                return BRAKED
            return SOMETHING_TO_DO if detailed_exitcode and made.totals.writes else DONE

    code = each(config_read, targets, work, told)
    if json:
        print_json({"exit_code": code, "targets": told})
    raise typer.Exit(code)


def _plan_path(output: str | None, name: str, *, several: bool) -> Path | None:
    if output is None:
        return None
    path = Path(output)
    return path.with_name(f"{path.stem}.{name}{path.suffix}") if several else path


def _tell_plan(made: "Plan", told: list[dict[str, Any]], *, json: bool) -> None:
    from rollbook.cli.transfer_shown import show_lines

    totals = {**made.totals.to_json(), "held": list(made.held)}
    if json:
        told.append(_plan_json(made.header, totals, made.lines()))
    else:
        show_lines(made.header, totals, made.lines(), all=False)


def _plan_json(header: Any, totals: Any, lines: Any) -> dict[str, Any]:
    import orjson

    said = [orjson.loads(line) for line in lines]
    return {
        **header,
        "totals": totals,
        "held": totals.get("held", []),
        "operations": [one for one in said if "kind" in one],
        "notes": [one for one in said if "note" in one],
    }


@app.command()
def show(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `plan -o` has written.")],
    config: ConfigFile = "transfer.toml",
    redact: Annotated[bool, typer.Option("--redact", help="Leave out names and values.")] = False,
    json: Json = False,
) -> None:
    """Show a plan that was kept: every before and after, with its reason. One that was edited is refused.

    \b
    rollbook transfer show plan.jsonl
    """
    from rollbook.cli.transfer_shown import show_lines
    from rollbook.transfer import plan_file
    from rollbook.transfer.state.journal import plan_key

    found = or_fail(lambda: plan_file.read(_there(file), plan_key(read(config).state_folder)))
    lines = (line for line, _ in found.lines())
    if json:
        print_json(_plan_json(found.header, found.totals, lines))
    else:
        show_lines(found.header, found.totals, lines, all=True, redact=redact)


@app.command()
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
    found = or_fail(lambda: plan_file.read(_there(file), plan_key(config_read.state_folder)))
    named = [one for one in config_read.targets if one.name == found.header["target"]]
    if not named:
        fail(f"the plan is for target {found.header['target']!r}, and the config has none of that name")
    _finish(config_read, named, lambda session: session.apply(found, allowed), json=json)


@app.command()
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


@app.command()
def resume(config: ConfigFile = "transfer.toml", target: TargetName = None, json: Json = False) -> None:
    """Finish a run that was cut off: what was begun is looked at, what was not begun is done.

    \b
    rollbook transfer resume
    """
    config_read, targets = chosen(config, target)
    _finish(config_read, targets, lambda session: session.resume(), json=json)


def _there(file: str) -> Path:
    if not Path(file).is_file():
        fail(f"there is no file {file}", code=WRONG_USAGE)
    return Path(file)


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
    """Run, and tell what came of it."""
    from rollbook.cli.transfer_shown import say_notes, show_result
    from rollbook.transfer.errors import DONE, SOME_FAILED

    told: list[dict[str, Any]] = []

    async def one(session: "Session") -> int:
        name = session.settings.name
        result = await work(session)
        session.progress("", 0, None)
        if result is None:
            say(f"{name}: there is nothing to resume.")
            told.append({"target": name, "run": None})
            return DONE
        told.append(
            {
                "target": name,
                "run": result.run,
                "plan": result.plan,
                "counts": dict(result.counts),
                "failed": result.failed,
                "unclear": result.unclear,
                "requests": result.requests,
                "repeated": result.repeated,
            }
        )
        say_notes(note.to_json() for note in session.journal.notes(result.run))
        for done in session.journal.operations(result.run):
            if done.state != "done" or done.detail:
                who = done.operation.user_name or done.operation.key
                say(f"{done.operation.kind} {done.state}: {who}: {done.detail}")
        show_result(name, result)
        return SOME_FAILED if result.failed or result.unclear else DONE

    code = each(config, targets, one, told)
    if json:
        print_json({"exit_code": code, "targets": told})
    raise typer.Exit(code)


app.command()(transfer_report.report)
app.add_typer(transfer_links.app)
