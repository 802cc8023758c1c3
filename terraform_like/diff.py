"""Book x Book -> changes: what happens to each account, and why."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

import polars as pl
from pydantic import AfterValidator

from terraform_like.domain.book import Book
from terraform_like.domain.reason import ReasonCode
from terraform_like.domain.saved import Saved, shared


class Reason(Saved):
    """Why an account changes, for programs and for people."""

    code: ReasonCode
    """One of a closed list, for programs. Example: `rebalanced`."""
    text: str
    """The same for people. Example: `north was 46% over its fair share of arr`."""


class Place(Saved):
    """Where an account is: its territory and who has it (the holder where there is one, else the owner)."""

    territory: str | None = None
    """Territory, null outside every book. Example: `ent-west`."""
    owner: str | None = None
    """Person who has the account, or the CRM's user id of somebody else. Example: `jane.doe`."""


class ChangeKind(StrEnum):
    """What happens to an account: new to a book, to another, another owner in place, out of every book."""

    ADD = "add"
    MOVE = "move"
    TRANSFER = "transfer"
    REMOVE = "remove"


class Change(Saved):
    """One account's before and after, with its reasons, the weightiest first."""

    account: str
    """Id of the account. Example: `A-17`."""
    kind: ChangeKind
    """What happens to it. Example: `move`."""
    before: Annotated[Place, AfterValidator(shared)]
    """Where it is. Example: `{territory: north, owner: jane}`."""
    after: Annotated[Place, AfterValidator(shared)]
    """Where it will be. Example: `{territory: south, owner: raj}`."""
    reasons: tuple[Annotated[Reason, AfterValidator(shared)], ...] = ()
    """Why, the weightiest first. Example: `[{code: rebalanced, text: north was over its fair share}]`."""


def diff(before: Book, after: Book, renamed: Mapping[str, str] = MappingProxyType({})) -> pl.DataFrame:
    """Tell what happens to each account between two books.

    Parameters
    ----------
    before, after : Book
        Any two books; an account that only one of them has is in no territory in the other.
    renamed : mapping of str to str
        New names of territories: an account whose territory only changed its name does not move.

    Returns
    -------
    polars.DataFrame
        One row a changed account, sorted by `account`: `kind` (a `ChangeKind`), `territory_before`, `territory_after`,
        `owner_before`, `owner_after` (who has the account: its holder where there is one, else its owner).
    """
    one = before.table.select("account", territory_before="territory", owner_before=before.covered_by)
    other = after.table.select("account", territory_after="territory", owner_after=after.covered_by)
    both = one.join(other, on="account", how="full", coalesce=True).sort("account")
    was, will = pl.col("territory_before"), pl.col("territory_after")
    kind = (
        pl.when(was.is_null() & will.is_not_null())
        .then(pl.lit(ChangeKind.ADD.value))
        .when(was.is_not_null() & will.is_null())
        .then(pl.lit(ChangeKind.REMOVE.value))
        .when(was.replace(renamed).ne_missing(will))
        .then(pl.lit(ChangeKind.MOVE.value))
        .when(will.is_not_null() & (was.ne_missing(will) | pl.col("owner_before").ne_missing(pl.col("owner_after"))))
        .then(pl.lit(ChangeKind.TRANSFER.value))
    )
    columns = ("account", "kind", "territory_before", "territory_after", "owner_before", "owner_after")
    return both.with_columns(kind.alias("kind")).filter(pl.col("kind").is_not_null()).select(columns)
