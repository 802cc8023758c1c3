"""What the CRM holds, under the names of a plan: owners are people, territories are those of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from terraform_like.config.load import Repository, Wanted
from terraform_like.crm import open_crm
from terraform_like.crm.port import Capabilities, Crm, CrmError, Needs, Reading
from terraform_like.diagnostics import Diagnostic, Halt, Locate, Path, Report, counted, listing
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.domain.columns import carving_expressions
from terraform_like.domain.expression import Expression, ExpressionError, report_expression
from terraform_like.flow.earlier import last_put
from terraform_like.flow.matched import matched_before
from terraform_like.plan.model import Plan
from terraform_like.plan.offered import named_kinds, recorded
from terraform_like.policy.measured import policy_columns
from terraform_like.staffing.tenure import owners_on

#: Characters at the end of an id that a CRM may leave out where it shows it, as pages of Salesforce do.
_CHECK = 3

#: Columns that the tool itself gives to accounts; the CRM is not asked for them.
_OURS = frozenset({"account", "owner", "territory", "holder", "segment", "family", "protected", "accounts", "address"})


@dataclass(frozen=True, slots=True)
class Live:
    """What the CRM holds.

    Parameters
    ----------
    snapshot : polars.DataFrame
        As it was read: `account`, `owner` (CRM user id), `territory`, and the columns that the plan uses.
    users : dict of str to str
        CRM user id of each person.
    columns : dict of str to str
        Every column that the CRM's accounts have, with its kind; those that the plan uses as they were read.
    inactive : tuple of str
        People whose user is not active, sorted.
    capabilities : Capabilities
        What the CRM can do.
    """

    snapshot: pl.DataFrame
    users: dict[str, str]
    columns: dict[str, str]
    inactive: tuple[str, ...]
    capabilities: Capabilities


def read_live(
    repository: Repository,
    wanted: Wanted,
    day: date,
    report: Report,
    *,
    also: Sequence[str] = (),
    before: Plan | None = None,
) -> Live:
    """Read the CRM: what the plan uses of accounts, and `also` columns that it does not use.

    Where the CRM knows no territories, an account is in the one that its owner owns on that day: as the YAML says, else
    as the plan that was saved `before` had matched them.

    Raises
    ------
    Halt
        When the CRM cannot be read, or people are not its users; `report` holds why.
    """
    uses = list(_uses(wanted))
    columns = sorted(({use.column for use in uses} | set(also)) - _given(wanted.carving))
    try:
        crm = open_crm(repository.project.crm, repository.root)
        try:
            _preflight(crm, columns, sorted(wanted.carving.books), uses, report)
            if report.failed:
                raise Halt(report)
            reading = crm.read(columns)
        finally:
            crm.close()
    except CrmError as error:
        report.error("The CRM cannot be read", str(error))
        raise Halt(report) from None
    users = _users(wanted.carving, reading.users, wanted.locate, report)
    _twice(reading, repository.locate, report)
    _unknown_owners(reading, repository.locate, report)
    if report.failed:
        raise Halt(report)
    snapshot = reading.accounts.drop("version", strict=False).sort("account")
    if not crm.capabilities.territories:
        owned = wanted.carving.model_copy(update={"matched": matched_before(wanted.carving, before)})
        snapshot = snapshot.with_columns(_owned(owned, snapshot["owner"], users, day).alias("territory"))
        if (put := last_put(repository, wanted.carving.name)) is not None:
            snapshot = _remembered(snapshot, put)
    active = set(reading.users.filter("active")["user"])
    return Live(
        snapshot,
        users,
        dict(sorted({**named_kinds(reading.offered), **recorded(snapshot)}.items())),
        tuple(sorted(name for name, user in users.items() if user not in active)),
        crm.capabilities,
    )


def named(snapshot: pl.DataFrame, users: dict[str, str], report: Report) -> Book:
    """Give what the CRM held with owners under the names of people.

    Raises
    ------
    Halt
        When account ids are missing or stand twice, as in a snapshot that was tampered with; `report` holds which.
    """
    try:
        return Book.of(snapshot).renamed({user: person for person, user in users.items()})
    except ValueError as error:
        report.error("The accounts have no unique ids", f"{error}. Make the plan again: territory plan --save")
        raise Halt(report) from None


@dataclass(frozen=True, slots=True)
class _Use:
    """A place in the YAML that reads a column; `text` is the expression there, where it is one."""

    column: str
    locate: Locate
    path: Path
    text: str = ""
    offset: int = 0

    def complain(self, problem: Diagnostic, report: Report) -> None:
        """Tell at this place what the CRM says of the column."""
        if self.text:
            error = ExpressionError(problem.summary, self.offset, len(self.column))
            report_expression(error, self.text, self.path, self.locate, report)
        else:
            report.error(problem.summary, "", self.locate(self.path))


def _uses(wanted: Wanted) -> Iterator[_Use]:
    """Give every use of a column by location, expressions, metrics, family and policies."""
    scope, locate = wanted.carving.accounts, wanted.locate
    if scope.location:
        yield _Use(scope.location.latitude, locate, ("accounts", "location", "latitude"))
        yield _Use(scope.location.longitude, locate, ("accounts", "location", "longitude"))
    for path, text in carving_expressions(wanted.carving):
        for column, offset in Expression.parse(text).at(scope.location).columns.items():
            yield _Use(column, locate, path, text, offset)
    for segment, balance in wanted.carving.balance.items():
        for key in ("within", "at_most", "at_least"):
            yield from (_Use(metric, locate, ("balance", segment, key, metric)) for metric in getattr(balance, key))
        if balance.contiguous:
            yield _Use(balance.contiguous.unit, locate, ("balance", segment, "contiguous", "unit"))
    if scope.family:
        yield _Use(scope.family.column, locate, ("accounts", "family", "column"))
    if scope.fit:
        yield _Use(scope.fit, locate, ("accounts", "fit"))
    if scope.pipeline:
        yield _Use(scope.pipeline, locate, ("accounts", "pipeline"))
    for role, coverage in wanted.carving.coverage.items():
        yield from (
            _Use(column, locate, ("coverage", role, "by", number))
            for number, column in enumerate(coverage.by)
            if column not in _OURS
        )
    groups = {group for person in wanted.carving.people.values() for group in person.groups}
    for read in policy_columns(wanted.policies, scope.location, groups):
        yield _Use(read.column, wanted.locate_policy, read.path, read.text, read.offset)


def _given(carving: Carving) -> frozenset[str]:
    """Give the columns that the CRM is not asked for: the tool's own, and those that the plan derives."""
    derived = carving.accounts.columns
    # A derived column may bear the name of the CRM's column that it is made of.
    rewritten = {name for name, text in derived.items() if name in Expression.parse(text).columns}
    return _OURS | (derived.keys() - rewritten)


