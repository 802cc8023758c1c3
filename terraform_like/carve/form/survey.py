"""Where the accounts of a component lie: from a column of theirs and an adjacency file to the map of its units."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from terraform_like.carve.arrays import Ints
from terraform_like.carve.form.atlas import lie_of_the_land
from terraform_like.carve.form.eligible import Eligible, Members
from terraform_like.carve.form.problem import Atlas
from terraform_like.diagnostics import Locate, Report, counted, listing
from terraform_like.domain.carving import Carving, Contiguous

#: Stands for the place of a unit that need not be connected with any.
_LOOSE = -2


def survey(
    carving: Carving, segment: Members, units: Ints, allowed: Eligible, locate: Locate, report: Report
) -> Atlas | None:
    """Give the map on which the territories of a component must be connected; None where nothing asks for it.

    A family lies where its head does. Accounts that are pinned by name, that a territory holds by its `rule`, or that
    have no geographic unit need not be connected with any.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    segment : Members
        The segment.
    units : (N,) array of int
        The component's units, as positions in the segment.
    allowed : Eligible
        Where they may go.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers units that touch none, and accounts without a unit.
    """
    balance = carving.balance.get(segment.name)
    if balance is None or balance.contiguous is None:
        return None
    touching = carving.neighbours.get(balance.contiguous.adjacency, ())
    column = segment.table[balance.contiguous.unit].cast(pl.String)
    lies = column.replace("", None)[segment.heads.tolist()]
    known = {unit for pair in touching for unit in pair}
    names = np.array(sorted(known | set(lies.drop_nulls())), dtype=str)
    position = {name: number for number, name in enumerate(names.tolist())}
    where = lies.replace_strict(position, default=-1, return_dtype=pl.Int64).to_numpy()
    mine = where[units]
    loose = allowed.only >= 0
    # The last name is of accounts that lie nowhere, as all of them may.
    lie = np.append(names, "")[mine]
    _tell(segment, units, np.where(loose, _LOOSE, mine), lie, known, balance.contiguous, locate, report)
    mine = np.where(loose, -1, mine)
    borders = np.array([(position[one], position[other]) for one, other in touching], dtype=np.int64).reshape(-1, 2)
    others = np.delete(where, units)
    return lie_of_the_land(mine, allowed, names, borders, np.unique(others[others >= 0]))


def _tell(
    segment: Members,
    units: Ints,
    lies: Ints,
    places: NDArray[np.str_],
    known: set[str],
    wish: Contiguous,
    locate: Locate,
    report: Report,
) -> None:
    """Gather what the map says nothing of."""
    path = ("balance", segment.name, "contiguous")
    nowhere = np.isin(segment.unit_of, units[lies == -1])
    if nowhere.any():
        report.warning(
            f"{counted(int(nowhere.sum()), 'account')} of {segment.name} without {wish.unit}",
            f"{listing(segment.accounts[nowhere].tolist())}. Such an account may go anywhere.",
            locate((*path, "unit")),
        )
    there = sorted(set(places[lies >= 0].tolist()))
    alone = [place for place in there if place not in known]
    if alone and len(alone) == len(there):
        report.error(
            f"{wish.adjacency} knows no {wish.unit} of {segment.name}",
            f"Accounts have {listing(alone, 3)}; the file has {listing(sorted(known), 3)}. Both must be written alike.",
            locate((*path, "adjacency")),
        )
    elif alone:
        report.warning(
            f"{wish.adjacency} has no neighbour of {counted(len(alone), 'unit')} of {segment.name}",
            f"{listing(alone)}. Islands may go to any territory.",
            locate((*path, "adjacency")),
        )
