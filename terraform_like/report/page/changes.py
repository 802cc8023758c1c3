"""The table of changes as columns, in which a word that stands often is kept once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from terraform_like.report.escape import escaped
from terraform_like.report.told.plan import ToldPlan


def changes_columns(told: ToldPlan) -> dict[str, Any]:
    """Give every change: `account` as it is, every other column as numbers `of` its `words`, -1 for nothing.

    A hundred thousand changes take a few MB so, and not thirty.
    """
    changes = told.plan.changes
    return {
        "account": [escaped(change.account) for change in changes],
        "kind": _kept_once(str(change.kind) for change in changes),
        "before": _kept_once(change.before.territory for change in changes),
        "after": _kept_once(change.after.territory for change in changes),
        "had": _kept_once(change.before.owner for change in changes),
        "has": _kept_once(change.after.owner for change in changes),
        "reason": _kept_once(str(change.reasons[0].code) if change.reasons else None for change in changes),
        "why": _kept_once("; ".join(reason.text for reason in change.reasons) or None for change in changes),
    }


def _kept_once(values: Iterable[str | None]) -> dict[str, list[Any]]:
    words: dict[str, int] = {}
    of = [-1 if value is None else words.setdefault(value, len(words)) for value in values]
    return {"words": [escaped(word) for word in words], "of": of}