def _preflight(crm: Crm, columns: Sequence[str], books: Sequence[str], uses: Sequence[_Use], report: Report) -> None:
    """Report what the CRM lacks, each column at the first place of the YAML that reads it."""
    if not list(crm.preflight(Needs(columns, territories=books))):
        return
    # Something is amiss: asked one by one, each problem is known by its column.
    general = list(crm.preflight(Needs(territories=books)))
    report.extend(general)
    for column in columns:
        first = next((use for use in uses if use.column == column), None)
        for problem in crm.preflight(Needs([column])):
            if problem in general:
                continue
            if first is None:
                report.add(problem)
            else:
                first.complain(problem, report)


def _users(carving: Carving, users: pl.DataFrame, locate: Locate, report: Report) -> dict[str, str]:
    """Find each person among the CRM's users, by id, else by e-mail."""
    ids = dict(zip(users["user"], users["active"], strict=True))
    by_email: dict[str, list[str]] = {}
    for user, email in users.select("user", "email").iter_rows():
        by_email.setdefault((email or "").casefold(), []).append(user)
    owning = _having(carving)
    found: dict[str, str] = {}
    for name, person in carving.people.items():
        span = locate(("people", name, "user"))
        candidates = [person.user] if person.user in ids else by_email.get(person.user.casefold(), [])
        if not candidates:
            say = report.error if name in owning else report.warning
            way = f"{name} cannot own accounts. {_in_full(person.user, ids)}"
            say(f'The CRM has no user "{person.user}"', way, span)
        elif len(candidates) > 1:
            way = f"{listing(sorted(candidates))} have that e-mail. Give the id of one of them."
            report.error(f'The CRM has several users "{person.user}"', way, span)
        else:
            found[name] = candidates[0]
            if not ids[candidates[0]] and name in owning:
                report.warning(
                    f'The user "{person.user}" is inactive', f"Many CRMs let an inactive {name} own nothing.", span
                )
    taken = [name for name in carving.people if name in ids and found.get(name) != name]
    for name in taken:
        report.error(
            f'"{name}" is another user of the CRM',
            "Rename the person: owners would be mistaken.",
            locate(("people", name)),
        )
    return found


