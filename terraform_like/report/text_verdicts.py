"""Verdicts as text: what failed, by how much, for whom, and what passed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from terraform_like.diagnostics import Span
from terraform_like.policy.verdict import Verdict
from terraform_like.report.escape import escaped
from terraform_like.report.numbers import figure
from terraform_like.report.terminal import Block, Inline, Piece, hanging

_NOWHERE: Mapping[str, Span] = MappingProxyType({})
_STYLE = {"FAILED": "bold red", "advice": "yellow", "overridden": "yellow", "waived": "yellow", "passed": "green"}


def word(verdict: Verdict) -> str:
    """Give `FAILED`, `advice` (an advisory policy that is broken), `waived`, `overridden` or `passed`."""
    if verdict.waived is not None:
        return "waived"
    if verdict.passed:
        return "passed"
    if verdict.overridden is not None:
        return "overridden"
    return "FAILED" if verdict.blocks else "advice"


def verdict_blocks(verdicts: Sequence[Verdict], places: Mapping[str, Span] = _NOWHERE) -> Iterator[Block]:
    """Give every verdict, those that fail first: level, rule and figure, the worst subjects, and where it stands."""
    order = list(_STYLE)
    for verdict in sorted(verdicts, key=lambda v: (order.index(word(v)), v.level != "hard", v.policy)):
        said = word(verdict)
        head: list[Inline] = [Piece(verdict.policy, "bold"), f" ({verdict.level}): {told(verdict)}"]
        yield hanging([Piece(f"  {said}  ", _STYLE[said])], *head)
        lead = [" " * len(f"  {said}  ")]
        if said == "passed":
            continue
        if verdict.says:
            yield hanging(lead, escaped(verdict.says))
        if verdict.subjects:
            yield hanging(lead, _subjects(verdict))
        if verdict.waived is not None:
            waived = verdict.waived
            by = f"waived by {escaped(waived.owner)} until {waived.expires}: {escaped(waived.reason)}"
            yield hanging(lead, Piece(by, "yellow"))
        if verdict.overridden is not None:
            by = f"overridden by {escaped(verdict.overridden.by)}: {escaped(verdict.overridden.reason)}"
            yield hanging(lead, Piece(by, "yellow"))
        if span := places.get(verdict.policy):
            yield hanging(lead, Piece(f"{escaped(span.file)}, line {span.line}", "dim"))


def told(verdict: Verdict) -> str:
    """Give the rule and what was measured: `territories by segment: spread(arr) at most 1.25; it is 1.4 in smb`."""
    rule = escaped(verdict.rule) or f"limit {figure(verdict.limit)}"
    if isinstance(verdict.measured, str) and " of " in verdict.measured:
        rows = f"{verdict.measured} {'break it' if not verdict.measured.startswith('1 of') else 'breaks it'}"
        return f"{rule}; {rows}" + (f" ({escaped(verdict.remark)})" if verdict.remark else "")
    if verdict.measured is None:
        return f"{rule}; nothing to measure"
    if verdict.measured == "not judged":
        return f"{rule}; it cannot be judged"
    part = f" in {escaped(verdict.part)}" if verdict.part is not None else ""
    before = f", before {figure(verdict.before, verdict.measured)}" if verdict.before is not None else ""
    remark = f" ({escaped(verdict.remark)})" if verdict.remark else ""
    return f"{rule}; it is {figure(verdict.measured, verdict.limit)}{part}{before}{remark}"


def verdict_counts(verdicts: Sequence[Verdict]) -> str:
    """Give `1 failed, 1 waived, 4 passed`."""
    counts = Counter(word(v) for v in verdicts)
    return ", ".join(f"{counts[w]:,} {w.lower()}" for w in _STYLE if counts[w])


def _subjects(verdict: Verdict) -> str:
    values = verdict.values if len(verdict.values) == len(verdict.subjects) else (None,) * len(verdict.subjects)
    named = [
        escaped(subject) + (f" ({figure(value)})" if value is not None else "")
        for subject, value in zip(verdict.subjects, values, strict=True)
    ]
    more = f" and {verdict.more_subjects:,} more" if verdict.more_subjects else ""
    return ", ".join(named) + more
