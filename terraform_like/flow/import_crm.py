"""`territory import`: the books that a CRM has today, as a plan that changes nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from terraform_like.config.load import Repository
from terraform_like.config.references import check_carving
from terraform_like.crm import open_crm
from terraform_like.crm.port import CrmError, Needs, Reading
from terraform_like.diagnostics import Halt, Report, counted, listing, nowhere
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Balance, Carving, Family, Scope
from terraform_like.domain.scope import FAMILY, populate
from terraform_like.flow.import_books import By, Draft, drafts_of, literal
from terraform_like.flow.import_people import People, is_name, people_of
from terraform_like.flow.import_policies import Measured, measured
from terraform_like.flow.import_segments import Bands, Placed, place
from terraform_like.flow.import_text import Telling, files_of
from terraform_like.plan.file import write_whole


@dataclass(frozen=True, slots=True)
class Imported:
    """What was made of a CRM.

    Parameters
    ----------
    plan : str
        The name of the plan.
    files : tuple of str
        What was written, relative to the repository where it is below it.
    accounts : int
        Accounts that are in a book.
    left_out : int
        Accounts that stay out of the plan, since nobody owns them or no territory has them.
    territories, shared, people : int
        Books with an owner; books that several people, or nobody, have; people.
    changes : int
        Accounts that the first plan changes.
    """

    plan: str
    files: tuple[str, ...]
    accounts: int
    left_out: int
    territories: int
    shared: int
    people: int
    changes: int


def import_crm(
    repository: Repository,
    name: str = "current",
    *,
    by: By = "today",
    bands: Bands | None = None,
    family: str | None = None,
    out: Path | None = None,
) -> tuple[Imported, Report]:
    """Write the books of the CRM as a plan; nothing is written to the CRM, and no file is overwritten.

    Parameters
    ----------
    repository : Repository
        The territory repository, whose territory.yaml names the CRM.
    name : str
        The plan.
    by : str
        What makes a book, and whose it becomes.
    bands : Bands, optional
        Segments by size; else there is one.
    family : str, optional
        Column with the parent's id: accounts under one ultimate parent come together.
    out : pathlib.Path, optional
        Folder for the files; else the plan's.

    Raises
    ------
    Halt
        When the CRM cannot be read, or what it holds cannot be a plan.
    """
    report = Report()
    folder = out or repository.plan_folder(name)
    _must_be_free(name, folder, report)
    asked = sorted({*([bands.column] if bands else []), *([family] if family else [])})
    reading, mapped, metrics = _read(repository, asked, measured(repository, name), report)
    if by == "territory" and not mapped:
        way_out = "Add `territory: COLUMN` to `crm: accounts` in territory.yaml, or take --by owner."
        report.error("territory.yaml maps no territories of the CRM", way_out)
        raise Halt(report)
    people = people_of(reading.users, set(reading.accounts["owner"].drop_nulls()), report)
    live, book, drafts = _books(reading, by, mapped, people, report)
    scope = Scope(where=_where(live, by, mapped, book), family=Family(column=family) if family else None)
    placed = place(live, book, scope, drafts, bands, report)
    carving = _measuring(_carving(name, scope, drafts, placed, people), live, metrics, report)
    check_carving(carving, nowhere, report)
    changes = _changes(live, placed, {draft.name: draft for draft in drafts}, people)
    _tell_of_moves(by, mapped, changes, placed, book, live, report)
    if report.failed:
        raise Halt(report)
    left_out = len(live) - placed.table.height
    size = bands.column if bands else None
    told = Telling(carving, drafts, placed, people, metrics.plan, left_out, changes, by, mapped, size, live)
    written = _write(repository.root, folder, files_of(told, _to_schemas(repository.root, folder)), report)
    imported = Imported(
        plan=name,
        files=written,
        accounts=placed.table.height,
        left_out=left_out,
        territories=len(carving.territories),
        shared=len(carving.overcarve),
        people=len(carving.people),
        changes=changes,
    )
    return imported, report


def _must_be_free(name: str, folder: Path, report: Report) -> None:
    if not is_name(name):
        report.error(f'"{name}" is not a name', "A plan's name has letters, digits and . _ @ + - only.")
    elif any(path.suffix in (".yaml", ".yml") for path in (folder.iterdir() if folder.is_dir() else ())):
        report.error(f"{folder} holds a plan already", "Nothing is overwritten. Give the new one a name: --name OTHER.")
    elif folder.exists() and not folder.is_dir():
        report.error(f"{folder} is a file", "Name a folder that does not exist yet.")
    if report.failed:
        raise Halt(report)


def _read(
    repository: Repository, asked: list[str], metrics: Measured, report: Report
) -> tuple[Reading, bool, Measured]:
    """Read the CRM; say as well whether it knows territories, and what it has of the policies' metrics."""
    try:
        crm = open_crm(repository.project.crm, repository.root)
        try:
            report.extend(crm.preflight(Needs(asked)))
            if report.failed:
                raise Halt(report)
            metrics = metrics.found([column for column in metrics.unknown if not list(crm.preflight(Needs([column])))])
            if list(crm.preflight(Needs(sorted(metrics.read)))):
                metrics = Measured(unknown=tuple(sorted({*metrics.metrics, *metrics.unknown})))
            return crm.read(sorted({*asked, *metrics.read})), crm.capabilities.territories, metrics
        finally:
            crm.close()
    except CrmError as error:
        report.error("The CRM cannot be read", str(error))
        raise Halt(report) from None


