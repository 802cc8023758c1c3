"""Book x Book -> changes: what happens to each account, and why."""

from __future__ import annotations

from enum import StrEnum

from terraform_like.domain.saved import Saved


class ReasonCode(StrEnum):
    """Why an account changes; a closed list, so that programs can count on it."""

    NEW_ACCOUNT = "new-account"
    OUT_OF_SCOPE = "out-of-scope"
    SEGMENT_CHANGED = "segment-changed"
    NAMED = "named"
    RULE_CHANGED = "rule-changed"
    REBALANCED = "rebalanced"
    FOLLOWS_FAMILY = "follows-family"
    OWNER_LEFT = "owner-left"
    SLOT_FILLED = "slot-filled"
    SLOT_LAPSED = "slot-lapsed"
    COVERED = "covered"
    TERRITORY_ADDED = "territory-added"
    TERRITORY_REMOVED = "territory-removed"
    RENAMED = "renamed"


class Reason(Saved):
    """Why an account changes, for programs and for people."""

    code: ReasonCode
    text: str


class Place(Saved):
    """Where an account is: its territory and who has it (the holder where there is one, else the owner)."""

    territory: str | None = None
    owner: str | None = None


class ChangeKind(StrEnum):
    """What happens to an account: new to a book, to another, another owner in place, out of every book."""

    ADD = "add"
    MOVE = "move"
    TRANSFER = "transfer"
    REMOVE = "remove"


class Change(Saved):
    """One account's before and after, with its reasons, the weightiest first."""

    account: str
    kind: ChangeKind
    before: Place
    after: Place
    reasons: tuple[Reason, ...] = ()
