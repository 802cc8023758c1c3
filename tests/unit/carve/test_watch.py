"""A carve may be ended at any moment: what it gives then is certified, and marked as ended early."""

from __future__ import annotations

import numpy as np
import pytest

from terraform_like.carve.watch import Stopped, Watch


def interrupted_after(times: int) -> Watch:
    """Want the carve to end once it has asked so many times."""
    asked = iter([False] * times)
    return Watch(interrupted=lambda: next(asked, True))


@pytest.mark.parametrize("times", [0, 1, 2, 5, 10, 20])
def test_a_carve_that_is_ended_gives_the_best_so_far_and_says_so(towns_plan, towns, carved, times):
    done, report = carved(towns_plan, towns, watch=interrupted_after(times))
    assert done is not None, list(report)
    (one,), (proof,) = done.problems, done.proofs
    choice = one.chosen(done.territory.to_numpy().astype(str))
    assert (choice >= 0).all()
    assert one.excess(choice) <= one.excess(one.current)
    assert proof.stopped is Stopped.INTERRUPTED
    assert proof.bound <= proof.objective


def test_what_is_not_ended_is_not_marked(towns_plan, towns, carved):
    done, _ = carved(towns_plan, towns, watch=interrupted_after(10**6))
    assert done.proofs[0].stopped is None


def test_a_time_limit_that_has_passed_ends_it(towns_plan, towns, carved):
    done, _ = carved(towns_plan, towns, watch=Watch(time_limit=1e-9))
    assert done.proofs[0].stopped is Stopped.TIME_LIMIT


def test_watching_changes_nothing(towns_plan, towns, carved):
    said: list[str] = []
    watched, _ = carved(towns_plan, towns, watch=Watch(said.append, time_limit=1e6))
    alone, _ = carved(towns_plan, towns)
    assert watched.territory.equals(alone.territory)
    assert watched.proofs == alone.proofs
    assert any("bound" in text and "gap" in text for text in said)
    assert all(text.startswith("Carving all: ") for text in said)


def test_gaps_are_told_against_the_best_answer():
    said: list[str] = []
    Watch(said.append).tell("metro", "moving and swapping", 0.9, 1.0)
    assert said == ["Carving metro: moving and swapping, bound 0.9, best 1, gap 10.00%"]
    assert np.isclose(Watch(time_limit=5).remaining, 5, atol=1)