def _books(
    reading: Reading, by: By, mapped: bool, people: People, report: Report
) -> tuple[Book, pl.Series, list[Draft]]:
    """Give the accounts with owners under the names of people, the book of each (null for none), and the books."""
    accounts = reading.accounts.drop("version", strict=False).with_columns(pl.col("owner").replace(people.named))
    if not mapped:
        known = pl.col("owner").is_in(list(people.people))
        accounts = accounts.with_columns(territory=pl.when(known).then("owner"))
    try:
        live = Book.of(accounts)
    except ValueError as error:
        report.error("The CRM's accounts have no unique ids", f"{error}. Mend `crm: accounts: key` or the CRM.")
        raise Halt(report) from None
    drafts = drafts_of(live.table, by, mapped, people.people, report)
    if not drafts:
        report.error("There is nothing to import", "No account of the CRM has an owner, and none has a territory.")
        raise Halt(report)
    if by == "owner" or not mapped:
        key, names = "owner", {next(iter(draft.held)): draft.name for draft in drafts}
    else:
        key, names = "territory", {draft.recorded or draft.name: draft.name for draft in drafts}
    return live, live.table[key].replace_strict(names, default=None, return_dtype=pl.String), drafts


def _where(live: Book, by: By, mapped: bool, book: pl.Series) -> str | None:
    """Give the condition that keeps accounts out which are in no book; None where there is none."""
    if not book.null_count():
        return None
    if by != "owner" or not mapped:
        return "territory IS NOT NULL"
    strangers = live.table["owner"].filter(book.is_null()).drop_nulls().unique().sort()
    others = f" AND owner NOT IN ({', '.join(map(literal, strangers))})" if len(strangers) else ""
    return f"owner IS NOT NULL{others}"


def _carving(name: str, scope: Scope, drafts: list[Draft], placed: Placed, people: People) -> Carving:
    books = {draft.name: draft.territory(placed.segment[draft.name], people.people) for draft in drafts}
    shared = {draft.name for draft in drafts if draft.shared}
    return Carving.model_validate(
        {
            "name": name,
            "accounts": scope,
            "segments": placed.segments,
            "territories": {book: territory for book, territory in books.items() if book not in shared},
            "overcarve": {book: slot for book, slot in books.items() if book in shared},
            "people": people.people,
        }
    )


def _measuring(carving: Carving, live: Book, metrics: Measured, report: Report) -> Carving:
    """Add what policies measure, without a limit; where accounts do not fit, leave it out and say so."""
    scope = carving.accounts.model_copy(update={"columns": metrics.columns})
    measures = Balance(at_least=dict.fromkeys(metrics.metrics, 0.0))
    balance = {segment.name: measures for segment in carving.segments} if metrics.metrics else {}
    measuring = carving.model_copy(update={"accounts": scope, "balance": balance})
    own = Report()
    fits = populate(measuring, live, nowhere, own) is not None
    missing = [*metrics.unknown, *(() if fits else metrics.metrics)]
    if missing:
        why = "" if fits else "".join(f" {d.summary}: {d.detail}" for d in list(own)[:1])
        report.warning(
            f"Policies measure what this plan does not have: {listing(sorted(missing))}",
            "Derive it under `accounts: columns` and name it under `balance`; they cannot be judged until then." + why,
        )
    return measuring if fits else carving


def _changes(live: Book, placed: Placed, drafts: dict[str, Draft], people: People) -> int:
    """Count the accounts that the first plan changes: in another territory, of another owner, or out of every book."""
    owner = pl.col("book").replace_strict({d.name: d.owner for d in drafts.values()}, return_dtype=pl.String)
    table = live.table.select("account", "territory", now="owner")
    inside = table.join(placed.table.select("account", "book"), on="account", how="inner").with_columns(owner=owner)
    moves = pl.col("territory").ne_missing(pl.col("book"))
    owned = {placed.segment[draft.name] for draft in drafts.values() if not draft.shared}
    given = [
        d.name for d in drafts.values() if d.shared and (d.holders(people.people) or placed.segment[d.name] in owned)
    ]
    transfers = pl.col("owner").is_not_null() & pl.col("owner").ne_missing(pl.col("now"))
    # What nobody has comes to one of the holders.
    transfers |= pl.col("now").is_null() & pl.col("book").is_in(given)
    outside = table.join(placed.table, on="account", how="anti")
    leaves = outside.filter(pl.col("territory").is_in(list(drafts))).height
    return inside.filter(moves | transfers).height + leaves


def _tell_of_moves(
    by: By, mapped: bool, changes: int, placed: Placed, book: pl.Series, live: Book, report: Report
) -> None:
    now = live.table.select("account", now=book)
    parted = placed.table.join(now, on="account", how="left").filter(pl.col("now") != pl.col("book"))
    if parted.height:
        families = parted[FAMILY].unique().sort()
        report.warning(
            f"{counted(len(families), 'family', 'families')} in several books",
            f"Those of {listing(families)}. The first plan brings {counted(parted.height, 'account')} to the book "
            "where most of their family is. Without --family they stay where they are.",
        )
    if by == "owner" and mapped and changes:
        report.warning(
            f"The first plan changes {counted(changes, 'account')}",
            "The CRM has other territories for them than their owners' books. For books that follow owners without a "
            "change, take `territory` out of `crm: accounts` in territory.yaml and import again.",
        )


def _to_schemas(root: Path, folder: Path) -> str:
    return Path(os.path.relpath(root.resolve() / "schemas" / "plan.schema.json", folder.resolve())).as_posix()


def _write(root: Path, folder: Path, files: dict[str, bytes], report: Report) -> tuple[str, ...]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_whole(folder / name, content)
    except OSError as error:
        report.error("The plan cannot be written", f"{error.filename or folder}: {error.strerror}.")
        raise Halt(report) from None
    below = folder.resolve().is_relative_to(root.resolve())
    shown = folder.resolve().relative_to(root.resolve()) if below else folder
    return tuple((shown / name).as_posix() for name in files)
