"""Who covers what is vacant, what passes on later days, and who hands deals to whom, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from terraform_like.diagnostics import counted
from terraform_like.plan.model import Plan, Scheduled
from terraform_like.report.escape import escaped
from terraform_like.report.numbers import column
from terraform_like.report.terminal import BLANK, WIDTH, Align, Block, Grid, Piece, hanging, line, rendered
from terraform_like.report.text_changes import FOLDED_AT
from terraform_like.report.told.people import Covered
from terraform_like.report.told.plan import ToldPlan
from terraform_like.staffing.timeline import Staffing

_COLUMNS: tuple[Align, ...] = ("left", "left", "right", "left", "left")


def staffing_blocks(told: ToldPlan, *, all_changes: bool) -> Iterator[Block]:
    """Give who is matched, who holds accounts of vacant territories, and what passes on which later day."""
    plan = told.plan
    yield from _matched(plan)
    yield from _covered(told.covers)
    yield from _teams(plan)
    yield from _later(plan, all_changes=all_changes)
    yield from _handed_over(plan, all_changes=all_changes)


def _matched(plan: Plan) -> Iterator[Block]:
    if not plan.matched:
        return
    yield line(Piece("Matched", "bold"), " to territories that name no owner")
    yield BLANK
    for one in plan.matched:
        yield hanging(["  ", Piece(escaped(one.territory)), ": "], f"{escaped(one.person)}, who {escaped(one.why)}")
    yield BLANK


def day_text(plan: Plan, day: date, *, color: bool, width: int = WIDTH) -> str:
    """Give who is on each territory of a saved plan on a day: owners, holders and people of other roles."""
    rows = [
        (
            Piece(escaped(row.territory)),
            Piece(escaped(row.person) if row.person is not None else "(nobody)"),
            Piece(escaped(row.role), "dim"),
            Piece(f"{row.credit * 100:g}%"),
            Piece(("holds" if row.interim else "") + (f" to {row.to}" if row.to else ""), "dim"),
        )
        for row in plan.staffing
        if row.on(day)
    ]
    blocks: list[Block] = [
        line(Piece(f"Plan {escaped(plan.plan)}", "bold"), f", made as of {plan.as_of}: who is on what on {day}"),
        BLANK,
        Grid(("territory", "person", "role", "credit", ""), ("left", "left", "left", "right", "left"), tuple(rows)),
    ]
    return rendered(blocks, color=color, width=width)


def _covered(covers: Sequence[Covered]) -> Iterator[Block]:
    if not covers:
        return
    yield line(Piece("Covered", "bold"), " by people who do not own the territory")
    yield BLANK
    for cover in covers:
        terms = [_terms(row) for row in cover.rows]
        people = [escaped(row.person or "nobody") for row in cover.rows]
        if len(set(terms)) == 1:
            said = ", ".join(people) + terms[0]
        else:
            said = ", ".join(f"{person}{term}" for person, term in zip(people, terms, strict=True))
        yield hanging(["  ", Piece(escaped(cover.territory)), ": "], said)
    yield BLANK


def _teams(plan: Plan) -> Iterator[Block]:
    """Give who covers which territories in roles that own none, role by role and person by person."""
    rows = [row for row in plan.staffing if row.team]
    if not rows:
        return
    ends = max(row.to or date.max for row in rows)
    yield line(Piece("Teams", "bold"), " beside the owners of territories")
    yield BLANK
    for role, person in sorted({(row.role, row.person or "") for row in rows}):
        theirs = [row for row in rows if (row.role, row.person) == (role, person)]
        books = ", ".join(_covers(row, plan, ends) for row in theirs)
        yield hanging(["  ", Piece(escaped(role)), " ", Piece(escaped(person)), ": "], books)
    yield BLANK


def _covers(row: Staffing, plan: Plan, ends: date) -> str:
    until = f" to {row.to}" if row.to and row.to < ends else ""
    begins = f" from {row.since}" if row.since and row.since > plan.as_of else ""
    return f"{escaped(row.territory)}{begins}{until}"


def _terms(row: Staffing) -> str:
    """Say to when and for what somebody holds."""
    credit = "" if row.credit == 1 else f" for {row.credit * 100:g}% of the credit"
    until = f" to {row.to}" if row.to else ""
    return f"{until}{credit}"


def _later(plan: Plan, *, all_changes: bool) -> Iterator[Block]:
    if not plan.scheduled:
        return
    shown = plan.scheduled if all_changes else plan.scheduled[:FOLDED_AT]
    accounts = sum(len(passing.accounts) for passing in plan.scheduled)
    days = len({passing.on for passing in plan.scheduled})
    yield line(
        Piece("Later", "bold"),
        f": {counted(accounts, 'hand-over')} on {counted(days, 'day')}, each by an apply on that day",
    )
    yield BLANK
    yield Grid(("", "", "accounts", "", "why"), _COLUMNS, tuple(_row(passing) for passing in shown))
    if folded := len(plan.scheduled) - len(shown):
        yield BLANK
        yield line(Piece(f"... and {counted(folded, 'more line')}: --all-changes shows them all", "dim"), indent=2)
    yield BLANK


def _handed_over(plan: Plan, *, all_changes: bool) -> Iterator[Block]:
    """Give who hands open deals to whom, most at stake first, where the plan says which column tells of them."""
    deals = sorted((h for h in plan.handovers if h.pipeline), key=lambda h: -(h.pipeline or 0))
    if not deals:
        return
    shown = deals if all_changes else deals[:FOLDED_AT]
    show = column([h.pipeline or 0 for h in deals], exact=False)
    yield line(Piece("Hand-over", "bold"), " of open deals; territory export handover lists every account")
    yield BLANK
    rows = [
        (
            Piece(f"{h.on}"),
            Piece(f"{_name(h.giver)} -> {_name(h.taker)}"),
            Piece(f"{h.accounts:,}"),
            Piece(show(h.pipeline or 0), "bold"),
        )
        for h in shown
    ]
    yield Grid(("", "", "accounts", "pipeline"), ("left", "left", "right", "right"), tuple(rows))
    if folded := len(deals) - len(shown):
        yield BLANK
        yield line(Piece(f"... and {counted(folded, 'more pair')}: --all-changes shows them all", "dim"), indent=2)
    yield BLANK


def _row(passing: Scheduled) -> tuple[Piece, ...]:
    before, after = passing.before, passing.after
    moves = before.territory != after.territory
    where = f"{_name(before.territory)} -> {_name(after.territory)}" if moves else _name(after.territory)
    who = f"{_name(before.owner)} -> {_name(after.owner)}" if before.owner != after.owner else _name(after.owner)
    count = Piece(f"{len(passing.accounts):,}", "bold")
    return Piece(f"{passing.on}"), Piece(where), count, Piece(who), Piece(passing.reason, "dim")


def _name(name: str | None) -> str:
    return escaped(name) if name is not None else "(nobody)"
