"""What may be asked of a plan as a whole: how many accounts, changes of each kind, territories and people."""

from __future__ import annotations

from terraform_like.domain.expression import Expression
from terraform_like.plan.model import Head, Summary


def counts(summary: Summary, changes: int, territories: int, people: int) -> dict[str, float]:
    """Give the counts by the names that expressions use."""
    known = {
        "accounts": summary.accounts,
        "adds": summary.adds,
        "moves": summary.moves,
        "transfers": summary.transfers,
        "removes": summary.removes,
        "changes": changes,
        "territories": territories,
        "people": people,
    }
    return {name: float(count) for name, count in known.items()}


def holds(when: str, plan: Head, changes: int, people: int) -> bool:
    """Say whether an expression holds for a plan as a whole.

    Parameters
    ----------
    when : str
        The expression, such as `moves > 50`.
    plan : Head
        A saved plan.
    changes : int
        How many accounts it changes.
    people : int
        How many people its YAML names.

    Raises
    ------
    ExpressionError
        When it cannot be read, or asks for something else.
    """
    import polars as pl

    known = counts(plan.summary, changes, len(plan.territories), people)
    row = pl.DataFrame({name: [count] for name, count in known.items()})
    return bool(Expression.parse(when).evaluate(row, "boolean")[0])
