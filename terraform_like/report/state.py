"""What a state says: books as they were last put, the history of applies, and what was done to an account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from terraform_like.diagnostics import counted, listing
from terraform_like.diff import Place
from terraform_like.plan.applied import AppliedBook, Entry, Event, Held
from terraform_like.report.escape import escaped
from terraform_like.report.terminal import BLANK, WIDTH, Block, Grid, Piece, hanging, line, rendered

NOTHING = "Nothing was applied yet."

#: Digits of a digest or commit: enough to tell any two of a company apart.
_DIGITS = 12

#: Users in one cell.
_NAMED = 3

#: Accounts of one territory.
_ACCOUNTS = 50


def listed_text(
    lineage: str,
    serial: int,
    lock: str,
    last: Sequence[Entry],
    books: Sequence[AppliedBook],
    *,
    color: bool,
    width: int = WIDTH,
) -> str:
    """Give a state as a whole: `lock` says who holds it and is empty where nobody does."""
    return rendered(_listed(lineage, serial, lock, last, books), color=color, width=width)


def history_text(entries: Sequence[Entry], *, color: bool, width: int = WIDTH) -> str:
    """Give every apply that came to an end, the oldest first, with what ties it to its approval."""
    return rendered(_history(entries), color=color, width=width) if entries else NOTHING


def shown_text(address: str, held: Sequence[Held], events: Sequence[Event], *, color: bool, width: int = WIDTH) -> str:
    """Give where accounts were put, and of one account all that was done to it."""
    return rendered(_shown(address, held, events), color=color, width=width)


def _listed(
    lineage: str, serial: int, lock: str, last: Sequence[Entry], books: Sequence[AppliedBook]
) -> Iterator[Block]:
    yield line(Piece(f"State at serial {serial}", "bold"), f", lineage {escaped(lineage)}")
    yield line(f"Locked by {escaped(lock)}" if lock else "Not locked")
    ends = {entry.plan: entry for entry in last}
    for plan in sorted(ends.keys() | {book.plan for book in books}):
        yield BLANK
        entry = ends.get(plan)
        told = f": {_end(entry)}" if entry else ": no apply of it came to an end"
        yield hanging([], Piece(escaped(plan), "bold"), told)
        rows = tuple(
            (
                Piece(escaped(book.territory or "(none)")),
                Piece(f"{book.accounts:,}"),
                Piece(listing(map(escaped, book.has_them), _NAMED) or "nobody"),
            )
            for book in books
            if book.plan == plan
        )
        if rows:
            yield Grid(("territory", "accounts", "who has them"), ("left", "right", "left"), rows)


def _end(entry: Entry) -> str:
    return f"{entry.outcome} on {entry.finished} by {escaped(entry.who)} (serial {entry.serial})"


def _history(entries: Sequence[Entry]) -> Iterator[Block]:
    for number, entry in enumerate(entries):
        if number:
            yield BLANK
        yield hanging([], Piece(f"{entry.serial}  {escaped(entry.plan)}", "bold"), f"  {_end(entry)}")
        counts = {
            "done": entry.done,
            "unchanged": entry.unchanged,
            "in conflict": entry.conflicts,
            "failed": entry.failed,
            "not tried": entry.pending,
        }
        told = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count) or "nothing to do"
        yield line(told, indent=2)
        if entry.lifted:
            yield line(f"limits lifted by --allow: {listing(map(escaped, entry.lifted))}", indent=2)
        if entry.approved:
            yield line(f"signed by {listing(map(escaped, entry.approved))}", indent=2)
        commits = {"merged by": entry.merge, "commit": entry.commit}
        known = "".join(f", {word} {escaped(commit[:_DIGITS])}" for word, commit in commits.items() if commit)
        yield line(f"plan {escaped(entry.digest[:_DIGITS])}{known}, on {escaped(entry.host)}", indent=2)
        if entry.ran:
            yield hanging(["  "], f"run {escaped(entry.ran)}")


def _shown(address: str, held: Sequence[Held], events: Sequence[Event]) -> Iterator[Block]:
    if events or len(held) == 1:
        yield from _account(address, held, events)
        return
    yield line(Piece(escaped(address), "bold"), f": {counted(len(held), 'account')}")
    rows = tuple((Piece(escaped(one.account)), Piece(_who(one)), Piece(escaped(one.plan))) for one in held[:_ACCOUNTS])
    yield Grid(("account", "who has it", "plan"), ("left", "left", "left"), rows)
    if len(held) > _ACCOUNTS:
        yield line(Piece(f"... and {len(held) - _ACCOUNTS:,} more (--json gives all)", "dim"), indent=2)


def _account(address: str, held: Sequence[Held], events: Sequence[Event]) -> Iterator[Block]:
    if not held:
        yield line(Piece(escaped(address), "bold"), ": in no book")
    for one in held:
        place = f"territory {escaped(one.territory)}" if one.territory is not None else "no territory"
        told = f": {place}, {_who(one)}; plan {escaped(one.plan)} at {escaped(one.digest[:_DIGITS])}"
        yield hanging([], Piece(f"account.{escaped(one.account)}", "bold"), told)
    for event in events:
        serial = f"serial {event.serial}" if event.serial is not None else "an apply that came to no end"
        outcome = event.outcome or "about to be written"
        words = f" ({escaped(event.message)})" if event.message else ""
        change = f": {_place(event.before)} -> {_place(event.after)}" if event.before and event.after else ""
        yield hanging([f"  {escaped(event.at)}  "], f"{escaped(event.plan)}, {serial}: {outcome}{words}{change}")


def _who(held: Held) -> str:
    if held.holder is not None:
        return f"holder {escaped(held.holder)}"
    return f"owner {escaped(held.owner)}" if held.owner is not None else "nobody"


def _place(place: Place) -> str:
    territory = f" in {escaped(place.territory)}" if place.territory is not None else ""
    return f"{escaped(place.owner or 'nobody')}{territory}"
