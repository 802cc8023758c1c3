"""What is known of the accounts of a saved plan, from its snapshot and the YAML that it was made from."""

from __future__ import annotations

from terraform_like.config.load import Repository, load_wanted
from terraform_like.config.variables import Overrides
from terraform_like.diagnostics import Halt, Report
from terraform_like.flow.inputs import config_digest, populated
from terraform_like.plan.facts import Facts, facts
from terraform_like.plan.file import SavedPlan


def saved_facts(repository: Repository, saved: SavedPlan) -> Facts | None:
    """Give what is known of each account of a saved plan.

    Returns
    -------
    Facts or None
        None where assignments or snapshot are not at hand or not those of the plan, or the YAML is no longer the one
        that the plan was made from: figures of another plan would be worse than none.
    """
    plan, assignments, snapshot = saved.plan, saved.assignments, saved.snapshot
    if assignments.table is None or snapshot.table is None:
        return None
    if (assignments.digest, snapshot.digest) != (plan.inputs.assignments, plan.inputs.snapshot):
        return None
    unheard = Report()
    try:
        wanted = load_wanted(repository, plan.plan, unheard, Overrides(plan.variables)).on(plan.as_of)
        if config_digest(wanted) != plan.inputs.config:
            return None
        done = frozenset((one.old, one.new) for one in plan.moved if one.done)
        population = populated(wanted, snapshot.table, plan.users, unheard, done)
    except Halt:
        return None
    return facts(wanted.carving, population, plan, assignments.table)
