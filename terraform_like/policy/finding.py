"""One policy asked of one table, waivers aside: what it finds, part by part."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from terraform_like.diagnostics import did_you_mean
from terraform_like.domain.carving import Location
from terraform_like.domain.expression import ExpressionError
from terraform_like.domain.measure import EVENNESS, per_size
from terraform_like.policy.measured import Key, Measure, asked
from terraform_like.policy.rule import Policy

#: Relative distance beyond a limit that is rounding, not a breach.
ROUNDING = 1e-9

#: What a part is called whose rows have nothing in the column that parts them.
NO_PART = "(none)"


@dataclass(frozen=True, slots=True)
class Breach:
    """A row that breaks a policy: its address, its part, and its value where a column is measured."""

    address: str
    part: str | None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a policy finds: the worst figure, its part, how many rows were looked at, and every breach, worst first."""

    passed: bool
    matched: int
    measured: float | str | None
    part: str | None
    breaches: tuple[Breach, ...]
    unknown: tuple[str, ...] = ()
    """Addresses whose value is missing, infinite, or negative where evenness is measured."""


@dataclass(frozen=True, slots=True)
class _Part:
    name: str | None
    figure: float
    excess: float
    breaches: tuple[Breach, ...]
    unknown: tuple[str, ...] = ()


class PolicyError(ExpressionError):
    """An expression of a policy that cannot be answered: `key` says which, `text` is what stands there."""

    def __init__(self, key: Key, text: str, message: str, offset: int = 0, length: int = 1) -> None:
        super().__init__(message, offset, length)
        self.key = key
        self.text = text


def question_rows(policy: Policy, table: pl.DataFrame, location: Location | None = None) -> pl.DataFrame:
    """Put a policy's expressions to a table; `location` has the columns that say where an account is.

    Returns
    -------
    polars.DataFrame
        One row a row of the table, sorted by `address`: `address`, `part` (text or null), `matched` (whether `where`
        leaves it), and of the matched ones `holds` (boolean or null) or `value` (float or null).

    Raises
    ------
    PolicyError
        When an expression cannot be read or evaluated, or reads a column that is not there.
    """
    if policy.by is not None and policy.by not in table.columns:
        hint = did_you_mean(policy.by, table.columns) or f" Known columns: {', '.join(sorted(table.columns))}."
        raise PolicyError("by", policy.by, f'there is no column "{policy.by}".{hint}', 0, len(policy.by))
    table = table.sort("address")
    part = pl.col(policy.by).cast(pl.String).fill_null(NO_PART) if policy.by else pl.lit(None, pl.String)
    rows = table.select("address", part.alias("part"))
    matched = pl.repeat(True, table.height, dtype=pl.Boolean, eager=True)
    if policy.where is not None:
        matched = _answers(policy, "where", policy.where, table, location).fill_null(False)
    kept = table.filter(matched)
    holds, value = (pl.repeat(None, kept.height, dtype=kind, eager=True) for kind in (pl.Boolean, pl.Float64))
    if policy.assertion is not None:
        holds = _answers(policy, "assert", policy.assertion, kept, location)
    elif policy.measure is not None:
        value = _answers(policy, "measure", policy.measure, kept, location)
        if policy.over == "territories" and Measure.parse(policy.measure).name in EVENNESS:
            value = pl.Series(per_size(value.to_numpy(), kept["size"].to_numpy()), dtype=pl.Float64)
    answers = kept.select("address", holds.alias("holds"), value.alias("value"))
    return rows.with_columns(matched.alias("matched")).join(answers, on="address", how="left", maintain_order="left")


def ask(policy: Policy, rows: pl.DataFrame) -> Finding:
    """Judge the rows that `question_rows` made, or some of them."""
    kept = rows.filter("matched")
    if policy.assertion is not None:
        broken = kept.filter(~pl.col("holds").fill_null(False))
        breaches = tuple(_breaches(broken))
        measured = f"{broken.height:,} of {kept.height:,}"
        return Finding(not breaches, kept.height, measured, None, breaches)
    measure = Measure.parse(policy.measure or "")
    parts = [part for group in _groups(policy, rows) if (part := _figure(policy, measure, group)) is not None]
    if not parts:
        return Finding(True, kept.height, None, None, ())
    parts.sort(key=lambda p: -p.excess)
    worst = parts[0]
    return Finding(
        passed=not any(p.breaches or _beyond(policy, p) for p in parts),
        matched=kept.height,
        measured=_told(worst.figure),
        part=worst.name,
        breaches=tuple(b for p in parts for b in p.breaches),
        unknown=tuple(address for p in parts for address in p.unknown),
    )


