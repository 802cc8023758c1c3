"""The changes of a plan as text: how many of each kind and why, then account by account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from terraform_like.diagnostics import NAMED_AT_MOST, counted
from terraform_like.diff import Change, ChangeKind
from terraform_like.plan.model import Plan
from terraform_like.report.escape import escaped
from terraform_like.report.terminal import BLANK, Block, Grid, Piece, hanging, line

#: More changes than this are folded, until all are asked for.
FOLDED_AT = 20

MARKS = {ChangeKind.ADD: "+", ChangeKind.MOVE: ">", ChangeKind.TRANSFER: "~", ChangeKind.REMOVE: "-"}
_COLOR = {ChangeKind.ADD: "green", ChangeKind.MOVE: "blue", ChangeKind.TRANSFER: "yellow", ChangeKind.REMOVE: "red"}
_MEANS = {
    ChangeKind.ADD: "new to a book",
    ChangeKind.MOVE: "moves between territories",
    ChangeKind.TRANSFER: "owner changes in place",
    ChangeKind.REMOVE: "leaves every book",
}
_WILL = {
    ChangeKind.ADD: "will be added",
    ChangeKind.MOVE: "will move",
    ChangeKind.TRANSFER: "will change owner",
    ChangeKind.REMOVE: "will be removed",
}
#: What a transfer is called whose owner stays: only the name of its territory changes.
_RENAMED = ("gets the new name of its territory", "territory has a new name")


def change_blocks(plan: Plan, *, all_changes: bool) -> Iterator[Block]:
    """Give the counts with their reasons, then every change, or the first of each kind and how to see the rest."""
    kinds = {kind: [c for c in plan.changes if c.kind is kind] for kind in MARKS}
    kinds = {kind: sorted(changes, key=_flow) for kind, changes in kinds.items() if changes}
    yield line(Piece("Changes", "bold"))
    yield BLANK
    yield _counts(kinds)
    if len(plan.changes) > FOLDED_AT:
        yield BLANK
        yield _flows(plan.changes)
    shown = {k: len(c) for k, c in kinds.items()} if all_changes else _fair_fold(kinds)
    for kind, changes in kinds.items():
        for change in sorted(_varied(changes)[: shown[kind]], key=_flow):
            yield BLANK
            yield from _change(change)
    folded = sum(map(len, kinds.values())) - sum(shown.values())
    if folded:
        rest = ", ".join(f"{len(c) - shown[k]:,} {k}" for k, c in kinds.items() if len(c) > shown[k])
        yield BLANK
        yield line(Piece(f"... and {folded:,} more ({rest}): --all-changes shows them all", "dim"), indent=2)


def _flow(change: Change) -> tuple[str, str, str]:
    """Order changes so that those between the same two territories stand together."""
    return change.before.territory or "", change.after.territory or "", change.account


def _varied(changes: Sequence[Change]) -> list[Change]:
    """Order changes so that the first so many show as many flows as can be, and of each flow its first accounts."""
    seen: Counter[tuple[str | None, str | None]] = Counter()
    rounds = []
    for position, change in enumerate(changes):
        flow = change.before.territory, change.after.territory
        rounds.append((seen[flow], position))
        seen[flow] += 1
    return [changes[position] for _, position in sorted(rounds)]


def _counts(kinds: dict[ChangeKind, list[Change]]) -> Grid:
    rows = []
    for kind, changes in kinds.items():
        codes = Counter(str(c.reasons[0].code) for c in changes if c.reasons)
        why = "\n".join(f"{count:,} {code}" for code, count in sorted(codes.items(), key=lambda i: (-i[1], i[0])))
        style = _COLOR[kind]
        rows.append(
            (
                Piece(f"{MARKS[kind]} {kind}", style),
                Piece(f"{len(changes):,}", "bold"),
                Piece(_RENAMED[1] if all(map(_only_renamed, changes)) else _MEANS[kind]),
                Piece(why, "dim"),
            )
        )
    return Grid(("", "", "", ""), ("left", "right", "left", "left"), tuple(rows))


def _flows(changes: Sequence[Change]) -> Grid:
    """Give the territories between which most accounts go."""
    flows = Counter((c.before.territory, c.after.territory) for c in changes if c.kind is not ChangeKind.TRANSFER)
    ordered = sorted(flows.items(), key=lambda i: (-i[1], i[0][0] or "", i[0][1] or ""))
    rows = [
        (_value(old), Piece("->", "dim"), _value(new), Piece(f"{count:,}"))
        for (old, new), count in ordered[:NAMED_AT_MOST]
    ]
    if rest := ordered[NAMED_AT_MOST:]:
        pairs = Piece(f"{counted(len(rest), 'more pair')} of territories", "dim")
        rows.append((pairs, Piece(""), Piece(""), Piece(f"{sum(count for _, count in rest):,}")))
    return Grid(("from", "", "to", "accounts"), ("left", "left", "left", "right"), tuple(rows))


def _fair_fold(kinds: dict[ChangeKind, list[Change]]) -> dict[ChangeKind, int]:
    """Share out the lines that there are, so that a rare kind is seen beside a common one."""
    left, shown = FOLDED_AT, dict.fromkeys(kinds, 0)
    while left and (open_kinds := [k for k, changes in kinds.items() if shown[k] < len(changes)]):
        for kind in open_kinds[:left]:
            shown[kind] += 1
            left -= 1
    return shown


def _change(change: Change) -> Iterator[Block]:
    style, mark = _COLOR[change.kind], MARKS[change.kind]
    will = _RENAMED[0] if _only_renamed(change) else _WILL[change.kind]
    head = [Piece(f"account.{escaped(change.account)} {will}", "bold")]
    if change.reasons:
        reason = change.reasons[0]
        text = f": {escaped(reason.text)}" if reason.text else ""
        head.append(Piece(f" ({reason.code}{text})"))
    yield hanging([Piece("  # ", "dim")], *head)
    fields = [
        (name, old, new)
        for name, old, new in (
            ("territory", change.before.territory, change.after.territory),
            ("owner", change.before.owner, change.after.owner),
        )
        if old != new
    ]
    for name, old, new in fields:
        lead: Sequence[Piece] = [Piece(f"  {mark} ", style), Piece(f"{name}: ")]
        yield hanging(lead, _value(old), Piece(" -> ", style), _value(new))


def _only_renamed(change: Change) -> bool:
    return change.kind is ChangeKind.TRANSFER and change.before.owner == change.after.owner


def _value(value: str | None) -> Piece:
    return Piece(escaped(value)) if value is not None else Piece("(none)", "dim")
