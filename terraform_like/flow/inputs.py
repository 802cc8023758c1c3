"""What a plan is made from, and the digests by which it is known again.

Apart from the making of plans, so that what only reads them starts without the carve.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from terraform_like.config.load import Wanted
from terraform_like.diagnostics import Halt, Report
from terraform_like.domain.scope import Population, populate
from terraform_like.flow.live import named
from terraform_like.plan.canonical import digest_of
from terraform_like.policy.rule import Policies

#: Where snapshots are kept that are not committed.
SNAPSHOTS = Path(".territory") / "snapshots"


def populated(
    wanted: Wanted,
    snapshot: pl.DataFrame,
    users: dict[str, str],
    report: Report,
    done: frozenset[tuple[str, str]] = frozenset(),
) -> Population:
    """Give the accounts of a snapshot in scope, with families and segments.

    Raises
    ------
    Halt
        When they do not fit what is wanted.
    """
    population = populate(wanted.carving, named(snapshot, users, report), wanted.locate, report, done)
    if population is None or report.failed:
        raise Halt(report)
    return population


def config_digest(wanted: Wanted) -> str:
    """Give the digest of what a plan's YAML means: comments and layout do not count."""
    return digest_of(wanted.carving.canonical())


def policies_digest(policies: Policies) -> str:
    """Give the digest of what the policies mean."""
    return digest_of(policies.model_dump(mode="json", by_alias=True, exclude_defaults=True))
