"""The carve of a saved plan, formulated again from its snapshot: without CRM and without solver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from terraform_like.carve.arrays import Ints
from terraform_like.carve.form.atlas import fallen_apart, in_words
from terraform_like.carve.form.formulate import formulate
from terraform_like.carve.form.problem import Problem
from terraform_like.carve.prove.certify import Evidence, certify, read_prices
from terraform_like.carve.prove.proof import Proof
from terraform_like.config.load import Repository, Wanted
from terraform_like.diagnostics import Halt, Report, listing
from terraform_like.domain.scope import Population
from terraform_like.flow.inputs import SNAPSHOTS, populated
from terraform_like.flow.staffed import staff_as_told
from terraform_like.plan.check import REPLAN, Check
from terraform_like.plan.file import SavedPlan, load
from terraform_like.plan.model import Plan
from terraform_like.staffing.timeline import Staffed


@dataclass(frozen=True, slots=True)
class SavedCarve:
    """A saved carve.

    Parameters
    ----------
    population : Population
        The accounts of the snapshot.
    territory : polars.Series
        The saved territory of each account in scope, aligned with them.
    problems, choices, proofs
        One a component: what was to be solved, the saved pair of each unit, and the proof at the saved prices.
    done : frozenset of (str, str)
        Swaps of names that the CRM had already.
    """

    population: Population
    territory: pl.Series
    problems: tuple[Problem, ...]
    choices: tuple[Ints, ...]
    proofs: tuple[Proof, ...]
    done: frozenset[tuple[str, str]]


def load_saved(repository: Repository, name: str, report: Report) -> SavedPlan:
    """Read a saved plan, its snapshot from wherever the repository keeps it.

    Raises
    ------
    Halt
        When there is none that can be read.
    """
    saved = load(repository.plan_folder(name), report, kept=repository.root / SNAPSHOTS)
    if saved is None:
        raise Halt(report)
    return saved


def carve_as_saved(saved: SavedPlan, wanted: Wanted, said: Report) -> SavedCarve | Check:
    """Formulate the problems of a saved plan again and certify its assignments at its prices.

    Parameters
    ----------
    saved : SavedPlan
        A plan that is whole, with assignments and snapshot.
    wanted : Wanted
        The YAML that it was made from.
    said : Report
        Gathers what a plan says on the way.

    Returns
    -------
    SavedCarve or Check
        The check that fails, where the assignments are none of these problems.

    Raises
    ------
    Halt
        When the snapshot does not fit the YAML.
    """
    plan, basis = saved.plan, _basis(saved, wanted, said)
    if isinstance(basis, Check):
        return basis
    population, territory = basis.population, basis.there["territory"]
    problems = formulate(wanted.carving, population.inside, wanted.locate, said, keep=plan.refresh)
    if said.failed:
        raise Halt(said)
    placed = basis.there.select("account", pl.col("territory").fill_null(""))
    choices: list[Ints] = []
    proofs: list[Proof] = []
    held: list[Problem] = []
    for problem in problems:
        mine = pl.DataFrame({"account": problem.accounts}, schema={"account": pl.String})
        at = mine.join(placed, on="account", how="left", maintain_order="left")["territory"].to_numpy()
        problem = problem.holding(at)
        choice = problem.chosen(at)
        proof = _proof(problem, choice, plan)
        if isinstance(proof, Check):
            return proof
        held.append(problem)
        choices.append(choice)
        proofs.append(proof)
    return SavedCarve(population, territory, tuple(held), tuple(choices), tuple(proofs), basis.done)


@dataclass(frozen=True, slots=True)
class Back:
    """Places that a rollback puts back: the accounts, who shall have them, and swaps of names that were done."""

    population: Population
    staffed: Staffed
    done: frozenset[tuple[str, str]]


def back_as_saved(saved: SavedPlan, wanted: Wanted, said: Report) -> Back | Check:
    """Give the places that a saved rollback puts back; of those the assignments are the only record.

    Raises
    ------
    Halt
        When the snapshot does not fit the YAML.
    """
    basis = _basis(saved, wanted, said)
    if isinstance(basis, Check):
        return basis
    there = basis.there
    strange = sorted(set(there["territory"].drop_nulls()) - wanted.carving.books.keys())
    if strange:
        says = "assignments.csv names territories that the YAML does not have"
        return Check("rules", False, "territories of the plan", listing(strange), says, REPLAN)
    back = staff_as_told(wanted.carving, basis.population, there["territory"], there["holder"], saved.plan.as_of)
    return Back(basis.population, back, basis.done)


@dataclass(frozen=True, slots=True)
class _Basis:
    """What a saved plan was made from and gives: accounts in scope, assignments by account, swaps that were done."""

    population: Population
    there: pl.DataFrame
    done: frozenset[tuple[str, str]]


def _basis(saved: SavedPlan, wanted: Wanted, said: Report) -> _Basis | Check:
    plan, assignments, snapshot = saved.plan, saved.assignments.table, saved.snapshot.table
    assert assignments is not None
    assert snapshot is not None
    done = frozenset((one.old, one.new) for one in plan.moved if one.done)
    population = populated(wanted, snapshot, plan.users, said, done)
    there = assignments.sort("account")
    if not population.inside.accounts.equals(there["account"]):
        return _accounts(population, there)
    return _Basis(population, there, done)


def _proof(problem: Problem, choice: Ints, plan: Plan) -> Proof | Check:
    """Certify the saved assignment of a component again, at the saved prices."""
    told = {proof.component: proof for proof in plan.proof}.get(problem.component)
    if (choice < 0).any():
        lost = problem.accounts[np.isin(problem.unit_of, np.flatnonzero(choice < 0))]
        found = f"they do not: {listing(str(a) for a in lost)}"
        says = f"assignments.csv breaks the rules of {problem.component}"
        return Check("rules", False, "accounts stand where they may", found, says, REPLAN)
    if faults := fallen_apart(problem, choice):
        found = listing((in_words(problem, fault) for fault in faults), 3)
        says = f"assignments.csv breaks the rules of {problem.component}"
        return Check("rules", False, "every territory is connected", found, says, REPLAN)
    if told is None:
        says = f"the plan has no proof for {problem.component}"
        return Check("proof", False, "a proof a component", f"none for {problem.component}", says, REPLAN)
    evidence = Evidence(read_prices(problem, told.prices), told.method, told.searched, told.moves, told.stopped)
    try:
        return certify(problem, choice, evidence)
    except ValueError as error:
        says = f"the carve of {problem.component} is not what its proof says"
        return Check("proof", False, "a sound answer", str(error), says, REPLAN)


def _accounts(population: Population, assignments: pl.DataFrame) -> Check:
    inside, assigned = set(population.inside.accounts), set(assignments["account"])
    differing = sorted(inside ^ assigned)
    return Check(
        "accounts",
        False,
        "every account in scope once",
        f"a difference in {listing(differing)}",
        "assignments.csv does not hold the accounts that are in scope",
        REPLAN,
    )
