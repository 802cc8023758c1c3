"""`territory show`: the saved plan, whole, stale or edited; it says which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from terraform_like.config.load import Repository
from terraform_like.diagnostics import Halt, Report, did_you_mean, listing
from terraform_like.flow.facts import saved_facts
from terraform_like.flow.hidden import hidden_in
from terraform_like.flow.saved_carve import load_saved
from terraform_like.plan.facts import Facts
from terraform_like.plan.model import Plan
from terraform_like.plan.redacted import Hidden, people_of, redacted
from terraform_like.plan.whole import integrity


@dataclass(frozen=True, slots=True)
class Shown:
    """A saved plan as it may be shown.

    Parameters
    ----------
    plan : Plan
        The plan, without what is hidden.
    facts : Facts or None
        What is known of its accounts, the same way; null where snapshot or YAML are not those of the plan.
    person : str or None
        Who is asked for, by the name that `plan` has for them.
    nameless : bool
        Whether people and accounts stand under other names than their own.
    """

    plan: Plan
    facts: Facts | None
    person: str | None = None
    nameless: bool = False


def show(
    repository: Repository, name: str, *, person: str | None = None, hidden: Iterable[Hidden] | None = None
) -> tuple[Shown, Report]:
    """Give a saved plan; what is wrong with its files is a warning, since showing does no harm.

    Parameters
    ----------
    repository : Repository
        The territory repository.
    name : str
        The plan.
    person : str, optional
        Somebody of the plan who is asked for.
    hidden : iterable of Hidden, optional
        What to leave out beside what territory.yaml says; nothing at all is an empty one.

    Raises
    ------
    Halt
        When there is no plan that can be read, or nobody of that name in it.
    """
    report = Report()
    saved = load_saved(repository, name, report)
    plan = saved.plan
    known = people_of(plan)
    if person is not None and person not in known:
        there = f" There are {listing(known)}." if known else ""
        report.error(f'Nobody is called "{person}" in {name}', f"{did_you_mean(person, known).strip()}{there}".strip())
        raise Halt(report)
    for check in integrity(saved):
        if not check.ok:
            report.warning(check.says, f"Expected {check.expected}, found {check.found or 'nothing'}. {check.way_out}")
    found = redacted(plan, saved_facts(repository, saved), hidden_in(repository, hidden))
    if person is not None and found.stand_ins is not None:
        person = found.stand_ins.person(person)
    return Shown(found.plan, found.facts, person, nameless=found.stand_ins is not None), report
