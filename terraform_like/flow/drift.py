"""`territory drift`: the CRM against what was last applied."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import date

import polars as pl

from terraform_like.config.load import Repository, Wanted, load_wanted
from terraform_like.config.variables import Overrides
from terraform_like.diagnostics import Halt, Report
from terraform_like.diff import Place
from terraform_like.flow.earlier import saved_before, swaps_done
from terraform_like.flow.inputs import populated
from terraform_like.flow.live import Live, read_live
from terraform_like.flow.opened import found_state
from terraform_like.plan.drifted import Drift, Drifted
from terraform_like.state.lock import StateError


def drift(repository: Repository, name: str, day: date) -> tuple[Drift, Report]:
    """Compare the CRM with what was last applied of a plan.

    Parameters
    ----------
    repository : Repository
        The territory repository.
    name : str
        The plan.
    day : datetime.date
        Today: where the CRM knows no territories, the owners of that day say which they are.

    Raises
    ------
    Halt
        When the YAML, the state or the CRM cannot be read.
    """
    report = Report()
    before = saved_before(repository, name)
    wanted = load_wanted(repository, name, report, Overrides(before.variables if before else {}))
    applied = _applied(repository, name, report)
    if applied is None:
        report.note(f"Nothing of {name} was applied yet", "There is nothing to compare the CRM with.")
        return Drift(name), report
    who = repository.project.crm.changed_by
    live = read_live(repository, wanted, day, report, also=[who] if who else [], before=before)
    table = applied.join(_renamed(live.snapshot, who), on="account", how="left", coalesce=True).sort("account")
    gone = table.filter(pl.col("there").is_null())
    elsewhere = pl.col("has_it").ne_missing(pl.col("owner_live"))
    if live.capabilities.territories:
        elsewhere |= pl.col("territory").ne_missing(pl.col("territory_live"))
    changed = table.filter(pl.col("there").is_not_null() & elsewhere).sort("territory", "account", nulls_last=True)
    people = {user: person for person, user in live.users.items()}

    def place(territory: str | None, owner: str | None) -> Place:
        return Place(territory=territory, owner=people.get(owner, owner) if owner is not None else None)

    return (
        Drift(
            name,
            tuple(
                Drifted(
                    row["account"],
                    place(row["territory"], row["has_it"]),
                    place(row["territory_live"], row["owner_live"]),
                    people.get(row["changed_by"], row["changed_by"]),
                )
                for row in changed.iter_rows(named=True)
            ),
            tuple((row["account"], place(row["territory"], row["has_it"])) for row in gone.iter_rows(named=True)),
            tuple(
                (account, place(territory, owner))
                for account, territory, owner in _new(repository, wanted, live, applied, report)
            ),
            dict(Counter(table.filter(pl.col("there"))["territory"].drop_nulls())),
        ),
        report,
    )


def _applied(repository: Repository, name: str, report: Report) -> pl.DataFrame | None:
    """Give where accounts were last put and who has them; None where nothing was applied."""
    try:
        state = found_state(repository)
        if state is None:
            return None
        with closing(state):
            applied = state.applied(name)
            known = applied.height > 0 or state.last(name) is not None
    except StateError as error:
        report.error("The state cannot be read", f"{error}.", repository.locate(("state",)))
        raise Halt(report) from None
    return applied.select("account", "territory", has_it=pl.coalesce("holder", "owner")) if known else None


def _renamed(snapshot: pl.DataFrame, who: str | None) -> pl.DataFrame:
    by = pl.col(who).cast(pl.String) if who else pl.lit(None, pl.String)
    return snapshot.select("account", there=pl.lit(True), territory_live="territory", owner_live="owner", changed_by=by)


def _new(
    repository: Repository, wanted: Wanted, live: Live, applied: pl.DataFrame, report: Report
) -> list[tuple[str, str | None, str | None]]:
    """Give accounts in scope that were never applied, with territory and owner (a CRM user id)."""
    done = swaps_done(repository, wanted, saved_before(repository, wanted.carving.name))
    try:
        inside = populated(wanted, live.snapshot, live.users, Report(), done).inside.accounts
    except Halt as halt:
        report.warning("Accounts that are new cannot be told", f"{halt}. What it is about: territory plan.")
        return []
    new = live.snapshot.filter(pl.col("account").is_in(inside.implode())).join(applied, on="account", how="anti")
    return [tuple(row) for row in new.sort("account").select("account", "territory", "owner").iter_rows()]
