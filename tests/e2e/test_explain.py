"""An approved plan explains itself, long after and without the CRM."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

PLAN = Path("plans/us-municipalities/plan.json")


@pytest.fixture
def alone(approved):
    """The approved repository without its CRM."""
    (approved / "crm.sqlite").unlink()
    return approved


def test_a_moved_account_is_explained_by_what_the_plan_says(alone, territory):
    plan = json.loads((alone / PLAN).read_bytes())
    change = next(c for c in plan["changes"] if c["kind"] == "move")
    done = territory("explain", f"account.{change['account']}", "--json", cwd=alone)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["result"]

    assert (found["before"], found["after"], found["reasons"]) == (
        change["before"],
        change["after"],
        change["reasons"],
    )
    assert found["unit"] == "moves"
    assert found["costs"]["disruption"] == pytest.approx(5.0 if found["protected"] else 1.0)
    assert 0 < len(found["alternatives"]) <= 3
    assert change["after"]["territory"] not in {option["territory"] for option in found["alternatives"]}
    others = {t["name"] for t in plan["territories"]} - {
        t["name"] for t in plan["territories"] if t["segment"] == found["segment"]
    }
    assert others in [set(barred["territories"]) for barred in found["barred"]]


def test_every_territory_is_explained_in_eighty_columns(alone, territory):
    for planned in json.loads((alone / PLAN).read_bytes())["territories"][::6]:
        done = territory("explain", f"territory.{planned['name']}", cwd=alone)
        assert done.returncode == 0, done.stderr
        first, *rest = done.stdout.splitlines()
        kind = "slot" if planned["slot"] else "territory"
        assert first.startswith(f"{kind}.{planned['name']} of {planned['segment']}: {planned['accounts']} accounts")
        assert all(len(line) <= 80 for line in rest)
        for heading in ("Its loads", "What binds it", "Could come", "Could go", "Its heaviest accounts"):
            assert sum(line.startswith(heading) for line in rest) == 1
