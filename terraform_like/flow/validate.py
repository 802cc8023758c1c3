"""`territory validate`: everything that is wrong with the files, without CRM and without solver."""

from __future__ import annotations

from dataclasses import dataclass

from terraform_like.config.load import NOTHING_SET, Repository, load_wanted
from terraform_like.config.variables import Overrides
from terraform_like.diagnostics import Halt, Report


@dataclass(frozen=True, slots=True)
class Validated:
    """How much was read of a plan."""

    plan: str
    segments: int
    territories: int
    slots: int
    people: int
    policies: int


def validate(
    repository: Repository, names: list[str], overrides: Overrides = NOTHING_SET
) -> tuple[tuple[Validated, ...], Report]:
    """Check the files of plans.

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
        try:
            wanted = load_wanted(repository, name, own, overrides)
        except Halt:
            report.extend(own)
            continue
        report.extend(own)
        carving = wanted.carving
        parts = (carving.segments, carving.territories, carving.overcarve, carving.people, wanted.policies.policies)
        validated.append(Validated(name, *map(len, parts)))
    return tuple(validated), report
