"""What the policies of a repository measure, so that an imported plan can be judged by them from the first day.

Policies read columns that each plan derives, such as `potential`. Another plan of the repository knows how.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from terraform_like.config.load import Repository, load_wanted, policies_of
from terraform_like.diagnostics import Halt, Report
from terraform_like.domain.expression import Expression
from terraform_like.policy.measured import policy_columns
from terraform_like.policy.rule import Policies
from terraform_like.policy.tables import OVER_ACCOUNTS


@dataclass(frozen=True, slots=True)
class Measured:
    """What an imported plan needs for the policies.

    Parameters
    ----------
    plan : str
        The plan that knows how; empty where no other plan does.
    columns : dict of str to str
        Derived columns, in order.
    metrics : tuple of str
        Columns that are summed over books, sorted.
    unknown : tuple of str
        Columns that are summed over books and that no plan derives, sorted.
    """

    plan: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def read(self) -> set[str]:
        """Columns of the CRM that are needed."""
        made_of = {column for text in self.columns.values() for column in Expression.parse(text).columns}
        return (made_of | set(self.metrics)) - self.columns.keys()

    def found(self, columns: Collection[str]) -> Measured:
        """Give the same, with what the CRM itself has of the unknown."""
        metrics = sorted({*self.metrics, *(set(self.unknown) & set(columns))})
        return Measured(self.plan, self.columns, tuple(metrics), tuple(c for c in self.unknown if c not in columns))


def measured(repository: Repository, name: str) -> Measured:
    """Find what the policies measure and the plan that derives most of it; errors of the files are told elsewhere."""
    read = list(policy_columns(_policies(repository), None))
    metrics = {one.column for one in read if one.over not in OVER_ACCOUNTS}
    wanted = {one.column for one in read}
    plan, columns = "", dict[str, str]()
    for other in repository.plans:
        try:
            known = load_wanted(repository, other, Report()).carving.accounts.columns if other != name else {}
        except Halt:
            continue
        derived = _closed(wanted & known.keys(), known)
        if len(derived) > len(columns):
            plan, columns = other, derived
    return Measured(plan, columns, tuple(sorted(metrics & columns.keys())), tuple(sorted(metrics - columns.keys())))


def _policies(repository: Repository) -> Policies:
    folder = repository.root / "policies"
    paths = sorted(p for p in folder.glob("*.y*ml") if p.is_file()) if folder.is_dir() else []
    try:
        return policies_of({path.name: path.read_bytes() for path in paths}, Report())[0]
    except (Halt, OSError):
        return Policies()


def _closed(wanted: set[str], known: dict[str, str]) -> dict[str, str]:
    """Give columns with all derived columns that they are made of, in the order of the plan."""
    found: set[str] = set()
    while wanted:
        found |= wanted
        made_of = {column for name in wanted for column in Expression.parse(known[name]).columns}
        wanted = (made_of & known.keys()) - found
    return {name: text for name, text in known.items() if name in found}
