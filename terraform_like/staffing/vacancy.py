"""Since when a vacant territory has no owner, as far as it is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from terraform_like.domain.carving import Carving
from terraform_like.staffing.tenure import ONE_DAY, owners_on, takes_effect, tenures


def vacant_since(carving: Carving, day: date, known: Mapping[str, date]) -> dict[str, date]:
    """Give the first day of each vacancy that there is on a day, of territories and slots that have taken effect.

    It is the later of the day after the last owner's and the day that an earlier plan named. Where neither is known, it
    is the day itself, so that no vacancy is made out longer than it is.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    day : datetime.date
        The plan's day.
    known : dict of str to datetime.date
        What an earlier plan says of territories that were vacant and have had no owner since.
    """
    owners, found = owners_on(carving, day), dict[str, date]()
    for name, book in carving.books.items():
        effect = takes_effect(book, carving)
        if name in owners or (effect is not None and effect > day):
            continue
        left = [tenure.until + ONE_DAY for tenure in tenures(book, carving) if tenure.until and tenure.until < day]
        told = [known[name]] if name in known and known[name] <= day else []
        found[name] = max((*left, *told), default=day)
    return found
