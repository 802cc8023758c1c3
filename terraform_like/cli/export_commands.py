"""`territory export`: tables of a saved plan as CSV."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terraform_like.cli.options import Day, Group, plan_argument
from terraform_like.cli.session import Session

if TYPE_CHECKING:
    from terraform_like.diagnostics import Report
    from terraform_like.flow.export import Exported

_OUT = click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")


@click.group("export", cls=Group, short_help="Credit, hand-overs and rules of routing of the saved plan.")
def export() -> None:
    """Give tables of the saved plan: who earns what for which account, who hands what to whom, and rules of routing."""


@export.command(short_help="Who earns which share of the credit for which account, and when.")
@plan_argument
@click.option("--from", "since", type=Day(), required=True, help="First day.")
@click.option("--to", "until", type=Day(), required=True, help="Last day.")
@_OUT
@click.pass_obj
def credit(session: Session, plan: str | None, since: date, until: date, out: Path | None) -> int:
    """Give account, territory, person, role, credit, from and to; a share that nobody earns has no person."""
    from terraform_like.flow.export import export_credit

    def work() -> int:
        repository = session.repository(offline=True)
        return _finish(session, "export credit", *export_credit(repository, repository.choose(plan), since, until), out)

    return session.run("export credit", work)


@export.command(short_help="Who hands which accounts to whom, when and why.")
@plan_argument
@_OUT
@click.pass_obj
def handover(session: Session, plan: str | None, out: Path | None) -> int:
    """Give every account that changes hands, on the plan's day and on later ones, with its open deals."""
    from terraform_like.flow.export import export_handover

    def work() -> int:
        repository = session.repository(offline=True)
        return _finish(session, "export handover", *export_handover(repository, repository.choose(plan)), out)

    return session.run("export handover", work)


@export.command("routing", short_help="Rules by which other programs find the same owner.")
@plan_argument
@click.option(
    "--format",
    "shape",
    type=click.Choice(["csv", "leandata", "zendesk", "salesforce-assignment-rules"]),
    default="csv",
    help="The program that is to read them.",
)
@click.option("--field", "fields", multiple=True, metavar="COLUMN=FIELD", help="What the program calls a column.")
@_OUT
@click.pass_obj
def export_rules(session: Session, plan: str | None, shape: str, fields: tuple[str, ...], out: Path | None) -> int:
    """Give rules in order, of which the first that matches has the owner: accounts by name, then places and segments.

    Accounts that no condition leads to their owner are named ahead of the others, in the column `account`.
    """
    from terraform_like.flow.export import export_routing
    from terraform_like.report.routing import FORMATS

    named = dict(field.split("=", 1) for field in fields if "=" in field)
    if len(named) < len(fields):
        raise click.BadParameter("write it as COLUMN=FIELD, such as state=Lead.State", param_hint="--field")

    def work() -> int:
        repository = session.repository()
        routed, report = export_routing(repository, repository.choose(plan))
        text = FORMATS[shape](routed.routing, routed.users, named)
        rules = [
            {"territory": rule.territory, "owner": rule.owner, "criteria": [asdict(one) for one in rule.criteria]}
            for rule in routed.routing.rules
        ]
        result = {"plan": routed.plan, "digest": routed.digest, "rules": rules}
        if out is None:
            return session.finish("export routing", result, report, lambda _: text.rstrip("\n"))
        (session.chdir / out).write_text(text, encoding="utf-8", newline="")
        return session.finish("export routing", result, report, lambda _: f"Wrote {len(rules):,} rules to {out}.")

    return session.run("export routing", work)


def _finish(session: Session, command: str, exported: Exported, report: Report, out: Path | None) -> int:
    """Write the table where it is asked for, or to stdout."""
    from terraform_like.report.csv import csv_text

    table = exported.table
    result = {"plan": exported.plan, "digest": exported.digest, "rows": table.rows(named=True)}
    if out is None:
        return session.finish(command, result, report, lambda _: csv_text(table).rstrip("\n"))
    (session.chdir / out).write_text(csv_text(table), encoding="utf-8", newline="")
    return session.finish(command, result, report, lambda _: f"Wrote {table.height:,} rows to {out}.")
