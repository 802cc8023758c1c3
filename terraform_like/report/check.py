"""What a check says: is the plan whole, what is unfair, to whom, by how much, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from terraform_like.diagnostics import counted
from terraform_like.policy.verdict import Verdict
from terraform_like.report.escape import escaped
from terraform_like.report.terminal import BLANK, WIDTH, Block, Piece, hanging, line, rendered
from terraform_like.report.text_verdicts import verdict_blocks, verdict_counts


@dataclass(frozen=True, slots=True)
class Integrity:
    """One question about the saved plan itself.

    Parameters
    ----------
    question : str
        What was looked at, such as `sealed` or `proof`.
    holds : bool
        Whether it is as it must be.
    message : str
        What was found; where it does not hold, also what to do.
    """

    question: str
    holds: bool
    message: str


def check_text(
    plan: str,
    as_of: date,
    integrity: Sequence[Integrity],
    verdicts: Sequence[Verdict],
    *,
    color: bool,
    width: int = WIDTH,
    policies_from: str = "",
) -> str:
    """Give the findings about the plan itself, the verdicts, what to do, and last the line that sums it up.

    `policies_from` says whose policies they are, such as a branch; nothing for those at hand.
    """
    return rendered(_blocks(plan, as_of, integrity, verdicts, policies_from), color=color, width=width)


def check_passes(integrity: Sequence[Integrity], verdicts: Sequence[Verdict]) -> bool:
    """Say whether nothing blocks: the plan is whole, and no hard or soft policy is broken."""
    return all(i.holds for i in integrity) and not any(v.blocks for v in verdicts)


def _blocks(
    plan: str, as_of: date, integrity: Sequence[Integrity], verdicts: Sequence[Verdict], policies_from: str
) -> Iterator[Block]:
    yield line(Piece(f"Check of {escaped(plan)}", "bold"), f" as of {as_of}")
    yield BLANK
    if integrity:
        yield line(Piece("The saved plan", "bold"))
        yield BLANK
        for finding in integrity:
            word, style = ("holds ", "green") if finding.holds else ("BROKEN", "bold red")
            lead = [Piece(f"  {word}  ", style)]
            yield hanging(lead, Piece(escaped(finding.question), "bold"), f": {escaped(finding.message)}")
        yield BLANK
    if verdicts:
        whose = f" of {escaped(policies_from)}" if policies_from else ""
        yield line(Piece("Policies", "bold"), f"{whose}: {verdict_counts(verdicts)}")
        yield BLANK
        yield from verdict_blocks(verdicts)
        yield BLANK
    blocking = [v for v in verdicts if v.blocks]
    if blocking:
        yield line(Piece("What to do", "bold"))
        yield BLANK
        yield from _ways_out(blocking)
        yield BLANK
    yield line(
        Piece(_conclusion(integrity, verdicts), "bold green" if check_passes(integrity, verdicts) else "bold red")
    )


def _ways_out(blocking: Sequence[Verdict]) -> Iterator[Block]:
    if any(v.measured == "not judged" for v in blocking):
        yield hanging(["  - "], "mend the policies that cannot be judged; the diagnostics say where")
    judged = [v for v in blocking if v.measured != "not judged"]
    if not judged:
        return
    parts = sorted({v.part for v in judged if v.part is not None})
    of = f" (look at {', '.join(escaped(p) for p in parts)})" if parts else ""
    yield hanging(
        ["  - "], f"change what the plan asks for{of}: its bands under `balance:`, sizes or pins; then plan again"
    )
    yield hanging(["  - "], "or except a subject for a while, under `waivers:` in policies/*.yaml on the base branch:")
    for verdict in judged:
        subject = verdict.subjects[0] if verdict.subjects else "ADDRESS"
        waiver = f"{{policy: {verdict.policy}, subject: {escaped(subject)}, owner: WHO, reason: WHY, expires: DATE}}"
        yield hanging(["      - "], Piece(waiver, "dim"))


def _conclusion(integrity: Sequence[Integrity], verdicts: Sequence[Verdict]) -> str:
    if check_passes(integrity, verdicts):
        return "Check passed."
    faults = []
    if broken := sum(not i.holds for i in integrity):
        faults.append(f"{counted(broken, 'fault')} in the saved plan")
    for level in ("hard", "soft"):
        if failed := sum(v.blocks and v.level == level for v in verdicts):
            faults.append(f"{counted(failed, f'{level} policy', f'{level} policies')} broken")
    return f"Check failed: {', '.join(faults)}."
