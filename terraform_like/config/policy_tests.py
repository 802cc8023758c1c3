"""The language of policies/tests/*.yaml: a small plan, and the verdicts that are expected of it."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

from terraform_like.config.complaint import complain
from terraform_like.config.document import document_of
from terraform_like.diagnostics import Locate, Report
from terraform_like.domain.carving import Location, Slot, Territory
from terraform_like.domain.people import Person
from terraform_like.domain.quantity import Id, Name, Number
from terraform_like.domain.wish import Day, Wish
from terraform_like.policy.rule import Waiver

#: Where tests of policies stand.
TESTS = "policies/tests"

Said = Literal["passed", "failed", "waived"]


class Somebody(Person):
    """A person of a small plan, who needs no user in a CRM."""

    user: Id = "nobody"
    """The CRM's user; of no account here. Example: `jane@acme.com`."""


class AccountRow(Wish):
    """An account of a small plan, with any columns beside."""

    model_config = ConfigDict(extra="allow")

    account: Id
    """Its id. Example: `A-1`."""
    before: Name | None = None
    """The territory that it is in; leave out for none. Example: `north`."""
    after: Name | None = None
    """The territory that it will be in; leave out for none. Example: `south`."""
    owner_before: Name | None = None
    """Who has it, where that is not the owner of `before`. Example: `jane.doe`."""
    holder: Name | None = None
    """Who will hold it, where `after` is vacant. Example: `raj.patel`."""
    family: Id | None = None
    """The account that stands for its family; itself where left out. Example: `A-1`."""
    segment: Name | None = None
    """Its segment, where that is not the one of its territory. Example: `smb`."""

    @property
    def columns(self) -> dict[str, Any]:
        """What the account has beside: text, numbers, true or false."""
        return dict(self.model_extra or {})


class SmallPlan(Wish):
    """A plan of a few accounts."""

    day: Day | None = None
    """The day that it is for; 2027-02-01 where left out. Example: `2027-02-01`."""
    location: Location | None = None
    """The columns that say where accounts are. Example: `{latitude: lat, longitude: lon}`."""
    people: dict[Name, Somebody] = Field(default_factory=dict)
    """People by name. Example: `{jane.doe: {groups: {tenure: senior}}}`."""
    territories: dict[Name, Territory] = Field(default_factory=dict)
    """Territories by name. Example: `{north: {segment: smb, owner: jane.doe}}`."""
    overcarve: dict[Name, Slot] = Field(default_factory=dict)
    """Slots by name. Example: `{north-2: {segment: smb, expected: 2027-04-01}}`."""
    vacant_since: dict[Name, Day] = Field(default_factory=dict)
    """Since when vacant territories have no owner; the plan's day where left out. Example: `{north-2: 2026-11-01}`."""
    named: tuple[Id, ...] = ()
    """Accounts that a segment names. Example: `[A-1]`."""
    accounts: tuple[AccountRow, ...] = ()
    """Accounts, with any columns. Example: `[{account: A-1, before: north, after: south, potential: 10}]`."""


class Expected(Wish):
    """The verdict that a policy is to give."""

    verdict: Said
    """Whether it passes, fails, or is waived. Example: `failed`."""
    measured: Number | str | None = None
    """What it measures. Example: `1.5`."""
    subjects: tuple[str, ...] | None = None
    """The addresses that break it, in any order. Example: `[territory.north]`."""


def _expected(value: Any) -> Any:
    return {"verdict": value} if isinstance(value, str) else value


class PolicyTest(Wish):
    """One test."""

    name: Annotated[str, Field(min_length=1)]
    """What it shows, as a claim. Example: `a book worth twice another is refused`."""
    given: SmallPlan = SmallPlan()
    """What differs from the file's own plan: each key in place of that one's. Example: `{accounts: []}`."""
    waivers: tuple[Waiver, ...] = ()
    """Waivers that hold.

    Example: `[{policy: even, subject: segment.smb, owner: vp, reason: hiring, expires: 2027-03-31}]`.
    """
    expect: dict[Name, Annotated[Expected, BeforeValidator(_expected, json_schema_input_type=Said | Expected)]]
    """The verdict of each policy that is asked. Example: `{even-potential: failed, no-empty-books: passed}`."""


class PolicyTestFile(Wish):
    """A file of policies/tests/."""

    policies: tuple[str, ...] = ()
    """Files of policies, from `policies/`; leave out for all that stand there. Example: `[fairness.yaml]`."""
    given: SmallPlan = SmallPlan()
    """The plan that its tests begin with. Example: `{territories: {north: {segment: smb}}}`."""
    tests: tuple[PolicyTest, ...] = ()
    """The tests. Example: `[{name: an empty book is refused, expect: {no-empty-books: failed}}]`."""


def read_policy_tests(root: FilePath, report: Report) -> dict[str, tuple[PolicyTestFile, Locate]]:
    """Read the tests of a repository's policies, by file name, and where they stand; errors are gathered."""
    folder = root / TESTS
    paths = [p for p in folder.iterdir() if p.suffix in {".yaml", ".yml"} and p.is_file()] if folder.is_dir() else []
    found: dict[str, tuple[PolicyTestFile, Locate]] = {}
    for path in sorted(paths):
        file = path.relative_to(root).as_posix()
        document = document_of({file: path.read_bytes()}, report)
        try:
            found[file] = PolicyTestFile.model_validate(document.data), document.locate
        except ValidationError as error:
            complain(error, PolicyTestFile, document, report)
    return found