def _answers(policy: Policy, key: Key, text: str, table: pl.DataFrame, location: Location | None) -> pl.Series:
    """Evaluate the expression that stands at a key for every row of a table; nulls for a measure that counts rows."""
    start = 0
    try:
        read = asked(policy, key, text, location)
        if read is None:
            return pl.repeat(None, table.height, dtype=pl.Float64, eager=True)
        expression, start = read
        return expression.evaluate(table, "number" if key == "measure" else "boolean")
    except ExpressionError as error:
        raise PolicyError(key, text, str(error), start + error.offset, error.length) from None


def _groups(policy: Policy, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    if policy.by is None:
        yield rows
    else:
        yield from rows.sort("part", "address").partition_by("part", maintain_order=True)


def _figure(policy: Policy, measure: Measure, group: pl.DataFrame) -> _Part | None:
    """Measure one part; nothing where there is nothing to measure."""
    name = group["part"][0] if group.height else None
    kept = group.filter("matched")
    if measure.argument is None:
        if measure.name == "share" and not group.height:
            return None
        figure = kept.height / group.height if measure.name == "share" else float(kept.height)
        return _part(policy, name, figure, kept, group.filter(~pl.col("matched")))
    if not kept.height:
        return _part(policy, name, 0.0, kept, kept) if measure.name == "sum" else None
    values = kept["value"].to_numpy().astype(np.float64)
    strange = ~np.isfinite(values)
    if measure.name in EVENNESS:
        strange |= values < 0
    if strange.any():
        lost = kept.filter(pl.Series(strange))
        return _Part(name, math.nan, math.inf, tuple(_breaches(lost)), tuple(lost["address"]))
    figure, extremes = _measured(measure.name, values)
    told = kept[extremes]
    return _part(policy, name, figure, told, told)


def _measured(name: str, values: NDArray[np.float64]) -> tuple[float, list[int]]:
    """Give the figure, and the rows that it is about: the lowest and the highest, or those that a sum is made of."""
    low, high = int(values.argmin()), int(values.argmax())
    if name == "sum":
        return float(values.sum()), np.argsort(-values, kind="stable").tolist()
    if name == "min":
        return float(values[low]), [low]
    if name == "max":
        return float(values[high]), [high]
    return EVENNESS[name](values), [high] if name == "max_share" or low == high else [low, high]


def _part(policy: Policy, name: str | None, figure: float, above: pl.DataFrame, below: pl.DataFrame) -> _Part:
    """Make a part; its breaches are the rows `above` where the figure is too high, those `below` where too low."""
    over = figure - policy.at_most if policy.at_most is not None else -math.inf
    under = policy.at_least - figure if policy.at_least is not None else -math.inf
    # A limit or a figure that is no number is as far beyond as can be: `max` alone might lose it.
    excess = math.inf if math.isnan(over) or math.isnan(under) else max(over, under)
    part = _Part(name, figure, excess, ())
    if not _beyond(policy, part):
        return part
    return _Part(name, figure, part.excess, tuple(_breaches(below if under > over else above)))


def _beyond(policy: Policy, part: _Part) -> bool:
    limit = max((abs(x) for x in (policy.at_most, policy.at_least) if x is not None and math.isfinite(x)), default=0)
    return part.excess > ROUNDING * max(1.0, limit)


def _breaches(rows: pl.DataFrame) -> Iterator[Breach]:
    for address, part, value in rows.select("address", "part", "value").iter_rows():
        yield Breach(address, part, value if value is not None and math.isfinite(value) else None)


def _told(figure: float) -> float | str:
    if math.isnan(figure):
        return "unknown"
    return figure if math.isfinite(figure) else "infinite"
