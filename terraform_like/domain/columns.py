"""What a plan needs of the columns of accounts: names and kinds, judged without any data.

`territory validate` judges with the columns that a saved plan tells of, or with none; a plan does with those that were
read. What passes here goes wrong with the data only where a text cannot be CAST.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from terraform_like.diagnostics import Locate, Path, Report, did_you_mean, listing
from terraform_like.domain.carving import Carving, Location
from terraform_like.domain.expression import Expression, ExpressionError, Wanted, report_expression
from terraform_like.domain.kinds import Kind

#: Columns that are added to the accounts in scope.
SEGMENT, FAMILY, PROTECTED = "segment", "family", "protected"
#: The territory under the name that the CRM has for it, where `moved:` gives it another.
RECORDED = "recorded"
#: What every account has from the start.
_FIRST = dict.fromkeys(("account", "territory", "owner", "holder", RECORDED), Kind.TEXT)
#: Names that no derived column may have.
_TAKEN = frozenset({*_FIRST, SEGMENT, FAMILY, PROTECTED, "accounts"})
#: Columns that a message lists at most.
_LISTED = 30


@dataclass(frozen=True, slots=True)
class Offered:
    """The columns that the CRM offers of accounts.

    Parameters
    ----------
    columns : mapping of str to Kind
        What is known of them.
    whole : bool
        Whether these are all; where not, no column is said to be missing.
    since : str
        A sentence on how old that knowledge is, told with what is missing.
    """

    columns: Mapping[str, Kind] = field(default_factory=dict)
    whole: bool = False
    since: str = ""

    def knows(self, columns: Mapping[str, Kind], name: str) -> bool:
        """Say whether a column is there, or may be."""
        return name in columns or not self.whole

    def dated(self, said: str) -> str:
        """Give what is said of a missing column, with how old the knowledge is."""
        return f"{said} {self.since}".rstrip()


def carving_expressions(carving: Carving) -> Iterator[tuple[Path, str]]:
    """Give every expression of a plan with the path where it stands, in the order in which they are evaluated."""
    scope = carving.accounts
    yield from ((("accounts", "columns", name), text) for name, text in scope.columns.items())
    yield from _said(("accounts",), where=scope.where, protect=scope.protect)
    if scope.family:
        yield from _said(("accounts", "family"), **{"except": scope.family.apart})
    for number, segment in enumerate(carving.segments):
        yield from _said(("segments", number), where=segment.where, stay=segment.stay)
    for kind, books in (("territories", carving.territories), ("overcarve", carving.overcarve)):
        for name, book in books.items():
            yield from _said((kind, name), where=book.where, rule=book.rule)
    if carving.holdover:
        yield from _said(("holdover",), where=carving.holdover.where)


def _said(path: Path, **texts: str | None) -> Iterator[tuple[Path, str]]:
    return (((*path, key), text) for key, text in texts.items() if text is not None)


def check_columns(
    carving: Carving, offered: Offered, locate: Locate, report: Report, location: Location | None
) -> dict[str, Kind]:
    """Judge every expression of a plan, its metrics, and the columns of family, fit, location and geographic units.

    Parameters
    ----------
    carving : Carving
        What is wanted.
    offered : Offered
        The columns of the CRM.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers everything that does not fit, each at its place inside the expression.
    location : Location or None
        The columns that say where accounts are.

    Returns
    -------
    dict of str to Kind
        Every column that accounts have in the end, as far as it is known.
    """
    judge = _Judge(offered, location, locate, report, {**offered.columns, **_FIRST})
    for path, text in carving_expressions(carving):
        match path:
            case ("accounts", "columns", str(name)):
                judge.derived(name, text, path)
                continue
            case ("accounts", "family", _):
                judge.columns |= {PROTECTED: Kind.TRUTH, FAMILY: Kind.TEXT}
            case ("segments", *_):
                judge.columns |= {PROTECTED: Kind.TRUTH, FAMILY: Kind.TEXT}
            case ("territories" | "overcarve" | "holdover", *_):
                judge.columns |= {PROTECTED: Kind.TRUTH, FAMILY: Kind.TEXT, SEGMENT: Kind.TEXT}
        judge.kind(text, path, "boolean")
    if carving.accounts.family is not None:
        _known_column(judge, carving.accounts.family.column, ("accounts", "family", "column"))
    if carving.accounts.fit is not None:
        _known_column(judge, carving.accounts.fit, ("accounts", "fit"))
    if (pipeline := carving.accounts.pipeline) is not None:
        _known_column(judge, pipeline, ("accounts", "pipeline"))
        if not _numeric(kind := judge.columns.get(pipeline, Kind.UNKNOWN)):
            span = locate(("accounts", "pipeline"))
            report.error(f'"{pipeline}" is no number', f"The column holds {kind.word}.", span)
    for role, coverage in sorted(carving.coverage.items()):
        for number, column in enumerate(coverage.by):
            if column != SEGMENT:
                _known_column(judge, column, ("coverage", role, "by", number))
    _metrics(carving, judge)
    _location(carving, judge)
    return judge.columns


@dataclass(slots=True)
class _Judge:
    """Judges expressions one after the other; `columns` are those that the next of them can read."""

    offered: Offered
    location: Location | None
    locate: Locate
    report: Report
    columns: dict[str, Kind]
    told: set[tuple[str, str]] = field(default_factory=set)

    def derived(self, name: str, text: str, path: Path) -> None:
        if name in _TAKEN:
            detail = "The tool has one of that name."
            self.report.error(f'A column cannot be named "{name}"', detail, self.locate(path, key=True))
        else:
            self.columns[name] = self.kind(text, path, "any")

    def kind(self, text: str, path: Path, wanted: Wanted) -> Kind:
        """Tell the kind of an expression's value; unknown where it is wrong, so that what reads it is not wrong too."""
        # Territories that `count` makes alike stand on one line, and are wrong once.
        if (once := (str(self.locate(path)), text)) in self.told:
            return Kind.UNKNOWN
        self.told.add(once)
        try:
            expression = Expression.parse(text).at(self.location)
        except ExpressionError as error:
            report_expression(error, text, path, self.locate, self.report)
            return Kind.UNKNOWN
        faults = []
        if self.offered.whole:
            # What columns say where an account is, is told where that is said.
            for fault in Expression.parse(text).unknown(self.columns):
                faults.append(ExpressionError(self.offered.dated(str(fault)), fault.offset, fault.length))
        kind, misfits = expression.judged(self.columns, wanted)
        for fault in (*faults, *misfits):
            report_expression(fault, text, path, self.locate, self.report)
        return Kind.UNKNOWN if misfits else kind

    @property
    def numeric(self) -> list[str]:
        return [name for name, kind in self.columns.items() if kind in (Kind.WHOLE, Kind.NUMBER)]

    def like(self, name: str, columns: list[str]) -> str:
        hint = did_you_mean(name, columns).strip() or f"Columns: {listing(sorted(columns), _LISTED)}."
        return self.offered.dated(hint)


