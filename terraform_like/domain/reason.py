"""Why an account changes: the codes that plans, schedules and policies share."""

from __future__ import annotations

from enum import StrEnum


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
    ROLLED_BACK = "rolled-back"
    OWNER_STARTED = "owner-started"
    HELD_OVER = "held-over"
    EFFECTIVE = "effective"
    MATCHED = "matched"
