"""A policy's expressions put to its table: one row a row, waivers aside."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from terraform_like.diagnostics import did_you_mean
from terraform_like.domain.carving import Location
from terraform_like.domain.expression import ExpressionError
from terraform_like.domain.measure import per_size
from terraform_like.policy.measure import OF_LOADS, Measure
from terraform_like.policy.measured import Key, expressions_at
from terraform_like.policy.rule import Policy
from terraform_like.policy.tables import BEFORE

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: What a part or a group is called whose rows have nothing in the column that tells them apart.
NO_PART = "(none)"


class PolicyError(ExpressionError):
    """An expression of a policy that cannot be answered: `key` says which, `text` is what stands there."""

    def __init__(self, key: Key, text: str, message: str, offset: int, length: int) -> None:
        super().__init__(message, offset, length)
        self.key = key
        self.text = text


@dataclass(frozen=True, slots=True)
class Rows:
    """What a policy needs to know of each row of its table, sorted by address; arrays are (rows,).

    Parameters
    ----------
    address : polars.Series
        Unique text.
    parts, part : tuple of str, Ints
        Names of the parts, sorted, and each row's; no names where the policy parts nothing, and then all are 0.
    matched : Flags
        Whether `where` leaves the row.
    holds : Flags
        Whether the assertion holds, where it matched.
    value : Floats
        What is measured (territories: per size, where loads are); NaN where it is not known or not asked.
    seen : Floats
        For envy up to one account, what the others see of the row's book.
    groups, group : tuple of str, Ints
        As `parts` and `part`, of what parity compares.
    """

    address: pl.Series
    parts: tuple[str, ...]
    part: Ints
    matched: Flags
    holds: Flags
    value: Floats
    seen: Floats
    groups: tuple[str, ...]
    group: Ints

    def __len__(self) -> int:
        return len(self.part)


@dataclass(frozen=True, slots=True)
class Question:
    """A policy, its rows as they will be, and as they were where it compares the two."""

    policy: Policy
    rows: Rows
    before: Rows | None
    table: pl.DataFrame
    """The table itself, sorted by address, for the filters of waivers."""


def put(policy: Policy, table: pl.DataFrame, location: Location | None = None) -> Question:
    """Put a policy to its table; `location` has the columns that say where an account is.

    Raises
    ------
    PolicyError
        When an expression cannot be read or evaluated, or reads a column that is not there.
    """
    table = table.sort("address")
    before = None
    if policy.compare == "before":
        if policy.better is None and policy.measure and Measure.parse(policy.measure).better is None:
            said = "nothing says which way it is better; add `better: lower` or `better: higher`"
            raise PolicyError("measure", policy.measure, said, 0, len(policy.measure))
        before = _rows(policy, as_before(table), location)
        # What held nothing before is no book that could have been even.
        before = replace(before, matched=before.matched & _held(table))
    return Question(policy, _rows(policy, table, location), before, table)


def matches(text: str, question: Question, location: Location | None) -> Flags:
    """Say which rows the filter of a waiver matches.

    Raises
    ------
    PolicyError
        When it cannot be read or evaluated.
    """
    return _flags(_answer(question.policy, "where", text, question.table, location)[0])


def as_before(table: pl.DataFrame) -> pl.DataFrame:
    """Give a table as it was: each column that is also known as `_before` holds that."""
    was = [name for name in table.columns if name + BEFORE in table.columns]
    return table.with_columns(pl.col(name + BEFORE).alias(name) for name in was)


def _held(table: pl.DataFrame) -> Flags:
    name = "accounts" + BEFORE
    if name not in table.columns:
        return np.ones(table.height, dtype=np.bool_)
    return _flags(table[name] > 0)


def _rows(policy: Policy, table: pl.DataFrame, location: Location | None) -> Rows:
    count = table.height
    matched = np.ones(count, dtype=np.bool_)
    if policy.where is not None:
        matched = _flags(_answer(policy, "where", policy.where, table, location)[0])
    holds, value, seen = np.zeros(count, dtype=np.bool_), np.full(count, np.nan), np.full(count, np.nan)
    groups: tuple[str, ...] = ()
    group = np.zeros(count, dtype=np.int64)
    parts, part = _coded(table, policy.by, "by", policy.by)
    if policy.assertion is not None:
        # Rows that `where` leaves out are not asked: what cannot be CAST there breaks nothing.
        holds[matched] = _flags(_answer(policy, "assert", policy.assertion, table.filter(matched), location)[0])
    elif policy.measure is not None:
        measure = _measure(policy.measure)
        # A share is one of all rows of its part.
        asked = np.ones(count, dtype=np.bool_) if measure.name == "share" else matched
        kept = table.filter(asked)
        if measure.argument is not None:
            answers = [_floats(a) for a in _answer(policy, "measure", policy.measure, kept, location)]
            if measure.name == "envy_up_to_one":
                answers[1] = answers[0] - answers[1]
            if policy.over == "territories" and measure.name in OF_LOADS:
                answers = [per_size(answer, _floats(kept["size"])) for answer in answers]
            value[asked] = answers[0]
            seen[asked] = answers[-1]
        if measure.group is not None:
            groups, group = _coded(table, measure.group, "measure", policy.measure, measure.group_start)
    return Rows(table["address"], parts, part, matched, holds, value, seen, groups, group)


def _measure(text: str) -> Measure:
    try:
        return Measure.parse(text)
    except ExpressionError as error:
        raise PolicyError("measure", text, str(error), error.offset, error.length) from None


def _coded(
    table: pl.DataFrame, name: str | None, key: Key, text: str | None, start: int = 0
) -> tuple[tuple[str, ...], Ints]:
    """Give the different texts of a column, sorted, and the number of each row's."""
    if name is None:
        return (), np.zeros(table.height, dtype=np.int64)
    if name not in table.columns:
        hint = did_you_mean(name, table.columns) or f" Known columns: {', '.join(sorted(table.columns))}."
        raise PolicyError(key, text or "", f'there is no column "{name}".{hint}', start, len(name))
    texts = table[name].cast(pl.String).fill_null(NO_PART)
    names = texts.unique().sort()
    return tuple(names), (texts.rank("dense").cast(pl.Int64) - 1).to_numpy()


def _answer(policy: Policy, key: Key, text: str, table: pl.DataFrame, location: Location | None) -> list[pl.Series]:
    """Evaluate the expressions that stand at a key for every row of a table."""
    start = 0
    try:
        found: list[pl.Series] = []
        for ask in expressions_at(policy, key, text, location):
            start = ask.start
            if ask.wanted != "any":
                found.append(ask.expression.evaluate(table, ask.wanted))
    except ExpressionError as error:
        raise PolicyError(key, text, str(error), start + error.offset, error.length) from None
    return found


def _flags(answer: pl.Series) -> Flags:
    flags: Flags = answer.fill_null(False).to_numpy()
    return flags


def _floats(answer: pl.Series) -> Floats:
    return answer.cast(pl.Float64).fill_null(float("nan")).to_numpy().astype(np.float64)
