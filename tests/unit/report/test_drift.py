from __future__ import annotations

from terraform_like.diff import Place
from terraform_like.plan.drifted import Drift, Drifted
from terraform_like.report.drift import drift_text


def test_accounts_that_are_only_new_are_no_drift() -> None:
    drift = Drift("fy27", new=(("A-1", Place()),))
    assert not drift.drifted
    assert drift_text(drift, color=False).endswith("No drift (1 new).")


def test_hostile_names_steer_no_terminal() -> None:
    evil = "\x1b[2J"
    place = Place(territory=evil, owner=evil)
    drift = Drift(evil, (Drifted(evil, place, place, evil),), ((evil, place),), ((evil, place),))
    text = drift_text(drift, color=False)
    assert "\x1b" not in text
    assert text.count(r"\x1b[2J") == 13


def test_long_lists_are_cut_and_say_so() -> None:
    changed = tuple(Drifted(f"A-{i:03}", Place(territory="west"), Place()) for i in range(60))
    text = drift_text(Drift("fy27", changed), color=False)
    assert "territory.west: 60 accounts changed in the CRM" in text
    assert "... and 10 more (--json gives all)" in text
