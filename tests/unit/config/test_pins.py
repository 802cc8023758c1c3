from __future__ import annotations

import pytest

from terraform_like.config.pins import pinned
from terraform_like.diagnostics import Report

FILE = """\
# yaml-language-server: $schema=../../schemas/plan.schema.json

territories:
  # The old north.
  north: {segment: all, accounts: [A-1, "007"]} # since 2019
  south:
    segment: all
    accounts:
      - A-2 # the mayor's cousin
      - A-3
    exclude: [A-1]

overcarve:
  later: {segment: all}
"""


def test_pins_move_from_book_to_book_and_every_comment_stays() -> None:
    report = Report()
    after = pinned(FILE.encode(), "plan.yaml", {"A-1": "south", "007": "later", "A-3": "north"}, report)
    assert not report
    assert after is not None
    assert after.decode() == FILE.replace('accounts: [A-1, "007"]', "accounts: [A-3]").replace(
        "      - A-3\n    exclude: [A-1]\n", "      - A-1\n"
    ).replace("later: {segment: all}", 'later: {segment: all, accounts: ["007"]}')


@pytest.mark.parametrize("pins", [{}, {"A-1": "north", "A-2": "south"}, {"A-9": "a book of another file"}])
def test_what_is_so_already_is_not_touched_to_the_byte(pins: dict[str, str]) -> None:
    odd = FILE.replace("\n", "\r\n").encode()
    assert pinned(odd, "plan.yaml", pins, Report()) == odd


def test_pinning_twice_changes_nothing_more() -> None:
    once = pinned(FILE.encode(), "plan.yaml", {"A-9": "north", "x: [y": "south"}, Report())
    assert once is not None
    assert pinned(once, "plan.yaml", {"A-9": "north", "x: [y": "south"}, Report()) == once


def test_a_list_that_stands_elsewhere_is_not_changed_behind_anybodys_back() -> None:
    report = Report()
    text = "territories:\n  north: {segment: all, accounts: &those [A-1]}\n  south: {segment: all, accounts: *those}\n"
    assert pinned(text.encode(), "plan.yaml", {"A-1": "north"}, report) is None
    assert "Pin by hand: A-1 to north" in "".join(d.detail for d in report)


COUNTED = """\
# yaml-language-server: $schema=../../schemas/plan.schema.json

territories:
  # Small ones.
  smb: {segment: all, exclude: [A-4], count: 3} # alike
  old: {segment: all, count: 2, pins: {old-02: [A-1, A-2]}}
  west: {segment: all, owner: jane} # hers
"""


def test_an_account_is_pinned_to_one_of_several_that_count_makes() -> None:
    report = Report()
    pins = {"A-4": "smb-02", "A-1": "smb-02", "A-2": "old-01", "A-9": "old-02"}
    after = pinned(COUNTED.encode(), "plan.yaml", pins, report)
    assert not report
    assert after is not None
    assert after.decode() == COUNTED.replace(
        "exclude: [A-4], count: 3}", "count: 3, pins: {smb-02: [A-1, A-4]}}"
    ).replace("{old-02: [A-1, A-2]}", "{old-02: [A-9], old-01: [A-2]}")
    assert pinned(after, "plan.yaml", pins, report) == after


def test_a_territory_gets_another_owner_and_keeps_its_comment() -> None:
    report = Report()
    after = pinned(COUNTED.encode(), "plan.yaml", {}, report, {"west": "raj"})
    assert not report
    assert after is not None
    assert after.decode() == COUNTED.replace("owner: jane} # hers", "owner: raj} # hers")
