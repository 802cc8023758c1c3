"""What the policies said, in words: the rule, the figure, who breaks it, and who excuses that."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from terraform_like.policy.verdict import Verdict
from terraform_like.report.escape import escaped
from terraform_like.report.numbers import figure

#: Words for verdicts, in the order in which verdicts are told.
WORDS = ("FAILED", "advice", "overridden", "waived", "passed")


#: What a measure is, for whoever never met it.
_MEANS = {
    "spread": "the highest divided by the lowest, 1 where all are alike",
    "range_share": "the highest less the lowest as a share of the sum, 0 where all are alike",
    "gini": "how uneven all of them are, 0 where they are alike, towards 1 where one has everything",
    "jain": "how even all of them are, 1 where they are alike, towards 0 where one has everything",
    "cv": "the standard deviation divided by the mean, 0 where all are alike",
    "theil": "how uneven all of them are, 0 where they are alike",
    "atkinson": "how uneven all of them are, 0 where they are alike, 1 where one has nothing",
    "max_share": "the share of the sum that the highest has",
    "envy": "how many would be better off with the book of another",
    "envy_up_to_one": "how many would be better off with the book of another, even without its heaviest account",
    "parity": "the lowest group divided by the highest, 1 where groups are alike",
    "parity_p": "how often chance alone would part the groups as far",
}
#: The measure in a rule, and what it is of.
_MEASURE = re.compile(r": ([a-z_]+)\((.+)\) (?:at most|at least|no worse)")


@dataclass(frozen=True, slots=True)
class ToldVerdict:
    """A verdict in words, harmless for a terminal; a format escapes them once more in its own way.

    Parameters
    ----------
    verdict : Verdict
        What the policy said.
    word : str
        `FAILED`, `advice` (an advisory policy that is broken), `waived`, `overridden` or `passed`.
    sentence : str
        The rule and what was measured.
    subjects : str
        The addresses that break it, each with its figure or what the rule reads of it, part by part, and how many more
        there are; empty where there are none.
    excuse : str
        Who excuses it, until when and why; empty where nobody does.
    """

    verdict: Verdict
    word: str
    sentence: str
    subjects: str
    excuse: str

    @property
    def whole(self) -> bool:
        """Whether it is of the plan as a whole, so that its subject is nothing that a reader would look up."""
        return _whole(self.verdict)

    @property
    def measure(self) -> str:
        """What is measured, in words, and what stands beside the subjects; nothing where the rule explains itself."""
        found = _MEASURE.search(self.verdict.rule)
        if found is None or self.word == "passed":
            return ""
        means = f"`{found[1]}` is {_MEANS[found[1]]}" if found[1] in _MEANS else ""
        sized = ", size for size" if self.verdict.rule.startswith("territories") and found[1] in _MEANS else ""
        beside = f"in brackets {escaped(found[2])} of each{sized}" if self.verdict.values and self.subjects else ""
        said = "; ".join(text for text in (means, beside) if text)
        return f"{said}." if said else ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The whole of it line by line: rule, its words, what is measured, to whom, what to do, and why not."""
        remedy = f"What to do: {escaped(self.verdict.remedy)}" if self.verdict.remedy and self.verdict.blocks else ""
        lines = (self.sentence, escaped(self.verdict.says), self.measure, self.subjects, remedy, self.excuse)
        return tuple(text for text in lines if text)


def told_verdict(verdict: Verdict) -> ToldVerdict:
    """Put a verdict into words."""
    return ToldVerdict(verdict, word(verdict), _sentence(verdict), _subjects(verdict), excused(verdict))


def told_verdicts(verdicts: Iterable[Verdict]) -> tuple[ToldVerdict, ...]:
    """Put verdicts into words, those that fail first, of these the hard ones."""
    told = map(told_verdict, verdicts)
    return tuple(sorted(told, key=lambda t: (WORDS.index(t.word), t.verdict.level != "hard", t.verdict.policy)))


def verdict_counts(verdicts: Iterable[Verdict]) -> str:
    """Give `1 failed, 1 waived, 4 passed`."""
    counts = Counter(word(v) for v in verdicts)
    return ", ".join(f"{counts[w]:,} {w.lower()}" for w in WORDS if counts[w])


def word(verdict: Verdict) -> str:
    """Give the word for a verdict: one of `WORDS`."""
    if verdict.waived is not None:
        return "waived"
    if verdict.passed:
        return "passed"
    if verdict.overridden is not None:
        return "overridden"
    return "FAILED" if verdict.blocks else "advice"


def _whole(verdict: Verdict) -> bool:
    return all(subject.startswith("plan.") for subject in verdict.subjects)


def _sentence(verdict: Verdict) -> str:
    """Give the rule and what was measured: `territories by segment: spread(arr) at most 1.25; it is 1.4 in smb`."""
    rule = escaped(verdict.rule) or f"limit {figure(verdict.limit)}"
    if isinstance(verdict.measured, str) and " of " in verdict.measured:
        rows = f"{verdict.measured} {'break it' if not verdict.measured.startswith('1 of') else 'breaks it'}"
        read = f" ({escaped(verdict.details[0])})" if verdict.details and _whole(verdict) else ""
        return f"{rule}; {rows}{read}"
    if verdict.measured is None:
        return f"{rule}; nothing to measure"
    if verdict.measured == "not judged":
        return f"{rule}; it cannot be judged"
    part = f" in {escaped(verdict.part)}" if verdict.part is not None else ""
    before = f", before {figure(verdict.before, verdict.measured)}" if verdict.before is not None else ""
    remark = f" ({escaped(verdict.remark)})" if verdict.remark else ""
    return f"{rule}; it is {figure(verdict.measured, verdict.limit)}{part}{before}{remark}"


def _subjects(verdict: Verdict) -> str:
    if not verdict.subjects:
        return ""
    known = [figure(value) for value in verdict.values] or [escaped(detail) for detail in verdict.details]
    beside = known if len(known) == len(verdict.subjects) else [""] * len(verdict.subjects)
    named = [
        escaped(subject) + (f" ({said})" if said else "")
        for subject, said in zip(verdict.subjects, beside, strict=True)
    ]
    parts = verdict.parts if len(verdict.parts) == len(named) and len(verdict.part_figures) > 1 else ()
    if parts:
        told = [
            f"in {escaped(part)} it is {figure(value, verdict.limit)}: "
            + ", ".join(name for name, of in zip(named, parts, strict=True) if of == part)
            for part, value in verdict.part_figures.items()
        ]
    else:
        told = [", ".join(named)]
    more = f" and {verdict.more_subjects:,} more" if verdict.more_subjects else ""
    return "; ".join(told) + more


def described(verdict: Verdict) -> str:
    """Give a verdict line by line: rule and figure, what it says in words, to whom, and why not."""
    return "\n".join(told_verdict(verdict).lines)


def excused(verdict: Verdict) -> str:
    """Say who excuses a broken policy, until when and why; nothing where nobody does."""
    if verdict.waived is not None:
        waived = verdict.waived
        return f"waived by {escaped(waived.owner)} until {waived.expires}: {escaped(waived.reason)}"
    if verdict.overridden is not None:
        return f"overridden by {escaped(verdict.overridden.by)}: {escaped(verdict.overridden.reason)}"
    return ""
