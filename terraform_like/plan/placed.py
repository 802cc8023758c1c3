"""Where the accounts of a saved plan are on a day, as many at a time as are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

import polars as pl

from terraform_like.plan.scheduled import as_crm
from terraform_like.plan.sealed import Sealed

#: Accounts of one part.
_ROWS = 10_000

_TEXTS = {"territory": pl.String, "owner": pl.String, "holder": pl.String}


class Placed:
    """Where every account of a plan is on a day.

    Tables have `account`, `territory`, `owner` and `holder`; the last two are CRM user ids, and the CRM has the holder
    where there is one. Of an account that has passed by that day, `owner` is who has it then.

    Parameters
    ----------
    saved : Sealed
        The plan.
    day : datetime.date
        Its own day, or a later one.
    """

    def __init__(self, saved: Sealed, day: date) -> None:
        plan, ways = saved.plan, saved.ways
        self._users = plan.users
        self._owners = {one.name: plan.users.get(one.owner or "", one.owner) for one in plan.territories}
        self._assignments = saved.assignments
        # Who has passed is where the last of it leads; who waits is where the first begins, until then.
        places = [as_crm(place, plan.users) for place in ways.places]
        self._legs = [places[leg.after] for leg in ways.legs] + [places[leg.before] for leg in ways.legs]
        passed = ways.passing_by(day).unique("account", keep="last", maintain_order=True)
        waiting = ways.waiting().join(passed, on="account", how="anti")
        self._later = pl.concat([passed, waiting.with_columns(pl.col("leg") + len(ways.legs))])

    def of(self, accounts: Collection[str]) -> pl.DataFrame:
        """Give where some accounts are, of those that are in a book."""
        asked = pl.col("account").is_in(list(accounts))
        return self._put(self._assignments.filter(asked), self._later.filter(asked))

    def parts(self) -> Iterator[pl.DataFrame]:
        """Give where all accounts are, part by part."""
        left = self._later
        for part in self._assignments.iter_slices(_ROWS):
            here = part.select("account")
            yield self._put(part, left.join(here, on="account", how="semi"))
            left = left.join(here, on="account", how="anti")
        for part in left.iter_slices(_ROWS):
            yield self._put(self._assignments.clear(), part)

    def _put(self, assigned: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
        rest = assigned.join(later, on="account", how="anti", maintain_order="left")
        rest = rest.with_columns(pl.col("territory", "holder").cast(pl.String))
        owner = pl.col("territory").replace_strict(self._owners, default=None, return_dtype=pl.String)
        rest = rest.select("account", "territory", owner=owner, holder=pl.col("holder").replace(self._users))
        moved = [(place.territory, place.owner, None) for place in map(self._legs.__getitem__, later["leg"])]
        there = pl.DataFrame(moved, schema=_TEXTS, orient="row").select(later["account"], pl.all())
        return pl.concat([rest, there])
