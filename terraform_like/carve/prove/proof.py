"""What is needed to check an answer without a solver."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from terraform_like.carve.watch import Stopped
from terraform_like.domain.saved import Saved


class ProofMethod(StrEnum):
    """How a component was answered."""

    KEPT = "kept"
    EXACT = "exact"
    DECOMPOSED = "decomposed"


class ProofStatus(StrEnum):
    """What is known of an answer: optimal within the tolerance, within a proven gap, or out of a band by force."""

    OPTIMAL = "optimal"
    BOUNDED = "bounded"


class MoveLimit(Saved):
    """A limit of moves that was reached: most accounts that may move, and the price of one in the published objective.

    With the price the bound holds for every answer that moves no more.
    """

    most: int
    """Most accounts that may move. Example: `50`."""
    price: float
    """Price of moving one account, in units of the published objective. Example: `0.01`."""


class Proof(Saved):
    """Everything needed to recompute the bound of a component without a solver.

    `objective` and `bound` are in the units of the published objective; `gap` is (objective - bound) over objective;
    `prices` is the price of a unit of each metric in each territory. `searched` is the least that branch and bound left
    possible for an answer inside its limits, where it was asked: the solver's word, which cannot be recomputed. `moves`
    is there where a limit of moves was reached. `seconds` is null in a saved plan: the same plan
    has the same bytes on every machine.
    """

    component: str
    """Segment, or the part of it whose territories share accounts. Example: `all/north`."""
    method: ProofMethod
    """How the answer was found. Example: `exact`."""
    status: ProofStatus
    """What is known of the answer. Example: `optimal`."""
    objective: float
    """What the answer costs, in units of the published objective. Example: `10.2`."""
    bound: float
    """What no answer costs less than. Example: `9.9`."""
    gap: float
    """The difference of both, as a share of the objective. Example: `0.03`."""
    parts: dict[str, float] = Field(default_factory=dict)
    """Parts of the objective, before their weights. Example: `{disruption: 0.1, travel: 1.2, balance: 0.03}`."""
    prices: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Price of a unit of each metric in each territory. Example: `{north: {arr: 0.002}}`."""
    searched: float | None = None
    """The least that branch and bound left possible, as the solver said. Example: `10.1`."""
    stopped: Stopped | None = None
    """Why the search ended before it was through; such a plan comes out otherwise elsewhere. Example: `time-limit`."""
    moves: MoveLimit | None = None
    """The limit of moves that was reached. Example: `{most: 50, price: 0.01}`."""
    seconds: float | None = None
    """Time that the solver took; null in a saved plan. Example: `1.5`."""
