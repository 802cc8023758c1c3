"""What must hold between the parts of a plan file: names that exist, accounts pinned once, expressions that parse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from terraform_like.address import Address
from terraform_like.config.staffing_references import check_staffing
from terraform_like.diagnostics import Locate, Path, Report, did_you_mean, listing
from terraform_like.domain.carving import Carving, Location, Scope, Slot, Territory
from terraform_like.domain.columns import Offered, check_columns
from terraform_like.domain.expression import Expression, ExpressionError, report_expression, sentence, span_inside
from terraform_like.policy.measured import faulty_expressions, misspelt_columns
from terraform_like.policy.rule import Over, Policies
from terraform_like.policy.tables import table_columns


@dataclass(frozen=True, slots=True)
class Known:
    """The names that files declare, also with entries that are refused, so that one error does not bring others.

    Parameters
    ----------
    segments, people : tuple of str
        Names.
    whole : bool
        Whether these are all, and all of them can be used.
    alike : tuple of str
        Names that `count` makes territories from; no territory bears them.
    """

    segments: tuple[str, ...]
    people: tuple[str, ...]
    whole: bool
    alike: tuple[str, ...] = ()


#: Columns of which nothing is known.
ANY_COLUMN = Offered()
#: Stands for columns that files may say and that cannot be told.
_SOMEWHERE = Location(latitude="latitude", longitude="longitude")


@dataclass(frozen=True, slots=True)
class Sight:
    """What policies can see of a plan.

    Parameters
    ----------
    carving : Carving or None
        What is wanted; None where not all of it can be told.
    location : Location or None
        The columns that say where accounts are.
    accounts : Offered
        The columns that accounts have in the end.
    """

    carving: Carving | None
    location: Location | None
    accounts: Offered

    def table(self, over: Over) -> Offered:
        """Give the columns of a table that policies are over."""
        groups = {group for person in self.carving.people.values() for group in person.groups} if self.carving else ()
        columns = table_columns(over, groups, self.accounts.columns)
        # Groups of people are known with the plan only.
        whole = self.accounts.whole and (over != "people" or self.carving is not None)
        return replace(self.accounts, columns=columns, whole=whole)


#: For policies beside which there is no plan.
BLIND = Sight(None, _SOMEWHERE, ANY_COLUMN)


def known_names(data: Mapping[str, Any], *, whole: bool) -> Known:
    """Give the names that a document declares, whatever else it says of them."""
    segments, people = data.get("segments"), data.get("people")
    named = [s.get("name") for s in segments if isinstance(s, dict)] if isinstance(segments, list) else []
    territories = data.get("territories")
    alike = [
        name
        for name, entry in (territories.items() if isinstance(territories, dict) else ())
        if isinstance(entry, dict) and entry.get("count") is not None
    ]
    return Known(tuple(map(str, named)), tuple(people) if isinstance(people, dict) else (), whole, tuple(alike))


def check_carving(
    carving: Carving,
    locate: Locate,
    report: Report,
    known: Known | None = None,
    offered: Offered = ANY_COLUMN,
) -> Sight:
    """Check everything between the parts of a plan that needs no data.

    Parameters
    ----------
    carving : Carving
        What can be used of the plan.
    locate : Locate
        Where the wishes stand.
    report : Report
        Gathers errors.
    known : Known, optional
        The names that its files declare, where those may not be all of the carving; nothing is then said to be missing.
    offered : Offered
        The columns that the CRM has of accounts, as far as they are known.

    Returns
    -------
    Sight
        What policies can see of the plan.
    """
    known = known or Known(tuple(s.name for s in carving.segments), tuple(carving.people), True)
    if known.whole or (known.segments and known.people):
        _names(carving, known, locate, report)
    if known.whole:
        _segments(carving, locate, report)
        _renames(carving, known, locate, report)
    _pins(carving, locate, report)
    location = carving.accounts.location
    if not known.whole and carving.accounts == Scope():
        # What was refused may have said which columns there are, and where accounts are.
        offered, location = replace(offered, whole=False), _SOMEWHERE
    columns = check_columns(carving, offered, locate, report, location)
    return Sight(carving if known.whole else None, location, Offered(columns, offered.whole, offered.since))


def check_policies(policies: Policies, locate: Locate, report: Report, sight: Sight = BLIND) -> None:
    """Check the policies' expressions, and that each waiver is of a policy and a subject that can exist."""
    for path, text, error in faulty_expressions(policies, sight.location, sight.table):
        report_expression(error, text, path, locate, report)
    for path, text, error in misspelt_columns(policies, sight.location, sight.table) if sight is not BLIND else ():
        report.warning(
            f"{'.'.join(map(str, path))} may be misspelt", sentence(error), span_inside(error, text, locate(path))
        )
    for name in policies.levels:
        if name not in policies.policies:
            _unknown("policy", name, policies.policies, ("levels", name), locate, report)
    for number, waiver in enumerate(policies.waivers):
        if waiver.policy not in policies.policies:
            _unknown("policy", waiver.policy, policies.policies, ("waivers", number, "policy"), locate, report)
        try:
            if waiver.subject is not None:
                Address.parse(waiver.subject)
        except ValueError as error:
            report.error("A waiver is of nothing that there is", f"{error}.", locate(("waivers", number, "subject")))
    for number, approval in enumerate(policies.approvals):
        if approval.when is not None:
            _parse(approval.when, ("approvals", number, "when"), locate, report)
    if policies.auto_merge is not None:
        _parse(policies.auto_merge.when, ("auto_merge", "when"), locate, report)


