"""Slots that nobody filled in time: from the day after their lapse a plan is made as if they were not there."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import date

from terraform_like.domain.carving import Carving, Slot
from terraform_like.staffing.tenure import tenures


def filled_by_lapse(slot: Slot, carving: Carving) -> bool:
    """Say whether somebody owns a slot by the day on which it lapses, be it only until they leave again."""
    return any(
        slot.lapse is None or tenure.since is None or tenure.since <= slot.lapse for tenure in tenures(slot, carving)
    )


def lapsed(carving: Carving, day: date) -> frozenset[str]:
    """Give the slots that have lapsed before a day."""
    return frozenset(
        name
        for name, slot in carving.overcarve.items()
        if slot.lapse is not None and slot.lapse < day and not filled_by_lapse(slot, carving)
    )


def without_lapsed(carving: Carving, day: date, used: AbstractSet[str] = frozenset()) -> Carving:
    """Give what is wanted without the slots that have lapsed, but for those that accounts are put back into."""
    gone = lapsed(carving, day) - used
    return carving.model_copy(update={"lapsed": gone}) if gone else carving
