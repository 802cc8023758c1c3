"""Which accounts are carved: derived columns, who is in scope, each account's family and segment.

The precedence that a person can predict: an account that is pinned to a territory has that territory's segment; then
comes the segment that names it; then the segment that it is in, where `stay` holds; then the first segment whose
expression it matches. A family has one segment, that of its ultimate parent (of its smallest id where the parent is
out of scope).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from terraform_like.diagnostics import Locate, Path, Report, Span, counted, listing
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving, Location
from terraform_like.domain.columns import FAMILY, PROTECTED, RECORDED, SEGMENT, Offered, check_columns
from terraform_like.domain.expression import Expression, ExpressionError, Wanted, report_expression
from terraform_like.domain.values import kinds_of


@dataclass(frozen=True, slots=True)
class Population:
    """The accounts of a plan.

    Parameters
    ----------
    inside : Book
        Accounts in scope, with derived columns, `segment` (text), `family` (id of the account that stands for the
        family, its own where it has none), `protected` (boolean) and `recorded` (the CRM's name of the territory).
    outside : Book
        Accounts that are not in scope.
    dealing : polars.Series, optional
        Whether `holdover` holds for each account in scope (boolean, aligned with `inside`); None where nothing is held
        over.
    """

    inside: Book
    outside: Book
    dealing: pl.Series | None = None


def populate(
    carving: Carving,
    live: Book,
    locate: Locate,
    report: Report,
    done: frozenset[tuple[str, str]] = frozenset(),
) -> Population | None:
    """Derive columns, take what is in scope, and find each account's family and segment.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    live : Book
        What the CRM holds.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers expressions that do not fit the columns, accounts of no segment and numbers that are no numbers.
    done : frozenset of (str, str)
        Swaps of names that the CRM already has.

    Returns
    -------
    Population or None
        None when there are errors.
    """
    scope = carving.accounts
    renamed = pl.col("territory").replace(carving.renames(done))
    table = live.table.with_columns(pl.col("territory").alias(RECORDED), renamed)
    check_columns(carving, Offered(kinds_of(table.schema), whole=True), locate, report, scope.location)
    if report.failed:
        return None
    mask = _Masks(scope.location, locate, report)
    table = _derived(carving, table, locate, report)
    inside = mask(table, scope.where, ("accounts", "where"))
    protected = mask(table, scope.protect, ("accounts", "protect"), default=False)
    if not inside.any() and not report.failed:
        held = f"The CRM has {counted(live.table.height, 'account')}; `accounts: where` matches none of them."
        detail = held if live.table.height else "The CRM has no account at all."
        report.error("No account is in scope", detail, locate(("accounts", "where")))
    outside = Book(table.filter(~inside))
    # What cannot be evaluated says nothing of the data: then no account is blamed for anything.
    sound = not report.failed
    table = _families(carving, table.with_columns(protected.alias(PROTECTED)), inside, mask, locate, report)
    table = _segments(carving, table, mask, locate, report)
    if sound:
        _metrics(carving, table, locate, report)
        _locations(carving, table, locate, report)
    dealing = None
    if carving.holdover is not None and sound:
        dealing = mask(table, carving.holdover.where, ("holdover", "where"))
    return None if report.failed else Population(Book(table), outside, dealing)


def _derived(carving: Carving, table: pl.DataFrame, locate: Locate, report: Report) -> pl.DataFrame:
    location = carving.accounts.location
    for name, text in carving.accounts.columns.items():
        column = evaluate(table, text, ("accounts", "columns", name), "any", location, locate, report)
        # A column that cannot be is there all the same, with nothing in it: those that read it are not wrong too.
        column = pl.repeat(None, table.height, dtype=pl.Null, eager=True) if column is None else column
        table = table.with_columns(column.alias(name))
    return table


def evaluate(
    table: pl.DataFrame,
    text: str,
    path: Path,
    wanted: Wanted,
    location: Location | None,
    locate: Locate,
    report: Report,
) -> pl.Series | None:
    """Evaluate an expression that stands at a path of the plan file; None, with a diagnostic, where it cannot be."""
    try:
        return Expression.parse(text).at(location).evaluate(table, wanted)
    except ExpressionError as error:
        report_expression(error, text, path, locate, report)
    return None


@dataclass(frozen=True, slots=True)
class _Masks:
    """Evaluates conditions on accounts."""

    location: Location | None
    locate: Locate
    report: Report

    def __call__(self, table: pl.DataFrame, text: str | None, path: Path, *, default: bool = True) -> pl.Series:
        """Evaluate a condition; no expression is the default, and an unknown answer (null) is a no."""
        if text is not None:
            column = evaluate(table, text, path, "boolean", self.location, self.locate, self.report)
            if column is not None:
                return column.fill_null(False)
        return pl.repeat(default, table.height, dtype=pl.Boolean, eager=True)


def _families(
    carving: Carving, table: pl.DataFrame, inside: pl.Series, mask: _Masks, locate: Locate, report: Report
) -> pl.DataFrame:
    """Give the accounts in scope with the account that stands for the family of each."""
    family = carving.accounts.family
    own = table.filter(inside).with_columns(pl.col("account").alias(FAMILY))
    if family is None:
        return own
    parent = table[family.column]
    parent = parent.cast(pl.Int64) if parent.dtype.is_float() else parent
    top, circle = _ultimate(table["account"], parent)
    caught = top.filter(inside).is_in(circle.implode())
    if caught.any():
        detail = f"{counted(int(caught.sum()), 'account')} are under a circle of parents: {listing(circle)}."
        span = locate(("accounts", "family", "column"))
        report.error("Accounts are their own ancestors", f"{detail} Mend `{family.column}`.", span)
        return own
    _tell_of_missing(table["account"], parent, inside, locate(("accounts", "family", "column")), report)
    if family.keep == "separate":
        return own
    # A parent that is not in scope still holds its children together: the smallest id stands for the family.
    top = top.filter(inside)
    standing = pl.when(top.is_in(own["account"].implode())).then(top).otherwise(pl.col("account").min().over(top))
    table = own.with_columns(standing.alias(FAMILY))
    apart = mask(table, family.apart, ("accounts", "family", "except"), default=False)
    return _without(table, apart) if apart.any() else table


def _tell_of_missing(
    account: pl.Series, parent: pl.Series, inside: pl.Series, span: Span | None, report: Report
) -> None:
    """Gather one warning for all accounts in scope whose parent the CRM does not hold."""
    named = parent.cast(pl.String).replace("", None)
    missing = inside & named.is_not_null() & ~named.is_in(account.implode())
    if missing.any():
        children, parents = account.filter(missing).sort(), named.filter(missing).unique().sort()
        report.warning(
            f"The CRM does not hold the {'parent' if len(parents) == 1 else 'parents'} of "
            f"{counted(len(children), 'account')}",
            f"{listing(children)} under {listing(parents)}. Accounts under the same one still stay together.",
            span,
        )


def _ultimate(account: pl.Series, parent: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Climb to the ultimate parent of each account, also over parents that the CRM does not know.

    Returns
    -------
    polars.Series
        For each account its ultimate parent: itself where it has none, and one of a circle where it is under one.
    polars.Series
        Accounts that are in circles, sorted. An account that is its own parent is none: many CRMs write that.
    """
    parent = parent.cast(pl.String).replace("", None)
    parent = parent.zip_with((parent != account).fill_null(False), account)
    known = pl.concat([account, parent]).unique(maintain_order=True)
    at = pl.DataFrame({"id": known}).with_row_index("at")
    above = np.arange(len(known))
    above[: len(account)] = pl.DataFrame({"id": parent}).join(at, on="id", how="left", maintain_order="left")["at"]
    top = above
    # Each round doubles the levels that are climbed, so that no chain is too long for these.
    for _ in range(len(known).bit_length()):
        top = top[top]
    circle = known.gather(np.unique(top[above[top] != top])).sort()
    return known.gather(top[: len(account)]), circle


def _without(table: pl.DataFrame, apart: pl.Series) -> pl.DataFrame:
    """Let accounts stand for themselves; where that is the head of a family, the smallest id stands for the others."""
    others = pl.when(~pl.col("apart")).then("account")
    headless = pl.col(FAMILY).is_in(table["account"].filter(apart).implode())
    table = table.with_columns(apart.alias("apart")).with_columns(
        pl.when("apart").then("account").when(headless).then(others.min().over(FAMILY)).otherwise(FAMILY).alias(FAMILY)
    )
    return table.drop("apart")


def _segments(carving: Carving, table: pl.DataFrame, mask: _Masks, locate: Locate, report: Report) -> pl.DataFrame:
    segment = pl.repeat(None, table.height, dtype=pl.String, eager=True)
    stay = segment
    current = table["territory"].replace_strict(
        {name: book.segment for name, book in carving.books.items()}, default=None, return_dtype=pl.String
    )
    for number, one in reversed(list(enumerate(carving.segments))):
        path: Path = ("segments", number)
        explicit = one.where is not None or not one.accounts
        matches = mask(table, one.where, (*path, "where"), default=explicit)
        segment = segment.zip_with(~matches, pl.repeat(one.name, table.height, dtype=pl.String, eager=True))
        if one.stay is not None:
            stays = mask(table, one.stay, (*path, "stay")) & (current == one.name).fill_null(False)
            stay = stay.zip_with(~stays, pl.repeat(one.name, table.height, dtype=pl.String, eager=True))
    segment = stay.zip_with(stay.is_not_null(), segment)
    named = {account: one.name for one in reversed(carving.segments) for account in one.accounts}
    pinned = {account: book.segment for book in carving.books.values() for account in book.accounts}
    _known_accounts(carving, table, locate, report)
    # A pin or a name anywhere in a family is for all of it, a pin before a name; else its head decides.
    chosen = [
        table["account"].replace_strict(which, default=None, return_dtype=pl.String).alias(str(n))
        for n, which in enumerate((pinned, named))
    ]
    said: list[pl.Expr] = [*(pl.col(c.name) for c in chosen), pl.col("own")]
    if (table[FAMILY] != table["account"]).any():
        of_family = (pl.col(c.name).sort_by("account").drop_nulls().first() for c in chosen)
        by_head = pl.col("own").sort_by(pl.col("account") != pl.col(FAMILY)).first()
        said = [one.over(FAMILY) for one in (*of_family, by_head)]
    found = table.with_columns(*chosen, segment.alias("own")).select(pl.coalesce(said).alias(SEGMENT))
    table = table.with_columns(found[SEGMENT])
    lost = table.filter(pl.col(SEGMENT).is_null())["account"]
    if lost.len() and not report.failed:
        report.error(
            f"{counted(lost.len(), 'account')} in no segment",
            f"No segment matches {listing(lost)}. Add a last segment without `where`, or narrow `accounts: where`.",
            locate(("segments",), key=True),
        )
    return table


def _known_accounts(carving: Carving, table: pl.DataFrame, locate: Locate, report: Report) -> None:
    """Warn of accounts that are named one by one and are not in scope: a typing error, or long gone."""
    lists: list[tuple[Path, tuple[str, ...]]] = [
        (("segments", n, "accounts"), one.accounts) for n, one in enumerate(carving.segments)
    ]
    for kind, books in (("territories", carving.territories), ("overcarve", carving.overcarve)):
        lists += [((kind, name, "accounts"), book.accounts) for name, book in books.items()]
        lists += [((kind, name, "exclude"), book.exclude) for name, book in books.items()]
    named = [account for _, accounts in lists for account in accounts]
    known = set(table["account"].filter(table["account"].is_in(named)))
    for path, accounts in lists:
        for position, account in enumerate(accounts):
            if account not in known:
                detail = "It is not in the CRM or not in scope; it is passed over."
                report.warning(f'There is no account "{account}" in scope', detail, locate((*path, position)))


def _metrics(carving: Carving, table: pl.DataFrame, locate: Locate, report: Report) -> None:
    for segment, balance in sorted(carving.balance.items()):
        for metric in balance.metrics:
            if metric == "accounts":
                continue
            key = next(k for k in ("within", "at_most", "at_least") if metric in getattr(balance, k))
            value = pl.col(metric).cast(pl.Float64)
            for what, wrong, way in (
                (
                    "missing",
                    value.is_null() | value.is_nan(),
                    f'A default is written {metric}: "COALESCE({metric}, 0)"',
                ),
                (
                    "negative",
                    value < 0,
                    f'A metric is zero or more. Less is cut off by {metric}: "GREATEST({metric}, 0)"',
                ),
                ("infinite", value.is_infinite() & (value > 0), "A metric is finite: mend it in the CRM"),
            ):
                bad = table.filter((pl.col(SEGMENT) == segment) & wrong.fill_null(False))["account"]
                if bad.len():
                    detail = f"{counted(bad.len(), 'account')}: {listing(bad)}. {way}."
                    span = locate(("balance", segment, key, metric), key=True)
                    report.error(f'"{metric}" is {what} for accounts of {segment}', detail, span)


def _locations(carving: Carving, table: pl.DataFrame, locate: Locate, report: Report) -> None:
    """Gather one error for places outside the world, and one for those that would be in it the other way round."""
    location = carving.accounts.location
    if location is None:
        return
    latitude, longitude = (
        pl.col(column).cast(pl.Float64).fill_nan(None).abs().fill_null(0)
        for column in (location.latitude, location.longitude)
    )
    swapped = (latitude > 90) & (latitude <= 180) & (longitude <= 90)
    outside = ((latitude > 90) | (longitude > 180)) & ~swapped
    way = f"`{location.latitude}` is a latitude, -90 to 90, and `{location.longitude}` a longitude, -180 to 180"
    for wrong, summary, more in (
        (outside, "Accounts lie outside the world", "Mend them in the CRM"),
        (swapped, "Latitude and longitude look swapped", "Exchange the columns here, or mend them in the CRM"),
    ):
        off = table.filter(wrong)["account"]
        if off.len():
            detail = f"{counted(off.len(), 'account')}: {listing(off)}. {way}. {more}."
            report.error(summary, detail, locate(("accounts", "location"), key=True))


__all__ = ["FAMILY", "PROTECTED", "RECORDED", "SEGMENT", "Population", "evaluate", "populate"]
