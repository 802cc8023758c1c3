"""What an apply did, and what to do about the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from terraform_like.diagnostics import NAMED_AT_MOST
from terraform_like.report.escape import escaped
from terraform_like.report.terminal import BLANK, WIDTH, Block, Piece, hanging, line, rendered

#: Outcomes: the word to show, its style, and what to do about it; those that need nothing come first.
_OUTCOMES = {
    "done": ("done", "green", ""),
    "unchanged": ("unchanged", "green", ""),
    "conflict": (
        "in conflict",
        "yellow",
        "somebody changed them in the CRM since the plan was made: plan again, and let that plan be approved",
    ),
    "failed": ("failed", "red", "the CRM refused them: mend what it says, then apply again"),
    "not tried": ("not tried", "yellow", "apply again: it continues where it stopped"),
}


def applied_text(
    plan: str,
    counts: Mapping[str, int],
    told: Mapping[str, Sequence[tuple[str, str]]],
    *,
    color: bool,
    width: int = WIDTH,
) -> str:
    """Give what became of the accounts of a plan.

    Parameters
    ----------
    plan : str
        The plan's name.
    counts : mapping of str to int
        How many accounts had each outcome: `done`, `unchanged`, `conflict`, `failed`, `not tried`.
    told : mapping of str to sequence of (account, message)
        For an outcome, accounts worth naming and what the CRM said of each.
    color : bool
        Whether escape codes may be used.
    width : int
        Columns of the terminal.
    """
    return rendered(_blocks(plan, counts, told), color=color, width=width)


def _blocks(plan: str, counts: Mapping[str, int], told: Mapping[str, Sequence[tuple[str, str]]]) -> Iterator[Block]:
    for outcome, (word, style, remedy) in _OUTCOMES.items():
        count = counts.get(outcome, 0)
        if not count or not remedy:
            continue
        yield hanging([], Piece(f"{count:,} {word}", f"bold {style}"), f": {remedy}")
        yield BLANK
        named = told.get(outcome, ())
        for account, message in named[:NAMED_AT_MOST]:
            said = f": {escaped(message)}" if message else ""
            yield hanging(["  "], Piece(f"account.{escaped(account)}", "bold"), said)
        if len(named) > NAMED_AT_MOST:
            yield line(Piece(f"... and {len(named) - NAMED_AT_MOST:,} more", "dim"), indent=2)
        if named:
            yield BLANK
    parts = [f"{counts[o]:,} {word}" for o, (word, _, _) in _OUTCOMES.items() if counts.get(o)]
    whole = not any(counts.get(o) for o, (_, _, remedy) in _OUTCOMES.items() if remedy)
    ending = ", ".join(parts) or "nothing to do"
    title = f"Apply of {escaped(plan)} complete" if whole else f"Apply of {escaped(plan)} not complete"
    yield line(Piece(f"{title}: {ending}.", "bold green" if whole else "bold red"))
