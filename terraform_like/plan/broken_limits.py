"""Limits that a plan breaks: books outside their bands, forced or ours, and moves."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from terraform_like.carve.arrays import Ints
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.prove.certify import DIGITS, read_prices
from terraform_like.carve.prove.forced import Breach, Certificate, Kind, breaches
from terraform_like.carve.prove.proof import Proof
from terraform_like.diagnostics import Locate, Report, counted
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving, Effort
from terraform_like.plan.conflicts import ways_out, why_forced

#: How many books, reasons and ways out a warning names.
_NAMED, _REASONS, _WAYS = 5, 3, 4


def refuse_too_many_moves(
    carving: Carving, problems: Sequence[Problem], desired: Book, locate: Locate, report: Report
) -> None:
    """Gather an error for each segment that would move more accounts than its `max_moves` lets through.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    problems : sequence of Problem
        The components.
    desired : Book
        All accounts in scope, with their territories as wanted.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers the errors.
    """
    for segment, balance in sorted(carving.balance.items()):
        mine = [problem for problem in problems if problem.segment == segment]
        accounts = sum(len(problem.accounts) for problem in mine)
        if (most := balance.most_moves(accounts)) is None:
            continue
        moved = sum(int(problem.pairs.moved[_choice(problem, desired)].sum()) for problem in mine)
        if moved > most:
            report.error(
                f"The carve of {segment} would move {counted(moved, 'account')}, more than max_moves lets through",
                f"At most {most:,} may move, of {accounts:,}. Widen the bands that are broken, or let that many move.",
                locate(("balance", segment, "max_moves")),
            )


def _choice(problem: Problem, desired: Book) -> Ints:
    placed = desired.table.select("account", pl.col("territory").fill_null(""))
    mine = pl.DataFrame({"account": problem.accounts}, schema={"account": pl.String})
    return problem.chosen(mine.join(placed, on="account", how="left", maintain_order="left")["territory"].to_numpy())


def tell_broken_limits(
    carving: Carving, problem: Problem, proof: Proof, desired: Book, locate: Locate, report: Report
) -> None:
    """Warn of every limit of a component that the plan breaks, once a metric, and say whether a carve could hold it.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    problem, proof
        The component, and what is saved of how good its answer is: the prices certify what is forced.
    desired : Book
        All accounts in scope, with their territories as wanted.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers the warnings.
    """
    found = breaches(problem, _choice(problem, desired), read_prices(problem, proof.prices))
    for m, metric in enumerate(problem.metrics):
        broken = [breach for breach in found if breach.cell.metric == m]
        if not broken:
            continue
        told = [f"{problem.territories[b.cell.territory]} has {_told(b)}" for b in broken]
        more = f" and {counted(len(told) - _NAMED, 'more book')}" if len(told) > _NAMED else ""
        report.warning(
            f"{len(broken)} of {counted(len(problem.territories), 'book')} of {problem.component} "
            f"outside {'its limits' if len(broken) == 1 else 'their limits'} of {metric}",
            f"{'; '.join(told[:_NAMED])}{more}. {forced_or_ours(carving, problem, proof, broken)}",
            locate(problem.rules[metric, broken[0].cell.side], key=True),
        )
        for way in () if problem.kept else ways_out(carving, problem, _certificates(broken))[:_WAYS]:
            if way.part:
                report.note(f"{way.part} limits of {metric} from holding", f"It takes {way.text}.", locate(way.path))


def forced_or_ours(
    carving: Carving, problem: Problem, proof: Proof, broken: Sequence[Breach], *, ways: bool = True
) -> str:
    """Say why no carve can hold limits, with the ways out where asked, or that a better carve may hold them."""
    if problem.kept:
        return "A refresh moves no account for that; `territory plan` without `--refresh` carves anew."
    certificates = _certificates(broken)
    whys = list(dict.fromkeys(why_forced(problem, certificate) for certificate in certificates))
    out = [way.text for way in ways_out(carving, problem, certificates)] if ways else []
    ours = sum(not breach.forced for breach in broken)
    said = []
    if whys:
        more = f"; and {len(whys) - _REASONS} more such reasons" if len(whys) > _REASONS else ""
        limits = "this limit" if len(broken) == 1 else "these limits"
        which = f"{len(broken) - ours} of them" if ours else limits
        said.append(f"No carve can hold {which}: {'; '.join(whys[:_REASONS])}{more}.")
        said.append(f"It takes one of these at least: {'; '.join(out[:_WAYS])}." if len(out) > 1 else "")
        said.append(f"It takes {out[0]}." if len(out) == 1 else "")
    if ours:
        subject = ("The others" if ours > 1 else "The other") if whys else ("They" if ours > 1 else "It")
        said.append(f"{subject} may hold{_what_is_left(problem, proof)}")
    return " ".join(filter(None, said))


def _certificates(broken: Sequence[Breach]) -> list[Certificate]:
    """Give each certificate once, those first that are easiest to understand."""
    each = {id(b.certificate): b.certificate for b in broken if b.certificate}.values()
    return sorted(each, key=lambda certificate: list(Kind).index(certificate.kind))


def _what_is_left(problem: Problem, proof: Proof) -> str:
    if proof.moves is not None:
        return " with more moves than `max_moves` lets through."
    if problem.effort is Effort.THOROUGH:
        return " in a better carve, though none was found: widen the limits, or let more territories hold the accounts."
    return " in a better carve: `carve: {effort: thorough}` searches further."


def _told(breach: Breach) -> str:
    """Give a load beside the limit that it breaks, in as many digits as tell the two apart."""
    side = "at most" if breach.cell.side == "high" else "at least"
    for digits in range(4, DIGITS + 1):
        has, may = (f"{float(f'{value:.{digits}g}'):,.10g}" for value in (breach.load, breach.limit))
        if has != may:
            break
    return f"{has} ({side} {may})"
