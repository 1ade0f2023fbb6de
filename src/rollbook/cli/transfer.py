"""``rollbook transfer``: its verbs, in the order in which somebody needs them."""

import typer

from rollbook.cli import transfer_explain, transfer_links, transfer_plan, transfer_report, transfer_setup, transfer_work
from rollbook.cli.transfer_running import sound

app = typer.Typer(
    name="transfer",
    help="""Keep a SCIM service in step with a directory: a file, a database, LDAP, another SCIM service.

    \b
    rollbook transfer init                   asks, and writes transfer.toml
    rollbook transfer check                  source, target, rights, mapping
    rollbook transfer plan -o plan.jsonl     what would be done, and why
    rollbook transfer apply plan.jsonl       just that
    rollbook transfer sync                   both, behind brakes: for a timer

    Exit codes: 0 done or nothing to do, 1 failed (or a plan that is not the one of now), 2 wrong usage or config,
    3 stopped by a brake (or an approval that does not fit), 4 some entries failed, 5 target unreachable or login
    refused; `plan --detailed-exitcode` answers 10 when there is something to do. With several targets the code is that
    of the first that did not end well.
    """,
    short_help="Keep a SCIM service in step with a directory.",
    no_args_is_help=True,
)
app.command()(transfer_setup.init)
app.command()(sound(transfer_setup.check))
app.command()(sound(transfer_explain.explain))
app.command()(transfer_plan.plan)
app.command()(transfer_plan.show)
app.command()(transfer_work.apply)
app.command()(transfer_work.sync)
app.command()(transfer_work.resume)
app.command()(sound(transfer_report.report))
app.add_typer(transfer_links.app)
