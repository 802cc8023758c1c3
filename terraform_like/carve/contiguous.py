"""The carve on a map: every territory is one connected area in each land.

An answer without the map says where each place would rather be. Each territory keeps its largest piece of it, and grows
over what is left. Then it goes in turns: loads are evened out over the borders, at steeper and less steep strains that
differ by chance from territory to territory, and places at borders move and swap as long as that makes the answer
cheaper; the best of all turns counts. Turns are counted and never timed. The prices of the carve without the map give
the bound, since a map only takes answers away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from terraform_like.carve import decompose
from terraform_like.carve.arrays import Floats, Ints, Positions
from terraform_like.carve.decompose import STERN, Solution
from terraform_like.carve.form.atlas import fallen_apart, in_words, pieces
from terraform_like.carve.form.problem import TOLERANCE, Atlas, Problem, SolverError
from terraform_like.carve.map.borders import Borders
from terraform_like.carve.map.even import even_out
from terraform_like.carve.map.grow import filled, grown_evenly, grown_from, regrets, regrown
from terraform_like.carve.map.nodes import Nodes, by_weight, nodes_of
from terraform_like.carve.price.table import tabulate
from terraform_like.carve.search.improve import improve
from terraform_like.carve.search.moves import priced_moves
from terraform_like.carve.watch import UNWATCHED, Watch
from terraform_like.domain.carving import Effort

#: Turns by effort, and the most nodes times turns: a large map gets fewer of them.
_TURNS = {Effort.QUICK: 6, Effort.NORMAL: 60, Effort.THOROUGH: 300}
_MOST = 400_000
#: So many times the turns where limits are still broken; territories round a broken limit then grow anew at times, with
#: so many of those that they touch.
_LONGER = 3
_REGROWN = 3
#: Cost of a strain in the published objective, turn by turn.
_STEEP = (500.0, 5_000.0, 50_000.0)
#: How much costs (relative) and strains (as a power of e) differ by chance.
_COST_NOISE, _STRAIN_NOISE = 0.3, 1.0
_SEED = 20270201


def solve(
    problem: Problem, start: Ints | None = None, prices: Floats | None = None, watch: Watch = UNWATCHED
) -> Solution:
    """Carve a component on its map.

    Parameters
    ----------
    problem : Problem
        The component; it has an atlas.
    start : (N,) array of int, optional
        A complete answer, from which the search goes as well.
    prices : (T, M) array, optional
        Prices of nearly the same problem, in solver units.
    watch : Watch
        Is told how far it is, and may end it early with the best answer so far.

    Raises
    ------
    SolverError
        When no connected answer is found, or HiGHS gives no usable answer.
    """
    watch.tell(problem.component, "raising prices")
    prices = decompose.prices_of(problem) if prices is None else prices
    enough = least_excess(problem) * (1 + TOLERANCE)
    if start is not None and not fallen_apart(problem, start) and problem.excess(start) <= enough:
        return Solution(problem, start, prices)
    found = _candidates(problem, prices, start, watch, whole=True)
    if not found or (not watch.enough() and min(problem.excess(choice) for choice in found) > enough):
        # Small lands were kept whole: limits may need them divided.
        found += _candidates(problem, prices, start, watch, whole=False)
    if not found:
        raise SolverError(_why_not(problem))
    solution = Solution(problem, min(found, key=problem.sterner(STERN).rank), prices)
    solution = solution if watch.enough() else _branched(problem, solution)
    return replace(solution, stopped=watch.stopped)


def least_excess(problem: Problem) -> float:
    """Give an excess that no answer is without: that of units which alone are more than any of their territories may.

    Two of them in one territory are further beyond its limit than each in one of its own.
    """
    limits, pairs = problem.limits, problem.pairs
    scale = np.where(limits.share > 0, limits.share, 1.0)
    beyond = np.maximum(0, (problem.weights[pairs.unit] - limits.high[pairs.territory]) / scale[pairs.territory])
    least = np.full(problem.weights.shape, np.inf)
    np.minimum.at(least, pairs.unit, beyond)
    return float(least.sum())


def place(problem: Problem, choice: Ints) -> Ints:
    """Place the units that are nowhere (-1), each where it touches, with all others where they are."""
    atlas = _atlas(problem)
    nodes = nodes_of(problem, atlas, whole=False)
    board = _Board(nodes, decompose.prices_of(problem))
    before = nodes.gathered(problem, choice)
    at = np.where(before >= 0, board.problem.pairs.territory[before], -1)
    regret = regrets(board.problem, board.prices)
    grown = filled(nodes, at, lambda node, book: float(regret[node, book]))
    full = board.choice(grown)
    if not fallen_apart(board.problem, full):
        stays = np.isin(board.problem.pairs.unit, np.flatnonzero(at < 0))
        open_pairs = np.union1d(np.flatnonzero(stays), full)
        borders = Borders(nodes.atlas, grown, len(problem.territories))
        full = improve(board.problem, full, open_pairs, board.prices, borders=borders)
    placed = nodes.choice(problem, full)
    return np.where(choice >= 0, choice, placed)


def solve_within(problem: Problem, start: Ints, most: float, free: Solution) -> Solution:
    """Carve a component on its map under a limit of moves.

    Parameters
    ----------
    problem : Problem
        The component; it has an atlas.
    start : (N,) array of int
        Where units are, those that are nowhere placed.
    most : float
        Most accounts that may move.
    free : Solution
        What would be best without the limit.

    Raises
    ------
    SolverError
        When more must move for every territory to be connected.
    """
    nodes = nodes_of(problem, _atlas(problem), whole=False)
    board = _Board(nodes, free.prices)
    at: Positions = board.problem.pairs.territory[nodes.gathered(problem, start)]
    if fallen_apart(problem, start):
        at = grown_from(nodes, at, regrets(board.problem, free.prices))
    connected = board.choice(at)
    moved = float(board.problem.pairs.moved[connected].sum())
    if fallen_apart(board.problem, connected) or moved > most:
        raise SolverError(
            f"at most {most:,.0f} accounts may move, and for every territory to be connected {moved:,.0f} would; "
            "raise `max_moves` or leave `contiguous` out"
        )
    borders = Borders(nodes.atlas, at, len(problem.territories))
    choice = improve(board.stern, connected, board.all, free.prices, most_moved=most, borders=borders)
    table = tabulate(problem, np.arange(len(problem.pairs)))
    price, raised = priced_moves(problem, table, free.prices * table.scale, most)
    return Solution(problem, nodes.choice(problem, choice), raised / table.scale, move_price=price)


def _atlas(problem: Problem) -> Atlas:
    assert problem.atlas is not None
    return problem.atlas


@dataclass(slots=True)
class _Board:
    """What a search on a map needs again and again."""

    nodes: Nodes
    prices: Floats

    @property
    def problem(self) -> Problem:
        """The problem of nodes."""
        return self.nodes.problem

    @property
    def stern(self) -> Problem:
        """The same with excesses that no wish is worth."""
        return self.problem.sterner(STERN)

    @property
    def all(self) -> Ints:
        """All pairs."""
        return np.arange(len(self.problem.pairs))

    def choice(self, at: Positions) -> Ints:
        """Give the pair of each node from its territory."""
        return self.problem.at(at)


def _candidates(problem: Problem, prices: Floats, start: Ints | None, watch: Watch, *, whole: bool) -> list[Ints]:
    """Give the answers that are found from several starts; none where no start is connected."""
    atlas = _atlas(problem)
    nodes = nodes_of(problem, atlas, whole=whole)
    if not whole and nodes.problem.units == nodes_of(problem, atlas, whole=True).problem.units:
        return []
    board = _Board(nodes, prices)
    guide = by_weight(nodes.problem)
    guided = decompose.solve(guide)
    regret = regrets(guide, guided.prices)
    starts = [grown_from(nodes, guide.pairs.territory[guided.choice], regret)]
    if start is not None:
        gathered = nodes.gathered(problem, start)
        at = np.where(gathered >= 0, guide.pairs.territory[gathered], -1)
        starts.insert(0, grown_from(nodes, at, regrets(nodes.problem, prices)))
    if all(fallen_apart(board.problem, board.choice(at)) for at in starts):
        starts = [grown_evenly(nodes, regret)]
    sound = [at for at in starts if not fallen_apart(board.problem, board.choice(at))]
    return [nodes.choice(problem, _searched(board, at, watch)) for at in sound]


def _branched(problem: Problem, found: Solution) -> Solution:
    """Search all connected answers by branch and bound where that is small enough to end."""
    nodes = nodes_of(problem, _atlas(problem), whole=False)
    start = replace(found, problem=nodes.problem, choice=nodes.gathered(problem, found.choice))
    end = decompose.branched(nodes.problem, tabulate(nodes.problem, np.arange(len(nodes.problem.pairs))), start)
    best = min(found.choice, nodes.choice(problem, end.choice), key=problem.sterner(STERN).rank)
    return replace(found, choice=best, least=end.least)


def _searched(board: _Board, at: Ints, watch: Watch) -> Ints:
    """Give the best answer of all turns from a connected one, never a dearer one."""
    problem, stern = board.problem, board.stern
    shape = problem.limits.share.shape
    cost = np.full((problem.units, shape[0]), np.inf)
    cost[problem.pairs.unit, problem.pairs.territory] = problem.pairs.cost
    random = np.random.default_rng(_SEED)
    steepness = problem.units / max(1, problem.limits.share.size)
    turns = max(1, min(_TURNS[problem.effort], _MOST // problem.units))
    borders = Borders(board.nodes.atlas, at, shape[0])
    best = board.choice(at)
    regret = regrets(problem, board.prices)
    enough = least_excess(problem) * (1 + TOLERANCE)
    for turn in range(turns * _LONGER):
        if watch.enough() or (turn >= turns and problem.excess(best) <= enough):
            break
        watch.tell(problem.component, f"turn {turn + 1} on the map", best=problem.cost(best) / problem.units)
        if turn % len(_STEEP) == 0:
            at = problem.pairs.territory[best].astype(np.int64)
            if turn >= turns:
                anew = regrown(board.nodes, at, _round(board, best, random), regret, random)
                at = at if fallen_apart(problem, board.choice(anew)) else anew
            borders = Borders(board.nodes.atlas, at, shape[0])
        steep = steepness * _STEEP[turn % len(_STEEP)] * np.exp(_STRAIN_NOISE * random.standard_normal(shape))
        even_out(problem, borders, cost * (1 + _COST_NOISE * random.random(cost.shape)), steep)
        choice = improve(stern, board.choice(borders.at), board.all, board.prices, borders=borders)
        if stern.cost(choice) < stern.cost(best):
            best = choice
    return best


def _round(board: _Board, choice: Ints, random: np.random.Generator) -> Ints:
    """Give a territory outside its limits, and some of those that it touches, by chance."""
    problem, atlas = board.problem, board.nodes.atlas
    at = problem.pairs.territory[choice].astype(np.int64)
    outside = np.flatnonzero((problem.limits.excess(problem.loads(choice)) > 0).any(axis=1))
    outside = outside[np.isin(outside, at)]
    if not len(outside):
        return outside
    book = random.choice(outside)
    one = np.repeat(np.arange(atlas.count), np.diff(atlas.start))
    near = np.setdiff1d(at[atlas.neighbour[at[one] == book]], [book])
    return np.append(random.permutation(near)[:_REGROWN], book)


def _why_not(problem: Problem) -> str:
    """Say why no territory can be connected, or else what stands in the way of the answer that was tried."""
    atlas = _atlas(problem)
    nodes = nodes_of(problem, atlas, whole=False)
    pairs = nodes.problem.pairs
    only = np.bincount(pairs.unit, minlength=nodes.problem.units) == 1
    for book, name in enumerate(problem.territories):
        mine = pairs.unit[pairs.territory == book]
        may = np.zeros(nodes.problem.units, dtype=np.int64)
        may[mine] = 1
        piece = pieces(nodes.atlas, may)
        fixed = mine[only[mine]]
        for land in np.unique(nodes.atlas.land[fixed]).tolist():
            here = fixed[nodes.atlas.land[fixed] == land]
            apart = here[piece[here] != piece[here[0]]]
            if len(apart):
                one, other = nodes.atlas.names[here[0]], nodes.atlas.names[apart[0]]
                return (
                    f"no other territory than {name} may hold {one} and {other}, and nothing that {name} may hold "
                    "connects them; widen its `where`, or let another one hold them too"
                )
    grown = grown_evenly(nodes, regrets(nodes.problem, np.zeros(problem.limits.share.shape)))
    board = _Board(nodes, np.zeros(problem.limits.share.shape))
    fault = fallen_apart(nodes.problem, board.choice(grown))[0]
    return (
        f"no carve was found in which every territory is connected: at best {in_words(nodes.problem, fault)}; "
        "widen the `where` of the territories"
    )
