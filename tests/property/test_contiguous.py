"""The laws of the carve on a map: on grids with holes every territory is connected, or it is said why it cannot be."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terraform_like.carve import contiguous
from terraform_like.carve.form.atlas import fallen_apart
from terraform_like.carve.form.formulate import formulate
from terraform_like.carve.form.problem import SolverError
from terraform_like.carve.map.borders import Borders
from terraform_like.carve.settle import carve
from terraform_like.diagnostics import Path, Report
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carve, Carving
from terraform_like.domain.scope import populate

Cell = tuple[int, int]


def locate(path: Path, *, key: bool = False) -> None:
    return None


def name_of(cell: Cell) -> str:
    return f"c{cell[0]}{cell[1]}"


@st.composite
def countries(draw: Any) -> tuple[Carving, pl.DataFrame, set[Cell]]:
    """A grid of at most five by five, some of whose cells are water, and what its CRM holds."""
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    cells = [(r, c) for r in range(rows) for c in range(columns)]
    water = set(draw(st.lists(st.sampled_from(cells), max_size=len(cells) // 3, unique=True)))
    land = [cell for cell in cells if cell not in water] or cells[:1]
    # No account lies in some of the cells.
    settled = draw(st.lists(st.sampled_from(land), min_size=1, unique=True))
    lies = [cell for cell in settled for _ in range(draw(st.integers(1, 2)))]
    names = [f"t{t}" for t in range(draw(st.integers(1, 4)))]
    table = pl.DataFrame(
        {
            "account": [f"A-{n:02d}" for n in range(len(lies))],
            "cell": [draw(st.sampled_from([name_of(cell)] * 9 + [None])) for cell in lies],
            "row": [cell[0] for cell in lies],
            "territory": draw(st.lists(st.sampled_from([*names, None]), min_size=len(lies), max_size=len(lies))),
            "arr": draw(st.lists(st.sampled_from([0.0, 1.0, 2.0, 5.0]), min_size=len(lies), max_size=len(lies))),
            "lat": [40.0 - cell[0] for cell in lies],
            "lon": [-100.0 + cell[1] for cell in lies],
        },
        schema_overrides={"territory": pl.String, "cell": pl.String},
    )
    territories: dict[str, dict[str, Any]] = {name: {"segment": "all"} for name in names}
    for name in names[1:]:
        if draw(st.integers(0, 3)) == 0:
            territories[name]["where"] = f"row <= {draw(st.integers(0, 4))}"
    if draw(st.integers(0, 3)) == 0:
        territories[names[0]]["accounts"] = [draw(st.sampled_from(table["account"].to_list()))]
    balance: dict[str, Any] = {
        "within": {"arr": draw(st.sampled_from([0.0, 0.2, 0.5]))},
        "contiguous": {"adjacency": "grid.csv", "unit": "cell"},
        "carve": {"effort": "quick"},
    }
    if draw(st.integers(0, 3)) == 0:
        balance["max_moves"] = draw(st.integers(0, 5))
    pairs = [
        tuple(sorted((name_of(one), name_of(other))))
        for one in land
        for other in ((one[0] + 1, one[1]), (one[0], one[1] + 1))
        if other in land
    ]
    wishes = {
        "name": "fy27",
        "segments": [{"name": "all"}],
        "accounts": {"location": {"latitude": "lat", "longitude": "lon"}},
        "territories": territories,
        "balance": {"all": balance},
        "neighbours": {"grid.csv": sorted(pairs)},
    }
    return Carving.model_validate(wishes), table, set(land)


def inside_of(carving: Carving, table: pl.DataFrame) -> Book:
    population = populate(carving, Book.of(table), locate, Report())
    assert population is not None
    return population.inside


def parts(cells: set[Cell]) -> list[set[Cell]]:
    """Give the connected parts of cells, found cell by cell."""
    left, found = set(cells), []
    while left:
        part, ahead = set(), [left.pop()]
        while ahead:
            r, c = ahead.pop()
            part.add((r, c))
            near = {(r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)} & left
            left -= near
            ahead += near
        found.append(part)
    return found


@given(countries())
@settings(max_examples=60, deadline=None)
def test_every_territory_is_connected_or_it_is_said_why_it_cannot_be(country):
    carving, table, land = country
    inside = inside_of(carving, table)
    report = Report()
    done = carve(carving, inside, locate, report)
    if done is None:
        (said,) = [d for d in report if d.severity == "error"]
        reasons = ("connects them", "every territory is connected", "for every territory to be connected", "knows no")
        assert any(reason in said.summary + said.detail for reason in reasons)
        return
    pinned = {account for book in carving.books.values() for account in book.accounts}
    cell_of = {name_of(cell): cell for cell in land}
    lies = dict(inside.table.select("account", "cell").iter_rows())
    book = dict(zip(inside.accounts, done.territory, strict=True))
    free = [account for account in book if account not in pinned and lies[account] is not None]
    # Cells of none but such as these separate nobody: with all cells settled nothing is left to interpretation.
    if {cell_of[lies[account]] for account in free} == land:
        for name in carving.books:
            held = {cell_of[lies[account]] for account in free if book[account] == name}
            for whole in parts(land):
                assert len(parts(held & whole)) <= 1
    for problem in done.problems:
        assert not fallen_apart(
            problem, problem.chosen(done.territory.filter(inside.accounts.is_in(problem.accounts.tolist())).to_numpy())
        )
    again = carve(carving, inside_of(carving, table.sort("account").with_columns(done.territory)), locate, Report())
    assert again is not None
    if "max_moves" not in carving.balance["all"].model_fields_set:
        assert again.territory.equals(done.territory)


@given(countries())
@settings(max_examples=25, deadline=None)
def test_a_small_map_is_carved_as_well_as_by_trying_every_answer(country):
    carving, table, _ = country
    balance = carving.balance["all"].model_copy(update={"carve": Carve(method="exact"), "max_moves": None})
    carving = carving.model_copy(update={"balance": {"all": balance}})
    inside = inside_of(carving, table.with_columns(territory=pl.lit(None, pl.String)))
    problems = formulate(carving, inside, locate, Report())
    for problem in problems:
        assert problem.atlas is not None
        at_nodes = list(
            itertools.islice(itertools.product(range(len(problem.territories)), repeat=problem.atlas.count), 5000)
        )
        if len(at_nodes) == 5000:
            continue
        answers = [problem.at(np.array(at)[problem.atlas.of_unit]) for at in at_nodes]
        ranks = [problem.rank(c) for c in answers if (c >= 0).all() and not fallen_apart(problem, c)]
        if not ranks:
            with pytest.raises(SolverError):
                contiguous.solve(problem)
            continue
        broken, found = problem.rank(contiguous.solve(problem).choice)
        best_broken, best = min(ranks)
        assert broken == best_broken
        assert found <= best + 1e-6 * max(1.0, best)


@given(countries(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_moves_over_borders_never_disconnect(country, random):
    carving, table, _ = country
    table = table.with_columns(territory=pl.lit("t0"))
    loose = {
        name: book.model_copy(update={"where": None, "accounts": ()}) for name, book in carving.territories.items()
    }
    carving = carving.model_copy(update={"territories": loose})
    for problem in formulate(carving, inside_of(carving, table), locate, Report()):
        assert problem.atlas is not None
        count = len(problem.territories)
        borders = Borders(problem.atlas, np.zeros(problem.atlas.count, dtype=np.int64), count)
        for _ in range(30):
            node, to = borders.moves()
            if not len(node):
                break
            picks = [random.randrange(len(node)) for _ in range(random.choice([1, 1, 2]))]
            if len({int(node[pick]) for pick in picks}) < len(picks):
                continue
            before = borders.at.copy()
            moved = borders.move([(int(node[pick]), int(to[pick])) for pick in picks])
            assert moved or (borders.at == before).all()
            choice = np.searchsorted(
                problem.pairs.unit * count + problem.pairs.territory,
                np.arange(problem.units) * count + borders.at[problem.atlas.of_unit],
            )
            assert not fallen_apart(problem, choice)
