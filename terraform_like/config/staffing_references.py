"""What must hold between people, territories and time: names that exist, days that come in order."""

from __future__ import annotations

from collections.abc import Iterator

from terraform_like.diagnostics import Locate, Path, Report, did_you_mean
from terraform_like.domain.carving import Carving, Slot, Territory
from terraform_like.domain.people import Cover


def check_staffing(carving: Carving, locate: Locate, report: Report) -> None:
    """Check covers, successors, the people who fill slots, and the coverage of other roles.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers errors, and warnings of wishes that can have no effect.
    """
    roles = {person.role for person in carving.people.values()}
    for path, cover in _covers(carving):
        for number, name in enumerate(cover.by):
            if name not in carving.people and name not in roles:
                known = sorted({*carving.people, *roles})
                hint = did_you_mean(name, known).strip() or f"People and roles: {', '.join(known[:20])}."
                report.error(f'There is no person or role "{name}"', hint, locate((*path, "by", number)))
    for path, book in _books(carving):
        _successor(carving, path, book, locate, report)
        if isinstance(book, Slot):
            _slot(carving, path, book, locate, report)
    for role in carving.coverage:
        if role not in roles:
            hint = did_you_mean(role, roles).strip() or f"Roles of people: {', '.join(sorted(roles)[:20]) or 'none'}."
            report.error(f'Nobody has the role "{role}"', hint, locate(("coverage", role), key=True))
    for name, person in carving.people.items():
        if person.ramp and not (person.starts and carving.plan.starts):
            what = "the person's `starts`" if carving.plan.starts else "`plan: {starts: ...}`"
            report.warning(
                f"The ramp of {name} has no effect",
                f"A ramp counts months from the person's first day to the plan's. Say {what}.",
                locate(("people", name, "ramp"), key=True),
            )


def _books(carving: Carving) -> Iterator[tuple[Path, Territory]]:
    yield from ((("territories", name), book) for name, book in carving.territories.items())
    yield from ((("overcarve", name), slot) for name, slot in carving.overcarve.items())


def _covers(carving: Carving) -> Iterator[tuple[Path, Cover]]:
    yield ("cover",), carving.cover
    yield from (((*path, "cover"), book.cover) for path, book in _books(carving) if book.cover)


def _successor(carving: Carving, path: Path, book: Territory, locate: Locate, report: Report) -> None:
    follows = book.successor
    if follows is None:
        return
    span = locate((*path, "successor"))
    person = carving.people.get(follows.person)
    owner_name = (book.filled_by or book.owner) if isinstance(book, Slot) else book.owner
    if person is None:
        hint = did_you_mean(follows.person, carving.people).strip() or "Declare the person under `people:`."
        report.error(f'There is no person "{follows.person}"', hint, span)
    elif follows.person == owner_name:
        report.error(f"{follows.person} follows {follows.person}", "Name somebody else, or leave it out.", span)
    elif owner_name is None:
        detail = f"{path[-1]} has no owner. Write `owner: {follows.person}`: it begins on that person's first day."
        report.error("A successor follows nobody", detail, span)
    elif follows.since is None and (owner := carving.people.get(owner_name)) and owner.leaves is None:
        detail = f"{owner_name} does not leave. Say the day: `{{person: {follows.person}, from: 2027-08-01}}`."
        report.error(f"{path[-1]} passes to {follows.person} on no day", detail, span)
    elif follows.since and person.leaves and person.leaves < follows.since:
        detail = f"{follows.person} leaves on {person.leaves}, before that. Name another."
        report.error(f"{path[-1]} passes to somebody who has left", detail, span)


def _slot(carving: Carving, path: Path, slot: Slot, locate: Locate, report: Report) -> None:
    filler = carving.people.get(slot.filled_by or "")
    if filler and slot.lapse and filler.starts and filler.starts > slot.lapse:
        report.warning(
            f"{slot.filled_by} comes too late for {path[-1]}",
            f"The slot lapses on {slot.lapse}, and {slot.filled_by} starts on {filler.starts}. Name a later `lapse`.",
            locate((*path, "lapse")),
        )
