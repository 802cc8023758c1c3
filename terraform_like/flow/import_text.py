"""The files of an imported plan, with comments that say what was found and how to go on from here."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from terraform_like.config.write import plan_text
from terraform_like.diagnostics import Path, counted
from terraform_like.domain.book import Book
from terraform_like.domain.carving import Carving
from terraform_like.domain.measure import loads, spread
from terraform_like.flow.import_books import By, Draft, who_has
from terraform_like.flow.import_people import People
from terraform_like.flow.import_segments import Placed


@dataclass(frozen=True, slots=True)
class Telling:
    """All that there is to say of an imported plan.

    Parameters
    ----------
    carving, drafts, placed, people
        What the CRM holds, as a plan.
    measured_as : str
        The plan whose columns the policies measure; empty where none are taken over.
    left_out, changes : int
        Accounts in no book; accounts that the first plan changes.
    by, mapped
        What makes a book; whether the CRM knows territories.
    size : str or None
        The column of the bands, in its own unit.
    live : Book
        All accounts.
    """

    carving: Carving
    drafts: list[Draft]
    placed: Placed
    people: People
    measured_as: str
    left_out: int
    changes: int
    by: By
    mapped: bool
    size: str | None
    live: Book


def files_of(told: Telling, schema: str) -> dict[str, bytes]:
    """Give the files by name."""
    return {
        "plan.yaml": _plan(told, schema),
        "territories.yaml": _territories(told, schema),
        "people.yaml": _people(told, schema),
        "balance.yaml": _balance(told, schema),
    }


def _plan(told: Telling, schema: str) -> bytes:
    books = counted(len(told.carving.books), "book")
    head = [f"The books as the CRM had them: {counted(told.placed.table.height, 'account')} in {books}."]
    if told.changes:
        head.append(
            f"The first `territory plan` changes {counted(told.changes, 'account')}; `territory import` said why."
        )
    else:
        head.append("`territory plan` says that nothing changes. What shall be different is said from here on.")
    above: dict[Path, str] = {}
    if told.left_out:
        lacks = "a territory" if told.mapped and told.by != "owner" else "an owner who is a user"
        above["accounts", "where"] = (
            f"Left alone: {counted(told.left_out, 'account')} of no book, for want of {lacks} in the CRM. Without\n"
            "this line the next plan finds a book for what is left out here."
        )
    if told.carving.accounts.family:
        above["accounts", "family"] = "Accounts under one ultimate parent stay together."
    if told.carving.accounts.columns:
        above["accounts", "columns"] = f"What the policies measure, as plans/{told.measured_as} has it."
    foot = (
        "To be filled in where you want to carve anew:\n\n"
        "plan: {starts: 2027-02-01, ends: 2028-01-31, currency: USD}\n"
        "accounts:\n"
        "  location: {latitude: lat, longitude: lon}      # for short travel\n"
        '  protect: "open_pipeline > 0"                   # accounts whose move hurts\n'
        '  columns: {potential: "arr + 0.2 * whitespace"} # what to balance, from the columns of the CRM'
    )
    return plan_text(told.carving, ("accounts", "segments"), schema, head="\n".join(head), above=above, foot=foot)


def _territories(told: Telling, schema: str) -> bytes:
    head = ["The books, with how many accounts each had when it was imported."]
    if told.by == "owner" or not told.mapped:
        head = ["The books, one for each owner, with how many accounts each had. Name them for what they are, not for"]
        head.append("who has them, before the first plan is applied.")
    above: dict[Path, str] = {}
    beside: dict[Path, str] = {}
    for draft in told.drafts:
        key = "overcarve" if draft.shared else "territories"
        beside[key, draft.name] = counted(draft.accounts, "account")
        if draft.recorded is not None:
            beside[key, draft.name] += f', "{draft.recorded}" in the CRM'
        elif len(draft.held) > 1:
            beside[key, draft.name] += f": {who_has(draft.held)}"
    above["overcarve",] = (
        "Books that several people have, or nobody: each account stays with whoever has it. To give one to a person,\n"
        "add `filled_by: first.last`; the plan then shows what that transfers."
    )
    keys = ("territories", "overcarve")
    return plan_text(told.carving, keys, schema, head="\n".join(head), above=above, beside=beside)


def _people(told: Telling, schema: str) -> bytes:
    names = list(told.people.people)
    above: dict[Path, str] = {}
    if told.people.owning < len(names):
        rest = "Active users who own no account. Take out who never will."
        above["people", names[told.people.owning]] = rest
    beside: dict[Path, str] = {("people", name): "inactive in the CRM" for name in sorted(told.people.inactive)}
    head = "Who can own territories: users of the CRM, by e-mail or id."
    return plan_text(told.carving, ("people",), schema, head=head, above=above, beside=beside)


def _balance(told: Telling, schema: str) -> bytes:
    above: dict[Path, str] = {("balance",): "Measured for the policies: at least 0 limits nothing."}
    return plan_text(told.carving, ("balance",), schema, head="\n".join(_evenness(told)), above=above)


def _evenness(told: Telling) -> Iterator[str]:
    yield "How even the books of each segment must be. Nothing is said yet, so that nothing moves. Today:"
    yield ""
    metrics = tuple(dict.fromkeys(("accounts", *([told.size] if told.size else []))))
    columns = [pl.col(told.size).cast(pl.Float64).fill_null(0).fill_nan(0)] if told.size else []
    values = told.live.table.select("account", *columns)
    table = told.placed.table.join(values, on="account", how="left")
    for segment in told.placed.segments:
        books = [book for book, of in told.placed.segment.items() if of == segment.name]
        summed = loads(table.filter(pl.col("book").is_in(books)), metrics, by="book")
        for metric in metrics:
            held = dict(summed.select("book", metric).iter_rows())
            load = np.array([held.get(book, 0.0) for book in books])
            uneven = spread(load)
            shown = f"{uneven:.2f}" if math.isfinite(uneven) else "infinite"
            yield f"  {segment.name}: spread({metric}) is {shown}, from {_figure(load.min())} to {_figure(load.max())}"
    yield ""
    yield "To carve them evenly with few moves (25% lets a book have 75 % to 125 % of its fair share):"
    yield ""
    yield "balance:"
    for segment in told.placed.segments:
        yield f"  {segment.name}: {{within: {{accounts: 25%}}}}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"
