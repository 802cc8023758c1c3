"""A told plan with places: accounts of its changes across the United States, one of them called as a script."""

import polars as pl
import pytest

from terraform_like.plan.facts import Facts
from terraform_like.report.told.plan import told_plan

HOSTILE = '</script><img src=x onerror="alert(1)">\u202e'


def known(rows, **more):
    """Facts of rows: account, segment, before, after, latitude, longitude."""
    table = pl.DataFrame(
        [(a, s, b, c, None, None, c, False, None, lat, lon) for a, s, b, c, lat, lon in rows],
        schema={
            **dict.fromkeys(("account", "segment", "before", "after", "had", "has", "territory"), pl.String),
            "protected": pl.Boolean,
            **dict.fromkeys(("pipeline", "latitude", "longitude"), pl.Float64),
        },
        orient="row",
    )
    return Facts(table, (), more.get("homes", {}), more.get("centers", {}))


@pytest.fixture
def facts(plan):
    segments = {t.name: t.segment for t in plan.territories}
    rows = [
        (c.account, segments[c.after.territory or c.before.territory or ""], c.before.territory, c.after.territory)
        for c in plan.changes
    ]
    return known([(*row, 26 + n % 20, -120 + n % 50) for n, row in enumerate(rows)], homes={"jane.doe": (40.7, -74.0)})


@pytest.fixture
def told(plan, facts):
    change = plan.changes[0].model_copy(update={"account": HOSTILE})
    return told_plan(plan.model_copy(update={"changes": (change, *plan.changes[1:])}), facts)


@pytest.fixture
def facts_of():
    return known


@pytest.fixture
def hostile():
    return HOSTILE
