"""What a check says: is the plan whole, what is unfair, to whom, by how much, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from terraform_like.policy.verdict import Verdict
from terraform_like.report.check_view import CheckView, Integrity
from terraform_like.report.escape import escaped
from terraform_like.report.terminal import BLANK, WIDTH, Block, Piece, hanging, line, rendered
from terraform_like.report.text_verdicts import verdict_blocks
from terraform_like.report.told.verdicts import told_verdicts, verdict_counts


def check_text(view: CheckView, *, color: bool, width: int = WIDTH) -> str:
    """Give the findings about the plan itself, the verdicts, what to do, and last the line that sums it up."""
    return rendered(_blocks(view), color=color, width=width)


def _blocks(view: CheckView) -> Iterator[Block]:
    yield line(Piece(f"Check of {escaped(view.plan)}", "bold"), f" as of {view.as_of}")
    yield BLANK
    if view.integrity:
        yield line(Piece("The saved plan", "bold"))
        yield BLANK
        for finding in view.integrity:
            word, style = ("holds ", "green") if finding.holds else ("BROKEN", "bold red")
            lead = [Piece(f"  {word}  ", style)]
            yield hanging(lead, Piece(escaped(finding.question), "bold"), f": {_found(finding)}")
        yield BLANK
    if view.verdicts:
        whose = f" of {escaped(view.policies_from)}" if view.policies_from else ""
        yield line(Piece("Policies", "bold"), f"{whose}: {verdict_counts(view.verdicts)}")
        yield BLANK
        yield from verdict_blocks(told_verdicts(view.verdicts), view.places)
        yield BLANK
    if view.policy_changes:
        yield line(Piece("Changes of the gate in this branch", "bold"), ": none of them counts before it is merged")
        yield BLANK
        for change in view.policy_changes:
            yield hanging([Piece(f"  {change[:2]}", _STYLES[change[:1]])], escaped(change[2:]))
        yield BLANK
    blocking = [v for v in view.verdicts if v.blocks]
    if blocking:
        yield line(Piece("What to do", "bold"))
        yield BLANK
        yield from _ways_out(view, blocking)
        yield BLANK
    if view.auto_merge is not None:
        allowed, why = view.auto_merge
        yield hanging([Piece("Needs no human" if allowed else "Needs a human", "bold"), ": "], escaped(why))
        yield BLANK
    yield line(Piece(view.conclusion, "bold green" if view.passes else "bold red"))


#: What it means that a question about the plan itself is answered as it must be, for whoever never saw one.
_HOLDS = {
    "format-version": "this version of the tool reads it",
    "seal": "nobody edited plan.json after it was saved",
    "assignments": "assignments.csv is the one that was saved with it",
    "snapshot": "what the CRM held is what was saved with it",
    "config": "it was made from the YAML that stands here",
    "policies": "it was judged by the policies that stand here",
    "proof": "the carve is as good as its proof says",
    "figures": "every figure comes out the same again",
    "verdicts": "so does every verdict",
}


def _found(finding: Integrity) -> str:
    message = escaped(finding.message)
    means = _HOLDS.get(finding.question) if finding.holds else None
    if means is None:
        return message
    # A digest is what a sign-off and a log name; a sentence would say the same twice.
    return means if " " in message else f"{means} ({message})"


_STYLES = {"+": "green", "-": "red", "~": "yellow"}


def _ways_out(view: CheckView, blocking: Sequence[Verdict]) -> Iterator[Block]:
    if any(v.measured == "not judged" for v in blocking):
        yield hanging(["  - "], "mend the policies that cannot be judged; the diagnostics say where")
    judged = [v for v in blocking if v.measured != "not judged"]
    if not judged:
        return
    yield hanging(["  - "], "change what the plan asks for, then plan again:")
    for verdict in judged:
        part = f" (look at {escaped(verdict.part)})" if verdict.part is not None else ""
        way = escaped(verdict.remedy) or "Change bands under `balance`, sizes or pins."
        yield hanging(["      - "], Piece(escaped(verdict.policy), "bold"), f"{part}: {way}")
    yield hanging(["  - "], "or except a subject for a while, under `waivers:` in policies/*.yaml on the base branch:")
    for verdict in judged:
        subject = verdict.subjects[0] if verdict.subjects else "ADDRESS"
        waiver = f"{{policy: {verdict.policy}, subject: {escaped(subject)}, owner: WHO, reason: WHY, expires: DATE}}"
        yield hanging(["      - "], Piece(waiver, "dim"))
    soft = [v for v in judged if v.level == "soft"]
    if soft:
        yield hanging(["  - "], "or sign for this plan as it is, under `overrides:` in policies/overrides/*.yaml:")
    for verdict in soft:
        override = f"{{plan: {view.plan}, digest: {view.digest[:12]}, policy: {verdict.policy}, by: WHO, reason: WHY}}"
        yield hanging(["      - "], Piece(override, "dim"))