def _known_column(judge: _Judge, column: str, path: Path) -> None:
    if not judge.offered.knows(judge.columns, column):
        detail = judge.like(column, list(judge.columns))
        judge.report.error(f'There is no column "{column}"', detail, judge.locate(path))


def _metrics(carving: Carving, judge: _Judge) -> None:
    for segment, balance in sorted(carving.balance.items()):
        if balance.contiguous and not judge.offered.knows(judge.columns, unit := balance.contiguous.unit):
            span = judge.locate(("balance", segment, "contiguous", "unit"))
            judge.report.error(f'There is no column "{unit}"', judge.like(unit, list(judge.columns)), span)
        for metric in balance.metrics:
            if metric == "accounts":
                continue
            key = next(k for k in ("within", "at_most", "at_least") if metric in getattr(balance, k))
            span = judge.locate(("balance", segment, key, metric), key=True)
            if not judge.offered.knows(judge.columns, metric):
                detail = judge.like(metric, judge.numeric)
                judge.report.error(f'There is no metric "{metric}"', detail, span)
            elif not _numeric(kind := judge.columns.get(metric, Kind.UNKNOWN)):
                judge.report.error(f'"{metric}" is no number', f"The column holds {kind.word}.", span)


def _location(carving: Carving, judge: _Judge) -> None:
    location = carving.accounts.location
    if location is None:
        return
    for key, column in (("latitude", location.latitude), ("longitude", location.longitude)):
        known = judge.offered.knows(judge.columns, column)
        if not known or not _numeric(judge.columns.get(column, Kind.UNKNOWN)):
            span = judge.locate(("accounts", "location", key))
            judge.report.error(f'There is no numeric column "{column}"', judge.like(column, judge.numeric), span)


def _numeric(kind: Kind) -> bool:
    return kind in (Kind.WHOLE, Kind.NUMBER, Kind.UNKNOWN)
