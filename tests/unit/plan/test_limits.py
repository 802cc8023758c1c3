from __future__ import annotations

import pytest

from terraform_like.diff import ChangeKind, Place
from terraform_like.plan import limits
from terraform_like.plan.check import Check
from terraform_like.plan.model import Plan, Renamed, StateSeen
from terraform_like.plan.ways import ways_of
from terraform_like.policy.rule import Limits


def within_limits(plan: Plan, limit: Limits, allow: frozenset[str] = frozenset()) -> Check:
    return limits.within_limits(plan, len(plan.changes), limit, allow)


def territories_within_limits(plan: Plan, limit: Limits, allow: frozenset[str] = frozenset()) -> Check | None:
    return limits.territories_within_limits(plan, ways_of(plan), limit, allow)


def beyond_limits(plan: Plan, limit: Limits) -> tuple[str, ...]:
    return limits.beyond_limits(plan, ways_of(plan), limit)


def changing(plan: Plan, count: int, accounts: int) -> Plan:
    change = plan.changes[0]
    summary = plan.summary.model_copy(update={"accounts": accounts})
    changes = tuple(change.model_copy(update={"account": f"A-{i}"}) for i in range(count))
    return plan.model_copy(update={"changes": changes, "summary": summary})


@pytest.mark.parametrize(
    ("count", "accounts", "ok"),
    [
        (10, 10, True),  # not beyond the floor
        (11, 30, False),  # beyond both
        (30, 100, True),  # at the share
        (31, 100, False),
        (11, 0, False),  # every account leaves
        (0, 0, True),
    ],
)
def test_limits_stop_what_is_beyond_both_share_and_floor(plan: Plan, count: int, accounts: int, ok: bool) -> None:
    assert within_limits(changing(plan, count, accounts), Limits(changes=0.3, floor=10)).ok is ok


def test_a_share_is_not_missed_by_a_rounding(plan: Plan) -> None:
    assert within_limits(changing(plan, 29, 100), Limits(changes=0.29, floor=0)).ok


def test_a_limit_names_itself_the_count_and_how_to_go_on(plan: Plan) -> None:
    check = within_limits(changing(plan, 60, 100), Limits())
    error = check.as_error()
    assert "60 accounts" in error.summary
    for part in ("limits.changes", "limits.floor", "60 changes (60.0% of 100 accounts)", "--allow changes"):
        assert part in error.detail


def test_a_limit_is_lifted_by_its_name_only(plan: Plan) -> None:
    large = changing(plan, 60, 100)
    assert within_limits(large, Limits(), frozenset({"changes"})).ok
    assert not within_limits(large, Limits(), frozenset({"config"})).ok


def flowing(plan: Plan, before: int, after: int, *, gained: int = 0, name: str = "west") -> Plan:
    """Give a plan with one territory, and so many accounts that come to it from none."""
    change = plan.changes[0].model_copy(
        update={"kind": ChangeKind.ADD, "before": Place(), "after": Place(territory=name, owner="jane")}
    )
    changes = tuple(change.model_copy(update={"account": f"A-{i}"}) for i in range(gained))
    west = plan.territories[1].model_copy(update={"name": name, "accounts_before": before, "accounts": after})
    return plan.model_copy(update={"changes": changes, "territories": (west,)})


EACH = Limits(changes=1.0, floor=10, territory=0.5)


@pytest.mark.parametrize(
    ("before", "after", "gained", "ok"),
    [
        (100, 50, 0, True),  # at the share
        (100, 49, 0, False),
        (100, 151, 51, False),
        (100, 100, 51, False),  # as many come as go
        (12, 2, 0, True),  # not beyond the floor
        (0, 90, 90, True),  # new
    ],
)
def test_a_territory_gains_and_loses_no_more_than_its_share(plan, before, after, gained, ok) -> None:
    check = territories_within_limits(flowing(plan, before, after, gained=gained), EACH)
    assert check is not None
    assert check.ok is ok


def test_a_limit_of_each_territory_names_it_with_its_counts_and_is_lifted_by_its_name(plan: Plan) -> None:
    large = flowing(plan, 100, 20)
    check = territories_within_limits(large, EACH)
    assert check is not None
    assert "territory.west loses 80, had 100" in check.as_error().detail
    assert "--allow territory" in check.as_error().detail
    assert beyond_limits(large, EACH) == ("territory",)
    for allowed, ok in (frozenset({"territory"}), True), (frozenset({"changes"}), False):
        check = territories_within_limits(large, EACH, allowed)
        assert check is not None
        assert check.ok is ok


def leaving(plan: Plan, kind: ChangeKind) -> Plan:
    change = plan.changes[0].model_copy(
        update={"kind": kind, "before": Place(territory="east"), "after": Place(territory="west")}
    )
    changes = tuple(change.model_copy(update={"account": f"A-{i}"}) for i in range(20))
    return flowing(plan, 100, 120).model_copy(update={"changes": changes})


def test_a_territory_that_is_gone_loses_all_it_had_and_one_with_a_new_name_nothing(plan: Plan) -> None:
    gone = territories_within_limits(leaving(plan, ChangeKind.MOVE), EACH)
    renamed = territories_within_limits(leaving(plan, ChangeKind.TRANSFER), EACH)
    assert gone is not None
    assert renamed is not None
    assert (gone.ok, gone.found) == (False, "territory.east loses 20, had 20")
    assert renamed.ok


def test_what_leaves_the_scope_is_lost_under_the_new_name_too(plan: Plan) -> None:
    left = leaving(plan, ChangeKind.REMOVE)
    west = left.territories[0].model_copy(update={"accounts": 100})
    left = left.model_copy(update={"moved": (Renamed(old="east", new="west"),), "territories": (west,)})
    check = territories_within_limits(left, Limits(floor=10, territory=0.1))
    assert check is not None
    assert check.found == "territory.west loses 20, had 120"


def test_the_limit_of_each_territory_is_half_of_it_from_the_second_apply_on_unless_another_is_written(
    plan: Plan,
) -> None:
    first = flowing(plan, 100, 40)
    later = first.model_copy(update={"state": StateSeen(lineage="one", serial=1)})
    for one in (first, first.model_copy(update={"state": StateSeen(lineage="one")})):
        assert territories_within_limits(one, Limits()) is None
    assert beyond_limits(later, Limits()) == ("territory",)
    assert beyond_limits(later, Limits(territory=0.6)) == ()
    assert territories_within_limits(later, Limits(territory=1.0)) is None
