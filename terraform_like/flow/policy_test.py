"""`territory test`: policies asked of small plans, and whether they say what is expected."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from terraform_like.config.load import policies_of
from terraform_like.config.policy_tests import Expected, PolicyTest, PolicyTestFile, SmallPlan, read_policy_tests
from terraform_like.diagnostics import Halt, Locate, Report, did_you_mean, listing
from terraform_like.domain.carving import Carving, Scope, Segment
from terraform_like.plan.small import SmallAccount, small_tables
from terraform_like.policy.judge import judge
from terraform_like.policy.rule import Policies
from terraform_like.policy.verdict import Verdict

#: The day that a small plan is for where it names none.
_DAY = date(2027, 2, 1)


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one test: `faults` say, policy by policy, what was expected and what was said."""

    file: str
    name: str
    faults: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every policy said what is expected."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of all tests, and the policies that none of them asks."""

    tests: tuple[Tried, ...]
    untested: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every test passed."""
        return all(test.passed for test in self.tests)


def run_policy_tests(root: Path) -> tuple[Tested, Report]:
    """Run the tests of a repository's policies; it needs neither a project file nor a plan.

    Raises
    ------
    Halt
        When there are no policies, or a file has errors.
    """
    report = Report()
    folder = root / "policies"
    if not folder.is_dir():
        report.error("There are no policies", f"There is no folder policies in {root.resolve()}. Go there: --chdir.")
        raise Halt(report)
    files = read_policy_tests(root, report)
    if report.failed:
        raise Halt(report)
    if not any(file.tests for file, _ in files.values()):
        report.warning("There are no tests of policies", "They stand in policies/tests/*.yaml.")
    tried: list[Tried] = []
    asked: set[str] = set()
    for name, (file, locate) in files.items():
        policies = _policies(root, file, locate, report)
        for test in file.tests:
            tried.append(Tried(name, test.name, _faults(policies, file, test)))
            asked |= set(test.expect)
    gate, _ = _read(root, sorted(p.name for p in folder.glob("*.y*ml")), report)
    return Tested(tuple(tried), tuple(sorted(gate.policies.keys() - asked))), report


def _policies(root: Path, file: PolicyTestFile, locate: Locate, report: Report) -> Policies:
    folder = root / "policies"
    names = list(file.policies) or sorted(p.name for p in folder.glob("*.y*ml") if p.is_file())
    for number, name in enumerate(file.policies):
        path = folder / name
        if ".." in Path(name).parts or Path(name).is_absolute() or not path.is_file():
            known = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.y*ml"))
            hint = did_you_mean(name, known).strip() or f"There are: {listing(known)}."
            report.error(f'There is no file "policies/{name}"', hint, locate(("policies", number)))
            raise Halt(report)
    return _read(root, names, report)[0]


def _read(root: Path, names: list[str], report: Report) -> tuple[Policies, Locate]:
    return policies_of({f"policies/{name}": (root / "policies" / name).read_bytes() for name in names}, report)


def _faults(policies: Policies, file: PolicyTestFile, test: PolicyTest) -> tuple[str, ...]:
    given = file.given.model_copy(update={key: getattr(test.given, key) for key in test.given.model_fields_set})
    day = given.day or _DAY
    gate = policies.model_copy(
        update={
            "policies": {name: p for name, p in policies.policies.items() if name in test.expect},
            "waivers": test.waivers,
            "levels": {},
        }
    )
    missing = sorted(test.expect.keys() - policies.policies.keys())
    faults = [f'there is no policy "{name}".{did_you_mean(name, policies.policies)}' for name in missing]
    try:
        tables = small_tables(_carving(given), _accounts(given), day, given.vacant_since)
    except ValueError as error:
        return (*faults, f"the plan cannot be: {error}")
    verdicts, said = judge(gate, tables, day, given.location)
    faults += [f"{d.summary}: {d.detail}" for d in said if d.severity == "error"]
    for verdict in verdicts:
        faults += _compared(test.expect[verdict.policy], verdict)
    return tuple(faults)


def _compared(expected: Expected, verdict: Verdict) -> list[str]:
    said = "waived" if verdict.waived else "passed" if verdict.passed else "failed"
    faults = []
    if said != expected.verdict:
        faults.append(f"{verdict.policy} is expected to be {expected.verdict}, and is {said}: {verdict.measured}")
    if expected.measured is not None and not _alike(expected.measured, verdict.measured):
        faults.append(f"{verdict.policy} is expected to measure {expected.measured}, and measures {verdict.measured}")
    if expected.subjects is not None and set(expected.subjects) != set(verdict.subjects):
        names = listing(sorted(verdict.subjects)) or "nothing"
        faults.append(f"{verdict.policy} is expected to name {listing(sorted(expected.subjects))}, and names {names}")
    return faults


def _alike(expected: float | str, measured: float | str | None) -> bool:
    if isinstance(expected, str) or not isinstance(measured, float | int):
        return str(expected) == str(measured)
    # As many digits as people write down.
    return math.isclose(expected, measured, rel_tol=1e-3)


def _carving(given: SmallPlan) -> Carving:
    books = {**given.territories, **given.overcarve}
    segments = sorted({b.segment for b in books.values()} | {a.segment for a in given.accounts if a.segment})
    return Carving(
        name="test",
        accounts=Scope(location=given.location),
        # Which segment names an account makes no difference to any table.
        segments=tuple(Segment(name=s, accounts=given.named if n == 0 else ()) for n, s in enumerate(segments)),
        territories=given.territories,
        overcarve=given.overcarve,
        people=dict(given.people),
    )


def _accounts(given: SmallPlan) -> tuple[SmallAccount, ...]:
    books = {*given.territories, *given.overcarve}
    for row in given.accounts:
        # An account may come from a territory that is no more.
        if row.after is not None and row.after not in books:
            raise ValueError(f'there is no territory "{row.after}".{did_you_mean(row.after, books)}')
    return tuple(
        SmallAccount(a.account, a.before, a.after, a.owner_before, a.holder, a.family, a.segment, a.columns)
        for a in given.accounts
    )