def _books(carving: Carving) -> Iterator[tuple[Path, Territory]]:
    yield from ((("territories", name), territory) for name, territory in carving.territories.items())
    yield from ((("overcarve", name), slot) for name, slot in carving.overcarve.items())


def _names(carving: Carving, known: Known, locate: Locate, report: Report) -> None:
    segments, everybody = known.segments, known.people
    for name in set(carving.territories) & set(carving.overcarve):
        path: Path = ("overcarve", name)
        report.error(
            f'"{name}" is declared twice',
            f"A territory has that name: {locate(('territories', name), key=True)}. Give the slot another.",
            locate(path, key=True),
        )
    for path, book in _books(carving):
        if book.segment not in segments:
            _unknown("segment", book.segment, segments, (*path, "segment"), locate, report)
        people = [("owner", book.owner)]
        if isinstance(book, Slot):
            people.append(("filled_by", book.filled_by))
        for key, person in people:
            if person is not None and person not in everybody:
                _unknown("person", person, everybody, (*path, key), locate, report)
    if known.whole:
        check_staffing(carving, locate, report)
    for name in carving.balance:
        if name != "defaults" and name not in segments:
            report.error(
                f'There is no segment "{name}"',
                did_you_mean(name, segments).strip() or f"Segments: {', '.join(segments)}.",
                locate(("balance", name), key=True),
            )
    users: dict[str, str] = {}
    for name, who in carving.people.items():
        if who.manager is not None and who.manager not in everybody:
            _unknown("person", who.manager, everybody, ("people", name, "manager"), locate, report)
        # Only e-mail addresses are the same in capitals: ids of CRMs are not.
        user = who.user.casefold() if "@" in who.user else who.user
        if (first := users.setdefault(user, name)) != name:
            detail = f'"{first}" is that user already; a user of the CRM is one person.'
            report.error(f'"{who.user}" stands twice', detail, locate(("people", name, "user")))


