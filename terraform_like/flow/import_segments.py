"""Segments by size for books that exist already: each book is in the segment that most of its accounts are in."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from terraform_like.diagnostics import Halt, Report, counted, listing, nowhere
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving, Scope, Segment
from terraform_like.domain.expression import Expression, ExpressionError
from terraform_like.domain.scope import FAMILY, SEGMENT, populate
from terraform_like.flow.import_books import Draft
from terraform_like.flow.import_people import slug

#: The one segment where no bands were asked for.
EVERYTHING = "all"


@dataclass(frozen=True, slots=True)
class Bands:
    """Bands of size: a numeric column and the values at which a new band begins, highest first."""

    column: str
    borders: tuple[float, ...]

    @classmethod
    def parse(cls, text: str) -> Bands:
        """Read `COLUMN:BORDER,BORDER`.

        Raises
        ------
        ValueError
            When it is not written so, or a border is no finite number.
        """
        column, colon, borders = text.rpartition(":")
        try:
            values = tuple(sorted({float(border) for border in borders.split(",")}, reverse=True))
        except ValueError:
            values = ()
        if not column or not colon or not values or not all(abs(value) < 1e15 for value in values):
            raise ValueError("write COLUMN:BORDER,BORDER, such as employees:500,2000")
        return cls(column, values)

    def segments(self) -> tuple[Segment, ...]:
        """Give the bands as segments; the last one takes what is left, accounts without a value included."""
        name, column = slug(self.column) or "band", _quoted(self.column)
        found = [Segment(name=f"{name}-from-{b:.15g}", where=f"{column} >= {b:.15g}") for b in self.borders]
        return (*found, Segment(name=f"{name}-below-{self.borders[-1]:.15g}"))


@dataclass(frozen=True, slots=True)
class Placed:
    """Where accounts are and shall be.

    Parameters
    ----------
    segments : tuple of Segment
        Those that have a book.
    segment : dict of str to str
        The segment of each book.
    table : polars.DataFrame
        The accounts of the plan: `account`, `family`, `segment`, and `book`, which is where its family is.
    """

    segments: tuple[Segment, ...]
    segment: dict[str, str]
    table: pl.DataFrame


def place(
    live: Book, book: pl.Series, scope: Scope, drafts: list[Draft], bands: Bands | None, report: Report
) -> Placed:
    """Give each book a segment, and pin the accounts whose own segment is another.

    Parameters
    ----------
    live : Book
        All accounts of the CRM.
    book : polars.Series
        The book that each of them is in, aligned with `live`; null for none.
    scope : Scope
        Which of them are of the plan, and their families.
    drafts : list of Draft
        The books; `pins` are added to them.
    bands : Bands or None
        Bands of size; without them there is one segment.
    report : Report
        Gathers families in several books, and bands that no book is in.

    Raises
    ------
    Halt
        When the accounts do not fit, such as a column of text for bands.
    """
    if bands is not None and not live.table.schema.get(bands.column, pl.String()).is_numeric():
        report.error(f'"{bands.column}" is no number', "Bands of size need a column of numbers.")
        raise Halt(report)
    segments = bands.segments() if bands is not None else (Segment(name=EVERYTHING),)
    books = live.table.select("account", book=book)
    while True:
        table = _segmented(live, books, scope, segments, report)
        # A book that loses all its accounts to the rest of their families is a book all the same.
        found = _most(table.drop("book").join(books, on="account"), "book", SEGMENT) | _most(table, "book", SEGMENT)
        if len(left := tuple(s for s in segments if s.name in found.values())) == len(segments):
            break
        # A band without a book would be a segment without a territory; its accounts fall to the next band below.
        segments = (*left[:-1], left[-1].model_copy(update={"where": None}))
    if bands is not None and (without := [s.name for s in bands.segments() if s.name not in found.values()]):
        report.warning(
            f"{counted(len(without), 'band')} of {bands.column} would have no territory",
            f"{listing(without)}: no book has most of its accounts there. They are left out of the segments.",
        )
    _pin(table, books, found, {draft.name: draft for draft in drafts})
    return Placed(segments, found, table)


def _segmented(
    live: Book, books: pl.DataFrame, scope: Scope, segments: tuple[Segment, ...], report: Report
) -> pl.DataFrame:
    population = populate(Carving(name="import", accounts=scope, segments=segments), live, nowhere, report)
    if population is None or report.failed:
        raise Halt(report)
    table = population.inside.table.select("account", FAMILY, SEGMENT).join(books, on="account", how="left")
    together = _most(table, FAMILY, "book")
    return table.with_columns(book=pl.col(FAMILY).replace_strict(together, return_dtype=pl.String)).sort("account")


def _most(table: pl.DataFrame, key: str, value: str) -> dict[str, str]:
    """Give the commonest value of each key; the first by name on a tie."""
    counts = table.group_by(key, value).len().sort(key, "len", value, descending=[False, True, False])
    return dict(counts.unique(key, keep="first", maintain_order=True).select(key, value).iter_rows())


def _pin(table: pl.DataFrame, books: pl.DataFrame, segment: dict[str, str], drafts: dict[str, Draft]) -> None:
    """Pin one account of each family, which is a pin for all of it, where segment or rule would take it elsewhere."""
    own = pl.col("book").replace_strict(segment, return_dtype=pl.String)
    ruled = pl.lit(any(draft.rule for draft in drafts.values()))
    astray = table.join(books.rename({"book": "now"}), on="account", how="left")
    astray = astray.filter((pl.col(SEGMENT) != own) | (ruled & (pl.col("now") != pl.col("book"))))
    for account, book in (
        astray.sort("account").unique(FAMILY, maintain_order=True).select("account", "book").iter_rows()
    ):
        drafts[book].pins.append(account)


def _quoted(column: str) -> str:
    try:
        plain = list(Expression.parse(column).columns) == [column]
    except ExpressionError:
        plain = False
    return column if plain else '"' + column.replace('"', '""') + '"'
