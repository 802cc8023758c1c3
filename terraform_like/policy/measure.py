"""What `measure:` may say: a measure by name, and what it is of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from terraform_like.diagnostics import did_you_mean
from terraform_like.domain.expression import Expression, ExpressionError

#: Measures of how even rows are, by the names of `domain.measure.EVENNESS`; loads are not negative.
EVEN = ("spread", "range_share", "gini", "jain", "cv", "theil", "max_share", "envy")
#: Further measures of loads, which take more than one column or number.
OF_LOADS = (*EVEN, "atkinson", "envy_up_to_one")
#: Measures that compare groups: of a column, or of how many rows `where` leaves.
OF_GROUPS = ("parity", "parity_p")
#: Measures that count rows and so read no column; a share may also be one of a sum.
COUNTING = ("count", "share")
#: Measures of one column.
AGGREGATING = ("sum", "min", "max", "mean", "median", "quantile")
#: Measures for which lower, or higher, is better whatever they measure.
LOWER_IS_BETTER = frozenset({*EVEN, "atkinson", "envy_up_to_one"} - {"jain"})
HIGHER_IS_BETTER = frozenset({"jain", *OF_GROUPS})

_KNOWN = (*OF_LOADS, *OF_GROUPS, *COUNTING, *AGGREGATING)
#: The number that a measure takes: how it is called, and what it may be.
_NUMBERS = {"atkinson": ("EPSILON", 0.0, 100.0), "quantile": ("SHARE", 0.0, 1.0)}
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure and what it is of.

    Parameters
    ----------
    name : str
        Which one.
    argument : Expression or None
        What is measured; none for measures that count rows.
    start : int
        Where the argument begins in the text.
    number : float or None
        The second argument of `atkinson` and `quantile`.
    group : str or None
        The column of groups that `parity` compares; `group_start` is where it stands.
    """

    name: str
    argument: Expression | None = None
    start: int = 0
    number: float | None = None
    group: str | None = None
    group_start: int = 0

    @property
    def better(self) -> Literal["lower", "higher"] | None:
        """Which way is better; None where that depends on what is measured."""
        if self.name in LOWER_IS_BETTER:
            return "lower"
        return "higher" if self.name in HIGHER_IS_BETTER else None

    @classmethod
    def parse(cls, text: str) -> Measure:
        """Read `spread(potential)`, `quantile(arr, 0.9)`, `parity(potential, tenure)` or `count`.

        Raises
        ------
        ExpressionError
            When there is no such measure, or an argument is missing, superfluous or cannot be read.
        """
        form = re.fullmatch(rf"\s*({_NAME})\s*(?:\((.*)\))?\s*", text, re.DOTALL)
        if not form:
            raise ExpressionError("a measure is written NAME or NAME(COLUMN), as in spread(potential)", 0, len(text))
        name, inside = form[1].lower(), form[2]
        if name not in _KNOWN:
            hint = did_you_mean(name, _KNOWN) or f" There are: {', '.join(sorted(_KNOWN))}."
            raise ExpressionError(f'there is no measure "{form[1]}".{hint}', form.start(1), len(form[1]))
        if name == "count" and inside is not None:
            said = "count counts the rows that `where` leaves; write it without brackets"
            raise ExpressionError(said, form.end(1), len(text) - form.end(1))
        if name in COUNTING and inside is None:
            return cls(name)
        parts = _parted(inside or "", form.start(2)) if (inside or "").strip() else []
        most = 2 if name in _NUMBERS or name in OF_GROUPS else 1
        least = 2 if name in _NUMBERS else 1
        if not least <= len(parts) <= most:
            what = {"parity": "groups", "parity_p": "groups"}.get(name, "a column")
            raise ExpressionError(f"{name} measures {what}; write {_form(name)}", form.start(1), len(form[1]))
        if name in OF_GROUPS:
            return _of_groups(name, parts)
        expression, start = _expression(*parts[0]), parts[0][1]
        if name == "envy_up_to_one" and not re.fullmatch(rf'\s*"?{_NAME}"?\s*', parts[0][0]):
            said = "envy_up_to_one needs to know each book's heaviest account, so it measures a column and nothing else"
            raise ExpressionError(said, start, len(parts[0][0]))
        return cls(name, expression, start, _number(name, *parts[1]) if name in _NUMBERS else None)


def _of_groups(name: str, parts: list[tuple[str, int]]) -> Measure:
    text, start = parts[-1]
    column = text.strip()
    begin = start + len(text) - len(text.lstrip())
    if not re.fullmatch(_NAME, column):
        raise ExpressionError(f"groups are those of a column; write {_form(name)}", begin, max(1, len(column)))
    if len(parts) == 1:
        return Measure(name, group=column, group_start=begin)
    return Measure(name, _expression(*parts[0]), parts[0][1], group=column, group_start=begin)


def _number(name: str, text: str, start: int) -> float:
    called, low, high = _NUMBERS[name]
    number = float(text) if re.fullmatch(r"\s*[0-9]*\.?[0-9]+\s*", text) else None
    if number is None or not low <= number <= high or (name == "atkinson" and not number):
        bounds = f"more than 0, at most {high:g}" if name == "atkinson" else f"{low:g} to {high:g}"
        begin = start + len(text) - len(text.lstrip())
        raise ExpressionError(f"{called} is a number, {bounds}; write {_form(name)}", begin, max(1, len(text.strip())))
    return number


def _form(name: str) -> str:
    if name in _NUMBERS:
        return f"{name}(COLUMN, {_NUMBERS[name][0]})"
    return f"{name}(GROUP) or {name}(COLUMN, GROUP)" if name in OF_GROUPS else f"{name}(COLUMN)"


def _expression(text: str, start: int) -> Expression:
    try:
        return Expression.parse(text)
    except ExpressionError as error:
        raise ExpressionError(str(error), start + error.offset, error.length) from None


def _parted(text: str, start: int) -> list[tuple[str, int]]:
    """Part arguments at commas that stand in no brackets and no quotes; give each with where it begins."""
    parts: list[tuple[str, int]] = []
    depth, quote, begin = 0, "", 0
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "," and not depth:
            parts.append((text[begin:at], start + begin))
            begin = at + 1
        else:
            depth += (character == "(") - (character == ")")
    return [*parts, (text[begin:], start + begin)]