def _segments(carving: Carving, locate: Locate, report: Report) -> None:
    if not carving.segments:
        report.error("There are no segments", "Add `segments:`, at least `- {name: all}`, to a file of the plan.")
        return
    seen: set[str] = set()
    catcher: str | None = None
    used = {book.segment for _, book in _books(carving)}
    for number, segment in enumerate(carving.segments):
        path: Path = ("segments", number)
        if segment.name in seen:
            report.error(f'"{segment.name}" is declared twice', "Keep one.", locate((*path, "name")))
        seen.add(segment.name)
        if segment.name == "defaults":
            report.error('A segment cannot be named "defaults"', "That name is for balance.", locate((*path, "name")))
        if catcher is not None and not segment.accounts:
            detail = f'"{catcher}" takes all that are left; give it a `where` or put it last.'
            report.error(f'No account can reach the segment "{segment.name}"', detail, locate((*path, "name")))
        if segment.where is None and not segment.accounts:
            catcher = catcher or segment.name
        if segment.name not in used:
            detail = "Its accounts have nowhere to go. Add a territory with `segment: " + segment.name + "`."
            report.error(f'The segment "{segment.name}" has no territory', detail, locate((*path, "name")))


def tell_of_unevenness(carving: Carving, locate: Locate, report: Report) -> None:
    """Warn of territories that may hold the same accounts where nothing says how even their books must be."""
    alike: dict[tuple[str, str | None], list[Path]] = {}
    for path, book in _books(carving):
        if book.rule is None or book.where is not None:
            alike.setdefault((book.segment, book.where), []).append(path)
    for (segment, _), paths in alike.items():
        policy = carving.balance.get(segment)
        if len(paths) > 1 and (policy is None or not policy.metrics):
            names = [str(name) for _, name in paths]
            report.warning(
                f"Nothing says how even the books of {segment} must be",
                f"{listing(names)} may hold the same accounts, and one of them may come to hold all. Write, for "
                f"example, `balance: {{{segment}: {{within: {{accounts: 10%}}}}}}`.",
                locate(paths[0], key=True),
            )


def _pins(carving: Carving, locate: Locate, report: Report) -> None:
    pinned: dict[str, Path] = {}
    for path, book in _books(carving):
        for number, account in enumerate(book.accounts):
            here: Path = (*path, "accounts", number)
            if (first := pinned.setdefault(account, here)) != here:
                detail = f"It is pinned at {locate(first)} already; keep one."
                report.error(f'The account "{account}" is pinned twice', detail, locate(here))
    named: dict[str, Path] = {}
    for number, segment in enumerate(carving.segments):
        for position, account in enumerate(segment.accounts):
            here = ("segments", number, "accounts", position)
            if (first := named.setdefault(account, here)) != here:
                detail = f"It is named at {locate(first)} already; keep one."
                report.error(f'The account "{account}" is named in two segments', detail, locate(here))


def _renames(carving: Carving, known: Known, locate: Locate, report: Report) -> None:
    names = {*carving.books, *carving.people, *known.segments, *known.alike}
    olds = [one.old for one in carving.moved]
    news = [one.new for one in carving.moved]
    for number, one in enumerate(carving.moved):
        path: Path = ("moved", number)
        if olds.index(one.old) < number:
            detail = f"{locate(('moved', olds.index(one.old)))} says so already; a name has one new name."
            report.error(f'"{one.old}" is renamed twice', detail, locate((*path, "from")))
        elif one.old in names and one.old not in news:
            detail = "It is still declared. Take it away, or give its name to another in the same breath (a swap)."
            report.error(f'"{one.old}" is renamed and still there', detail, locate((*path, "from")))
        if one.new not in names and one.new not in olds:
            detail = did_you_mean(one.new, names).strip() or "Declare what it is called now."
            report.error(f'Nothing is called "{one.new}"', detail, locate((*path, "to")))


def _parse(text: str, path: Path, locate: Locate, report: Report) -> None:
    try:
        Expression.parse(text)
    except ExpressionError as error:
        report_expression(error, text, path, locate, report)


def _unknown(kind: str, name: str, known: Iterable[str], path: Path, locate: Locate, report: Report) -> None:
    names = sorted(known)
    plural = {"person": "People", "policy": "Policies", "segment": "Segments"}[kind]
    detail = did_you_mean(name, names).strip() or (f"{plural}: {', '.join(names[:20])}." if names else "There is none.")
    report.error(f'There is no {kind} "{name}"', detail, locate(path))