def _in_full(part: str, ids: Iterable[str]) -> str:
    """Say how to name a user: by the id that this is all but the last characters of, where there is one such."""
    wholes = [id_ for id_ in ids if len(id_) == len(part) + _CHECK and id_.startswith(part)]
    return f'Write the id in full: "{wholes[0]}".' if len(wholes) == 1 else "Give the user's id or e-mail."


def _having(carving: Carving) -> set[str]:
    """Give everyone whom the plan names to own or hold accounts."""
    books = carving.books.values()
    covers = [carving.cover, *(book.cover for book in books if book.cover)]
    named = {name for cover in covers for name in cover.by}
    owners = {book.owner for book in books} | {slot.filled_by for slot in carving.overcarve.values()}
    followers = {book.successor.person for book in books if book.successor}
    return {name for name in (owners | followers | named) if name in carving.people} | {
        name for name, person in carving.people.items() if person.role in named
    }


def _twice(reading: Reading, locate: Locate, report: Report) -> None:
    """Gather an error for accounts without an id of their own."""
    ids = reading.accounts["account"]
    span = locate(("crm", "accounts", "key"))
    if missing := ids.null_count() + int((ids == "").sum()):
        detail = "Every account has an id. Fill it in the CRM, or map another column with `crm: accounts: key`."
        report.error(
            f"{counted(missing, 'account')} of the CRM {'has' if missing == 1 else 'have'} no id", detail, span
        )
    twice = ids.filter(ids.is_duplicated()).drop_nulls().unique().sort()
    if twice.len():
        detail = f"{listing(twice)}. Mend them in the CRM, or map a column that is unique with `crm: accounts: key`."
        report.error(f"{counted(twice.len(), 'account id')} of the CRM stand more than once", detail, span)


def _unknown_owners(reading: Reading, locate: Locate, report: Report) -> None:
    owners = reading.accounts.filter(pl.col("owner").is_not_null())
    lost = owners.filter(~pl.col("owner").is_in(reading.users["user"].implode()))
    if lost.height:
        accounts = lost["account"].sort()
        report.warning(
            f"{counted(lost.height, 'account')} with an owner whom the CRM does not know",
            f"Owners {listing(lost['owner'].unique().sort())} of accounts {listing(accounts)}. They are carved as if "
            "that were a user; `crm: accounts: owner` names the column.",
            locate(("crm", "accounts", "owner")),
        )


def _remembered(snapshot: pl.DataFrame, put: pl.DataFrame) -> pl.DataFrame:
    """Give accounts that still are with whom an apply put them the territory that it put them in.

    Who holds accounts of a slot beside a book of their own has them all in the CRM alike.
    """
    told = put.select("account", there="territory", by=pl.coalesce("holder", "owner"))
    joined = snapshot.join(told, on="account", how="left", maintain_order="left")
    same = pl.col("by").is_not_null() & (pl.col("by") == pl.col("owner"))
    territory = pl.when(same).then("there").otherwise("territory").alias("territory")
    return joined.with_columns(territory).drop("there", "by")


def _owned(carving: Carving, owner: pl.Series, users: dict[str, str], day: date) -> pl.Series:
    """Give the territory of each account from its owner, for CRMs that know no territories."""
    owned: dict[str, str] = {}
    for territory, person in owners_on(carving, day).items():
        if person in users:
            owned.setdefault(users[person], territory)
    return owner.replace_strict(owned, default=None, return_dtype=pl.String)
