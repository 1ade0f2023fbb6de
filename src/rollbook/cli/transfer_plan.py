"""``rollbook transfer plan`` and ``show``: what would be done about whom, before anything is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rollbook.cli.options import Json
from rollbook.cli.output import WRONG_USAGE, fail, print_json, say
from rollbook.cli.transfer_options import ConfigFile, TargetName, chosen, read, there
from rollbook.cli.transfer_running import each, or_fail

if TYPE_CHECKING:
    from rollbook.transfer.plan_lines import Plan
    from rollbook.transfer.runs import Session


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
    _check_output(output)
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


def _check_output(output: str | None) -> None:
    path = Path(output or "plan")
    if path.is_dir():
        fail(f"-o: {output} is a folder", "name a file in it", WRONG_USAGE)
    if not path.parent.is_dir():
        fail(f"-o: there is no folder {path.parent}", code=WRONG_USAGE)


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

    found = or_fail(lambda: plan_file.read(there(file), plan_key(read(config).state_folder)))
    lines = (line for line, _ in found.lines())
    if json:
        print_json(_plan_json(found.header, found.totals, lines))
    else:
        show_lines(found.header, found.totals, lines, all=True, redact=redact)
