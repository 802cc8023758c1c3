"""What `measure:` may say, and how every expression of the gate is read before there is data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from terraform_like.diagnostics import did_you_mean
from terraform_like.domain.carving import Location
from terraform_like.domain.columns import Offered
from terraform_like.domain.expression import Expression, ExpressionError
from terraform_like.policy.rule import Over, Policies, Policy
from terraform_like.policy.tables import FIXED, OVER_ACCOUNTS

Key = Literal["where", "by", "assert", "measure"]

#: Measures of how even rows are, by the names of `domain.measure.EVENNESS`.
EVEN = ("spread", "gini", "jain", "cv", "max_share")
#: Measures that count rows and so read no column.
COUNTING = ("count", "share")
#: Measures of one column.
AGGREGATING = ("sum", "min", "max")


@dataclass(frozen=True, slots=True)
class PolicyColumn:
    """A column that a policy reads: at which key, and how far into the text there."""

    column: str
    policy: str
    key: Key
    text: str
    offset: int


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


def faulty_expressions(
    policies: Policies, location: Location | None, table: Callable[[Over], Offered]
) -> Iterator[tuple[str, Key, ExpressionError]]:
    """Give policy, key and error for everything in expressions that cannot be meant, without any data.

    Parameters
    ----------
    policies : Policies
        The gate.
    location : Location or None
        The columns that say where accounts are.
    table : callable
        Told what a policy is over, gives the columns of that table.
    """
    for name, policy in policies.policies.items():
        offered = table(policy.over)
        for key, text in policy_texts(policy):
            yield from ((name, key, error) for error in _faults(policy, key, text, location, offered))


def _faults(
    policy: Policy, key: Key, text: str, location: Location | None, offered: Offered
) -> Iterator[ExpressionError]:
    if key == "by":
        if offered.whole and text not in offered.columns:
            yield ExpressionError(f'there is no column "{text}".{did_you_mean(text, offered.columns)}', 0, len(text))
        return
    try:
        read = asked(policy, key, text, location)
    except ExpressionError as error:
        yield error
        return
    if read is None:
        return
    expression, start = read
    missing = expression.unknown(offered.columns) if offered.whole else []
    _, misfits = expression.judged(offered.columns, "number" if key == "measure" else "boolean")
    for fault in missing:
        yield ExpressionError(offered.dated(str(fault)), start + fault.offset, fault.length)
    for misfit in misfits:
        yield ExpressionError(str(misfit), start + misfit.offset, misfit.length)


def policy_columns(policies: Policies, location: Location | None) -> Iterator[PolicyColumn]:
    """Give the snapshot columns that policies over accounts and changes read; what cannot be read reads none."""
    for name, policy in policies.policies.items():
        if policy.over not in OVER_ACCOUNTS:
            continue
        for key, text in policy_texts(policy):
            try:
                found = _read(policy, key, text, location)
            except ExpressionError:
                continue  # `faulty_expressions` tells of it, where the file's lines are known
            for column, offset in found.items():
                if column not in FIXED[policy.over]:
                    yield PolicyColumn(column, name, key, text, offset)


def _read(policy: Policy, key: Key, text: str, location: Location | None) -> dict[str, int]:
    """Give the columns that are read at a key, each with its first offset."""
    if key == "by":
        return {text: 0}
    read = asked(policy, key, text, location)
    return {column: read[1] + offset for column, offset in read[0].columns.items()} if read else {}


def asked(policy: Policy, key: Key, text: str, location: Location | None) -> tuple[Expression, int] | None:
    """Give the expression that stands at a key, and where it starts in the text; None for a measure that counts rows.

    Raises
    ------
    ExpressionError
        When it cannot be read, or asks where an account is and nothing says so.
    """
    start = text.find("(") + 1 if key == "measure" else 0
    expression = Measure.parse(text).argument if key == "measure" else Expression.parse(text)
    if expression is None:
        return None
    try:
        return (expression.at(location) if policy.over in OVER_ACCOUNTS else expression), start
    except ExpressionError as error:
        raise ExpressionError(str(error), start + error.offset, error.length) from None


def policy_texts(policy: Policy) -> Iterator[tuple[Key, str]]:
    """Give what of a policy names columns: its expressions, and `by`."""
    if policy.where is not None:
        yield "where", policy.where
    if policy.by is not None:
        yield "by", policy.by
    if policy.assertion is not None:
        yield "assert", policy.assertion
    if policy.measure is not None:
        yield "measure", policy.measure
