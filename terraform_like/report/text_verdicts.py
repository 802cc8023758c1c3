"""Verdicts as text: what failed, by how much, for whom, and what passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from terraform_like.diagnostics import Span
from terraform_like.report.escape import escaped
from terraform_like.report.terminal import Block, Inline, Piece, hanging
from terraform_like.report.told.verdicts import ToldVerdict

_NOWHERE: Mapping[str, Span] = MappingProxyType({})
_STYLE = {"FAILED": "bold red", "advice": "yellow", "overridden": "yellow", "waived": "yellow", "passed": "green"}


def verdict_blocks(verdicts: Iterable[ToldVerdict], places: Mapping[str, Span] = _NOWHERE) -> Iterator[Block]:
    """Give every verdict: level, rule and figure, the worst subjects, and where it stands."""
    for told in verdicts:
        verdict = told.verdict
        head: list[Inline] = [Piece(verdict.policy, "bold"), f" ({verdict.level}): {told.sentence}"]
        yield hanging([Piece(f"  {told.word}  ", _STYLE[told.word])], *head)
        lead = [" " * len(f"  {told.word}  ")]
        if told.word == "passed":
            continue
        if verdict.says:
            yield hanging(lead, escaped(verdict.says))
        if told.measure and not told.whole:
            yield hanging(lead, told.measure)
        if told.subjects and not told.whole:
            yield hanging(lead, told.subjects)
        if told.excuse:
            yield hanging(lead, Piece(told.excuse, "yellow"))
        if span := places.get(verdict.policy):
            yield hanging(lead, Piece(f"{escaped(span.file)}, line {span.line}", "dim"))
