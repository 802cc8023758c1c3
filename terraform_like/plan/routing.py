"""Rules by which other programs find the owner of an account as a saved plan does: in order, the first that matches.

Where a territory has a condition of its own and most of the accounts that meet it are in it, the condition is a rule.
Accounts that such rules would give to another, and accounts of territories that were carved by balance alone, are
named ahead of them. So every account of the plan comes to its owner, and one that is new to whoever has its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from terraform_like.domain.carving import Carving
from terraform_like.domain.criteria import Criterion, Way, together, ways
from terraform_like.domain.expression import Expression

#: The column of an account's id in criteria.
ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """A rule: whoever meets all criteria comes to this owner, a person of the plan; null where it comes to nobody."""

    territory: str | None
    owner: str | None
    criteria: Way


@dataclass(frozen=True, slots=True)
class Routing:
    """Rules in their order, and how many accounts are named in them, by territory."""

    rules: tuple[RoutingRule, ...]
    named: dict[str, int]


def routing(carving: Carving, accounts: pl.DataFrame, books: pl.DataFrame, owners: dict[str, str | None]) -> Routing:
    """Give the rules of a saved plan.

    Parameters
    ----------
    carving : Carving
        What the plan was made from.
    accounts : polars.DataFrame
        Accounts in scope: `account` and the columns that conditions read.
    books : polars.DataFrame
        `account`, `territory` and `holder`, as saved.
    owners : dict of str to str
        Person who owns each territory; null for nobody.
    """
    # Conditions may ask for the territory that an account has in the CRM; the plan's has another name here.
    book = pl.col("territory")
    saved = books.select(
        ACCOUNT, book=book, whose=pl.coalesce("holder", book.replace_strict(owners, return_dtype=pl.String))
    )
    wanted = accounts.join(saved, on=ACCOUNT, how="inner", maintain_order="left")
    general: list[RoutingRule] = []
    found = pl.Series("found", [None] * wanted.height, dtype=pl.String)
    open_ = pl.Series([True] * wanted.height, dtype=pl.Boolean)
    for rules, mask in _of_territories(carving, wanted, owners):
        caught = mask & open_
        right = caught & (wanted["book"] == rules[0].territory) if rules[0].territory else caught
        if rules[0].territory and 2 * right.sum() <= caught.sum():
            continue
        general += rules
        found = pl.select(pl.when(caught).then(pl.lit(rules[0].owner, pl.String)).otherwise(found)).to_series()
        open_ &= ~caught
    missed = wanted.filter(found.ne_missing(wanted["whose"]))
    named = [
        RoutingRule(territory, owner, (Criterion(ACCOUNT, "is", tuple(sorted(part[ACCOUNT]))),))
        for (territory, owner), part in sorted(
            missed.group_by("book", "whose"), key=lambda group: (str(group[0][0]), str(group[0][1]))
        )
    ]
    counts = dict(missed.group_by("book").len().sort("book").iter_rows())
    return Routing((*named, *general), counts)


def _of_territories(
    carving: Carving, accounts: pl.DataFrame, owners: dict[str, str | None]
) -> Iterator[tuple[Sequence[RoutingRule], pl.Series]]:
    """Give the rules of each territory that has a condition which can be told, and the accounts that meet it.

    After the territories of a segment comes a rule for the rest of it, which is nobody's: the next segment is not for
    those. Where a segment's condition cannot be told, neither can what comes after it.
    """
    for number, segment in enumerate(carving.segments):
        if segment.where is None and segment.accounts:
            # Its accounts are named one by one, and so are they in the rules.
            continue
        of_segment: tuple[Way, ...] | None = ((),) if segment.where is None else ways(segment.where)
        if of_segment is None:
            return
        inside = _mask(segment.where, accounts)
        for name, territory in carving.books.items():
            condition = territory.rule or territory.where
            own = ways(condition) if territory.segment == segment.name and condition else None
            if own is None or name not in owners:
                continue
            both = [together(one, other) for one in of_segment for other in own]
            rules = [RoutingRule(name, owners[name], way) for way in both if way]
            if rules:
                yield rules, inside & _mask(condition, accounts)
        if segment.where is not None and number + 1 < len(carving.segments):
            yield [RoutingRule(None, None, way) for one in of_segment if (way := together(one, ()))], inside


def _mask(text: str | None, accounts: pl.DataFrame) -> pl.Series:
    if text is None:
        return pl.Series([True] * accounts.height, dtype=pl.Boolean)
    return Expression.parse(text).evaluate(accounts, "boolean").fill_null(False)
