from __future__ import annotations

from dataclasses import replace

from terraform_like.diff import Place
from terraform_like.plan.applied import AppliedBook, End, Entry, Event, Held
from terraform_like.report.state import history_text, listed_text, shown_text

ENTRY = Entry(
    1, "fy27", "d" * 64, "c0ffee" * 7, "ana", "ci-1", "2027-02-01T06:00:00Z", "2027-02-01T06:01:00Z",
    End.PARTIAL, 20, 1, 2, 0, 0, serial=3,
)  # fmt: skip


def test_history_says_how_each_apply_ended_who_ran_it_and_what_it_did() -> None:
    assert history_text(
        [ENTRY, replace(ENTRY, serial=4, outcome=End.COMPLETE, commit=None)], color=False
    ).splitlines() == [
        "3  fy27  partial on 2027-02-01T06:01:00Z by ana (serial 3)",
        "  20 done, 1 unchanged, 2 in conflict",
        "  plan dddddddddddd, commit c0ffeec0ffee, on ci-1",
        "",
        "4  fy27  complete on 2027-02-01T06:01:00Z by ana (serial 4)",
        "  20 done, 1 unchanged, 2 in conflict",
        "  plan dddddddddddd, on ci-1",
    ]


def test_history_says_which_limits_were_lifted() -> None:
    text = history_text([replace(ENTRY, lifted=("changes", "territory"))], color=False)
    assert "  limits lifted by --allow: changes, territory" in text.splitlines()


def test_an_apply_that_holds_the_lock_and_a_plan_that_never_came_to_an_end_are_told() -> None:
    text = listed_text("l-1", 0, "ana on ci-1, ID 4f", [], [AppliedBook("fy27", None, 1200, ())], color=False)
    assert "Locked by ana on ci-1, ID 4f" in text
    assert "fy27: no apply of it came to an end" in text
    assert "(none)" in text
    assert "1,200  nobody" in text


def test_an_account_shows_all_that_was_done_to_it_even_what_has_no_receipt() -> None:
    held = Held("fy27", "A-1", None, None, "u-2", "d" * 64)
    change = (Place(owner="u-1"), Place(territory="west", owner="u-2"))
    events = [
        Event("fy27", "d" * 64, 1, 3, "2027-02-01T06:00:00Z", "failed", "no right to", *change),
        Event("fy27", "d" * 64, 2, None, "2027-02-01T07:00:00Z", "", "", None, None),
    ]
    assert shown_text("account.A-1", [held], events, color=False, width=120).splitlines() == [
        "account.A-1: no territory, holder u-2; plan fy27 at dddddddddddd",
        "  2027-02-01T06:00:00Z  fy27, serial 3: failed (no right to): u-1 -> u-2 in west",
        "  2027-02-01T07:00:00Z  fy27, an apply that came to no end: about to be written",
    ]


def test_a_large_territory_is_cut_and_says_so() -> None:
    held = [Held("fy27", f"A-{i:03}", "west", "u-1", None, "d") for i in range(60)]
    text = shown_text("territory.west", held, [], color=False)
    assert text.startswith("territory.west: 60 accounts\n")
    assert "A-049" in text
    assert "A-050" not in text
    assert text.endswith("... and 10 more (--json gives all)")


def test_hostile_names_steer_no_terminal() -> None:
    evil = "\x1b[2J"
    held = Held(evil, evil, evil, evil, None, evil)
    event = Event(evil, evil, 1, 1, evil, "failed", evil, Place(territory=evil, owner=evil), Place())
    text = shown_text("account.x", [held], [event], color=False) + listed_text(
        evil, 1, evil, [replace(ENTRY, plan=evil, who=evil)], [AppliedBook(evil, evil, 1, (evil,))], color=False
    ) + history_text([replace(ENTRY, plan=evil, who=evil, host=evil, commit=evil)], color=False)  # fmt: skip
    assert "\x1b" not in text
