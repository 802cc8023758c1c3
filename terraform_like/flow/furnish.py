"""`territory init --crm-setup`: what `crm:` names and the CRM lacks is made there, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from terraform_like.config.load import load_wanted, open_repository
from terraform_like.crm import open_crm
from terraform_like.crm.port import CrmError
from terraform_like.diagnostics import Halt, Report, listing


@dataclass(frozen=True, slots=True)
class Furnished:
    """What was made in the CRM, in some words each; empty where it had all."""

    made: tuple[str, ...]


def furnish(directory: Path, *, alone: bool = True) -> tuple[Furnished, Report]:
    """Make what is missing in the CRM; the territories of all plans of the repository are those that it is to hold.

    Parameters
    ----------
    directory : Path
        A folder with a territory.yaml.
    alone : bool
        Whether nothing else was asked for with it.

    Raises
    ------
    Halt
        When a plan has errors, or the CRM refuses or is none in which something can be made.
    """
    report = Report()
    if not alone:
        report.error(
            "--crm-setup does not go together with --example or --from-crm",
            "Run it first, by itself: it changes the CRM, and makes no repository.",
        )
        raise Halt(report)
    repository = open_repository(directory)
    territories: set[str] = set()
    for name in repository.plans:
        territories |= set(load_wanted(repository, name, report).carving.books)
    made: list[str] = []
    try:
        crm = open_crm(repository.project.crm, repository.root)
        try:
            for one in crm.furnish(sorted(territories)):
                made.append(one)
        finally:
            crm.close()
    except CrmError as error:
        before = f"Made before that: {listing(made)}." if made else "Nothing was made."
        report.error(f"The CRM is not set up: {error}", before)
        raise Halt(report) from None
    return Furnished(tuple(made)), report
