"""`territory validate`: everything that is wrong with the files, without CRM and without solver."""

from __future__ import annotations

from dataclasses import dataclass

from terraform_like.config.load import NOTHING_SET, Repository, load_wanted
from terraform_like.config.references import ANY_COLUMN
from terraform_like.config.variables import Overrides
from terraform_like.diagnostics import Halt, Report
from terraform_like.plan.offered import PLAN_FILE, offered_before


@dataclass(frozen=True, slots=True)
class Validated:
    """How much was read of a plan."""

    plan: str
    segments: int
    territories: int
    slots: int
    people: int
    policies: int
    columns: int | None
    """Columns of the CRM that expressions were checked against; None where no saved plan tells of them."""


def validate(
    repository: Repository, names: list[str], overrides: Overrides = NOTHING_SET
) -> tuple[tuple[Validated, ...], Report]:
    """Check the files of plans, with the columns of the CRM that a saved plan tells of.

    Parameters
    ----------
    repository : Repository
        The territory repository.
    names : list of str
        The plans.
    overrides : Overrides
        Texts that set `vars:` anew.

    Returns
    -------
    tuple of Validated
        One a plan that has no error.
    Report
        Everything that is wrong with any of them.
    """
    report = Report()
    validated: list[Validated] = []
    for name in names:
        own = Report()
        offered = offered_before(repository.plan_folder(name) / PLAN_FILE)
        try:
            wanted = load_wanted(repository, name, own, overrides, offered or ANY_COLUMN)
        except Halt:
            report.extend(own)
            continue
        report.extend(own)
        carving = wanted.carving
        validated.append(
            Validated(
                plan=name,
                segments=len(carving.segments),
                territories=len(carving.territories),
                slots=len(carving.overcarve),
                people=len(carving.people),
                policies=len(wanted.policies.policies),
                columns=len(offered.columns) if offered else None,
            )
        )
    return tuple(validated), report
