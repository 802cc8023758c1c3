"""`territory check` and `territory test`: the gate."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from terraform_like.cli.options import Command, Day, Redaction, plan_argument
from terraform_like.cli.session import Session


@click.command(cls=Command, short_help="Check the saved plan: whole, true to its YAML, within policies.")
@plan_argument
@click.option("--fresh", is_flag=True, help="Ask state, git and CRM too: would an apply go through now?")
@click.option("--base", metavar="REF", help="Branch whose policies count.  [default: the working tree]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit", "sarif", "github"]),
    default="text",
    show_default=True,
)
@click.option("--as-of", type=Day(), help="Day that waivers must hold on.  [default: today, UTC]")
@click.option(
    "--redact",
    type=Redaction(),
    help="Leave out names, amounts or both (names,amounts), beside what territory.yaml says; nothing shows all.",
)
@click.pass_obj
def check(
    session: Session,
    plan: str | None,
    fresh: bool,
    base: str | None,
    form: Any,
    as_of: date | None,
    redact: tuple[str, ...] | None,
) -> int:
    """Check the saved plan: it is the plan of this YAML, its proof holds, the policies pass.

    Needs neither the CRM nor a solver: everything is recomputed from the saved files. With --fresh it also compares
    the state, the branch and every record that the plan changes, as a merge queue does before it merges.

    \b
    Examples:
      territory check --base origin/main
      territory check --fresh
      territory check --format sarif > check.sarif
      territory check --format github --redact names
    """
    from terraform_like.cli.checking import check_command

    return session.run(
        "check",
        lambda: check_command(session, plan, base=base, fresh=fresh, form=form, as_of=as_of, redact=redact),
    )


@click.command("test", cls=Command, short_help="Test the policies on small plans: policies/tests/*.yaml.")
@click.pass_obj
def test_(session: Session) -> int:
    """Ask the policies of the small plans in policies/tests/*.yaml, and compare what they say with what is expected.

    Needs neither a plan nor a CRM.
    """
    from terraform_like.cli.checking import policy_test_command

    return session.run("test", lambda: policy_test_command(session))
