"""How near a plan is to the best possible one, in words that never claim too much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from terraform_like.carve.prove.proof import Proof, ProofMethod, ProofStatus
from terraform_like.carve.watch import Stopped
from terraform_like.diagnostics import counted
from terraform_like.report.numbers import percent

#: Gaps below this are rounding.
_NO_GAP = 1e-6
#: Bounds farther off than this tell nobody anything.
_NO_BOUND = 0.5
#: How `territory check` is meant in these words.
CHECKABLE = "what is checkable, territory check recomputes without a solver"


@dataclass(frozen=True, slots=True)
class ToldProof:
    """What is known of one component, or of all those that were kept as they were (`components`), as a sentence.

    `gap` is how far from the best possible plan it may be at most, as a share of what it costs.
    """

    components: tuple[str, ...]
    sentence: str
    gap: float
    kept: bool = False

    @property
    def unbounded(self) -> bool:
        """Whether the bound is so far off that it tells nothing."""
        return self.gap >= _NO_BOUND


def told_proofs(proofs: Sequence[Proof]) -> tuple[ToldProof, ...]:
    """Give one sentence a component on how near to the best possible plan it is; those kept as they were in one."""
    kept = tuple(p.component for p in proofs if p.method is ProofMethod.KEPT)
    told = [ToldProof((p.component,), _sentence(p), p.gap) for p in proofs if p.method is not ProofMethod.KEPT]
    if kept:
        told.append(ToldProof(kept, "every account that may stay where it is stays", 0.0, kept=True))
    return tuple(told)


def _sentence(proof: Proof) -> str:
    best = "the best possible plan"
    if proof.moves:
        best += f" that moves at most {counted(proof.moves.most, 'account')}"
    said = _near(best, proof)
    if proof.stopped:
        why = "the time limit" if proof.stopped is Stopped.TIME_LIMIT else "Ctrl-C"
        said += f"; stopped by {why}: another run may end elsewhere"
    return said


def _near(best: str, proof: Proof) -> str:
    if proof.gap <= _NO_GAP:
        return f"{best}, checkable"
    # Rounded up: what is said must hold.
    within = f"within {percent(math.ceil(proof.gap * 1000) / 1000)}"
    if proof.status is ProofStatus.OPTIMAL:
        searched = f"{best}, by branch and bound"
        return f"{searched}; prices alone show it {within}, checkable" if proof.gap < _NO_BOUND else searched
    return f"{within} of {best}, checkable" if proof.gap < _NO_BOUND else f"no bound tells how near it is to {best}"
