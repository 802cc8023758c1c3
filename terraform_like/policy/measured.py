"""How every expression of the gate is read before there is data, and which columns it reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from terraform_like.diagnostics import Path, did_you_mean
from terraform_like.domain.carving import Location
from terraform_like.domain.columns import Offered
from terraform_like.domain.expression import Expression, ExpressionError, Wanted
from terraform_like.policy.measure import Measure
from terraform_like.policy.rule import Over, Policies, Policy
from terraform_like.policy.tables import OVER_ACCOUNTS, largest_of, read_of_accounts

Key = Literal["where", "by", "assert", "measure"]


#: What comes out of the expression at each key.
_WANTED: dict[Key, Wanted] = {"where": "boolean", "by": "any", "assert": "boolean", "measure": "number"}


@dataclass(frozen=True, slots=True)
class Asked:
    """An expression that a policy asks: which, where it begins in the text at its key, and what must come out."""

    expression: Expression
    start: int
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class PolicyColumn:
    """A column of accounts that a policy or waiver reads: at which path, and how far into the text there."""

    column: str
    over: Over
    path: Path
    text: str
    offset: int


def faulty_expressions(
    policies: Policies, location: Location | None, table: Callable[[Over], Offered]
) -> Iterator[tuple[Path, str, ExpressionError]]:
    """Give path, text and error for everything in expressions that cannot be meant, without any data.

    Parameters
    ----------
    policies : Policies
        The gate.
    location : Location or None
        The columns that say where accounts are.
    table : callable
        Told what a policy is over, gives the columns of that table.
    """
    for path, policy, key, text in _texts(policies):
        offered = table(policy.over)
        yield from ((path, text, error) for error in _faults(policy, key, text, location, offered))


def misspelt_columns(
    policies: Policies, location: Location | None, table: Callable[[Over], Offered]
) -> Iterator[tuple[Path, str, ExpressionError]]:
    """Give path, text and doubt for each column that nobody knows to be there, and that is spelt like a known one."""
    for path, policy, key, text in _texts(policies):
        offered = table(policy.over)
        try:
            found = expressions_at(policy, key, text, location) if not offered.whole and key != "by" else ()
        except ExpressionError:
            continue  # `faulty_expressions` tells of it
        for ask in found:
            for name, offset in ask.expression.columns.items():
                if name not in offered.columns and (hint := did_you_mean(name, offered.columns)):
                    said = f'nothing says that there is a column "{name}".{hint}'
                    yield path, text, ExpressionError(said, ask.start + offset, len(name))


def policy_columns(
    policies: Policies, location: Location | None, groups: Collection[str] = ()
) -> Iterator[PolicyColumn]:
    """Give the columns of accounts that policies and waivers read; what cannot be read reads none.

    Parameters
    ----------
    policies : Policies
        The gate.
    location : Location or None
        The columns that say where accounts are.
    groups : collection of str
        Groups that people are in, which are no columns of accounts.
    """
    for path, policy, key, text in _texts(policies):
        try:
            found = expressions_at(policy, key, text, location)
        except ExpressionError:
            continue  # `faulty_expressions` tells of it, where the file's lines are known
        for ask in found:
            for column, offset in ask.expression.columns.items():
                read = read_of_accounts(policy.over, column, groups)
                if read is not None:
                    yield PolicyColumn(read, policy.over, path, text, ask.start + offset)


def expressions_at(policy: Policy, key: Key, text: str, location: Location | None) -> tuple[Asked, ...]:
    """Give the expressions that stand at a key: none for a measure that counts rows, two for one that compares groups.

    Raises
    ------
    ExpressionError
        When one of them cannot be read, or asks where an account is and nothing says so.
    """
    if key == "by":
        return (Asked(column(text), 0, "any"),)
    if key != "measure":
        return (Asked(_at(Expression.parse(text), policy, location, 0), 0, _WANTED[key]),)
    measure = Measure.parse(text)
    found: list[Asked] = []
    if measure.argument is not None:
        read = _at(measure.argument, policy, location, measure.start)
        found.append(Asked(read, measure.start, "number"))
        if measure.name == "envy_up_to_one":
            found.append(Asked(column(largest_of(next(iter(read.columns)))), measure.start, "number"))
    if measure.group is not None:
        found.append(Asked(column(measure.group), measure.group_start, "any"))
    return tuple(found)


def column(name: str) -> Expression:
    """Give the expression that is one column, whatever its name."""
    quoted = name.replace('"', '""')
    return Expression.parse(f'"{quoted}"')


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


def _texts(policies: Policies) -> Iterator[tuple[Path, Policy, Key, str]]:
    for name, policy in policies.policies.items():
        yield from ((("policies", name, key), policy, key, text) for key, text in policy_texts(policy))
    for number, waiver in enumerate(policies.waivers):
        excepted = policies.policies.get(waiver.policy)
        if waiver.where is not None and excepted is not None:
            yield ("waivers", number, "where"), excepted, "where", waiver.where


def _faults(
    policy: Policy, key: Key, text: str, location: Location | None, offered: Offered
) -> Iterator[ExpressionError]:
    try:
        found = expressions_at(policy, key, text, location)
    except ExpressionError as error:
        yield error
        return
    if key == "measure" and policy.compare and not policy.better and Measure.parse(text).better is None:
        said = f"nothing says which way {Measure.parse(text).name} is better; add `better: lower` or `better: higher`"
        yield ExpressionError(said, 0, len(text))
    for ask in found:
        # What parts rows that are no accounts are texts, and never a figure: these are known without the CRM.
        known = offered.whole or (key == "by" and policy.over not in (*OVER_ACCOUNTS, "people"))
        missing = _missing(ask.expression, key, offered) if known else []
        _, misfits = ask.expression.judged(offered.columns, ask.wanted)
        for fault in (*missing, *misfits):
            yield ExpressionError(str(fault), ask.start + fault.offset, fault.length)


def _missing(expression: Expression, key: Key, offered: Offered) -> list[ExpressionError]:
    if key != "by":
        faults = expression.unknown(offered.columns)
        return [ExpressionError(offered.dated(str(fault)), fault.offset, fault.length) for fault in faults]
    (name,) = expression.columns
    if name in offered.columns:
        return []
    return [ExpressionError(f'there is no column "{name}".{did_you_mean(name, offered.columns)}', 0, len(name))]


def _at(expression: Expression, policy: Policy, location: Location | None, start: int) -> Expression:
    try:
        return expression.at(location) if policy.over in OVER_ACCOUNTS else expression
    except ExpressionError as error:
        raise ExpressionError(str(error), start + error.offset, error.length) from None
