"""`territory export`: tables of a saved plan as CSV."""

from __future__ import annotations

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


@click.group("export", cls=Group, short_help="Credit and hand-overs of the saved plan as CSV.")
def export() -> None:
    """Give tables of the saved plan as CSV: who earns what for which account, and who hands what to whom."""


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


def _finish(session: Session, command: str, exported: Exported, report: Report, out: Path | None) -> int:
    """Write the table where it is asked for, or to stdout."""
    from terraform_like.report.csv import csv_text

    table = exported.table
    result = {"plan": exported.plan, "digest": exported.digest, "rows": table.rows(named=True)}
    if out is None:
        return session.finish(command, result, report, lambda _: csv_text(table).rstrip("\n"))
    (session.chdir / out).write_text(csv_text(table), encoding="utf-8", newline="")
    return session.finish(command, result, report, lambda _: f"Wrote {table.height:,} rows to {out}.")
