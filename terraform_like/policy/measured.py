"""What `measure:` may say, and how every expression of the gate is read before there is data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from terraform_like.diagnostics import did_you_mean
from terraform_like.domain.expression import Expression, ExpressionError
from terraform_like.policy.rule import Policies, Policy
from terraform_like.policy.tables import FIXED, OVER_ACCOUNTS

Key = Literal["where", "assert", "measure"]

#: Measures of how even rows are, by the names of `domain.measure.EVENNESS`.
EVEN = ("spread", "gini", "jain", "cv", "max_share")
#: Measures that count rows and so read no column.
COUNTING = ("count", "share")
#: Measures of one column.
AGGREGATING = ("sum", "min", "max")


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure by name, and the expression that it measures; none for measures that count rows."""

    name: str
    argument: Expression | None

    @classmethod
    def parse(cls, text: str) -> Measure:
        """Read `spread(potential)`, `sum(arr)` or `count`.

        Raises
        ------
        ExpressionError
            When there is no such measure, or its argument is missing, superfluous or no expression.
        """
        form = re.fullmatch(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*", text, re.DOTALL)
        if not form:
            raise ExpressionError("a measure is written NAME or NAME(COLUMN), as in spread(potential)", 0, len(text))
        name, argument = form[1].lower(), form[2]
        known = (*EVEN, *COUNTING, *AGGREGATING)
        if name not in known:
            hint = did_you_mean(name, known) or f" There are: {', '.join(sorted(known))}."
            raise ExpressionError(f'there is no measure "{form[1]}".{hint}', form.start(1), len(form[1]))
        if name in COUNTING:
            if argument is not None:
                raise ExpressionError(
                    f"{name} counts the rows that `where` leaves; write it without brackets",
                    form.end(1),
                    len(text) - form.end(1),
                )
            return cls(name, None)
        if argument is None or not argument.strip():
            raise ExpressionError(f"{name} measures a column; write {name}(COLUMN)", form.start(1), len(form[1]))
        try:
            return cls(name, Expression.parse(argument))
        except ExpressionError as error:
            raise ExpressionError(str(error), form.start(2) + error.offset, error.length) from None


def faulty_expressions(policies: Policies) -> Iterator[tuple[str, Key, ExpressionError]]:
    """Give policy, key and error for each expression that cannot be read, without any data."""
    for name, policy in policies.policies.items():
        for key, text in _texts(policy):
            try:
                _columns(key, text)
            except ExpressionError as error:
                yield name, key, error


def policy_columns(policies: Policies) -> frozenset[str]:
    """Give the snapshot columns that policies over accounts and changes read; what cannot be read reads none."""
    found: set[str] = set()
    for policy in policies.policies.values():
        if policy.over not in OVER_ACCOUNTS:
            continue
        read = {policy.by} if policy.by else set()
        for key, text in _texts(policy):
            try:
                read |= _columns(key, text)
            except ExpressionError:
                continue  # `faulty_expressions` tells of it, where the file's lines are known
        found |= read - set(FIXED[policy.over])
    return frozenset(found)


def _texts(policy: Policy) -> Iterator[tuple[Key, str]]:
    if policy.where is not None:
        yield "where", policy.where
    if policy.assertion is not None:
        yield "assert", policy.assertion
    if policy.measure is not None:
        yield "measure", policy.measure


def _columns(key: Key, text: str) -> set[str]:
    if key != "measure":
        return set(Expression.parse(text).columns)
    argument = Measure.parse(text).argument
    return set(argument.columns) if argument else set()
