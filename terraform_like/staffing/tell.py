"""What is to be said of a schedule: who is away, what nobody has, when a slot lapses, who owns more than they can."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from terraform_like.diagnostics import Locate, Report, counted, listing
from terraform_like.domain.carving import Carving
from terraform_like.staffing.cast import Cast
from terraform_like.staffing.lapse import filled_by_lapse
from terraform_like.staffing.schedule import Schedule, Stage
from terraform_like.staffing.tenure import owners_on

#: How long before its day a lapse is told.
LAPSE_TOLD = timedelta(days=30)


def tell(schedule: Schedule, locate: Locate, report: Report) -> None:
    """Gather what a reviewer must know of a schedule.

    An account that is nobody's today though people could hold it is an error; on a later day it is a warning, since
    there is time to name somebody.

    Parameters
    ----------
    schedule : Schedule
        Who has what.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers it.
    """
    cast, today = schedule.cast, schedule.stages[0]
    for number in np.flatnonzero(today.owners[:-1] < 0).tolist():
        name = cast.books[number]
        _absent(cast, name, today.day, locate, report)
    _full(schedule, locate, report)
    _nobody(schedule, today, locate, report)
    _later(schedule, locate, report)
    _lapses(cast.carving, today.day, locate, report)
    _over_capacity(cast.carving, today.day, locate, report)


def _absent(cast: Cast, name: str, day: date, locate: Locate, report: Report) -> None:
    """Warn that a territory's owner is not there on a day: it is vacant, though the YAML names somebody."""
    owner, follows = cast.wishes[name].owner, cast.wishes[name].successor
    person = cast.carving.people.get(owner) if owner else None
    if person is None:
        return
    if person.leaves is not None and person.leaves < day:
        when = f"left on {person.leaves}"
    else:
        when = "is away, by a `capacity` of 0" if person.away else f"starts on {person.starts}"
    way = f"{follows.person} follows." if follows else "Name another owner, or a `successor`."
    where = locate((cast.kind(name), name, "owner"))
    report.warning(f"{name} is vacant on {day}", f"{owner} {when}. Others hold its accounts. {way}", where)


def _full(schedule: Schedule, locate: Locate, report: Report) -> None:
    cast = schedule.cast
    for name, accounts in schedule.stages[0].full.items():
        ids = [str(cast.accounts[n]) for n in accounts]
        who = counted(len(ids), "account")
        report.error(
            f"Nobody has room for {who} of {name}",
            f"{listing(ids)}. Everybody who may hold them has as many full books as their `capacity` says. Let more "
            "people hold with `cover: {by: [...]}`, raise a `capacity`, or name an owner.",
            locate((cast.kind(name), name), key=True),
        )


def _nobody(schedule: Schedule, stage: Stage, locate: Locate, report: Report) -> None:
    """Warn once of all accounts that nobody has, and nobody may hold."""
    cast = schedule.cast
    full = {number for accounts in stage.full.values() for number in accounts}
    alone = [n for n in np.flatnonzero((stage.who < 0) & (cast.territory >= 0)).tolist() if n not in full]
    if not alone:
        return
    accounts = [str(cast.accounts[n]) for n in alone]
    names = sorted({cast.books[cast.territory[n]] for n in alone})
    vacant = f"{listing(names)} {'is' if len(names) == 1 else 'are'} vacant"
    report.warning(
        f"Nobody has {counted(len(accounts), 'account')}",
        f"{vacant}, and nobody in the CRM owned {listing(accounts)} before. Name an owner, or somebody in the CRM.",
        locate((cast.kind(names[0]), names[0]), key=True),
    )


def _later(schedule: Schedule, locate: Locate, report: Report) -> None:
    """Warn of each territory of which accounts come to be nobody's on a later day, at the first such day."""
    cast = schedule.cast
    told: set[str] = set()
    for before, stage in zip(schedule.stages, schedule.stages[1:], strict=False):
        lost = np.flatnonzero((stage.who < 0) & (before.who >= 0) & (stage.territory >= 0))
        for number in np.unique(stage.territory[lost]).tolist():
            name = cast.books[number]
            if name in told:
                continue
            told.add(name)
            accounts = [str(cast.accounts[n]) for n in lost.tolist() if stage.territory[n] == number]
            report.warning(
                f"Nobody has {counted(len(accounts), 'account')} of {name} from {stage.day} on",
                f"{listing(accounts)}. Name a `successor`, or more people who may hold with `cover: {{by: [...]}}`.",
                locate((cast.kind(name), name), key=True),
            )


def _lapses(carving: Carving, day: date, locate: Locate, report: Report) -> None:
    for name, slot in carving.overcarve.items():
        if slot.lapse is None or not day <= slot.lapse <= day + LAPSE_TOLD or filled_by_lapse(slot, carving):
            continue
        late = carving.people.get(slot.filled_by or "")
        why = f"{slot.filled_by} starts on {late.starts}, after that." if late else "Nobody fills it yet."
        report.warning(
            f"{name} lapses on {slot.lapse}",
            f"{why} After that day the next plan gives its accounts to its neighbours. Name `filled_by`, or a later "
            "`lapse`.",
            locate(("overcarve", name, "lapse")),
        )


def _over_capacity(carving: Carving, day: date, locate: Locate, report: Report) -> None:
    """Warn of people who own more territories than they have capacity for, by the sizes that are wished."""
    owned: dict[str, list[str]] = {}
    for name, owner in owners_on(carving, day).items():
        owned.setdefault(owner, []).append(name)
    wished = carving.books
    for person, books in sorted(owned.items()):
        # Where nothing is said of it, several territories for one person are how the company works.
        if "capacity" not in carving.people[person].model_fields_set:
            continue
        capacity = carving.people[person].capacity
        size = sum(wished[name].size for name in books)
        if size > capacity * (1 + 1e-9) and len(books) > 1:
            report.warning(
                f"{person} owns more than one person can carry",
                f"{listing(sorted(books))} are {size:g} full books, and {person} has a capacity of {capacity:g}. "
                "Name another owner, or say `capacity`.",
                locate(("people", person), key=True),
            )
