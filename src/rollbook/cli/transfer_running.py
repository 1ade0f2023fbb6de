"""How verbs of a transfer work on their targets, and what becomes of errors."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from rollbook.cli.output import fail, say
from rollbook.errors import RollbookError

if TYPE_CHECKING:
    from rollbook.transfer.config import Config
    from rollbook.transfer.runs import Session
    from rollbook.transfer.target_settings import TargetSettings

T = TypeVar("T")
P = ParamSpec("P")


def sound(command: Callable[P, None]) -> Callable[P, None]:
    """A command whose work on the files of a transfer may meet what befalls a machine: it ends with a sentence."""

    @wraps(command)
    def guarded(*given: P.args, **named: P.kwargs) -> None:
        from rollbook.transfer.state.faults import StateFault, state_faults

        try:
            with state_faults():
                command(*given, **named)
        except StateFault as fault:
            fail(fault.detail, fault.hint)

    return guarded


def or_fail(work: Callable[[], T]) -> T:
    """What comes of a piece of work; a refusal ends the command with its code."""
    try:
        return work()
    except RollbookError as refused:
        fail(refused.detail.replace("\n", "\n  "), refused.hint, getattr(refused, "exit_code", 1))


def each(
    config: "Config",
    targets: list["TargetSettings"],
    work: Callable[["Session"], Awaitable[int]],
    told: list[dict[str, Any]],
) -> int:
    """Work on each target, one after the other; the code of the first that did not end well. What stopped one is said,
    and added to what is ``told`` in JSON."""
    from rollbook.cli.transfer_bars import bars
    from rollbook.transfer.errors import Braked
    from rollbook.transfer.runs import Session
    from rollbook.transfer.state.faults import state_faults

    codes = []
    for settings in targets:
        try:
            with (
                state_faults(),
                bars(settings.name) as progress,
                Session(config, settings, progress=progress, said=say) as session,
            ):
                codes.append(asyncio.run(_watched(work, session)))
        except RollbookError as refused:
            several = f"{settings.name}: " if len(targets) > 1 else ""
            detail = refused.detail.replace("\n", "\n  ")
            say(f"rollbook: {several}{detail}" + (f"\n  {refused.hint}" if refused.hint else ""))
            codes.append(getattr(refused, "exit_code", 1))
            told.append({"target": settings.name, "error": refused.detail})
            if isinstance(refused, Braked) and refused.held:
                told[-1] |= {"plan": refused.plan, "held": list(refused.held), "removals": refused.removals}
    return next((code for code in codes if code), 0)


async def _watched(work: Callable[["Session"], Awaitable[int]], session: "Session") -> int:
    try:
        return await work(session)
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
